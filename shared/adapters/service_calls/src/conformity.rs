//! Whether a document is one that a task's call could end with.

use calls::Comparison;
use integrations::{Pattern, Resource};
use ports::Conformity;
use serde_json::{Value, json};

/// Compares a result with what the service's model says; `is_strict` when what the model requires must be there.
pub fn conformity(resource: &Resource, result: &Value, is_strict: bool) -> Conformity {
    let Resource::Service(integration) = resource else {
        // A function or a worker may answer with anything.
        return Conformity::Conforms;
    };
    // AWS developer guide, TestState: no comparison for these.
    let has_no_model = match integration.service() {
        "http" | "apigateway" => true,
        "eks" => matches!(integration.action(), "call" | "runJob"),
        _ => false,
    };
    if has_no_model && !integration.is_sdk() {
        return Conformity::Conforms;
    }
    let unmodelled = || {
        Conformity::Unknown(format!(
            "the result of `{}` has no model here",
            integration.text()
        ))
    };
    match integration.pattern() {
        // The API's is a stream.
        Pattern::RequestResponse if integration.service() == "bedrockagentcore" => return unmodelled(),
        Pattern::RequestResponse => {}
        // A client may report anything.
        Pattern::WaitForTaskToken => return Conformity::Conforms,
        Pattern::Sync | Pattern::Sync2 => return unmodelled(),
    }
    let request = match integrations::request(integration, json!({}), None) {
        Ok(request) => request,
        Err(failure) => return Conformity::Unknown(failure.cause.unwrap_or(failure.error)),
    };
    let comparison = Comparison {
        is_strict,
        // Step Functions reads the JSON in a function's answer.
        is_text_open: !integration.is_sdk() && integration.service() == "lambda",
    };
    match calls::compare(&request.service, &request.operation, result, comparison) {
        Ok(None) => Conformity::Conforms,
        Ok(Some(violation)) => Conformity::Violates(violation),
        Err(reason) => Conformity::Unknown(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(resource: &str, result: &Value) -> Conformity {
        let resource = Resource::parse(resource).expect("a resource");
        conformity(&resource, result, true)
    }

    #[test]
    fn results_of_calls_have_models_and_those_of_people_and_functions_have_none() {
        let good = json!({ "MessageId": "m", "MD5OfMessageBody": "d" });
        assert_eq!(
            of("arn:aws:states:::sqs:sendMessage", &good),
            Conformity::Conforms
        );
        assert_eq!(
            of("arn:aws:states:::lambda:invoke", &json!({ "Payload": [] })),
            Conformity::Conforms
        );
        assert_eq!(
            of(
                "arn:aws:states:::aws-sdk:sqs:sendMessage",
                &json!({ "MessageId": [] })
            ),
            Conformity::Violates("`/MessageId` must be a string, but is []".to_owned())
        );
        let anything = json!([1]);
        for resource in [
            "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "arn:aws:states:::http:invoke",
            "arn:aws:lambda:us-east-1:123456789012:function:f",
        ] {
            assert_eq!(of(resource, &anything), Conformity::Conforms, "{resource}");
        }
        for resource in [
            "arn:aws:states:::glue:startJobRun.sync",
            "arn:aws:states:::bedrockagentcore:invokeHarness",
        ] {
            assert!(
                matches!(of(resource, &anything), Conformity::Unknown(_)),
                "{resource}"
            );
        }
    }
}
