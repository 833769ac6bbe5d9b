use std::collections::BTreeSet;

use serde_json::Value;

use super::IntrinsicError;
use super::arguments::Arguments;

/// AWS: the array that `States.ArrayRange` makes can contain up to 1000 elements.
const RANGE_ELEMENTS_MAX: i128 = 1_000;

/// Cuts an array into pieces of a given length; the last one may be shorter.
pub(super) fn partition(arguments: &Arguments<'_>) -> Result<Value, IntrinsicError> {
    let array = arguments.array(0)?;
    let size = arguments.integer(1)?;
    let size = usize::try_from(size).ok().filter(|size| *size > 0);
    let size = size.ok_or_else(|| arguments.fail("the chunk size must be at least 1"))?;
    Ok(array
        .chunks(size)
        .map(|chunk| Value::Array(chunk.to_vec()))
        .collect())
}

/// Tells whether an array has an element equal to a value.
pub(super) fn contains(arguments: &Arguments<'_>) -> Result<Value, IntrinsicError> {
    Ok(Value::Bool(arguments.array(0)?.contains(arguments.value(1)?)))
}

/// Makes an array of the numbers from a first one to a last one, which is included when a step hits it.
pub(super) fn range(arguments: &Arguments<'_>) -> Result<Value, IntrinsicError> {
    let (first, last) = (
        i128::from(arguments.integer(0)?),
        i128::from(arguments.integer(1)?),
    );
    let step = i128::from(arguments.integer(2)?);
    if step == 0 {
        return Err(arguments.fail("the increment must not be 0"));
    }
    let last_index = (last - first) / step;
    let runs_away = (last - first).signum() * step.signum() < 0;
    let count = if runs_away { 0 } else { last_index + 1 };
    if count > RANGE_ELEMENTS_MAX {
        return Err(arguments.fail(format!(
            "the range has {count} elements, more than {RANGE_ELEMENTS_MAX}"
        )));
    }
    // All numbers lie between two 64-bit ones.
    Ok((0..count)
        .filter_map(|at| i64::try_from(first + at * step).ok())
        .map(Value::from)
        .collect())
}

/// Takes one element of an array, counted from 0.
pub(super) fn get_item(arguments: &Arguments<'_>) -> Result<Value, IntrinsicError> {
    let array = arguments.array(0)?;
    let index = arguments.integer(1)?;
    let item = usize::try_from(index).ok().and_then(|index| array.get(index));
    let out_of_range = || {
        format!(
            "the index {index} is out of range for an array of {} elements",
            array.len()
        )
    };
    item.cloned().ok_or_else(|| arguments.fail(out_of_range()))
}

/// Counts the elements of an array.
pub(super) fn length(arguments: &Arguments<'_>) -> Result<Value, IntrinsicError> {
    Ok(Value::from(arguments.array(0)?.len()))
}

/// Keeps the first of equal elements.
pub(super) fn unique(arguments: &Arguments<'_>) -> Result<Value, IntrinsicError> {
    let mut seen = BTreeSet::new();
    let first = |element: &&Value| seen.insert(canonical(element));
    Ok(arguments.array(0)?.iter().filter(first).cloned().collect())
}

/// Prints a value so that equal values, whatever the order of their members, give equal texts.
fn canonical(value: &Value) -> String {
    match value {
        Value::Array(elements) => {
            let elements: Vec<String> = elements.iter().map(canonical).collect();
            format!("[{}]", elements.join(","))
        }
        Value::Object(members) => {
            let mut members: Vec<String> = members
                .iter()
                .map(|(name, member)| format!("{}:{}", Value::from(name.as_str()), canonical(member)))
                .collect();
            members.sort_unstable();
            format!("{{{}}}", members.join(","))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}
