//! Bodies in the form `application/x-www-form-urlencoded` (AWS developer guide, "Applying URL-encoding on request body").

use super::url::encoded;
use crate::exchange::Failure;
use serde_json::Value;

/// How an array is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ArrayFormat {
    /// `a[0]=x&a[1]=y`.
    #[default]
    Indices,
    /// `a=x&a=y`.
    Repeat,
    /// `a=x,y`.
    Commas,
    /// `a[]=x&a[]=y`.
    Brackets,
    /// `a=["x","y"]`.
    None,
}

impl ArrayFormat {
    pub(crate) const NAMES: [&str; 5] = ["INDICES", "REPEAT", "COMMAS", "BRACKETS", "NONE"];

    pub(crate) fn read(text: &str) -> Option<ArrayFormat> {
        Some(match text {
            "INDICES" => ArrayFormat::Indices,
            "REPEAT" => ArrayFormat::Repeat,
            "COMMAS" => ArrayFormat::Commas,
            "BRACKETS" => ArrayFormat::Brackets,
            "NONE" => ArrayFormat::None,
            _ => return None,
        })
    }
}

/// Writes a body as a form; a text is one already.
pub(crate) fn form(body: &Value, format: ArrayFormat) -> Result<String, Failure> {
    match body {
        Value::String(text) => Ok(text.clone()),
        Value::Object(fields) => {
            let mut pairs = Vec::new();
            for (name, value) in fields {
                write(name, value, format, &mut pairs);
            }
            let pairs = pairs
                .iter()
                .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
            Ok(pairs.collect::<Vec<_>>().join("&"))
        }
        other => Err(Failure::runtime(format!(
            "a `RequestBody` that is URL-encoded must be an object, got {other}"
        ))),
    }
}

fn write(name: &str, value: &Value, format: ArrayFormat, pairs: &mut Vec<(String, String)>) {
    let mut add = |text: String| pairs.push((name.to_owned(), text));
    match (value, format) {
        (Value::Null, _) => add(String::new()),
        (Value::Bool(_) | Value::Number(_) | Value::String(_), _) => add(text(value)),
        (Value::Array(_), ArrayFormat::None) => add(value.to_string()),
        (Value::Array(elements), ArrayFormat::Commas) => {
            add(elements.iter().map(text).collect::<Vec<_>>().join(","));
        }
        (Value::Array(elements), _) => {
            for (index, element) in elements.iter().enumerate() {
                let name = match format {
                    ArrayFormat::Indices => format!("{name}[{index}]"),
                    ArrayFormat::Brackets => format!("{name}[]"),
                    ArrayFormat::Repeat | ArrayFormat::Commas | ArrayFormat::None => name.to_owned(),
                };
                write(&name, element, format, pairs);
            }
        }
        (Value::Object(fields), _) => {
            for (field, value) in fields {
                write(&format!("{name}[{field}]"), value, format, pairs);
            }
        }
    }
}

/// The text of a value: a text as it is, anything else as JSON.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
