//! Conversions of literals, with the limits of the language.

use super::expected;
use crate::timestamp::Timestamp;
use serde_json::Value;

/// Reads a string.
pub(crate) fn string(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| expected("String", value))
}

/// Reads `true` or `false`.
pub(crate) fn boolean(value: &Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| expected("Boolean", value))
}

/// Returns a reader of integers from `least` to `most`.
pub(crate) fn integer(least: u64, most: u64) -> impl Fn(&Value) -> Result<u64, String> {
    move |value| {
        let number = value.as_number().ok_or_else(|| expected("Integer", value))?;
        // `2.0` is an integer; a negative number is below any minimum.
        let whole = number.as_u64().or_else(|| number.as_f64().and_then(whole_number));
        match whole {
            Some(whole) if whole < least => Err(format!("Minimum value is {least}")),
            Some(whole) if whole > most => Err(format!("Maximum value is {most}")),
            Some(whole) => Ok(whole),
            None if number.as_f64().is_some_and(|number| number < 0.0) => {
                Err(format!("Minimum value is {least}"))
            }
            None if number.as_f64().is_some_and(|number| number.fract() != 0.0) => {
                Err(expected("Integer", value))
            }
            None => Err(format!("Maximum value is {most}")),
        }
    }
}

/// Returns a reader of numbers from `least` to `most`.
pub(crate) fn number(least: f64, most: f64) -> impl Fn(&Value) -> Result<f64, String> {
    move |value| match value.as_f64() {
        None => Err(expected("Number", value)),
        Some(number) if number < least => Err(format!("Minimum value is {least:?}")),
        Some(number) if number > most => Err(format!("Maximum value is {most:?}")),
        Some(number) => Ok(number),
    }
}

/// Reads a point in time.
pub(crate) fn timestamp(value: &Value) -> Result<Timestamp, String> {
    let text = string(value)?;
    Timestamp::parse(text).ok_or_else(|| {
        format!("Value '{text}' is not a timestamp: expected RFC 3339, such as '2016-03-14T01:59:00Z'")
    })
}

/// Names the type of a value.
pub(crate) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "Boolean",
        Value::Number(_) => "Number",
        Value::String(_) => "String",
        Value::Array(_) => "Array",
        Value::Object(_) => "Object",
    }
}

fn whole_number(number: f64) -> Option<u64> {
    // Above 2^53 neighbouring integers are not told apart any more.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be whole and in range"
    )]
    (number.fract() == 0.0 && (0.0..=EXACT).contains(&number)).then_some(number as u64)
}
