//! `lambda:invoke`, and functions that a Task state names by their ARN.

use super::metadata::with_metadata;
use super::{Action, Effect, Naming, RR_TOKEN, Service};
use crate::arn::FunctionArn;
use crate::exchange::{Failure, ServiceAnswer, ServiceRequest};
use serde_json::{Map, Value, json};

pub(crate) const SERVICE: Service = Service {
    name: "lambda",
    client: Some("lambda"),
    naming: Naming {
        prefix: "Lambda",
        fallback: "AWSLambdaException",
        service: "AWSLambda",
    },
    actions: &[Action::new("invoke", RR_TOKEN, Effect::Once)],
    prepare,
    render,
};

/// A document becomes its JSON text; text is sent as it is, and `null` not at all.
///
/// Recorded: `"0.0"` reaches the function as the number 0.0, and `null` as an empty object.
fn prepare(members: &mut Map<String, Value>) {
    match members.get_mut("Payload") {
        None | Some(Value::String(_)) => {}
        Some(Value::Null) => {
            members.shift_remove("Payload");
        }
        Some(payload) => *payload = Value::String(payload.to_string()),
    }
}

fn render(mut answer: ServiceAnswer) -> Result<Value, Failure> {
    let payload = function_payload(&mut answer).map_err(rewritten)?;
    let mut result = with_metadata(ServiceAnswer {
        members: match answer.members {
            Value::Object(mut members) => {
                members.insert("Payload".to_owned(), payload);
                members
                    .entry("StatusCode")
                    .or_insert_with(|| json!(answer.status));
                Value::Object(members)
            }
            _ => json!({ "Payload": payload, "StatusCode": answer.status }),
        },
        ..answer
    })?;
    if let Value::Object(members) = &mut result {
        members.shift_remove("FunctionError");
    }
    Ok(result)
}

/// Writes a cause anew, without blanks (recorded: error_handling, task_service_lambda raise_exception_catch).
fn rewritten(mut failure: Failure) -> Failure {
    let cause = failure.cause.as_deref().unwrap_or_default();
    if let Ok(value) = serde_json::from_str::<Value>(cause) {
        failure.cause = Some(value.to_string());
    }
    failure
}

/// Makes the call of a function that a Task state names by its ARN.
pub(crate) fn function_request(function: &FunctionArn, input: &Value) -> ServiceRequest {
    ServiceRequest {
        service: "lambda".to_owned(),
        operation: "Invoke".to_owned(),
        members: json!({ "FunctionName": function.text(), "Payload": input.to_string() }),
    }
}

/// Shows what the function returned, and nothing of the call.
pub(crate) fn function_response(mut answer: ServiceAnswer) -> Result<Value, Failure> {
    function_payload(&mut answer)
}

/// Takes the function's value from the answer, or the failure that the function ended with.
fn function_payload(answer: &mut ServiceAnswer) -> Result<Value, Failure> {
    let payload = match answer.members.get_mut("Payload").map(Value::take) {
        Some(Value::String(text)) => text,
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    };
    let failed = answer
        .members
        .get("FunctionError")
        .is_some_and(|error| !error.is_null());
    let value: Option<Value> = serde_json::from_str(&payload).ok();
    if failed {
        // A function that dies before it can name its error leaves no errorType.
        let error = value
            .as_ref()
            .and_then(|value| value.get("errorType"))
            .and_then(Value::as_str);
        return Err(Failure {
            error: error.unwrap_or("Lambda.Unknown").to_owned(),
            cause: Some(payload),
        });
    }
    match value {
        Some(value) => Ok(value),
        // An asynchronous invocation has no payload (recorded: a function that returns nothing gives `{}`).
        None if payload.is_empty() => Ok(json!({})),
        None => Ok(Value::String(payload)),
    }
}
