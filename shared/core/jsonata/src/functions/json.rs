//! `$parse`.

use jsonata_core::evaluator::HostFnResult;
use jsonata_core::value::JValue;
use serde_json::Value;

use super::mismatch;
use crate::error::EvaluationError;
use crate::values::into_evaluator;

/// `$parse(text)`: the value that the JSON text stands for.
pub(super) fn parse(arguments: &[JValue]) -> HostFnResult {
    match arguments.first() {
        Some(JValue::String(text)) => match serde_json::from_str::<Value>(text) {
            Ok(value) => Ok(into_evaluator(&value)),
            Err(error) => {
                let text = format!("Function \"parse\" cannot read its argument as JSON: {error}");
                Err(EvaluationError::new("", text).into())
            }
        },
        Some(JValue::Undefined) => Ok(JValue::Undefined),
        _ => Err(mismatch("parse", 1)),
    }
}
