//! Requests to the Kubernetes API of a cluster, and the jobs that `eks:runJob` has it run.

use crate::web::{Sending, outcome, read, written};
use calls::CallError;
use futures_util::future::join_all;
use integrations::web::{Container, JobState, KubernetesJob, KubernetesRequest, MadeJob, WebAnswer};
use integrations::{Failure, Integration, not_sent};
use ports::{CallOutcome, JobOutcome};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// How long the Kubernetes API of a cluster may take.
const KUBERNETES_TIMEOUT: Duration = Duration::from_secs(60);
/// How many logs are read at once.
const LOGS_AT_ONCE: usize = 8;
/// How much of logs is kept in all; what may become a result is far smaller.
const LOG_BYTES_MAX: usize = 16 * 1024 * 1024;

impl Sending<'_> {
    /// Sends a request to the Kubernetes API of a cluster.
    pub(crate) async fn kubernetes(
        self,
        integration: &Integration,
        request: &KubernetesRequest,
    ) -> CallOutcome {
        outcome(
            integration,
            self.ask_kubernetes(request).await,
            WebAnswer::of_kubernetes,
        )
    }

    /// Makes a job. Where its name is taken, and by this very call when it was made before, it is made already.
    pub(crate) async fn make_job(
        self,
        integration: &Integration,
        job: &KubernetesJob,
        token: &str,
    ) -> CallOutcome {
        let made = self.ask_kubernetes(&job.creation(token)).await;
        if made.as_ref().is_ok_and(WebAnswer::is_name_taken)
            && let Some(look) = job.look()
        {
            match self.ask_kubernetes(&look).await {
                Ok(found) if found.shows_job_of(token) => {
                    return outcome(integration, Ok(found), WebAnswer::of_kubernetes);
                }
                Ok(found) if !is_passing(found.status) => {}
                // It may be the job of this call.
                Ok(_) | Err(_) => {
                    return CallOutcome::Unknown("nobody says whose job has the name".to_owned());
                }
            }
        }
        outcome(integration, made, WebAnswer::of_kubernetes)
    }

    /// Asks how a job is, and reads its logs when it has ended.
    pub(crate) async fn poll_job(
        self,
        integration: &Integration,
        parameters: &Value,
        submission: &Value,
    ) -> JobOutcome {
        let (job, made) = match self.job(parameters, submission) {
            Ok(both) => both,
            Err(failure) => return JobOutcome::Ended(Err(failure)),
        };
        let answer = match self.ask_kubernetes(&job.description(&made)).await {
            Ok(answer) => answer,
            Err(CallError::NotSent(why) | CallError::Unknown(why)) => return JobOutcome::Unknown(why),
            // `sts` has refused the role.
            Err(error @ (CallError::Service { .. } | CallError::Refused(_))) => {
                return JobOutcome::Refused(not_sent(integration, &error.to_string()));
            }
        };
        match answer.job_state(&made) {
            Ok(Some(JobState::Running)) => JobOutcome::Running,
            Ok(Some(JobState::Ended(ended))) => {
                let logs = self.logs(integration, &job, &made).await;
                JobOutcome::Ended(ended.result(logs).map(|result| result.to_string()))
            }
            Ok(None) if answer.status == 200 || is_passing(answer.status) => {
                JobOutcome::Unknown(format!("Kubernetes answers with status {}", answer.status))
            }
            Ok(None) => JobOutcome::Refused(answer.failure_of_kubernetes()),
            Err(failure) => JobOutcome::Ended(Err(failure)),
        }
    }

    /// Deletes a job and its pods.
    pub(crate) async fn delete_job(self, parameters: &Value, submission: &Value) -> Result<(), String> {
        let Ok((job, made)) = self.job(parameters, submission) else {
            return Ok(());
        };
        let answer = self.ask_kubernetes(&job.deletion(&made)).await;
        let answer = answer.map_err(|error| error.to_string())?;
        match answer.status {
            // It is gone, or another one has its name.
            200..300 | 404 | 409 => Ok(()),
            _ => Err(answer.failure_of_kubernetes().cause.unwrap_or_default()),
        }
    }

    fn job(self, parameters: &Value, submission: &Value) -> Result<(KubernetesJob, MadeJob), Failure> {
        let job = KubernetesJob::read(parameters, self.web.plain())?;
        let made = MadeJob::of(submission).ok_or_else(|| Failure {
            error: "States.TaskFailed".to_owned(),
            cause: Some("Kubernetes did not say how the job is called".to_owned()),
        })?;
        Ok((job, made))
    }

    /// Reads the logs of a job's containers, as far as that goes (AWS developer guide: best effort); `None` when nobody
    /// wants them.
    async fn logs(self, integration: &Integration, job: &KubernetesJob, made: &MadeJob) -> Option<Value> {
        let listed = self.ask_kubernetes(&job.pods(made)?).await;
        let listed = successful(integration, listed).and_then(|answer| {
            made.containers(&answer).ok_or_else(|| Failure {
                error: "States.Runtime".to_owned(),
                cause: Some("Kubernetes did not answer with a list of pods".to_owned()),
            })
        });
        let containers = match listed {
            Ok(containers) => containers,
            Err(failure) => return Some(shown_failure(failure)),
        };
        let (mut pods, mut bytes) = (Map::new(), 0_usize);
        for some in containers.chunks(LOGS_AT_ONCE) {
            let read = some
                .iter()
                .map(|container| self.log(integration, job, container, bytes));
            for (container, log) in some.iter().zip(join_all(read).await) {
                let log = log.map(|log| {
                    bytes = bytes.saturating_add(log.len());
                    json!({ "log": job.shown_log(&log) })
                });
                let pod = pods
                    .entry(container.pod.clone())
                    .or_insert_with(|| json!({ "containers": {} }));
                pod["containers"][&container.name] = log.unwrap_or_else(shown_failure);
            }
        }
        Some(json!({ "pods": pods }))
    }

    async fn log(
        self,
        integration: &Integration,
        job: &KubernetesJob,
        container: &Container,
        bytes: usize,
    ) -> Result<Vec<u8>, Failure> {
        if bytes > LOG_BYTES_MAX {
            return Err(Failure {
                error: "States.DataLimitExceeded".to_owned(),
                cause: Some(format!("the logs before have {bytes} bytes")),
            });
        }
        let answer = successful(integration, self.ask_kubernetes(&job.log(container)).await)?;
        Ok(answer.body)
    }

    /// Sends a request with a token that says who sends it.
    async fn ask_kubernetes(self, kubernetes: &KubernetesRequest) -> Result<WebAnswer, CallError> {
        let mut request = kubernetes.request.clone();
        let token = self.caller.eks_token(self.roles, &kubernetes.cluster).await;
        let token = token.map_err(|error| match error {
            // Asking for a token does nothing.
            CallError::Unknown(why) | CallError::Refused(why) => CallError::NotSent(why),
            error => error,
        })?;
        let header = ("Authorization".to_owned(), format!("Bearer {token}"));
        request.headers.push(header);
        let refused = |failure: Failure| CallError::Refused(failure.cause.unwrap_or(failure.error));
        let request = written(&request).map_err(refused)?;
        let signer = self.caller.signer();
        let timeout = signer.answer_timeout(KUBERNETES_TIMEOUT);
        // Without TLS, which only a machine allows that calls itself, there is no certificate to look at.
        let sent = match request.uri().scheme_str() {
            Some("http") => signer.fetch_unsigned(request, timeout).await,
            _ => {
                signer
                    .fetch_trusting(&kubernetes.authority, request, timeout)
                    .await
            }
        };
        sent.map(read)
    }
}

/// Whether a cluster that is asked again later may well answer.
fn is_passing(status: u16) -> bool {
    matches!(status, 429 | 500..)
}

fn successful(integration: &Integration, sent: Result<WebAnswer, CallError>) -> Result<WebAnswer, Failure> {
    match sent {
        Ok(answer) if (200..300).contains(&answer.status) => Ok(answer),
        Ok(answer) => Err(answer.failure_of_kubernetes()),
        Err(error) => Err(not_sent(integration, &error.to_string())),
    }
}

fn shown_failure(failure: Failure) -> Value {
    json!({ "error": failure.error, "cause": failure.cause })
}
