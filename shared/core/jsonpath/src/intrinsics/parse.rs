use serde_json::Value;

use super::{Argument, Call, Function};
use crate::cursor::Cursor;
use crate::{ParseError, Path};

/// AWS: intrinsic functions can be nested up to ten deep.
const NESTING_MAX: usize = 10;

/// Every function, how it is written, and how few and how many arguments it takes.
const FUNCTIONS: [(Function, &str, usize, usize); 18] = [
    (Function::Array, "States.Array", 0, usize::MAX),
    (Function::ArrayPartition, "States.ArrayPartition", 2, 2),
    (Function::ArrayContains, "States.ArrayContains", 2, 2),
    (Function::ArrayRange, "States.ArrayRange", 3, 3),
    (Function::ArrayGetItem, "States.ArrayGetItem", 2, 2),
    (Function::ArrayLength, "States.ArrayLength", 1, 1),
    (Function::ArrayUnique, "States.ArrayUnique", 1, 1),
    (Function::Base64Encode, "States.Base64Encode", 1, 1),
    (Function::Base64Decode, "States.Base64Decode", 1, 1),
    (Function::Hash, "States.Hash", 2, 2),
    (Function::JsonMerge, "States.JsonMerge", 3, 3),
    (Function::StringToJson, "States.StringToJson", 1, 1),
    (Function::JsonToString, "States.JsonToString", 1, 1),
    (Function::MathRandom, "States.MathRandom", 2, 3),
    (Function::MathAdd, "States.MathAdd", 2, 2),
    (Function::StringSplit, "States.StringSplit", 2, 2),
    (Function::Uuid, "States.UUID", 0, 0),
    (Function::Format, "States.Format", 1, usize::MAX),
];

pub(super) fn parse(text: &str) -> Result<Call, ParseError> {
    let mut cursor = Cursor::new(text);
    let call = call(&mut cursor, 1)?;
    if !cursor.at_end() {
        return Err(cursor.fail(format!("expected the end after the call, got {}", cursor.got())));
    }
    Ok(call)
}

impl Function {
    /// The function's name as users write it.
    pub(super) fn name(self) -> &'static str {
        FUNCTIONS
            .iter()
            .find(|(function, ..)| *function == self)
            .map_or("States", |(_, name, ..)| name)
    }
}

fn call(cursor: &mut Cursor<'_>, level: usize) -> Result<Call, ParseError> {
    if level > NESTING_MAX {
        return Err(cursor.fail(format!(
            "intrinsic functions are nested more than {NESTING_MAX} levels deep"
        )));
    }
    let start = cursor.offset();
    let name = cursor.take_while(|c| c.is_ascii_alphanumeric() || c == '.' || c == '_');
    let known = FUNCTIONS.iter().find(|(_, known, ..)| *known == name);
    let Some((function, _, fewest, most)) = known else {
        return Err(ParseError {
            message: format!("`{name}` is not an intrinsic function"),
            offset: start,
        });
    };
    cursor.skip_blanks();
    cursor.expect("(")?;
    let arguments = arguments(cursor, level)?;
    if !(*fewest..=*most).contains(&arguments.len()) {
        let takes = match (*fewest, *most) {
            (fewest, usize::MAX) => format!("at least {fewest}"),
            (fewest, most) if fewest == most => format!("{fewest}"),
            (fewest, most) => format!("{fewest} to {most}"),
        };
        let message = format!("`{name}` takes {takes} arguments, got {}", arguments.len());
        return Err(ParseError {
            message,
            offset: start,
        });
    }
    Ok(Call {
        function: *function,
        arguments,
    })
}

fn arguments(cursor: &mut Cursor<'_>, level: usize) -> Result<Vec<Argument>, ParseError> {
    let mut arguments = Vec::new();
    cursor.skip_blanks();
    if cursor.eat(")") {
        return Ok(arguments);
    }
    loop {
        cursor.skip_blanks();
        arguments.push(argument(cursor, level)?);
        cursor.skip_blanks();
        if cursor.eat(")") {
            return Ok(arguments);
        }
        if !cursor.eat(",") {
            return Err(cursor.fail(format!(
                "expected `,` or `)` after an argument, got {}",
                cursor.got()
            )));
        }
    }
}

fn argument(cursor: &mut Cursor<'_>, level: usize) -> Result<Argument, ParseError> {
    match cursor.peek() {
        Some('\'') => text(cursor),
        Some('$') => path(cursor),
        _ if cursor.rest().starts_with("States.") => Ok(Argument::Call(call(cursor, level + 1)?)),
        _ => literal(cursor),
    }
}

fn literal(cursor: &mut Cursor<'_>) -> Result<Argument, ParseError> {
    let start = cursor.offset();
    let word = cursor.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.'));
    let value = match word {
        "true" => Some(Value::Bool(true)),
        "false" => Some(Value::Bool(false)),
        "null" => Some(Value::Null),
        number => serde_json::from_str(number).ok().filter(Value::is_number),
    };
    value.map(Argument::Literal).ok_or_else(|| ParseError {
        message: "expected a path, a text in single quotes, a number, `true`, `false`, `null` or a call"
            .to_owned(),
        offset: start,
    })
}

fn text(cursor: &mut Cursor<'_>) -> Result<Argument, ParseError> {
    let open = cursor.fail("the text has no closing quote");
    cursor.bump();
    let start = cursor.offset();
    let mut value = String::new();
    loop {
        let raw = cursor.since(start);
        match cursor.bump() {
            None => return Err(open),
            Some('\'') => {
                return Ok(Argument::Text {
                    value: Value::String(value),
                    raw: raw.to_owned(),
                });
            }
            Some('\\') => match cursor.bump() {
                Some(reserved @ ('\'' | '{' | '}' | '\\')) => value.push(reserved),
                Some(other) => value.extend(['\\', other]),
                None => return Err(open),
            },
            Some(plain) => value.push(plain),
        }
    }
}

/// A path ends at the comma or parenthesis that is not inside its own brackets, parentheses or quotes.
fn path(cursor: &mut Cursor<'_>) -> Result<Argument, ParseError> {
    let start = cursor.offset();
    let mut depth = 0_usize;
    let mut quote = None;
    while let Some(next) = cursor.peek() {
        match (quote, next) {
            (Some(_), '\\') => {
                cursor.bump();
            }
            (Some(open), close) if open == close => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') if depth > 0 => quote = Some(next),
            (None, '[' | '(') => depth += 1,
            (None, ',' | ')') if depth == 0 => break,
            (None, ']' | ')') => depth = depth.saturating_sub(1),
            (None, _) => {}
        }
        cursor.bump();
    }
    let text = cursor.since(start).trim_end();
    let path = Path::parse(text).map_err(|error| ParseError {
        message: error.message,
        offset: start + error.offset,
    })?;
    Ok(Argument::Path(path))
}
