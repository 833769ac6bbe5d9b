//! Requests to services, their answers and their errors, as Step Functions shows them.

use crate::arn::FunctionArn;
use crate::integration::{Integration, Pattern};
use crate::services::{self, Naming, lambda};
use serde_json::Value;

/// A call that somebody is to make.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceRequest {
    /// The service as the AWS SDKs name it, such as `sqs`, `eventbridge` or `sfn`.
    pub service: String,
    /// The operation as the service's API names it, such as `SendMessage`.
    pub operation: String,
    /// The request's members, with the API's names.
    pub members: Value,
}

/// What a service answered to a [`ServiceRequest`].
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceAnswer {
    /// The answer's members, with the API's names; blobs are text.
    pub members: Value,
    /// The HTTP status.
    pub status: u16,
    /// The HTTP headers, as they came.
    pub headers: Vec<(String, String)>,
}

/// What a service answered when it refused a [`ServiceRequest`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceError {
    /// The service's own code, such as `ConditionalCheckFailedException` or `StateMachineDoesNotExist`.
    pub code: String,
    /// The service's message, empty when there was none.
    pub message: String,
    /// The HTTP status.
    pub status: u16,
    /// The request's id, empty when there was none.
    pub request_id: String,
    /// Whether the service's model declares the code; AWS names the others after the service.
    pub modelled: bool,
}

/// The error name and the cause that a task fails with.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Failure {
    /// The error name that Retry and Catch look at.
    pub error: String,
    /// The cause, for people.
    pub cause: Option<String>,
}

impl Failure {
    /// A failure of the workflow's own making, such as a parameter of the wrong type.
    pub(crate) fn runtime(cause: String) -> Failure {
        Failure {
            error: "States.Runtime".to_owned(),
            cause: Some(cause),
        }
    }
}

/// Turns evaluated Parameters or Arguments into the request that the service receives.
///
/// `token` is the attempt's deterministic token: it becomes the member that
/// [`EffectClass::Token`](crate::EffectClass::Token) names, unless the parameters have one.
///
/// Fails for integrations that no such request makes, such as `eks:runJob.sync`.
pub fn request(
    integration: &Integration,
    parameters: Value,
    token: Option<&str>,
) -> Result<ServiceRequest, Failure> {
    match integration.pattern {
        Pattern::RequestResponse | Pattern::WaitForTaskToken => {}
        // The driver waits for children itself, and only wants the request.
        Pattern::Sync | Pattern::Sync2 if integration.starts_execution() => {}
        Pattern::Sync | Pattern::Sync2 if crate::jobs::is_job(integration) => {}
        Pattern::Sync | Pattern::Sync2 => {
            return Err(Failure::runtime(format!(
                "`{}` is no request to an API of AWS",
                integration.text
            )));
        }
    }
    services::request(integration, parameters, token)
}

/// Turns the service's answer into the task's result as Step Functions shows it.
///
/// Fails where an answer means a failed task, such as a Lambda function's error.
pub fn response(integration: &Integration, answer: ServiceAnswer) -> Result<Value, Failure> {
    services::response(integration, answer)
}

/// Names a service's error as Step Functions does.
pub fn failure(integration: &Integration, error: ServiceError) -> Failure {
    match integration.optimized {
        Some((service, _)) => services::optimized_failure(&service.naming, error),
        None => services::sdk::failure(&integration.service, error),
    }
}

/// Names a call that found no way to the service and was certainly not sent.
// Recorded: execution/error_handling, sqs send_message_no_such_queue.
pub fn not_sent(integration: &Integration, why: &str) -> Failure {
    let prefix = match integration.optimized {
        Some((service, _)) => service.naming.prefix.to_owned(),
        None => services::sdk::client_name(&integration.service),
    };
    Failure {
        error: format!("{prefix}.SdkClientException"),
        cause: Some(format!("Unable to execute HTTP request: {why}")),
    }
}

/// Makes the call of a function that a Task state names by its ARN.
pub fn function_request(function: &FunctionArn, input: &Value) -> ServiceRequest {
    lambda::function_request(function, input)
}

/// Turns a function's answer into the result of a Task state that names the function by its ARN.
pub fn function_response(answer: ServiceAnswer) -> Result<Value, Failure> {
    lambda::function_response(answer)
}

/// Names the error of a call of a function that a Task state names by its ARN.
pub fn function_failure(error: ServiceError) -> Failure {
    let naming: &Naming = &lambda::SERVICE.naming;
    services::optimized_failure(naming, error)
}
