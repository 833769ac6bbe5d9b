//! A task's call made on AWS: the request that Step Functions would send, and the outcome that it would see.
//!
//! Both sets of adapters make calls in this way; what answers in AWS's place, and whose rights are used, is theirs.

mod conformity;
pub mod job;

pub use conformity::conformity;

use calls::{Answer, CallError, Caller};
use engine::Call;
use integrations::{Failure, Resource, ServiceAnswer, ServiceError, ServiceRequest};
use ports::CallOutcome;

/// Returns what a call asks of which service.
///
/// # Errors
///
/// When the call cannot be made as it is: the failure that the task ends with.
pub fn request(call: &Call) -> Result<ServiceRequest, Failure> {
    match &call.resource {
        Resource::Function(arn) => Ok(integrations::function_request(arn, call.parameters.value())),
        Resource::Service(integration) => integrations::request(
            integration,
            call.parameters.value().clone(),
            Some(&call.client_token),
        ),
        Resource::Activity(arn) => Err(Failure {
            error: "States.Runtime".to_owned(),
            cause: Some(format!("the activity `{}` cannot be called", arn.text())),
        }),
    }
}

/// Sends a request, once, with the rights of the last of these roles or else with those of the caller. Each role is
/// assumed with the rights of the one before.
pub async fn send(
    caller: &Caller,
    resource: &Resource,
    request: &ServiceRequest,
    roles: &[&str],
) -> CallOutcome {
    let ServiceRequest {
        service,
        operation,
        members,
    } = request;
    // The `aws-sdk` integrations name members as AWS's SDK for Java does.
    let answer = match resource {
        Resource::Service(integration) if integration.is_sdk() => {
            caller.call_sdk(roles, service, operation, members).await
        }
        Resource::Service(_) | Resource::Function(_) | Resource::Activity(_) => {
            caller.call_as(roles, service, operation, members).await
        }
    };
    match answer {
        Ok(Answer {
            members,
            status,
            headers,
        }) => shown(
            resource,
            ServiceAnswer {
                members,
                status,
                headers,
            },
        ),
        Err(error) => not_answered(resource, error),
    }
}

/// Returns the outcome of a call that was answered, shaped as Step Functions shows it.
pub fn shown(resource: &Resource, answer: ServiceAnswer) -> CallOutcome {
    let result = match resource {
        Resource::Service(integration) => integrations::response(integration, answer),
        Resource::Function(_) | Resource::Activity(_) => integrations::function_response(answer),
    };
    match result {
        Ok(value) => CallOutcome::Succeeded(value.to_string()),
        Err(failure) => CallOutcome::Failed(failure),
    }
}

fn not_answered(resource: &Resource, error: CallError) -> CallOutcome {
    match failed(resource, error) {
        Ok(failure) => CallOutcome::Failed(failure),
        Err(reason) => CallOutcome::Unknown(reason),
    }
}

/// Names an error as Step Functions does; `Err` with the reason when nobody knows whether the call has happened.
fn failed(resource: &Resource, error: CallError) -> Result<Failure, String> {
    if let Some(error) = service_error(&error) {
        return Ok(match resource {
            Resource::Service(integration) => integrations::failure(integration, error),
            Resource::Function(_) | Resource::Activity(_) => integrations::function_failure(error),
        });
    }
    match error {
        CallError::Refused(cause) => Ok(Failure {
            error: "States.Runtime".to_owned(),
            cause: Some(cause),
        }),
        CallError::NotSent(cause) => Ok(match resource {
            Resource::Service(integration) => integrations::not_sent(integration, &cause),
            Resource::Function(_) | Resource::Activity(_) => Failure {
                error: "Lambda.SdkClientException".to_owned(),
                cause: Some(cause),
            },
        }),
        CallError::Unknown(reason) => Err(reason),
        CallError::Service { message, .. } => Err(message),
    }
}

/// Returns what a service answered when it refused; `None` for any other error.
fn service_error(error: &CallError) -> Option<ServiceError> {
    match error {
        CallError::Service {
            code,
            message,
            status,
            request_id,
            modelled,
        } => Some(ServiceError {
            code: code.clone(),
            message: message.clone(),
            status: *status,
            request_id: request_id.clone(),
            modelled: *modelled,
        }),
        CallError::Refused(_) | CallError::NotSent(_) | CallError::Unknown(_) => None,
    }
}
