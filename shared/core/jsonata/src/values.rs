//! Values on their way into the evaluator and back, with the order of keys kept.

use std::rc::Rc;

use jsonata_core::value::{JMap, JValue, with_stack};
use serde_json::{Map, Number, Value};

use crate::error::EvaluationError;
use crate::limits::{NODE_WEIGHT, RESULT_DEPTH_MAX, RESULT_WEIGHT_MAX};

/// Blanks before a line, for each level of nesting.
const INDENT: usize = 2;

/// Converts a value for the evaluator; every number becomes a double, as in JSONata.
pub(crate) fn into_evaluator(value: &Value) -> JValue {
    match value {
        Value::Null => JValue::Null,
        Value::Bool(it) => JValue::Bool(*it),
        Value::Number(it) => JValue::Number(it.as_f64().unwrap_or(f64::NAN)),
        Value::String(it) => JValue::from(it.as_str()),
        Value::Array(items) => with_stack(|| JValue::array(items.iter().map(into_evaluator).collect())),
        Value::Object(fields) => with_stack(|| {
            object(
                fields
                    .iter()
                    .map(|(key, value)| (key.clone(), into_evaluator(value))),
            )
        }),
    }
}

/// Converts a result back; `None` when it is undefined.
///
/// # Errors
/// A function, a number that is not finite, and a value too deep or too large are refused.
pub(crate) fn from_evaluator(value: &JValue) -> Result<Option<Value>, EvaluationError> {
    convert(value, 0, &mut Budget::new(RESULT_WEIGHT_MAX))
}

/// Copies a value as evaluating it to itself would: numbers come out as doubles.
pub(crate) fn through_evaluator(value: &Value) -> Result<Value, EvaluationError> {
    Ok(match value {
        Value::Number(it) => Value::Number(number(it.as_f64().unwrap_or(f64::NAN))?),
        Value::Array(items) => Value::Array(with_stack(|| {
            items.iter().map(through_evaluator).collect::<Result<_, _>>()
        })?),
        Value::Object(fields) => Value::Object(with_stack(|| {
            fields
                .iter()
                .map(|(key, value)| Ok((key.clone(), through_evaluator(value)?)))
                .collect::<Result<_, EvaluationError>>()
        })?),
        other => other.clone(),
    })
}

pub(crate) fn object(fields: impl Iterator<Item = (String, JValue)>) -> JValue {
    JValue::Object(Rc::new(JMap::from_iter(fields)))
}

/// How much more of a value may be looked at; values share parts, so a walk over one must be bounded.
#[derive(Debug)]
pub(crate) struct Budget {
    left: usize,
}

impl Budget {
    pub(crate) fn new(weight: usize) -> Budget {
        Budget { left: weight }
    }

    /// Takes the weight of a value and all its parts; false when there is not enough left.
    pub(crate) fn take(&mut self, value: &JValue) -> bool {
        match value {
            JValue::String(text) => self.spend(text.len()),
            JValue::Array(items) => self.spend(0) && with_stack(|| items.iter().all(|item| self.take(item))),
            JValue::Object(fields) => {
                let mut part = |(key, value): (&String, &JValue)| self.spend(key.len()) && self.take(value);
                with_stack(|| fields.iter().all(&mut part))
            }
            _ => self.spend(0),
        }
    }

    /// Takes the weight of a value as it is written with a line for each part, which begins with blanks.
    pub(crate) fn take_indented(&mut self, value: &JValue, depth: usize) -> bool {
        let blanks = depth.saturating_mul(INDENT);
        match value {
            JValue::String(text) => self.spend(text.len().saturating_add(blanks)),
            JValue::Array(items) => {
                self.spend(blanks.saturating_mul(2))
                    && with_stack(|| items.iter().all(|item| self.take_indented(item, depth + 1)))
            }
            JValue::Object(fields) => {
                self.spend(blanks.saturating_mul(2))
                    && with_stack(|| {
                        let mut parts = fields.iter();
                        parts
                            .all(|(key, value)| self.spend(key.len()) && self.take_indented(value, depth + 1))
                    })
            }
            _ => self.spend(blanks),
        }
    }

    fn spend(&mut self, bytes: usize) -> bool {
        match self.left.checked_sub(bytes.saturating_add(NODE_WEIGHT)) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }

    fn spend_or_refuse(&mut self, bytes: usize) -> Result<(), EvaluationError> {
        if self.spend(bytes) {
            return Ok(());
        }
        Err(EvaluationError::new(
            "D2015",
            format!("The result is larger than {RESULT_WEIGHT_MAX} bytes"),
        ))
    }
}

fn convert(value: &JValue, depth: usize, budget: &mut Budget) -> Result<Option<Value>, EvaluationError> {
    if depth > RESULT_DEPTH_MAX {
        let text = format!("The result is nested deeper than {RESULT_DEPTH_MAX} levels");
        return Err(EvaluationError::new("D1011", text));
    }
    Ok(Some(match value {
        JValue::Undefined => return Ok(None),
        JValue::Null => Value::Null,
        JValue::Bool(it) => Value::Bool(*it),
        JValue::Number(it) => {
            budget.spend_or_refuse(0)?;
            Value::Number(number(*it)?)
        }
        JValue::String(it) => {
            budget.spend_or_refuse(it.len())?;
            Value::String(it.to_string())
        }
        JValue::Array(items) => {
            budget.spend_or_refuse(0)?;
            // An undefined item is written as null, as JSON.stringify does.
            let item = |item| Ok(convert(item, depth + 1, budget)?.unwrap_or_default());
            Value::Array(with_stack(|| {
                items.iter().map(item).collect::<Result<_, EvaluationError>>()
            })?)
        }
        JValue::Object(fields) => Value::Object(with_stack(|| {
            let mut map = Map::with_capacity(fields.len());
            for (key, value) in fields.iter() {
                budget.spend_or_refuse(key.len())?;
                if let Some(value) = convert(value, depth + 1, budget)? {
                    map.insert(key.clone(), value);
                }
            }
            Ok::<_, EvaluationError>(map)
        })?),
        JValue::Lambda(_) | JValue::Builtin { .. } | JValue::Regex { .. } => {
            return Err(EvaluationError::new(
                "",
                "The result is or holds a function, which is not a JSON value",
            ));
        }
    }))
}

/// Writes a double as JavaScript does: an integral one without a fraction.
fn number(value: f64) -> Result<Number, EvaluationError> {
    const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53
    const DIGITS_END: f64 = 1e21; // JavaScript turns to exponents here
    let float = || {
        Number::from_f64(value).ok_or_else(|| {
            EvaluationError::new("D1001", format!("Number out of range: {}", script_name(value)))
        })
    };
    if !value.is_finite() || value.fract() != 0.0 || value.abs() >= DIGITS_END {
        return float();
    }
    if value.abs() <= EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "integral and within 2^53")]
        return Ok(Number::from(value as i64));
    }
    // Above 2^53 JavaScript prints the shortest digits that give the same double, then zeros; so does `{}`.
    let digits = value.to_string();
    match (digits.parse::<i64>(), digits.parse::<u64>()) {
        (Ok(it), _) => Ok(Number::from(it)),
        (_, Ok(it)) => Ok(Number::from(it)),
        _ => float(),
    }
}

fn script_name(value: f64) -> &'static str {
    match value {
        value if value.is_nan() => "NaN",
        value if value > 0.0 => "Infinity",
        _ => "-Infinity",
    }
}
