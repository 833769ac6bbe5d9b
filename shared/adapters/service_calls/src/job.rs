//! The job behind a `.sync` task, asked for and cancelled on AWS.

use crate::{Sending, answered, failed, service_error};
use calls::CallError;
use engine::Call;
use futures_util::future::join_all;
use integrations::jobs::{self, Progress};
use integrations::web::KubernetesJob;
use integrations::{Failure, Integration, Resource, ServiceError, ServiceRequest};
use ports::JobOutcome;
use serde_json::Value;

/// Asks how the job of a call is, as [`send`](Sending::send) makes the call.
pub async fn poll(sending: Sending<'_>, call: &Call) -> JobOutcome {
    let Some((integration, submission)) = job_of(call) else {
        return JobOutcome::Unknown("the call has no job".to_owned());
    };
    if KubernetesJob::is_of(integration) {
        return sending
            .poll_job(integration, call.parameters.value(), submission)
            .await;
    }
    let request = match jobs::poll(integration, call.parameters.value(), submission) {
        Ok(request) => request,
        Err(failure) => return JobOutcome::Ended(Err(failure)),
    };
    let ServiceRequest {
        service,
        operation,
        members,
    } = &request;
    let Sending { caller, roles, .. } = sending;
    match caller.call_as(roles, service, operation, members).await {
        Ok(answer) => outcome(jobs::progress(integration, submission, answered(answer))),
        Err(error) => refused(&call.resource, integration, submission, error),
    }
}

/// Ends the job of a call; there is nothing to do where it cannot be ended.
///
/// # Errors
///
/// With the reason, when a request for it was not answered.
pub async fn cancel(sending: Sending<'_>, call: &Call) -> Result<(), String> {
    let Some((integration, submission)) = job_of(call) else {
        return Ok(());
    };
    if KubernetesJob::is_of(integration) {
        return sending.delete_job(call.parameters.value(), submission).await;
    }
    let Sending { caller, roles, .. } = sending;
    let requests = jobs::cancel(integration, call.parameters.value(), submission);
    let sent = requests
        .iter()
        .map(|request| caller.call_as(roles, &request.service, &request.operation, &request.members));
    for answer in join_all(sent).await {
        answer.map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// The service that a call's job is asked for at: what must be reachable.
pub fn service_of(call: &Call) -> Option<String> {
    let (integration, submission) = job_of(call)?;
    if KubernetesJob::is_of(integration) {
        // What proves who asks is a signature for `sts`.
        return Some("sts".to_owned());
    }
    jobs::poll(integration, call.parameters.value(), submission)
        .ok()
        .map(|request| request.service)
}

fn job_of(call: &Call) -> Option<(&Integration, &Value)> {
    match (&call.resource, &call.job) {
        (Resource::Service(integration), Some(job)) => Some((integration, job.submission.value())),
        (Resource::Service(_) | Resource::Function(_) | Resource::Activity(_), _) => None,
    }
}

fn outcome(progress: Progress) -> JobOutcome {
    match progress {
        Progress::Running => JobOutcome::Running,
        Progress::Ended(result) => JobOutcome::Ended(result.map(|value| value.to_string())),
    }
}

/// Decides what it says about a job that its service did not answer.
fn refused(
    resource: &Resource,
    integration: &Integration,
    submission: &Value,
    error: CallError,
) -> JobOutcome {
    let reason = error.to_string();
    if let Some(error) = service_error(&error) {
        if let Some(progress) = jobs::progress_of_refusal(integration, submission, &error) {
            return outcome(progress);
        }
        if is_passing(&error) {
            return JobOutcome::Unknown(reason);
        }
    }
    match error {
        CallError::Service { .. } | CallError::Refused(_) => {
            JobOutcome::Refused(failed(resource, error).unwrap_or_else(|_| Failure {
                error: "States.TaskFailed".to_owned(),
                cause: Some(reason),
            }))
        }
        CallError::NotSent(_) | CallError::Unknown(_) => JobOutcome::Unknown(reason),
    }
}

/// Whether a service that is asked again later may well answer.
fn is_passing(error: &ServiceError) -> bool {
    let code = &error.code;
    error.status >= 500
        || error.status == 429
        || [
            "Throttl",
            "TooManyRequests",
            "LimitExceeded",
            "Timeout",
            "Internal",
            "Unavailable",
        ]
        .iter()
        .any(|part| code.contains(part))
}

#[cfg(test)]
mod tests {
    use super::{is_passing, refused};
    use calls::CallError;
    use integrations::{Resource, ServiceError};
    use ports::JobOutcome;
    use serde_json::json;

    fn error(code: &str, status: u16) -> CallError {
        CallError::Service {
            code: code.to_owned(),
            message: "m".to_owned(),
            status,
            request_id: "r".to_owned(),
            modelled: false,
        }
    }

    fn told(resource: &str, error: CallError) -> JobOutcome {
        let resource = Resource::parse(resource).unwrap();
        let Resource::Service(integration) = &resource else {
            panic!("{resource}");
        };
        refused(&resource, integration, &json!({ "Cluster": {} }), error)
    }

    const GLUE: &str = "arn:aws:states:::glue:startJobRun.sync";
    const DELETE: &str = "arn:aws:states:::eks:deleteCluster.sync";

    #[test]
    fn the_catalogue_has_every_request_about_jobs() {
        let operations = integrations::jobs::operations();
        assert!(operations.len() > 60);
        let unknown: Vec<_> = operations
            .iter()
            .filter(|(service, operation)| !calls::knows(service, operation))
            .collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }

    #[test]
    fn a_busy_service_says_nothing_about_a_job() {
        for error in [
            error("ThrottlingException", 400),
            error("InternalServiceException", 400),
            error("Anything", 503),
            CallError::NotSent("no way".to_owned()),
            CallError::Unknown("no answer".to_owned()),
        ] {
            assert!(matches!(told(GLUE, error), JobOutcome::Unknown(_)));
        }
    }

    #[test]
    fn a_refusal_names_the_error_as_a_call_would() {
        let JobOutcome::Refused(failure) = told(GLUE, error("AccessDeniedException", 400)) else {
            panic!("it is refused");
        };
        assert_eq!(failure.error, "Glue.AWSGlueException");
    }

    #[test]
    fn what_is_gone_was_deleted() {
        let gone = told(DELETE, error("ResourceNotFoundException", 404));
        assert_eq!(gone, JobOutcome::Ended(Ok("{\"Cluster\":{}}".to_owned())));
    }

    #[test]
    fn a_missing_entity_does_not_pass() {
        let error = ServiceError {
            code: "EntityNotFoundException".to_owned(),
            message: String::new(),
            status: 400,
            request_id: String::new(),
            modelled: true,
        };
        assert!(!is_passing(&error));
    }
}
