use regex::RegexBuilder;
use serde_json::Value;

use super::filter::{Filter, Operand, Operator, Pattern};
use super::is_definite;
use super::parse::{FILTER_DEPTH_MAX, Steps};
use crate::ParseError;
use crate::cursor::Cursor;

/// The memory that one compiled regular expression may take.
const PATTERN_BYTES_MAX: usize = 1 << 20;

/// Longer spellings stand before their beginnings.
const SYMBOLS: [(&str, Operator); 9] = [
    ("===", Operator::SameTypeEqual),
    ("!==", Operator::SameTypeNotEqual),
    ("==", Operator::Equal),
    ("!=", Operator::NotEqual),
    ("=~", Operator::Matches),
    ("<=", Operator::LessOrEqual),
    (">=", Operator::GreaterOrEqual),
    ("<", Operator::Less),
    (">", Operator::Greater),
];

/// Reads a filter up to, not including, the parenthesis that closes it.
pub(super) fn parse(cursor: &mut Cursor<'_>, depth: usize) -> Result<Filter, ParseError> {
    if depth > FILTER_DEPTH_MAX {
        return Err(cursor.fail(format!(
            "the filter is nested more than {FILTER_DEPTH_MAX} levels deep"
        )));
    }
    let any = separated(
        cursor,
        "||",
        |cursor| separated(cursor, "&&", |cursor| condition(cursor, depth), Filter::All),
        Filter::Any,
    )?;
    cursor.skip_blanks();
    Ok(any)
}

fn separated(
    cursor: &mut Cursor<'_>,
    separator: &str,
    mut part: impl FnMut(&mut Cursor<'_>) -> Result<Filter, ParseError>,
    join: fn(Vec<Filter>) -> Filter,
) -> Result<Filter, ParseError> {
    let first = part(cursor)?;
    cursor.skip_blanks();
    if !cursor.rest().starts_with(separator) {
        return Ok(first);
    }
    let mut parts = vec![first];
    while cursor.eat(separator) {
        parts.push(part(cursor)?);
        cursor.skip_blanks();
    }
    Ok(join(parts))
}

fn condition(cursor: &mut Cursor<'_>, depth: usize) -> Result<Filter, ParseError> {
    let mut negated = false;
    cursor.skip_blanks();
    while cursor.eat("!") {
        negated = !negated;
        cursor.skip_blanks();
    }
    let positive = if cursor.eat("(") {
        let inner = parse(cursor, depth + 1)?;
        cursor.expect(")")?;
        inner
    } else {
        comparison(cursor, depth)?
    };
    Ok(if negated {
        Filter::Not(Box::new(positive))
    } else {
        positive
    })
}

fn comparison(cursor: &mut Cursor<'_>, depth: usize) -> Result<Filter, ParseError> {
    let start = cursor.offset();
    let left = operand(cursor, depth)?;
    cursor.skip_blanks();
    let Some(operator) = operator(cursor)? else {
        return match left {
            Operand::Path { .. } => Ok(Filter::Exists(left)),
            Operand::Value(_) | Operand::Pattern(_) => Err(ParseError {
                message: "a value alone is no condition".to_owned(),
                offset: start,
            }),
        };
    };
    cursor.skip_blanks();
    let right = operand(cursor, depth)?;
    let patterns = [&left, &right]
        .into_iter()
        .filter(|side| matches!(side, Operand::Pattern(_)))
        .count();
    match operator {
        Operator::Matches if patterns != 1 => {
            Err(cursor.fail("`=~` needs a pattern between slashes on one side"))
        }
        Operator::Matches => Ok(Filter::Compare {
            left,
            operator,
            right,
        }),
        _ if patterns > 0 => Err(cursor.fail("only `=~` compares with a pattern")),
        _ => Ok(Filter::Compare {
            left,
            operator,
            right,
        }),
    }
}

fn operator(cursor: &mut Cursor<'_>) -> Result<Option<Operator>, ParseError> {
    if let Some((_, operator)) = SYMBOLS.iter().find(|(symbol, _)| cursor.eat(symbol)) {
        return Ok(Some(*operator));
    }
    let start = cursor.offset();
    let word = cursor.take_while(|c| c.is_ascii_alphabetic());
    Ok(Some(match word.to_ascii_lowercase().as_str() {
        "" => return Ok(None),
        "in" => Operator::In,
        "nin" => Operator::NotIn,
        "contains" => Operator::Contains,
        "all" => Operator::All,
        "size" => Operator::Size,
        "empty" => Operator::Empty,
        "subsetof" => Operator::SubsetOf,
        "anyof" => Operator::AnyOf,
        "noneof" => Operator::NoneOf,
        _ => {
            return Err(ParseError {
                message: format!("`{word}` is not an operator of filters"),
                offset: start,
            });
        }
    }))
}

fn operand(cursor: &mut Cursor<'_>, depth: usize) -> Result<Operand, ParseError> {
    match cursor.peek() {
        Some('@' | '$') => path(cursor, depth),
        Some('/') => pattern(cursor).map(Operand::Pattern),
        _ => literal(cursor, depth).map(Operand::Value),
    }
}

fn path(cursor: &mut Cursor<'_>, depth: usize) -> Result<Operand, ParseError> {
    let from_document = cursor.bump() == Some('$');
    if from_document
        && cursor
            .peek()
            .is_some_and(|c| c == '$' || c == '_' || c.is_alphabetic())
    {
        return Err(cursor.fail("a filter can read `@` and `$`, not the context object or a variable"));
    }
    let steps = Steps {
        cursor,
        depth,
        ends_name,
    }
    .read()?;
    let definite = is_definite(&steps);
    Ok(Operand::Path {
        from_document,
        steps,
        definite,
    })
}

/// In a filter a name also ends where an operator begins.
fn ends_name(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '.' | '[' | ']' | '(' | ')' | ',' | '\'' | '"' | '=' | '!' | '<' | '>' | '~' | '&' | '|' | '}'
        )
}

fn literal(cursor: &mut Cursor<'_>, depth: usize) -> Result<Value, ParseError> {
    if depth > FILTER_DEPTH_MAX {
        return Err(cursor.fail(format!(
            "the list is nested more than {FILTER_DEPTH_MAX} levels deep"
        )));
    }
    let start = cursor.offset();
    match cursor.peek() {
        Some('\'' | '"') => return cursor.quoted().map(Value::String),
        Some('[') => return list(cursor, depth),
        Some('{') => {
            let mut values = serde_json::Deserializer::from_str(cursor.rest()).into_iter::<Value>();
            let object = values.next().and_then(Result::ok);
            let read = values.byte_offset();
            let object = object.ok_or_else(|| cursor.fail("the object in the filter is not JSON"))?;
            cursor.advance(read);
            return Ok(object);
        }
        _ => {}
    }
    let word = cursor.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.'));
    let value = match word {
        "true" => Some(Value::Bool(true)),
        "false" => Some(Value::Bool(false)),
        "null" => Some(Value::Null),
        number => serde_json::from_str(number).ok().filter(Value::is_number),
    };
    value.ok_or_else(|| ParseError {
        message: format!(
            "expected a path or a value in the filter, got `{}`",
            if word.is_empty() {
                cursor.rest().chars().next().map(String::from).unwrap_or_default()
            } else {
                word.to_owned()
            }
        ),
        offset: start,
    })
}

fn list(cursor: &mut Cursor<'_>, depth: usize) -> Result<Value, ParseError> {
    cursor.expect("[")?;
    let mut elements = Vec::new();
    cursor.skip_blanks();
    if cursor.eat("]") {
        return Ok(Value::Array(elements));
    }
    loop {
        cursor.skip_blanks();
        elements.push(literal(cursor, depth + 1)?);
        cursor.skip_blanks();
        if !cursor.eat(",") {
            break;
        }
    }
    cursor.expect("]")?;
    Ok(Value::Array(elements))
}

fn pattern(cursor: &mut Cursor<'_>) -> Result<Pattern, ParseError> {
    let open = cursor.fail("the pattern has no closing `/`");
    cursor.expect("/")?;
    let mut source = String::new();
    loop {
        match cursor.bump() {
            None => return Err(open),
            Some('/') => break,
            Some('\\') => match cursor.bump() {
                Some('/') => source.push('/'),
                Some(escaped) => source.extend(['\\', escaped]),
                None => return Err(open),
            },
            Some(plain) => source.push(plain),
        }
    }
    let flags = cursor.take_while(|c| c.is_ascii_alphabetic()).to_owned();
    if let Some(unknown) = flags.chars().find(|flag| !"imsxudU".contains(*flag)) {
        return Err(cursor.fail(format!("`{unknown}` is not a flag of patterns")));
    }
    let has = |flag| flags.contains(flag);
    // The line break ends a comment, which the flag `x` allows at the end of a pattern.
    let comment_end = if has('x') { "\n" } else { "" };
    let regex = RegexBuilder::new(&format!(r"\A(?:{source}{comment_end})\z"))
        .case_insensitive(has('i'))
        .multi_line(has('m'))
        .dot_matches_new_line(has('s'))
        .ignore_whitespace(has('x'))
        .size_limit(PATTERN_BYTES_MAX)
        .build()
        .map_err(|error| ParseError {
            message: format!("the pattern cannot be used: {error}"),
            offset: open.offset,
        })?;
    Ok(Pattern { source, flags, regex })
}
