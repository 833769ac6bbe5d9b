//! Functions that refuse to make values too large, and the weighing that [`crate::guards`] puts into expressions.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use jsonata_core::evaluator::{EvaluatorError, HostFnResult};
use jsonata_core::value::JValue;

use super::{distinct, library};
use crate::error::EvaluationError;
use crate::guarded::{Guard, Guarded};
use crate::limits::{
    FORMAT_INTEGER_MAX, LIVE_TEXT_BYTES_MAX, MATCHES_MAX, PICTURE_BYTES_MAX, PICTURE_DIGITS_MAX,
    PRODUCED_BYTES_MAX, SEQUENCE_ITEMS_MAX, VALUE_WEIGHT_MAX,
};
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
    check_length_of_picture(arguments.get(1))?;
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
    arguments
        .iter()
        .try_for_each(|argument| check_length_of_picture(Some(argument)))?;
    library("formatNumber", arguments, context)
}

/// Calls a function of the library whose arguments are looked at before.
pub(super) fn call(row: &Guarded, arguments: &[JValue], context: &JValue) -> HostFnResult {
    let arguments = cut(row, arguments);
    let first = match arguments.first() {
        Some(first) if row.context_for != Some(arguments.len()) => first,
        _ => context,
    };
    match row.name {
        "distinct" => return distinct::distinct(arguments),
        "fromMillis" => check_picture(arguments.get(1))?,
        "join" => check_joined(first, arguments.get(1))?,
        "keys" | "merge" | "spread" => check_fields(first)?,
        "split" => check_pieces(first, arguments)?,
        "string" => check_written(first, arguments.len() > 1)?,
        "zip" => check_zipped(arguments)?,
        _ if row.guard == Guard::Weighed => check_weight(first)?,
        _ => {}
    }
    let value = library(row.name, arguments, context)?;
    check_items(&value)?;
    Ok(value)
}

/// Takes off what a function such as `$map` offers beyond what the function takes.
fn cut<'a>(row: &Guarded, arguments: &'a [JValue]) -> &'a [JValue] {
    let parameters = match row.name {
        // As a callback, JSONata's own takes one; a call may have two.
        "string" if arguments.len() > row.parameters => 1,
        _ => row.parameters,
    };
    arguments.get(..parameters).unwrap_or(arguments)
}

/// Counts the pieces before they are made, where that can be done.
fn check_pieces(text: &JValue, arguments: &[JValue]) -> Result<(), EvaluatorError> {
    check_weight(text)?;
    let separators = arguments.iter().rev().find_map(JValue::as_str);
    match (text, separators) {
        (JValue::String(text), Some(separator)) => check_count(text.matches(separator).count()),
        _ => Ok(()),
    }
}

/// The widths in a picture are numbers of characters.
fn check_picture(picture: Option<&JValue>) -> Result<(), EvaluatorError> {
    let Some(JValue::String(picture)) = picture else {
        return Ok(());
    };
    // A width stands behind a comma: `[Y,4-4]`.
    let widths = picture
        .split(',')
        .skip(1)
        .map(|rest| rest.split(']').next().unwrap_or(rest));
    let mut digits = widths.flat_map(|width| width.split(|char: char| !char.is_ascii_digit()));
    let is_wide = |digits: &str| digits.trim_start_matches('0').len() > PICTURE_DIGITS_MAX;
    if picture.len() > PICTURE_BYTES_MAX || digits.any(is_wide) {
        return Err(too_long(PICTURE_BYTES_MAX));
    }
    Ok(())
}

/// The library takes the square of a picture's length in steps.
pub(super) fn check_length_of_picture(picture: Option<&JValue>) -> Result<(), EvaluatorError> {
    match picture {
        Some(JValue::String(picture)) if picture.len() > PICTURE_BYTES_MAX => {
            Err(too_long(PICTURE_BYTES_MAX))
        }
        _ => Ok(()),
    }
}

fn check_joined(texts: &JValue, separator: Option<&JValue>) -> Result<(), EvaluatorError> {
    let JValue::Array(items) = texts else {
        return Ok(());
    };
    let separator = separator.and_then(JValue::as_str).map_or(0, str::len);
    let texts = items
        .iter()
        .filter_map(JValue::as_str)
        .map(str::len)
        .fold(0, usize::saturating_add);
    if separator.saturating_mul(items.len()).saturating_add(texts) > PRODUCED_BYTES_MAX {
        return Err(too_long(PRODUCED_BYTES_MAX));
    }
    Ok(())
}

/// Objects in an array may be one and the same, so that there are more fields to look at than were ever made.
fn check_fields(value: &JValue) -> Result<(), EvaluatorError> {
    let JValue::Array(items) = value else {
        return Ok(());
    };
    let fields = items.iter().map(|item| match item {
        JValue::Object(fields) => fields.len(),
        _ => 1,
    });
    check_count(fields.fold(0, usize::saturating_add))
}

fn check_zipped(arrays: &[JValue]) -> Result<(), EvaluatorError> {
    let lengths = arrays.iter().map(|array| match array {
        JValue::Array(items) => items.len(),
        _ => 1,
    });
    check_count(lengths.min().unwrap_or(0).saturating_mul(arrays.len()))
}

pub(super) fn check_weight(value: &JValue) -> Result<(), EvaluatorError> {
    if Budget::new(VALUE_WEIGHT_MAX).take(value) {
        return Ok(());
    }
    Err(too_long(VALUE_WEIGHT_MAX))
}

/// With blanks, a line is as long as it stands deep.
fn check_written(value: &JValue, with_blanks: bool) -> Result<(), EvaluatorError> {
    if with_blanks && !Budget::new(PRODUCED_BYTES_MAX).take_indented(value, 0) {
        return Err(too_long(PRODUCED_BYTES_MAX));
    }
    check_weight(value)
}

fn check_items(value: &JValue) -> Result<(), EvaluatorError> {
    match value {
        JValue::Array(items) => check_count(items.len()),
        _ => Ok(()),
    }
}

fn check_count(items: usize) -> Result<(), EvaluatorError> {
    if items <= SEQUENCE_ITEMS_MAX {
        return Ok(());
    }
    Err(too_many(SEQUENCE_ITEMS_MAX))
}

pub(super) fn too_many(items: usize) -> EvaluatorError {
    EvaluationError::new(
        "D2015",
        format!("The maximum sequence length of {items} was exceeded."),
    )
    .into()
}

/// Passes a value on that only counts.
pub(super) fn itself(arguments: &[JValue]) -> HostFnResult {
    Ok(only(arguments))
}

/// Passes a value on that is about to be written as text, compared or searched.
pub(super) fn weigh_value(arguments: &[JValue]) -> HostFnResult {
    let value = only(arguments);
    check_weight(&value)?;
    Ok(value)
}

/// Passes a value on that is about to become part of an array.
pub(super) fn weigh_items(arguments: &[JValue]) -> HostFnResult {
    let value = only(arguments);
    check_items(&value)?;
    Ok(value)
}

/// Passes on how many matches are wanted; where there are more than there may be, one more shows it.
pub(super) fn weigh_limit(arguments: &[JValue]) -> HostFnResult {
    #[expect(clippy::cast_precision_loss, reason = "the bound is small")]
    let most = (MATCHES_MAX + 1) as f64;
    Ok(match only(arguments) {
        JValue::Undefined => JValue::Number(most),
        JValue::Number(limit) if limit > most => JValue::Number(most),
        other => other,
    })
}

/// Passes on matches; an only one is no array.
pub(super) fn weigh_matches(arguments: &[JValue]) -> HostFnResult {
    let value = only(arguments);
    match &value {
        JValue::Array(matches) if matches.len() > MATCHES_MAX => {
            let text = format!("The maximum of {MATCHES_MAX} matches was exceeded.");
            Err(EvaluationError::new("D2015", text).into())
        }
        _ => Ok(value),
    }
}

/// What is known of calls of `$replace`.
#[derive(Debug, Default)]
pub(super) struct Subjects {
    /// How long the texts are that they search: the innermost last, as one may stand in an argument of another.
    bytes: RefCell<Vec<usize>>,
    /// What functions have given to put in.
    replaced: Cell<usize>,
}

/// Tells whether a value is a function.
pub(super) fn is_function(arguments: &[JValue]) -> HostFnResult {
    let value = only(arguments);
    Ok(JValue::Bool(value.is_function() && !value.is_regex()))
}

/// Passes on what a function gives to put in; at worst it gives one and the same text for every match.
pub(super) fn weigh_replaced(subjects: Rc<Subjects>) -> impl Fn(&[JValue]) -> HostFnResult {
    move |arguments: &[JValue]| {
        let value = only(arguments);
        let bytes = value.as_str().map_or(0, str::len);
        let all = subjects.replaced.get().saturating_add(bytes);
        subjects.replaced.set(all);
        if all > LIVE_TEXT_BYTES_MAX {
            return Err(too_long(LIVE_TEXT_BYTES_MAX));
        }
        Ok(value)
    }
}

/// Passes on the text that `$replace` searches.
pub(super) fn weigh_subject(subjects: Rc<Subjects>) -> impl Fn(&[JValue]) -> HostFnResult {
    move |arguments: &[JValue]| {
        let value = only(arguments);
        subjects
            .bytes
            .borrow_mut()
            .push(value.as_str().map_or(0, str::len));
        Ok(value)
    }
}

/// Passes on the text that `$replace` puts in; at worst it does so at every character.
pub(super) fn weigh_replacement(subjects: Rc<Subjects>) -> impl Fn(&[JValue]) -> HostFnResult {
    move |arguments: &[JValue]| {
        let value = only(arguments);
        let subject = subjects.bytes.borrow_mut().pop().unwrap_or(VALUE_WEIGHT_MAX);
        let replacement = value.as_str().map_or(0, str::len);
        if subject.saturating_add(1).saturating_mul(replacement) > PRODUCED_BYTES_MAX {
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
