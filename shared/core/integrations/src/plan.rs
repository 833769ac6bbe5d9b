//! What a task's call consists of.

use crate::conversation::Conversation;
use crate::exchange::{self, Failure, ServiceRequest};
use crate::integration::{Integration, Pattern};
use crate::web::{ApiRequest, HttpTask, KubernetesJob, KubernetesRequest, PlainHttp};
use serde_json::Value;

/// What a task's call consists of.
#[derive(Clone, Debug, PartialEq)]
pub enum Plan {
    /// One request to the API of a service.
    Api(ServiceRequest),
    /// Several such requests, one after the other.
    Conversation(Conversation),
    /// One request to the API of a service that answers in a stream of events: to a harness of AgentCore.
    Harness(ServiceRequest),
    /// A request to any HTTP API, with what an EventBridge connection adds.
    Http(HttpTask),
    /// A request to an API of API Gateway.
    Gateway(ApiRequest),
    /// A request to the Kubernetes API of a cluster.
    Kubernetes(KubernetesRequest),
    /// A Job of Kubernetes that is to be made, whatever the task then waits for.
    KubernetesJob(KubernetesJob),
}

impl Plan {
    /// The service that is called first, as the AWS SDKs name it; `None` when no settings of AWS are needed.
    pub fn service(&self) -> Option<String> {
        match self {
            Plan::Api(request) | Plan::Harness(request) => Some(request.service.clone()),
            Plan::Conversation(conversation) => Some(conversation.request().service),
            Plan::Http(_) => Some("eventbridge".to_owned()),
            Plan::Gateway(_) => None,
            // What proves who sends it is a signature for `sts`.
            Plan::Kubernetes(_) | Plan::KubernetesJob(_) => Some("sts".to_owned()),
        }
    }
}

/// Turns evaluated Parameters or Arguments into what is to be sent; `token` is as [`request`](crate::request) has it.
///
/// # Errors
///
/// With the failure that the task ends with, when nothing can be sent.
pub fn plan(
    integration: &Integration,
    parameters: &Value,
    token: Option<&str>,
    plain: PlainHttp,
) -> Result<Plan, Failure> {
    if KubernetesJob::is_of(integration) {
        return KubernetesJob::read(parameters, plain).map(Plan::KubernetesJob);
    }
    let is_answered = matches!(
        integration.pattern(),
        Pattern::RequestResponse | Pattern::WaitForTaskToken
    );
    if !integration.is_sdk() && is_answered {
        match (integration.service(), integration.action()) {
            ("http", _) => return HttpTask::read(parameters, plain).map(Plan::Http),
            ("apigateway", _) => return ApiRequest::read(parameters, plain).map(Plan::Gateway),
            ("eks", "call") => return KubernetesRequest::read(parameters, plain).map(Plan::Kubernetes),
            ("bedrockagentcore", _) => {
                let request = exchange::request(integration, parameters.clone(), token);
                return request.map(Plan::Harness);
            }
            _ => {}
        }
        if let Some(conversation) = Conversation::begin(integration, parameters)? {
            return Ok(Plan::Conversation(conversation));
        }
    }
    exchange::request(integration, parameters.clone(), token).map(Plan::Api)
}
