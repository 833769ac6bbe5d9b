use std::collections::BTreeSet;

use serde_json::Value;

use super::IntrinsicError;
use super::arguments::Arguments;

/// Splits a text at every character of the second one; empty pieces are dropped.
pub(super) fn split(arguments: &Arguments<'_>) -> Result<Value, IntrinsicError> {
    let text = arguments.text(0)?;
    let delimiters: BTreeSet<char> = arguments.text(1)?.chars().collect();
    Ok(text
        .split(|c| delimiters.contains(&c))
        .filter(|piece| !piece.is_empty())
        .map(Value::from)
        .collect())
}

/// Fills the placeholders `{}` of a template; `\{`, `\}`, `\'` and `\\` stand for the character itself.
pub(super) fn format(arguments: &Arguments<'_>) -> Result<Value, IntrinsicError> {
    let mut values = arguments.values.iter().skip(1);
    let mut characters = arguments.text(0)?.chars().peekable();
    let mut out = String::new();
    let mismatch = || arguments.fail("number of arguments do not match the occurrences of {}.");
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next_if(|next| matches!(next, '{' | '}' | '\'' | '\\')) {
                Some(reserved) => out.push(reserved),
                None => out.push('\\'),
            },
            '{' if characters.next_if_eq(&'}').is_some() => {
                render(values.next().ok_or_else(mismatch)?, &mut out)
            }
            plain => out.push(plain),
        }
    }
    if values.next().is_some() {
        return Err(mismatch());
    }
    Ok(Value::String(out))
}

/// Writes a value as Java prints it (recorded: an object gives `{Arg1=1, Arg2=[]}`).
fn render(value: &Value, out: &mut String) {
    match value {
        Value::String(text) => out.push_str(text),
        Value::Array(elements) => {
            out.push('[');
            for (at, element) in elements.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { ", " });
                render(element, out);
            }
            out.push(']');
        }
        Value::Object(members) => {
            out.push('{');
            for (at, (name, member)) in members.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { ", " });
                out.push_str(name);
                out.push('=');
                render(member, out);
            }
            out.push('}');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => out.push_str(&value.to_string()),
    }
}
