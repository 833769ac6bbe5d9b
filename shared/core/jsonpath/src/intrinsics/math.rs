use serde_json::Value;

use super::IntrinsicError;
use super::arguments::Arguments;
use super::random::{JavaRandom, between};
use crate::Scope;

/// Adds two numbers, each rounded to a whole one before.
pub(super) fn add(arguments: &Arguments<'_>) -> Result<Value, IntrinsicError> {
    let sum = arguments.integer(0)?.checked_add(arguments.integer(1)?);
    sum.map(Value::from)
        .ok_or_else(|| arguments.fail("the sum is too large"))
}

/// Draws a number from the first one, included, to the second one, excluded.
///
/// The same seed always gives the same number.
pub(super) fn random(arguments: &Arguments<'_>, scope: &dyn Scope) -> Result<Value, IntrinsicError> {
    let (start, end) = (arguments.integer(0)?, arguments.integer(1)?);
    if start >= end {
        return Err(arguments.fail(format!("the start {start} must be less than the end {end}")));
    }
    Ok(Value::from(match arguments.values.len() {
        3 => JavaRandom::new(arguments.integer(2)?).between(start, end),
        _ => between(scope.random(), start, end),
    }))
}
