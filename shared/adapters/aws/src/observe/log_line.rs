//! An event as a line of the log, in the form in which Step Functions writes it: numbers are strings there.

use super::escaped;
use engine::{Details, Event, Identity, PayloadId, Target, TaskType, Why};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// AWS cuts a document that is longer, once it is escaped.
const DOCUMENT_BYTES_MAX: usize = 248 * 1024;
/// CloudWatch Logs takes no longer event, and counts 26 bytes besides.
const LINE_BYTES_MAX: usize = 1024 * 1024 - 26;

/// The documents of an execution that are known.
pub(super) type Documents = BTreeMap<PayloadId, Arc<str>>;

/// Returns the line of an event; without `documents` it shows no execution data.
pub(super) fn line(
    identity: &Identity,
    event: &Event,
    redrive_count: u32,
    documents: Option<&Documents>,
) -> String {
    let printed = |documents| {
        json!({
            "id": event.id.to_string(),
            "type": event.details.event_type(),
            "details": details(identity, &event.details, documents),
            "previous_event_id": event.previous.to_string(),
            "event_timestamp": event.time.millis().to_string(),
            "execution_arn": &*identity.arn,
            "redrive_count": redrive_count.to_string(),
        })
        .to_string()
    };
    let whole = printed(documents);
    if whole.len() <= LINE_BYTES_MAX {
        return whole;
    }
    // Many large variables: none of them is shown then.
    printed(Some(&Documents::new()))
}

/// Returns the members of GetExecutionHistory's `...EventDetails`.
fn details(identity: &Identity, details: &Details, documents: Option<&Documents>) -> Value {
    let mut shown = Shown {
        members: Map::new(),
        documents,
    };
    match details {
        Details::ExecutionStarted { input, role_arn } => {
            shown.document("input", *input);
            shown.text("roleArn", Some(role_arn));
            shown.text("stateMachineAliasArn", identity.alias_arn.as_deref());
            shown.text("stateMachineVersionArn", identity.version_arn.as_deref());
        }
        Details::ExecutionSucceeded { output } => shown.document("output", *output),
        Details::ExecutionFailed(why)
        | Details::ExecutionAborted(why)
        | Details::ExecutionTimedOut(why)
        | Details::MapRunFailed(why) => {
            shown.why(why);
        }
        Details::ExecutionRedriven { redrive_count } => {
            shown.number("redriveCount", Some(u64::from(*redrive_count)));
        }
        Details::StateEntered { name, input, .. } => {
            shown.document("input", *input);
            shown.text("name", Some(name));
        }
        Details::StateExited {
            name,
            output,
            assigned,
            ..
        } => {
            shown.text("name", Some(name));
            shown.document("output", *output);
            shown.assigned(assigned);
        }
        Details::MapStateStarted { length } => shown.number("length", Some(*length)),
        Details::MapRunStarted { map_run_arn } => shown.text("mapRunArn", Some(map_run_arn)),
        Details::MapIterationStarted { name, index }
        | Details::MapIterationSucceeded { name, index }
        | Details::MapIterationFailed { name, index }
        | Details::MapIterationAborted { name, index } => {
            shown.text("name", Some(name));
            shown.number("index", Some(u64::from(*index)));
        }
        Details::Scheduled { .. } => shown.scheduled(details),
        Details::Started { task, target } => shown.target(*task, target),
        Details::ActivityStarted { worker_name } => shown.text("workerName", worker_name.as_deref()),
        Details::TaskSubmitted { target, output } => {
            shown.target(TaskType::Task, target);
            shown.document("output", *output);
        }
        Details::TaskSubmitFailed { target, why } => {
            shown.target(TaskType::Task, target);
            shown.why(why);
        }
        Details::Succeeded { task, target, output } => {
            shown.target(*task, target);
            shown.document("output", *output);
        }
        Details::Failed { task, target, why } | Details::TimedOut { task, target, why } => {
            shown.target(*task, target);
            shown.why(why);
        }
        Details::EvaluationFailed { why, location, state } => {
            shown.why(why);
            shown.text("location", Some(location));
            shown.text("state", Some(state));
        }
        Details::StateAborted { .. }
        | Details::ParallelStateStarted
        | Details::ParallelStateSucceeded
        | Details::ParallelStateFailed
        | Details::MapStateSucceeded
        | Details::MapStateFailed
        | Details::MapRunSucceeded
        | Details::MapRunAborted => {}
    }
    Value::Object(shown.members)
}

struct Shown<'a> {
    members: Map<String, Value>,
    documents: Option<&'a Documents>,
}

impl Shown<'_> {
    fn text(&mut self, member: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.members.insert(member.to_owned(), text.into());
        }
    }

    fn number(&mut self, member: &str, number: Option<u64>) {
        if let Some(number) = number {
            self.members.insert(member.to_owned(), number.into());
        }
    }

    fn why(&mut self, why: &Why) {
        self.text("error", why.error.as_deref());
        self.text("cause", why.cause.as_deref());
    }

    /// Names the service for `Task...` events; those of functions and activities name it when they are scheduled.
    fn target(&mut self, task: TaskType, target: &Target) {
        if task == TaskType::Task {
            self.text("resourceType", Some(&target.resource_type));
            self.text("resource", Some(&target.resource));
        }
    }

    /// Shows a document and whether it was cut; one that nobody knows any more was cut to nothing.
    fn document(&mut self, member: &str, id: PayloadId) {
        let Some(documents) = self.documents else { return };
        let (text, is_whole) = match documents.get(&id) {
            Some(text) => escaped::cut(text, DOCUMENT_BYTES_MAX),
            None => ("", false),
        };
        self.text(member, Some(text).filter(|text| is_whole || !text.is_empty()));
        self.truncated(member, !is_whole);
    }

    fn assigned(&mut self, assigned: &[(String, PayloadId)]) {
        let Some(documents) = self.documents.filter(|_| !assigned.is_empty()) else {
            return;
        };
        let mut variables = Map::new();
        let mut all = true;
        for (name, id) in assigned {
            match documents
                .get(id)
                .map(|text| escaped::cut(text, DOCUMENT_BYTES_MAX))
            {
                Some((text, true)) => {
                    variables.insert(name.clone(), text.into());
                }
                Some((_, false)) | None => all = false,
            }
        }
        self.members
            .insert("assignedVariables".to_owned(), Value::Object(variables));
        self.truncated("assignedVariables", !all);
    }

    fn truncated(&mut self, member: &str, truncated: bool) {
        self.members
            .insert(format!("{member}Details"), json!({ "truncated": truncated }));
    }

    fn scheduled(&mut self, details: &Details) {
        let Details::Scheduled {
            task,
            target,
            region,
            parameters,
            timeout_seconds,
            heartbeat_seconds,
            role_arn,
        } = details
        else {
            return;
        };
        match task {
            TaskType::Task => {
                // AWS has no `parametersDetails`.
                let text = self.documents.and_then(|documents| documents.get(parameters));
                let text = text.map(|text| escaped::cut(text, DOCUMENT_BYTES_MAX).0);
                self.text("parameters", text);
                self.text("region", Some(region));
                self.target(*task, target);
            }
            TaskType::LambdaFunction | TaskType::Activity => {
                self.document("input", *parameters);
                self.text("resource", Some(&target.resource));
            }
        }
        self.number("timeoutInSeconds", *timeout_seconds);
        // A function's event has no heartbeat, an activity's no credentials.
        self.number(
            "heartbeatInSeconds",
            heartbeat_seconds.filter(|_| *task != TaskType::LambdaFunction),
        );
        if let Some(role) = role_arn.as_deref().filter(|_| *task != TaskType::Activity) {
            self.members
                .insert("taskCredentials".to_owned(), json!({ "roleArn": role }));
        }
    }
}
