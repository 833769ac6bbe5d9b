//! `eks:runJob`: a Job of Kubernetes, made, asked for, read and deleted (AWS developer guide, "Create and manage Amazon EKS
//! clusters with Step Functions").

use super::kubernetes::Cluster;
use super::parts::{Parameters, pairs};
use super::url::{PlainHttp, encoded};
use super::{KubernetesRequest, WebAnswer};
use crate::effect::EffectClass;
use crate::exchange::Failure;
use crate::integration::Integration;
use crate::jobs::failed;
use crate::services::TOKEN_WINDOW_SECONDS;
use serde_json::{Map, Value, json};

/// The parameters of an `eks:runJob`.
#[derive(Clone, Debug, PartialEq)]
pub struct KubernetesJob {
    cluster: Cluster,
    namespace: String,
    job: Value,
    logs: Option<Logs>,
}

/// How the logs of a job are read.
#[derive(Clone, Debug, PartialEq)]
struct Logs {
    is_raw: bool,
    query: Vec<(String, String)>,
}

/// A job that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeJob {
    name: String,
    /// What tells it from another one of its name.
    uid: String,
}

/// How a job is, as Kubernetes describes it.
#[derive(Clone, Debug, PartialEq)]
pub enum JobState {
    /// It goes on.
    Running,
    /// It has ended.
    Ended(EndedJob),
}

/// A job that has ended.
#[derive(Clone, Debug, PartialEq)]
pub struct EndedJob {
    job: Map<String, Value>,
    has_succeeded: bool,
}

/// A container of a job's, which has a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// The pod that it is in.
    pub pod: String,
    /// Its name there.
    pub name: String,
}

/// The annotation that says which call has made a job.
const TOKEN: &str = "stepwell/client-token";

impl KubernetesJob {
    /// Whether an integration makes such a job.
    pub fn is_of(integration: &Integration) -> bool {
        !integration.is_sdk() && integration.service() == "eks" && integration.action() == "runJob"
    }

    /// Reads evaluated Parameters or Arguments.
    ///
    /// # Errors
    ///
    /// With what is wrong with them, before anything is sent.
    pub fn read(parameters: &Value, plain: PlainHttp) -> Result<KubernetesJob, Failure> {
        let parameters = Parameters::of("eks:runJob", parameters)?;
        let job = job(parameters.get("Job"));
        let job = job.ok_or_else(|| {
            Failure::runtime("`eks:runJob` needs the parameter `Job`, a Job of Kubernetes as JSON".to_owned())
        })?;
        Ok(KubernetesJob {
            cluster: Cluster::read(&parameters, plain)?,
            namespace: parameters.text("Namespace")?.unwrap_or("default").to_owned(),
            job,
            logs: logs(&parameters)?,
        })
    }

    /// Makes the request that makes the job. One with a name says that this call has made it, so that the call may be made
    /// again: Kubernetes takes a name once.
    pub fn creation(&self, token: &str) -> KubernetesRequest {
        let mut job = self.job.clone();
        if name(&job).is_some() {
            let annotations = job.pointer("/metadata/annotations");
            if annotations.is_none_or(Value::is_null) {
                set(&mut job, "/metadata", "annotations", json!({}));
            }
            set(&mut job, "/metadata/annotations", TOKEN, json!(token));
        }
        self.cluster.request("POST", &self.jobs(), &[], Some(&job))
    }

    /// Makes the request that looks whether the job that has the name is the one of this call; `None` when it has no name
    /// of its own.
    pub fn look(&self) -> Option<KubernetesRequest> {
        Some(self.of_job("GET", name(&self.job)?, None))
    }

    /// Makes the request that asks how a job is.
    pub fn description(&self, made: &MadeJob) -> KubernetesRequest {
        self.of_job("GET", &made.name, None)
    }

    /// Makes the request that ends a job, with its pods, if it is still that one.
    pub fn deletion(&self, made: &MadeJob) -> KubernetesRequest {
        let options = json!({
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": { "uid": made.uid },
            "propagationPolicy": "Foreground",
        });
        self.of_job("DELETE", &made.name, Some(&options))
    }

    /// Makes the request that asks for the pods of a job; `None` when nobody wants their logs.
    pub fn pods(&self, made: &MadeJob) -> Option<KubernetesRequest> {
        self.logs.as_ref()?;
        let query = [("labelSelector".to_owned(), format!("job-name={}", made.name))];
        Some(self.cluster.request("GET", &self.all_pods(), &query, None))
    }

    /// Makes the request that reads a log.
    pub fn log(&self, container: &Container) -> KubernetesRequest {
        let path = format!("{}/{}/log", self.all_pods(), encoded(&container.pod));
        let mut query = vec![("container".to_owned(), container.name.clone())];
        query.extend(self.logs.iter().flat_map(|logs| logs.query.iter().cloned()));
        self.cluster.request("GET", &path, &query, None)
    }

    /// Shows a log: as the JSON that it is, unless it is wanted as text.
    pub fn shown_log(&self, log: &[u8]) -> Value {
        let is_raw = self.logs.as_ref().is_some_and(|logs| logs.is_raw);
        let read = (!is_raw).then(|| serde_json::from_slice(log).ok()).flatten();
        read.unwrap_or_else(|| Value::from(String::from_utf8_lossy(log)))
    }

    fn jobs(&self) -> String {
        format!("apis/batch/v1/namespaces/{}/jobs", encoded(&self.namespace))
    }

    fn all_pods(&self) -> String {
        format!("api/v1/namespaces/{}/pods", encoded(&self.namespace))
    }

    fn of_job(&self, method: &str, name: &str, body: Option<&Value>) -> KubernetesRequest {
        let path = format!("{}/{}", self.jobs(), encoded(name));
        self.cluster.request(method, &path, &[], body)
    }
}

impl MadeJob {
    /// Finds the job in the answer to its submission, as the task shows that.
    pub fn of(submission: &Value) -> Option<MadeJob> {
        let text = |name: &str| {
            let path = format!("/ResponseBody/metadata/{name}");
            submission
                .pointer(&path)
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        Some(MadeJob {
            name: text("name")?,
            uid: text("uid")?,
        })
    }

    /// Finds the containers in the list of pods that [`KubernetesJob::pods`] asks for. Pods of an earlier job of the name
    /// are none of this job's.
    pub fn containers(&self, answer: &WebAnswer) -> Option<Vec<Container>> {
        let pods: Value = serde_json::from_slice(&answer.body).ok()?;
        let mut containers = Vec::new();
        for pod in pods.get("items")?.as_array()? {
            let list = |pointer: &str| {
                pod.pointer(pointer)
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten()
            };
            let is_of = |owner: &Value| owner.get("uid").and_then(Value::as_str) == Some(&self.uid);
            if !list("/metadata/ownerReferences").any(is_of) {
                continue;
            }
            let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
            let pod_name = text(pod.pointer("/metadata/name"))?;
            let names = list("/spec/containers").filter_map(|container| text(container.get("name")));
            containers.extend(names.map(|name| Container {
                pod: pod_name.clone(),
                name,
            }));
        }
        Some(containers)
    }
}

impl WebAnswer {
    /// Whether the answer to [`KubernetesJob::creation`] says that the name is taken.
    pub fn is_name_taken(&self) -> bool {
        self.status == 409
    }

    /// Whether the answer to [`KubernetesJob::look`] shows the job of this call.
    pub fn shows_job_of(&self, token: &str) -> bool {
        let job: Option<Value> = serde_json::from_slice(&self.body).ok();
        let annotations = job.as_ref().and_then(|job| job.pointer("/metadata/annotations"));
        let found = annotations.and_then(|annotations| annotations.get(TOKEN));
        self.status == 200 && found.and_then(Value::as_str) == Some(token)
    }

    /// Says how a job is; `None` when this is not its description.
    ///
    /// # Errors
    ///
    /// When the job is not there any more.
    pub fn job_state(&self, made: &MadeJob) -> Result<Option<JobState>, Failure> {
        if self.status == 404 {
            return Err(self.failure_of_kubernetes());
        }
        let read: Option<Value> = serde_json::from_slice(&self.body).ok();
        let Some(Value::Object(job)) = read.filter(|_| self.status == 200) else {
            return Ok(None);
        };
        let job_text = |name: &str| {
            job.get("metadata")
                .and_then(|metadata| metadata.get(name)?.as_str())
        };
        if job_text("uid") != Some(&made.uid) {
            return Err(Failure {
                error: "States.TaskFailed".to_owned(),
                cause: Some(format!(
                    "the job `{}` was deleted, and there is another one of its name",
                    made.name
                )),
            });
        }
        let conditions = job
            .get("status")
            .and_then(|status| status.get("conditions")?.as_array());
        let is = |kind: &str| {
            conditions.into_iter().flatten().any(|condition| {
                let text = |name: &str| condition.get(name).and_then(Value::as_str);
                text("type") == Some(kind) && text("status") == Some("True")
            })
        };
        let (has_succeeded, has_failed) = (is("Complete"), is("Failed"));
        Ok(Some(if has_succeeded || has_failed {
            JobState::Ended(EndedJob { job, has_succeeded })
        } else {
            JobState::Running
        }))
    }
}

impl EndedJob {
    /// Returns the task's result: the job, with its logs where they are wanted.
    ///
    /// # Errors
    ///
    /// When the job has failed.
    pub fn result(mut self, logs: Option<Value>) -> Result<Value, Failure> {
        if let Some(logs) = logs {
            self.job.insert("logs".to_owned(), logs);
        }
        let shown = Value::Object(self.job);
        if self.has_succeeded {
            Ok(shown)
        } else {
            Err(failed(&shown))
        }
    }
}

/// The job, which may also be given as the text of one.
fn job(given: Option<&Value>) -> Option<Value> {
    let job = match given? {
        Value::String(text) => serde_json::from_str(text).ok()?,
        other => other.clone(),
    };
    let metadata = job.get("metadata");
    let is_one =
        job.is_object() && metadata.is_none_or(|metadata| metadata.is_object() || metadata.is_null());
    is_one.then_some(job)
}

fn name(job: &Value) -> Option<&str> {
    let name = job.pointer("/metadata/name").and_then(Value::as_str);
    name.filter(|name| !name.is_empty())
}

fn set(job: &mut Value, place: &str, field: &str, value: Value) {
    if let Some(Value::Object(fields)) = job.pointer_mut(place) {
        fields.insert(field.to_owned(), value);
    }
}

fn logs(parameters: &Parameters<'_>) -> Result<Option<Logs>, Failure> {
    let Some(options) = parameters.object("LogOptions")? else {
        return Ok(None);
    };
    let is_on = |name: &str| match options.get(name) {
        None => Ok(false),
        Some(Value::Bool(is_on)) => Ok(*is_on),
        Some(other) => Err(Failure::runtime(format!(
            "the `LogOptions.{name}` of `eks:runJob` must be true or false, got {other}"
        ))),
    };
    let query = options
        .object("LogParameters")?
        .map_or_else(Vec::new, |query| pairs(query.fields));
    let logs = Logs {
        is_raw: is_on("RawLogs")?,
        query,
    };
    Ok(is_on("RetrieveLogs")?.then_some(logs))
}

/// What may be done when the outcome is unknown.
///
/// Kubernetes takes a name once, and the job says which call it is of: the call may be made again, as long as a job that
/// it has made is still there. Kubernetes deletes one that has ended after `ttlSecondsAfterFinished`, and it may end at
/// once. A job whose name Kubernetes makes up would be made twice.
pub(crate) fn effect(parameters: &Value) -> EffectClass {
    let Some(job) = job(parameters.get("Job")) else {
        return EffectClass::Once;
    };
    let kept = job
        .pointer("/spec/ttlSecondsAfterFinished")
        .and_then(Value::as_u64);
    let window_seconds = kept.map_or(TOKEN_WINDOW_SECONDS, |kept| kept.min(TOKEN_WINDOW_SECONDS));
    if name(&job).is_none() || window_seconds == 0 {
        return EffectClass::Once;
    }
    EffectClass::Token {
        member: format!("Job.metadata.annotations.{TOKEN}"),
        window_seconds,
    }
}
