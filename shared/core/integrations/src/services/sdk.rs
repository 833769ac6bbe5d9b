//! The `aws-sdk` integrations: every service, every action, with the API's own names.

use super::{dynamodb, exception, sqs};
use crate::effect::EffectClass;
use crate::exchange::{Failure, ServiceError};
use serde_json::Value;

/// Says what may be done with an action of any service when its outcome is unknown.
pub(crate) fn effect_class(service: &str, action: &str, parameters: Option<&Value>) -> EffectClass {
    match (service, action, parameters) {
        ("dynamodb", "putItem" | "deleteItem", Some(parameters)) => dynamodb::write_effect(parameters),
        ("dynamodb", "updateItem", Some(parameters)) => dynamodb::update_effect(parameters),
        ("dynamodb", "transactWriteItems" | "executeTransaction", _) => EffectClass::Token {
            member: "ClientRequestToken".to_owned(),
            window_seconds: 10 * 60,
        },
        ("sqs", "sendMessage", Some(parameters)) => sqs::effect(parameters),
        ("sqs", "receiveMessage", _) => EffectClass::Once,
        _ if READING.iter().any(|verb| starts_with_word(action, verb)) => EffectClass::Repeatable,
        _ => EffectClass::Once,
    }
}

/// Verbs of actions that change nothing, in every service.
const READING: &[&str] = &["batchGet", "describe", "get", "head", "list", "query", "scan"];

fn starts_with_word(action: &str, verb: &str) -> bool {
    action
        .strip_prefix(verb)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_uppercase()))
}

/// Names an error as the `aws-sdk` integrations do, which follow version 2 of AWS's SDK for Java.
pub(crate) fn failure(service: &str, error: ServiceError) -> Failure {
    let service = client_name(service);
    let name = if error.modelled {
        exception(&error.code)
    } else {
        format!("{service}Exception")
    };
    Failure {
        error: format!("{service}.{name}"),
        // Recorded: execution/services, sfn_send_task_outcome_with_no_such_token.
        cause: Some(format!(
            "{} (Service: {service}, Status Code: {}, Request ID: {}) (SDK Attempt Count: 1)",
            error.message, error.status, error.request_id
        )),
    }
}

fn client_name(service: &str) -> String {
    match service {
        "dynamodb" => "DynamoDb".to_owned(),
        other => super::capitalized(other),
    }
}
