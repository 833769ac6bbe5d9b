//! Whether a document is one that an operation could answer with.

use crate::catalogue::{self, Member, Model, Shape};
use serde_json::{Map, Value};

/// How a document is compared with an operation's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// Whether what the model requires must be there.
    pub is_strict: bool,
    /// Whether text members of the answer itself may hold any JSON, as where Step Functions reads JSON out of them.
    pub is_text_open: bool,
}

/// Returns what a document lacks to be an operation's answer: `Ok(None)` for nothing.
///
/// Members that the model does not have are passed over; names may differ in case.
///
/// # Errors
///
/// When the catalogue does not have the operation.
pub fn compare(
    service: &str,
    operation: &str,
    answer: &Value,
    comparison: Comparison,
) -> Result<Option<String>, String> {
    let found = catalogue::service(service);
    let model = found.map(|service| service.model);
    let known = model.and_then(|model| Some((model, model.operations.get(operation)?)));
    let Some((model, operation)) = known else {
        return Err(format!("the catalogue has no model of `{service}:{operation}`"));
    };
    let Some(output) = operation.output else {
        return Ok(None);
    };
    let walk = Walk { model, comparison };
    Ok(walk.value("", output, answer, comparison.is_text_open).err())
}

struct Walk {
    model: &'static Model,
    comparison: Comparison,
}

impl Walk {
    /// Compares a value with a shape; `is_open` when text in it may be anything.
    fn value(&self, path: &str, shape: usize, value: &Value, is_open: bool) -> Result<(), String> {
        // Every number in the model is one of its shapes.
        let Some(shape) = self.model.shapes.get(shape) else {
            return Ok(());
        };
        let is = |wanted: bool, name: &str| {
            if wanted {
                Ok(())
            } else {
                Err(format!("`{}` must be {name}, but is {value}", shown(path)))
            }
        };
        match (shape, value) {
            (Shape::Structure { members } | Shape::Union { members }, Value::Object(object)) => self.members(
                path,
                members,
                object,
                is_open,
                matches!(shape, Shape::Structure { .. }),
            ),
            (Shape::Structure { .. } | Shape::Union { .. } | Shape::Map { .. }, value)
                if !value.is_object() =>
            {
                is(false, "an object")
            }
            (Shape::Map { element, .. }, Value::Object(object)) => {
                object.iter().try_for_each(|(key, value)| {
                    self.value(&format!("{path}/{key}"), element.shape(), value, false)
                })
            }
            (Shape::List { element }, Value::Array(list)) => {
                list.iter().enumerate().try_for_each(|(index, value)| {
                    self.value(&format!("{path}/{index}"), element.shape(), value, false)
                })
            }
            (Shape::List { .. }, _) => is(false, "an array"),
            (Shape::Boolean, value) => is(value.is_boolean(), "true or false"),
            (Shape::Byte | Shape::Short | Shape::Integer | Shape::Long | Shape::BigInteger, value) => {
                is(value.is_i64() || value.is_u64(), "a whole number")
            }
            (Shape::Float | Shape::Double | Shape::BigDecimal, value) => is(value.is_number(), "a number"),
            (Shape::Timestamp { .. }, value) => is(value.is_number() || value.is_string(), "a time"),
            (Shape::String | Shape::Blob, value) => is(is_open || value.is_string(), "a string"),
            (Shape::Document | Shape::Structure { .. } | Shape::Union { .. } | Shape::Map { .. }, _) => {
                Ok(())
            }
        }
    }

    fn members(
        &self,
        path: &str,
        members: &[Member],
        object: &Map<String, Value>,
        is_open: bool,
        is_structure: bool,
    ) -> Result<(), String> {
        for member in members {
            let named = object
                .iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(member.name));
            let Some((key, value)) = named.filter(|(_, value)| !value.is_null()) else {
                if member.required && is_structure && self.comparison.is_strict {
                    return Err(format!(
                        "`{}` is missing",
                        shown(&format!("{path}/{}", member.name))
                    ));
                }
                continue;
            };
            // Open at the top alone: deeper down a string is one.
            self.value(
                &format!("{path}/{key}"),
                member.shape(),
                value,
                is_open && path.is_empty(),
            )?;
        }
        Ok(())
    }
}

fn shown(path: &str) -> &str {
    if path.is_empty() { "/" } else { path }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn said(service: &str, operation: &str, answer: &Value, is_strict: bool) -> Option<String> {
        let comparison = Comparison {
            is_strict,
            is_text_open: false,
        };
        compare(service, operation, answer, comparison).unwrap()
    }

    #[test]
    fn types_are_compared_at_every_depth() {
        let get = |answer: Value| said("dynamodb", "GetItem", &answer, true);
        assert_eq!(get(json!({ "Item": { "id": { "S": "7" } }, "Unknown": 1 })), None);
        assert_eq!(get(json!({})), None);
        assert_eq!(
            get(json!({ "Item": { "id": { "S": 7 } } })).unwrap(),
            "`/Item/id/S` must be a string, but is 7"
        );
        assert_eq!(
            get(json!({ "Item": [] })).unwrap(),
            "`/Item` must be an object, but is []"
        );
        assert_eq!(get(json!(1)).unwrap(), "`/` must be an object, but is 1");
    }

    #[test]
    fn what_is_required_is_asked_for_when_strict() {
        let start = |answer: Value, is_strict| said("sfn", "StartExecution", &answer, is_strict);
        let whole = json!({ "ExecutionArn": "arn", "StartDate": 1_700_000_000 });
        assert_eq!(start(whole, true), None);
        assert_eq!(
            start(json!({ "StartDate": "2024" }), true).unwrap(),
            "`/executionArn` is missing"
        );
        assert_eq!(start(json!({ "StartDate": "2024" }), false), None);
        assert_eq!(
            start(json!({ "ExecutionArn": 1 }), false).unwrap(),
            "`/ExecutionArn` must be a string, but is 1"
        );
    }

    #[test]
    fn text_of_the_answer_itself_may_be_open() {
        let open = Comparison {
            is_strict: true,
            is_text_open: true,
        };
        let invoke = |answer: Value| compare("lambda", "Invoke", &answer, open).unwrap();
        assert_eq!(invoke(json!({ "Payload": { "n": 1 }, "StatusCode": 200 })), None);
        assert!(invoke(json!({ "StatusCode": "200" })).is_some());
    }

    #[test]
    fn what_the_catalogue_does_not_have_is_said() {
        let comparison = Comparison {
            is_strict: true,
            is_text_open: false,
        };
        assert_eq!(
            compare("nothing", "Do", &json!({}), comparison).unwrap_err(),
            "the catalogue has no model of `nothing:Do`"
        );
        assert!(compare("sqs", "DoNothing", &json!({}), comparison).is_err());
    }
}
