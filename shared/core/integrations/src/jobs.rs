//! The jobs that `.sync` tasks wait for: how one is asked for, what its service's answer means, how it is cancelled, and
//! which event tells of its end.
//!
//! Everything follows from the task's parameters and the answer to the submission, so that whoever reads an execution
//! can go on. What is particular to one kind of job is data, in the file of its service under `services/`.

use crate::exchange::{Failure, ServiceAnswer, ServiceError, ServiceRequest};
use crate::integration::Integration;
use crate::services::{self, metadata};
use serde_json::{Map, Value};

/// How a job is.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// It goes on.
    Running,
    /// It has ended: the task's result as Step Functions shows it, or the failure.
    Ended(Result<Value, Failure>),
}

/// One kind of job.
#[derive(Debug)]
pub(crate) struct Job {
    /// What asks for it.
    pub(crate) describe: Ask,
    /// What the answer means.
    pub(crate) reading: Reading,
    /// What ends it, where the service can and Step Functions does.
    pub(crate) cancel: Option<Ask>,
    /// What tells of its end, where something does.
    pub(crate) event: Option<&'static JobEvent>,
}

/// A request about a job.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) operation: &'static str,
    pub(crate) members: &'static [Member],
}

/// One member of a request, and where its value is from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member {
    name: &'static str,
    from: Origin,
    is_list: bool,
}

/// Where something about a job is found; paths are JSON pointers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Origin {
    /// A parameter of the task; left out when the task has none.
    Parameter(&'static str),
    /// A part of the answer to the submission.
    Submission(&'static str),
    /// A member of each element of a list in the answer to the submission: a job of several parts.
    Each(&'static str, &'static str),
    /// Always the same.
    Text(&'static str),
}

/// What the answer to [`Job::describe`] means.
#[derive(Debug)]
pub(crate) enum Reading {
    /// A status says it.
    Status(Statuses),
    /// Several things say it together.
    Look(fn(&Value) -> Progress),
}

/// A description with a status in it.
#[derive(Debug)]
pub(crate) struct Statuses {
    /// Where the description stands that is the task's result, and the cause of its failure.
    pub(crate) shown: &'static str,
    /// Where the status stands in it.
    pub(crate) status: &'static str,
    pub(crate) succeeded: &'static [&'static str],
    pub(crate) failed: &'static [&'static str],
    /// The error by which the service says that there is no such thing, where that is what the task waits for.
    pub(crate) gone: Option<&'static str>,
    /// What the result has besides, of the answer to the submission.
    pub(crate) besides: &'static [&'static str],
}

impl Statuses {
    /// Returns the common case: the whole answer is shown.
    pub(crate) const fn new(
        status: &'static str,
        succeeded: &'static [&'static str],
        failed: &'static [&'static str],
    ) -> Statuses {
        Statuses {
            shown: "",
            status,
            succeeded,
            failed,
            gone: None,
            besides: &[],
        }
    }
}

/// The event by which a service tells EventBridge that a job has changed.
#[derive(Debug)]
pub(crate) struct JobEvent {
    pub(crate) source: &'static str,
    pub(crate) detail_type: &'static str,
    /// What the job is called in the event.
    pub(crate) id: Origin,
    /// The field of `detail` with that name.
    pub(crate) id_field: &'static str,
    /// The field of `detail` with the status.
    pub(crate) status_field: &'static str,
    /// The statuses that a job ends with.
    pub(crate) ended: &'static [&'static str],
}

/// What a rule of EventBridge has to let through for [`handle_of_event`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventPattern {
    /// `source`.
    pub source: &'static str,
    /// `detail-type`.
    pub detail_type: &'static str,
    /// The field of `detail` with the status.
    pub status_field: &'static str,
    /// The statuses that a job ends with.
    pub ended: &'static [&'static str],
}

pub(crate) const fn member(name: &'static str, from: Origin) -> Member {
    Member {
        name,
        from,
        is_list: false,
    }
}

pub(crate) const fn list(name: &'static str, from: Origin) -> Member {
    Member {
        name,
        from,
        is_list: true,
    }
}

/// Returns whether the integration starts a job that can be waited for.
pub fn is_job(integration: &Integration) -> bool {
    job_of(integration).is_some()
}

/// Makes the request that asks how a job is.
///
/// Fails where the answer to the submission names no job: the task is over then.
pub fn poll(
    integration: &Integration,
    parameters: &Value,
    submission: &Value,
) -> Result<ServiceRequest, Failure> {
    let described = job_of(integration).and_then(|job| {
        let mut requests = requests(integration, &job.describe, parameters, submission)?;
        requests.pop()
    });
    // So an `ecs:runTask` ends that found no place for its task.
    described.ok_or_else(|| failed(&without_metadata(submission)))
}

/// Says what the answer to [`poll`] means.
pub fn progress(integration: &Integration, submission: &Value, answer: ServiceAnswer) -> Progress {
    let Some(job) = job_of(integration) else {
        return Progress::Running;
    };
    let mut members = answer.members;
    metadata::dates_to_millis(&mut members, is_date);
    let statuses = match &job.reading {
        Reading::Look(look) => return look(&sorted(members)),
        Reading::Status(statuses) => statuses,
    };
    let Some(shown) = members.pointer(statuses.shown) else {
        return Progress::Running;
    };
    let status = shown.pointer(statuses.status).and_then(Value::as_str);
    let is_one_of = |known: &[&str]| status.is_some_and(|status| known.contains(&status));
    let has_succeeded = is_one_of(statuses.succeeded);
    if !has_succeeded && !is_one_of(statuses.failed) {
        return Progress::Running;
    }
    let mut shown = shown.clone();
    if let Value::Object(shown) = &mut shown {
        for name in statuses.besides {
            if let Some(value) = submission.get(name) {
                shown.insert((*name).to_owned(), value.clone());
            }
        }
    }
    let shown = sorted(shown);
    Progress::Ended(if has_succeeded {
        Ok(shown)
    } else {
        Err(failed(&shown))
    })
}

/// Says what it means that the service refused to answer [`poll`]; `None` when that says nothing about the job.
pub fn progress_of_refusal(
    integration: &Integration,
    submission: &Value,
    error: &ServiceError,
) -> Option<Progress> {
    match &job_of(integration)?.reading {
        Reading::Status(Statuses { gone: Some(code), .. }) if *code == error.code => {
            Some(Progress::Ended(Ok(without_metadata(submission))))
        }
        Reading::Status(_) | Reading::Look(_) => None,
    }
}

/// Makes the requests that end a job; none where that is not possible.
pub fn cancel(integration: &Integration, parameters: &Value, submission: &Value) -> Vec<ServiceRequest> {
    job_of(integration)
        .and_then(|job| job.cancel.as_ref())
        .and_then(|ask| requests(integration, ask, parameters, submission))
        .unwrap_or_default()
}

/// Returns what the events of a job are recognised by; several for a job of several parts, none for one that sends none.
pub fn handles(integration: &Integration, parameters: &Value, submission: &Value) -> Vec<String> {
    let Some(event) = job_of(integration).and_then(|job| job.event) else {
        return Vec::new();
    };
    found(event.id, parameters, submission)
        .unwrap_or_default()
        .iter()
        .filter_map(Value::as_str)
        .map(|id| handle(event, id))
        .collect()
}

/// Returns the handle of the job whose end an event of EventBridge tells; `None` for any other event.
pub fn handle_of_event(event: &Value) -> Option<String> {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let source = text(event.get("source"))?;
    let detail_type = text(event.get("detail-type"))?;
    let detail = event.get("detail")?;
    all_events().find_map(|known| {
        let is_this = known.source == source && known.detail_type == detail_type;
        let status = text(detail.get(known.status_field)).filter(|_| is_this)?;
        let id = text(detail.get(known.id_field))?;
        known.ended.contains(&status.as_str()).then(|| handle(known, &id))
    })
}

/// Returns what [`handle_of_event`] knows, each pattern once, in alphabetical order.
pub fn event_patterns() -> Vec<EventPattern> {
    let mut patterns: Vec<EventPattern> = all_events()
        .map(|event| EventPattern {
            source: event.source,
            detail_type: event.detail_type,
            status_field: event.status_field,
            ended: event.ended,
        })
        .collect();
    patterns.sort();
    patterns.dedup();
    patterns
}

/// Returns the services and operations of all requests about jobs, their submissions among them: what whoever makes the
/// calls has to know.
pub fn operations() -> Vec<(&'static str, String)> {
    let mut operations = Vec::new();
    for service in services::ALL {
        for action in service.actions {
            let (Some(job), Some(client)) = (action.job, action.client.or(service.client)) else {
                continue;
            };
            let submission = match action.reshaped {
                Some(reshaped) => reshaped.operation.to_owned(),
                None => services::capitalized(action.name),
            };
            let cancel = job.cancel.as_ref().map(|ask| ask.operation.to_owned());
            let describe = job.describe.operation.to_owned();
            operations.extend(
                [submission, describe]
                    .into_iter()
                    .chain(cancel)
                    .map(|name| (client, name)),
            );
        }
    }
    operations
}

fn all_events() -> impl Iterator<Item = &'static JobEvent> {
    let actions = services::ALL.iter().flat_map(|service| service.actions);
    actions.filter_map(|action| action.job.and_then(|job| job.event))
}

fn handle(event: &JobEvent, id: &str) -> String {
    format!("{}:{id}", event.source)
}

fn job_of(integration: &Integration) -> Option<&'static Job> {
    integration.optimized.and_then(|(_, action)| action.job)
}

/// Returns a job's failure, as Step Functions shows it: the cause is the description, as text.
pub(crate) fn failed(shown: &Value) -> Failure {
    Failure {
        error: "States.TaskFailed".to_owned(),
        cause: Some(shown.to_string()),
    }
}

/// Makes a request; several where a member that is no list has several values, and none where one has no value.
fn requests(
    integration: &Integration,
    ask: &Ask,
    parameters: &Value,
    submission: &Value,
) -> Option<Vec<ServiceRequest>> {
    let (service, action) = integration.optimized?;
    let client = action.client.or(service.client)?;
    let mut all = vec![Map::new()];
    for member in ask.members {
        let Some(mut values) = found(member.from, parameters, submission) else {
            if matches!(member.from, Origin::Parameter(_)) {
                continue;
            }
            return None;
        };
        if member.is_list {
            values = vec![Value::Array(values)];
        }
        let mut next = Vec::new();
        for members in &all {
            for value in &values {
                let mut members = members.clone();
                members.insert(member.name.to_owned(), value.clone());
                next.push(members);
            }
        }
        all = next;
    }
    let request = |members| ServiceRequest {
        service: client.to_owned(),
        operation: ask.operation.to_owned(),
        members: Value::Object(members),
    };
    Some(all.into_iter().map(request).collect())
}

/// Returns the values of something about a job, at least one; `None` where there is none.
fn found(origin: Origin, parameters: &Value, submission: &Value) -> Option<Vec<Value>> {
    let values: Vec<Value> = match origin {
        Origin::Parameter(name) => {
            let fields = parameters.as_object()?;
            let field = fields.iter().find(|(field, _)| field.eq_ignore_ascii_case(name));
            field.map(|(_, value)| value.clone()).into_iter().collect()
        }
        Origin::Submission(pointer) => submission.pointer(pointer).cloned().into_iter().collect(),
        Origin::Each(pointer, name) => {
            let elements = submission.pointer(pointer)?.as_array()?;
            elements
                .iter()
                .filter_map(|element| element.get(name).cloned())
                .collect()
        }
        Origin::Text(text) => vec![Value::from(text)],
    };
    (!values.is_empty()).then_some(values)
}

/// Members of this name are dates, in all of these services: `StartedOn`, `CreationTime`, `CreatedAt`.
fn is_date(name: &str) -> bool {
    ["On", "Time", "At", "Date"].iter().any(|end| name.ends_with(end))
}

fn without_metadata(submission: &Value) -> Value {
    let mut shown = submission.clone();
    if let Value::Object(fields) = &mut shown {
        fields.remove("SdkHttpMetadata");
        fields.remove("SdkResponseMetadata");
    }
    shown
}

/// Puts all fields in alphabetical order, as Step Functions does.
pub(crate) fn sorted(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<(String, Value)> = fields.into_iter().collect();
            fields.sort_by(|(a, _), (b, _)| a.cmp(b));
            Value::Object(
                fields
                    .into_iter()
                    .map(|(name, value)| (name, sorted(value)))
                    .collect(),
            )
        }
        Value::Array(elements) => Value::Array(elements.into_iter().map(sorted).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

#[cfg(test)]
mod tests;
