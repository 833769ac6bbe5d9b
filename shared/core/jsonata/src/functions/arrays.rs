//! `$partition` and `$range`.

use jsonata_core::evaluator::HostFnResult;
use jsonata_core::value::JValue;

use super::mismatch;
use crate::error::EvaluationError;
use crate::limits::SEQUENCE_ITEMS_MAX;

/// `$partition(array, size)`: the array in pieces of at most `size` items.
pub(super) fn partition(arguments: &[JValue]) -> HostFnResult {
    let items = match arguments.first() {
        None => return Err(mismatch("partition", 1)),
        Some(JValue::Undefined) => return Ok(JValue::Undefined),
        Some(JValue::Array(items)) => items.as_slice(),
        Some(single) => std::slice::from_ref(single),
    };
    let size = match arguments.get(1) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "saturates, and is checked to be 1 or more"
        )]
        Some(JValue::Number(size)) if *size >= 1.0 => *size as usize,
        _ => return Err(mismatch("partition", 2)),
    };
    Ok(JValue::array(
        items
            .chunks(size)
            .map(|piece| JValue::array(piece.to_vec()))
            .collect(),
    ))
}

/// `$range(first, last, step)`: numbers from `first` to `last`, which is included when a step meets it.
pub(super) fn range(arguments: &[JValue]) -> HostFnResult {
    let mut numbers = [0.0, 0.0, 1.0];
    for (index, slot) in numbers.iter_mut().enumerate() {
        match arguments.get(index) {
            Some(JValue::Number(number)) if number.is_finite() => *slot = *number,
            Some(JValue::Undefined) => return Ok(JValue::Undefined),
            _ => return Err(mismatch("range", index + 1)),
        }
    }
    let [first, last, step] = numbers;
    if step == 0.0 {
        return Err(EvaluationError::new("", "The step of function \"range\" must not be zero").into());
    }
    let steps = ((last - first) / step).floor();
    #[expect(clippy::cast_precision_loss, reason = "the bound is small")]
    if steps >= SEQUENCE_ITEMS_MAX as f64 {
        let text = format!("The maximum sequence length of {SEQUENCE_ITEMS_MAX} was exceeded.");
        return Err(EvaluationError::new("D2015", text).into());
    }
    let mut items = Vec::new();
    let mut index = 0.0;
    while index <= steps {
        // Multiplied, not added up, so that fractions do not drift.
        items.push(JValue::Number(first + index * step));
        index += 1.0;
    }
    // A sequence: a single number comes out as itself (recorded: `$range(1, 9, 9)` gives `1`, not `[1]`).
    Ok(JValue::sequence(items))
}
