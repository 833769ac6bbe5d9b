use std::borrow::Cow;

use serde_json::{Map, Value};

use super::IntrinsicError;

/// The values of one call's arguments; the parser has seen to it that there are as many as the function needs.
#[derive(Debug)]
pub(super) struct Arguments<'a> {
    pub(super) function: &'static str,
    pub(super) values: Vec<Cow<'a, Value>>,
}

impl Arguments<'_> {
    pub(super) fn fail(&self, reason: impl Into<String>) -> IntrinsicError {
        IntrinsicError::Function {
            function: self.function,
            reason: reason.into(),
        }
    }

    pub(super) fn value(&self, at: usize) -> Result<&Value, IntrinsicError> {
        self.values
            .get(at)
            .map(Cow::as_ref)
            .ok_or_else(|| self.fail(format!("argument {} is missing", at + 1)))
    }

    pub(super) fn array(&self, at: usize) -> Result<&[Value], IntrinsicError> {
        self.value(at)?
            .as_array()
            .map(Vec::as_slice)
            .ok_or_else(|| self.wrong(at, "an array"))
    }

    pub(super) fn object(&self, at: usize) -> Result<&Map<String, Value>, IntrinsicError> {
        self.value(at)?
            .as_object()
            .ok_or_else(|| self.wrong(at, "an object"))
    }

    pub(super) fn text(&self, at: usize) -> Result<&str, IntrinsicError> {
        self.value(at)?.as_str().ok_or_else(|| self.wrong(at, "a string"))
    }

    /// A whole number; any other number is rounded, with halves going up, so that -1.5 becomes -1.
    pub(super) fn integer(&self, at: usize) -> Result<i64, IntrinsicError> {
        let value = self.value(at)?;
        if let Some(integer) = value.as_i64() {
            return Ok(integer);
        }
        let number = value.as_f64().ok_or_else(|| self.wrong(at, "a number"))?;
        let rounded = (number + 0.5).floor();
        if rounded.abs() < 2_f64.powi(63) {
            // The value is whole and in range.
            return Ok(rounded as i64);
        }
        Err(self.fail(format!("argument {} is too large", at + 1)))
    }

    fn wrong(&self, at: usize, expected: &str) -> IntrinsicError {
        let got = match self.values.get(at).map(Cow::as_ref) {
            None | Some(Value::Null) => "null",
            Some(Value::Bool(_)) => "a boolean",
            Some(Value::Number(_)) => "a number",
            Some(Value::String(_)) => "a string",
            Some(Value::Array(_)) => "an array",
            Some(Value::Object(_)) => "an object",
        };
        self.fail(format!("argument {} must be {expected}, got {got}", at + 1))
    }
}
