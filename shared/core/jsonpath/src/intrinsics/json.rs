use serde_json::Value;

use super::IntrinsicError;
use super::arguments::Arguments;

/// Puts the members of two objects into one; those of the second replace those of the first.
pub(super) fn merge(arguments: &Arguments<'_>) -> Result<Value, IntrinsicError> {
    let (first, second) = (arguments.object(0)?, arguments.object(1)?);
    if arguments.value(2)? != &Value::Bool(false) {
        return Err(arguments.fail("argument 3 must be false: deep merging is not supported"));
    }
    let mut merged = first.clone();
    merged.extend(second.clone());
    Ok(Value::Object(merged))
}

/// Reads a text as JSON.
pub(super) fn parse(arguments: &Arguments<'_>) -> Result<Value, IntrinsicError> {
    serde_json::from_str(arguments.text(0)?).map_err(|error| arguments.fail(format!("not JSON: {error}")))
}

/// Prints a value as JSON without blanks.
pub(super) fn print(arguments: &Arguments<'_>) -> Result<Value, IntrinsicError> {
    Ok(Value::String(arguments.value(0)?.to_string()))
}
