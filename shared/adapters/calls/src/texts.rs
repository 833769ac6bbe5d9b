//! Texts that come as the values that they are the JSON of.

use crate::catalogue::{Model, Shape};
use crate::names::same;
use serde_json::Value;

/// Returns a value with JSON in the place of everything that is no text where the service wants one, such as the input of
/// an execution; `None` when nothing is to be changed. So do the `aws-sdk` integrations of Step Functions.
pub(crate) fn with_texts(model: &'static Model, shape: usize, value: &Value) -> Option<Value> {
    match (&model.shapes[shape], value) {
        (Shape::String, Value::String(_) | Value::Null) => None,
        (Shape::String, other) => Some(Value::String(other.to_string())),
        (Shape::Structure { members } | Shape::Union { members }, Value::Object(values)) => {
            let mut changed = None;
            for (name, value) in values {
                let member = members.iter().find(|member| same(name, member.name));
                if let Some(text) = member.and_then(|member| with_texts(model, member.shape(), value)) {
                    changed
                        .get_or_insert_with(|| values.clone())
                        .insert(name.clone(), text);
                }
            }
            changed.map(Value::Object)
        }
        (Shape::Map { element, .. }, Value::Object(values)) => {
            let mut changed = None;
            for (key, value) in values {
                if let Some(text) = with_texts(model, element.shape(), value) {
                    changed
                        .get_or_insert_with(|| values.clone())
                        .insert(key.clone(), text);
                }
            }
            changed.map(Value::Object)
        }
        (Shape::List { element }, Value::Array(values)) => {
            let mut changed = None;
            for (index, value) in values.iter().enumerate() {
                if let Some(text) = with_texts(model, element.shape(), value) {
                    changed.get_or_insert_with(|| values.clone())[index] = text;
                }
            }
            changed.map(Value::Array)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::with_texts;
    use crate::prepare::Called;
    use serde_json::{Value, json};

    fn texts(service: &str, operation: &str, members: &Value) -> Option<Value> {
        let called = Called::find(service, operation).unwrap();
        with_texts(called.service.model, called.operation.input.unwrap(), members)
    }

    #[test]
    fn what_is_no_text_is_its_json_where_one_is_wanted() {
        let given = json!({ "StateMachineArn": "m", "Input": { "b": [1, "x"], "a": null }, "Name": 5 });
        let expected = json!({ "StateMachineArn": "m", "Input": r#"{"b":[1,"x"],"a":null}"#, "Name": "5" });
        assert_eq!(texts("sfn", "StartExecution", &given), Some(expected));
        for unchanged in [
            json!({ "StateMachineArn": "m", "Input": "plain" }),
            json!({ "Input": null, "Bodi": { "a": 1 } }),
            json!([1]),
        ] {
            assert_eq!(texts("sfn", "StartExecution", &unchanged), None, "{unchanged}");
        }
    }

    #[test]
    fn structures_lists_and_maps_are_looked_into() {
        let given = json!({ "Target": { "Arn": "a", "Input": [1] }, "Name": "n" });
        let expected = json!({ "Target": { "Arn": "a", "Input": "[1]" }, "Name": "n" });
        assert_eq!(texts("scheduler", "CreateSchedule", &given), Some(expected));
        let given = json!({ "Entries": [{ "Detail": "{}" }, { "Detail": { "n": 1 } }] });
        let expected = json!({ "Entries": [{ "Detail": "{}" }, { "Detail": r#"{"n":1}"# }] });
        assert_eq!(texts("eventbridge", "PutEvents", &given), Some(expected));
        let given = json!({ "QueueUrl": "q", "Attributes": { "Policy": { "Version": "2012-10-17" } } });
        let expected = json!({ "QueueUrl": "q", "Attributes": { "Policy": r#"{"Version":"2012-10-17"}"# } });
        assert_eq!(texts("sqs", "SetQueueAttributes", &given), Some(expected));
    }
}
