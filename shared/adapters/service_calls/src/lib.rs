//! A task's call made on AWS: the request that Step Functions would send, and the outcome that it would see.
//!
//! Both sets of adapters make calls in this way; what answers in AWS's place, and whose rights are used, is theirs.

mod conformity;
pub mod job;
mod kubernetes;
mod own;
mod web;

pub use conformity::conformity;
pub use own::is_own;
pub use web::{Sending, Web};

use calls::{CallError, Caller};
use engine::Call;
use integrations::{
    Conversation, Failure, HarnessReply, Integration, Next, Plan, Resource, ServiceAnswer, ServiceError,
    ServiceRequest,
};
use ports::{CallOutcome, Exchange};

/// Returns what a call consists of.
///
/// # Errors
///
/// When the call cannot be made as it is: the failure that the task ends with.
pub fn plan(call: &Call, web: &Web) -> Result<Plan, Failure> {
    match &call.resource {
        Resource::Function(arn) => Ok(Plan::Api(integrations::function_request(
            arn,
            call.parameters.value(),
        ))),
        Resource::Service(integration) => integrations::plan(
            integration,
            call.parameters.value(),
            Some(&call.client_token),
            web.plain(),
        ),
        Resource::Activity(arn) => Err(Failure {
            error: "States.Runtime".to_owned(),
            cause: Some(format!("the activity `{}` cannot be called", arn.text())),
        }),
    }
}

impl Sending<'_> {
    /// Sends what a call consists of, once; tells, too, what was said when it is an HTTP Task's.
    pub async fn send(self, call: &Call, plan: &Plan) -> (CallOutcome, Option<Exchange>) {
        let outcome = match (plan, &call.resource) {
            (Plan::Http(task), _) => {
                let (outcome, exchange) = self.http(task).await;
                return (outcome, Some(exchange));
            }
            (Plan::Gateway(api), Resource::Service(integration)) => self.gateway(integration, api).await,
            (Plan::Kubernetes(request), Resource::Service(integration)) => {
                self.kubernetes(integration, request).await
            }
            (Plan::KubernetesJob(job), Resource::Service(integration)) => {
                self.make_job(integration, job, &call.client_token).await
            }
            (Plan::Harness(request), Resource::Service(integration)) => {
                listen(self.caller, integration, request, self.roles).await
            }
            (
                Plan::Gateway(_) | Plan::Kubernetes(_) | Plan::KubernetesJob(_) | Plan::Harness(_),
                Resource::Function(_) | Resource::Activity(_),
            ) => CallOutcome::Unknown("the call is of no integration".to_owned()),
            (Plan::Api(request), resource) => send_request(self, resource, request).await,
            (Plan::Conversation(conversation), resource) => {
                converse(self.caller, resource, conversation.clone(), self.roles).await
            }
        };
        (outcome, None)
    }
}

async fn send_request(sending: Sending<'_>, resource: &Resource, request: &ServiceRequest) -> CallOutcome {
    let Sending { caller, roles, .. } = sending;
    let ServiceRequest {
        service,
        operation,
        members,
    } = request;
    // The `aws-sdk` integrations name members as AWS's SDK for Java does.
    let answer = match resource {
        Resource::Service(integration) if integration.is_sdk() => match sending.own_api_of(request) {
            Some(api) => sending.ask_own(api, request).await,
            None => caller.call_sdk(roles, service, operation, members).await,
        },
        Resource::Service(_) | Resource::Function(_) | Resource::Activity(_) => {
            caller.call_as(roles, service, operation, members).await
        }
    };
    match answer {
        Ok(answer) => shown(resource, answered(answer)),
        Err(error) => not_answered(resource, error),
    }
}

/// Sends a request to a harness, and puts its reply together from the events that come back.
async fn listen(
    caller: &Caller,
    integration: &Integration,
    request: &ServiceRequest,
    roles: &[&str],
) -> CallOutcome {
    let ServiceRequest {
        service,
        operation,
        members,
    } = request;
    let mut reply = HarnessReply::default();
    let mut take = |event: &str, members| reply.take(event, &members);
    let heard = caller
        .listen_as(roles, service, operation, members, &mut take)
        .await;
    match heard.map(|()| reply.result()) {
        Ok(Some(Ok(result))) => CallOutcome::Succeeded(result.to_string()),
        Ok(Some(Err(failure))) => CallOutcome::Failed(failure),
        // The agent has done something, and nobody has heard to its end what.
        Ok(None) => CallOutcome::Unknown(format!(
            "the answer of `{service}:{operation}` ends before the agent has said everything"
        )),
        Err(error) => not_answered(&Resource::Service(integration.clone()), error),
    }
}

/// Sends the requests of a conversation, each after the answer to the one before.
async fn converse(
    caller: &Caller,
    resource: &Resource,
    mut conversation: Conversation,
    roles: &[&str],
) -> CallOutcome {
    loop {
        let request = conversation.request();
        let answer = caller
            .call_as(roles, &request.service, &request.operation, &request.members)
            .await;
        let next = match answer {
            Ok(answer) => conversation.next(answered(answer)),
            Err(error) => {
                if let Some(error) = service_error(&error) {
                    return CallOutcome::Failed(conversation.failure(error));
                }
                return not_answered(
                    resource,
                    match error {
                        CallError::Unknown(why) if conversation.only_reads() => CallError::NotSent(why),
                        error => error,
                    },
                );
            }
        };
        match next {
            Ok(Next::Ask(further)) => conversation = *further,
            Ok(Next::Done(value)) => return CallOutcome::Succeeded(value.to_string()),
            Err(failure) => return CallOutcome::Failed(failure),
        }
    }
}

fn answered(answer: calls::Answer) -> ServiceAnswer {
    ServiceAnswer {
        members: answer.members,
        status: answer.status,
        headers: answer.headers,
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
