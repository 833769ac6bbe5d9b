//! Functions that refuse to make values too large, and the weighing that [`crate::guards`] puts into expressions.

use std::cell::Cell;
use std::rc::Rc;

use jsonata_core::evaluator::{EvaluatorError, HostFnResult};
use jsonata_core::value::JValue;

use super::library;
use crate::error::EvaluationError;
use crate::limits::{FORMAT_INTEGER_MAX, PRODUCED_BYTES_MAX, SEQUENCE_ITEMS_MAX, VALUE_WEIGHT_MAX};
use crate::values::Budget;

/// `$pad(text, width [, char])`, with a bounded width.
pub(super) fn pad(arguments: &[JValue], context: &JValue) -> HostFnResult {
    #[expect(clippy::cast_precision_loss, reason = "the bound is small")]
    let too_wide = |argument: &JValue| matches!(argument, JValue::Number(width) if width.abs() > VALUE_WEIGHT_MAX as f64);
    if arguments.iter().any(too_wide) {
        return Err(too_long(VALUE_WEIGHT_MAX));
    }
    library("pad", arguments, context)
}

/// `$formatInteger(number, picture)`, for finite numbers and with a bounded number of Roman numerals.
pub(super) fn format_integer(arguments: &[JValue], context: &JValue) -> HostFnResult {
    let roman =
        |argument: &JValue| matches!(argument, JValue::String(picture) if picture.starts_with(['I', 'i']));
    let huge =
        |argument: &JValue| matches!(argument, JValue::Number(number) if number.abs() > FORMAT_INTEGER_MAX);
    // The library writes an infinite number in words without end.
    let endless = |argument: &JValue| matches!(argument, JValue::Number(number) if !number.is_finite());
    if arguments.iter().chain([context]).any(endless) {
        return Err(
            EvaluationError::new("D1001", "Number out of range in function \"formatInteger\"").into(),
        );
    }
    if arguments.iter().any(roman) && arguments.iter().chain([context]).any(huge) {
        let text =
            format!("Function \"formatInteger\" writes Roman numerals up to {FORMAT_INTEGER_MAX} only");
        return Err(EvaluationError::new("", text).into());
    }
    library("formatInteger", arguments, context)
}

/// `$formatNumber(number, picture [, options])`, for finite numbers.
pub(super) fn format_number(arguments: &[JValue], context: &JValue) -> HostFnResult {
    all_finite("formatNumber", arguments, context)?;
    library("formatNumber", arguments, context)
}

/// `$join(texts [, separator])`, with a bounded result.
pub(super) fn join(arguments: &[JValue]) -> HostFnResult {
    if let Some(JValue::Array(items)) = arguments.first() {
        let separator = arguments.get(1).and_then(JValue::as_str).map_or(0, str::len);
        let texts = items
            .iter()
            .filter_map(JValue::as_str)
            .map(str::len)
            .fold(0, usize::saturating_add);
        if separator.saturating_mul(items.len()).saturating_add(texts) > PRODUCED_BYTES_MAX {
            return Err(too_long(PRODUCED_BYTES_MAX));
        }
    }
    library("join", arguments, &JValue::Undefined)
}

/// Passes a value on that is about to be written as text, compared or searched.
pub(super) fn weigh_value(arguments: &[JValue]) -> HostFnResult {
    let value = only(arguments);
    if Budget::new(VALUE_WEIGHT_MAX).take(&value) {
        Ok(value)
    } else {
        Err(too_long(VALUE_WEIGHT_MAX))
    }
}

/// Passes a value on that is about to become part of an array.
pub(super) fn weigh_items(arguments: &[JValue]) -> HostFnResult {
    let value = only(arguments);
    if let JValue::Array(items) = &value
        && items.len() > SEQUENCE_ITEMS_MAX
    {
        let text = format!("The maximum sequence length of {SEQUENCE_ITEMS_MAX} was exceeded.");
        return Err(EvaluationError::new("D2015", text).into());
    }
    Ok(value)
}

/// Passes on the text that `$replace` searches.
pub(super) fn weigh_subject(bytes: Rc<Cell<usize>>) -> impl Fn(&[JValue]) -> HostFnResult {
    move |arguments: &[JValue]| {
        let value = only(arguments);
        bytes.set(value.as_str().map_or(0, str::len));
        Ok(value)
    }
}

/// Passes on the text that `$replace` puts in; at worst it does so at every character.
pub(super) fn weigh_replacement(subject_bytes: Rc<Cell<usize>>) -> impl Fn(&[JValue]) -> HostFnResult {
    move |arguments: &[JValue]| {
        let value = only(arguments);
        let replacement = value.as_str().map_or(0, str::len);
        if subject_bytes.get().saturating_add(1).saturating_mul(replacement) > PRODUCED_BYTES_MAX {
            return Err(too_long(PRODUCED_BYTES_MAX));
        }
        Ok(value)
    }
}

/// Refuses what the library would write without end: words or digits of an infinite number.
fn all_finite(function: &str, arguments: &[JValue], context: &JValue) -> Result<(), EvaluatorError> {
    let endless = |argument: &JValue| matches!(argument, JValue::Number(number) if !number.is_finite());
    if arguments.iter().chain([context]).any(endless) {
        let text = format!("Number out of range in function \"{function}\"");
        return Err(EvaluationError::new("D1001", text).into());
    }
    Ok(())
}

fn only(arguments: &[JValue]) -> JValue {
    arguments.first().cloned().unwrap_or(JValue::Undefined)
}

pub(super) fn too_long(bytes: usize) -> EvaluatorError {
    EvaluationError::new(
        "D2015",
        format!("The maximum size of {bytes} bytes for a value was exceeded."),
    )
    .into()
}
