use super::{Function, Root, Selector, Step, parse_filter};
use crate::ParseError;
use crate::cursor::Cursor;

/// Filters may hold paths that hold filters; deeper ones than this are refused, which bounds the stack.
pub(super) const FILTER_DEPTH_MAX: usize = 24;
const STEPS_MAX: usize = 1_000;

pub(super) fn parse(text: &str) -> Result<(Root, Vec<Step>), ParseError> {
    let mut cursor = Cursor::new(text);
    if !cursor.eat("$") {
        return Err(cursor.fail(format!("a path begins with `$`, got {}", cursor.got())));
    }
    let root = if cursor.eat("$") {
        Root::Context
    } else {
        match cursor.take_while(|c| c.is_alphanumeric() || c == '_') {
            "" => Root::Input,
            name if name.starts_with(|c: char| c.is_numeric()) => {
                return Err(cursor.fail(format!(
                    "`{name}` is no name of a variable: it begins with a digit"
                )));
            }
            name => Root::Variable(name.to_owned()),
        }
    };
    let steps = Steps {
        cursor: &mut cursor,
        depth: 0,
        ends_name: ends_name_in_path,
    }
    .read()?;
    if !cursor.at_end() {
        return Err(cursor.fail(format!(
            "expected `.`, `[` or the end of the path, got {}",
            cursor.got()
        )));
    }
    Ok((root, steps))
}

/// Names in dot notation run up to these characters, so that `$.dash-key`, `$.1` and `$.@type` are read as meant.
fn ends_name_in_path(c: char) -> bool {
    c.is_whitespace() || matches!(c, '.' | '[' | ']' | '(' | ')' | ',' | '\'' | '"')
}

/// Reads everything after a path's root.
pub(super) struct Steps<'c, 't> {
    pub(super) cursor: &'c mut Cursor<'t>,
    pub(super) depth: usize,
    pub(super) ends_name: fn(char) -> bool,
}

impl Steps<'_, '_> {
    pub(super) fn read(&mut self) -> Result<Vec<Step>, ParseError> {
        let mut steps = Vec::new();
        loop {
            let deep = self.cursor.eat("..");
            let dot = deep || self.cursor.eat(".");
            let bracket = self.cursor.peek() == Some('[');
            if !dot && !bracket {
                return Ok(steps);
            }
            if matches!(steps.last(), Some(Step::Call(_))) {
                return Err(self.cursor.fail("nothing can follow a function"));
            }
            if steps.len() == STEPS_MAX {
                return Err(self
                    .cursor
                    .fail(format!("the path has more than {STEPS_MAX} steps")));
            }
            let selector = if bracket {
                self.bracket()?
            } else if self.cursor.eat("*") {
                Selector::Wildcard
            } else {
                let start = self.cursor.offset();
                let name = self.name()?;
                if self.cursor.eat("(") {
                    steps.push(Step::Call(self.function(&name, deep, start)?));
                    continue;
                }
                Selector::Member(name)
            };
            steps.push(if deep {
                Step::Deep(selector)
            } else {
                Step::Child(selector)
            });
        }
    }

    fn name(&mut self) -> Result<String, ParseError> {
        let ends_name = self.ends_name;
        let name = self.cursor.take_while(|c| !ends_name(c));
        if !name.is_empty() {
            return Ok(name.to_owned());
        }
        Err(self
            .cursor
            .fail(format!("expected a name after `.`, got {}", self.cursor.got())))
    }

    fn function(&mut self, name: &str, deep: bool, start: usize) -> Result<Function, ParseError> {
        let function = match name {
            "length" => Function::Length,
            "keys" => Function::Keys,
            "min" => Function::Min,
            "max" => Function::Max,
            "avg" => Function::Avg,
            "stddev" => Function::Stddev,
            "sum" => Function::Sum,
            _ => {
                return Err(ParseError {
                    message: format!("`{name}()` is not a path function that can be run here"),
                    offset: start,
                });
            }
        };
        if deep {
            return Err(ParseError {
                message: format!("`{name}()` cannot follow `..`"),
                offset: start,
            });
        }
        self.cursor.skip_blanks();
        self.cursor.expect(")")?;
        Ok(function)
    }

    fn bracket(&mut self) -> Result<Selector, ParseError> {
        self.cursor.expect("[")?;
        self.cursor.skip_blanks();
        let selector = match self.cursor.peek() {
            Some('*') => {
                self.cursor.bump();
                Selector::Wildcard
            }
            Some('\'' | '"') => self.names()?,
            Some('?') => self.filter()?,
            Some('(') => self.script()?,
            Some(':' | '-' | '0'..='9') => self.indexes()?,
            _ => {
                return Err(self.cursor.fail(format!(
                    "expected a quoted name, an index, `*` or `?(` after `[`, got {}",
                    self.cursor.got()
                )));
            }
        };
        self.cursor.skip_blanks();
        self.cursor.expect("]")?;
        Ok(selector)
    }

    fn names(&mut self) -> Result<Selector, ParseError> {
        let mut names = Vec::new();
        loop {
            self.cursor.skip_blanks();
            if !matches!(self.cursor.peek(), Some('\'' | '"')) {
                return Err(self
                    .cursor
                    .fail(format!("expected a quoted name, got {}", self.cursor.got())));
            }
            names.push(self.cursor.quoted()?);
            self.cursor.skip_blanks();
            if !self.cursor.eat(",") {
                break;
            }
        }
        Ok(match names.pop() {
            Some(only) if names.is_empty() => Selector::Member(only),
            last => Selector::Members(names.into_iter().chain(last).collect()),
        })
    }

    fn filter(&mut self) -> Result<Selector, ParseError> {
        self.cursor.expect("?")?;
        self.cursor.skip_blanks();
        self.cursor.expect("(")?;
        let filter = parse_filter::parse(self.cursor, self.depth + 1)?;
        self.cursor.skip_blanks();
        self.cursor.expect(")")?;
        Ok(Selector::Filter(filter))
    }

    /// Reads `(@.length-1)`, the only script there is: an index counted from the end.
    fn script(&mut self) -> Result<Selector, ParseError> {
        let start = self.cursor.offset();
        let script: String = self.cursor.take_while(|c| c != ']').split_whitespace().collect();
        let back = script
            .strip_prefix("(@.length-")
            .or_else(|| script.strip_prefix("(@.length()-"))
            .and_then(|rest| rest.strip_suffix(')'))
            .and_then(|digits| digits.parse::<i64>().ok())
            .filter(|back| *back > 0);
        back.map(|back| Selector::Index(-back)).ok_or_else(|| ParseError {
            message: "the only script that can stand in brackets is `(@.length-1)`, with any number from 1"
                .to_owned(),
            offset: start,
        })
    }

    fn indexes(&mut self) -> Result<Selector, ParseError> {
        let first = self.number()?;
        self.cursor.skip_blanks();
        if self.cursor.eat(":") {
            return self.slice(first);
        }
        let mut indexes = Vec::from_iter(first);
        while self.cursor.eat(",") {
            self.cursor.skip_blanks();
            let index = self.number()?;
            indexes.extend(index);
            if index.is_none() {
                return Err(self
                    .cursor
                    .fail(format!("expected an index, got {}", self.cursor.got())));
            }
            self.cursor.skip_blanks();
        }
        Ok(match indexes.as_slice() {
            [only] => Selector::Index(*only),
            _ => Selector::Indexes(indexes),
        })
    }

    fn slice(&mut self, from: Option<i64>) -> Result<Selector, ParseError> {
        self.cursor.skip_blanks();
        let to = self.number()?;
        self.cursor.skip_blanks();
        let mut step = 1;
        if self.cursor.eat(":") {
            self.cursor.skip_blanks();
            step = self.number()?.unwrap_or(1);
            if step < 1 {
                return Err(self.cursor.fail("the step of a slice must be at least 1"));
            }
        }
        Ok(Selector::Slice { from, to, step })
    }

    fn number(&mut self) -> Result<Option<i64>, ParseError> {
        let start = self.cursor.offset();
        self.cursor.eat("-");
        self.cursor.take_while(|c| c.is_ascii_digit());
        let digits = self.cursor.since(start);
        if digits.is_empty() {
            return Ok(None);
        }
        match digits.parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(ParseError {
                message: format!("`{digits}` is not an index"),
                offset: start,
            }),
        }
    }
}
