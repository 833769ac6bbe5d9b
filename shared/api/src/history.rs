//! The engine's events as GetExecutionHistory shows them.

use crate::wire::{Answer, seconds};
use engine::{Details, Event, Identity, PayloadId, Target, TaskType, Why};
use serde_json::{Map, Value};
use std::sync::Arc;

/// What events are rendered with.
pub(crate) struct Renderer<'a> {
    /// The execution: what the start of its history tells of it.
    pub(crate) identity: &'a Identity,
    /// Finds the JSON text of a document; `None` leaves execution data out.
    pub(crate) text: Option<&'a dyn Fn(PayloadId) -> Option<Arc<str>>>,
}

impl Renderer<'_> {
    /// Renders one event.
    pub(crate) fn event(&self, event: &Event) -> Value {
        let answer = Answer::default()
            .with("timestamp", seconds(event.time))
            .with("type", event.details.event_type())
            .with("id", event.id)
            .with("previousEventId", event.previous);
        match self.details(&event.details) {
            Some((member, details)) => answer.with(&member, Value::from(details)).into(),
            None => answer.into(),
        }
    }

    /// Returns the member of an event's details, and the details; many events have none.
    fn details(&self, details: &Details) -> Option<(String, Answer)> {
        let member = |begin: &str| format!("{begin}EventDetails");
        let answer = Answer::default();
        let of_event = |answer| Some((member(&camel(&details.event_type())), answer));
        match details {
            Details::ExecutionStarted { input, role_arn } => of_event(
                self.input(answer, *input)
                    .with("roleArn", &**role_arn)
                    .with_some("stateMachineAliasArn", self.identity.alias_arn.as_deref())
                    .with_some("stateMachineVersionArn", self.identity.version_arn.as_deref()),
            ),
            Details::ExecutionSucceeded { output } => of_event(self.output(answer, *output)),
            Details::ExecutionFailed(why)
            | Details::ExecutionAborted(why)
            | Details::ExecutionTimedOut(why) => of_event(reason(answer, why)),
            Details::ExecutionRedriven { redrive_count } => {
                of_event(answer.with("redriveCount", *redrive_count))
            }
            Details::StateEntered { name, input, .. } => Some((
                member("stateEntered"),
                self.input(answer.with("name", &**name), *input),
            )),
            Details::StateExited {
                name,
                output,
                assigned,
                ..
            } => {
                let answer = self.output(answer.with("name", &**name), *output);
                Some((member("stateExited"), self.assigned(answer, assigned)))
            }
            Details::MapStateStarted { length } => of_event(answer.with("length", *length)),
            Details::MapRunStarted { map_run_arn } => of_event(answer.with("mapRunArn", &**map_run_arn)),
            Details::MapRunFailed(why) => of_event(reason(answer, why)),
            Details::MapIterationStarted { name, index }
            | Details::MapIterationSucceeded { name, index }
            | Details::MapIterationFailed { name, index }
            | Details::MapIterationAborted { name, index } => {
                of_event(answer.with("name", &**name).with("index", *index))
            }
            Details::Scheduled { .. } => of_event(self.scheduled(details)),
            Details::Started {
                task: TaskType::Task,
                target,
            } => of_event(named(answer, target)),
            Details::ActivityStarted { worker_name } => {
                of_event(answer.with_some("workerName", worker_name.as_deref()))
            }
            Details::TaskSubmitted { target, output } => {
                of_event(self.output(named(answer, target), *output))
            }
            Details::TaskSubmitFailed { target, why } => of_event(reason(named(answer, target), why)),
            Details::Succeeded { task, target, output } => {
                of_event(self.output(of_task(answer, *task, target), *output))
            }
            Details::Failed { task, target, why } | Details::TimedOut { task, target, why } => {
                of_event(reason(of_task(answer, *task, target), why))
            }
            Details::EvaluationFailed { why, location, state } => of_event(
                reason(answer, why)
                    .with("location", location.as_str())
                    .with("state", &**state),
            ),
            Details::Started {
                task: TaskType::LambdaFunction | TaskType::Activity,
                ..
            }
            | Details::StateAborted { .. }
            | Details::ParallelStateStarted
            | Details::ParallelStateSucceeded
            | Details::ParallelStateFailed
            | Details::MapStateSucceeded
            | Details::MapStateFailed
            | Details::MapRunSucceeded
            | Details::MapRunAborted => None,
        }
    }

    fn scheduled(&self, details: &Details) -> Answer {
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
            return Answer::default();
        };
        let answer = match task {
            TaskType::Task => self.data(
                named(Answer::default(), target).with("region", &**region),
                "parameters",
                *parameters,
            ),
            TaskType::LambdaFunction | TaskType::Activity => self.input(
                Answer::default().with("resource", target.resource.as_str()),
                *parameters,
            ),
        };
        // A function's event has no heartbeat, an activity's no credentials.
        let heartbeat = heartbeat_seconds.filter(|_| *task != TaskType::LambdaFunction);
        let role = role_arn.as_deref().filter(|_| *task != TaskType::Activity);
        answer
            .with_some("timeoutInSeconds", *timeout_seconds)
            .with_some("heartbeatInSeconds", heartbeat)
            .with_some(
                "taskCredentials",
                role.map(|role| Value::from(Answer::default().with("roleArn", role))),
            )
    }

    fn assigned(&self, answer: Answer, assigned: &[(String, PayloadId)]) -> Answer {
        let Some(text) = self.text.filter(|_| !assigned.is_empty()) else {
            return answer;
        };
        let values = assigned
            .iter()
            .filter_map(|(name, id)| Some((name.clone(), Value::from(&*text(*id)?))));
        let values: Map<String, Value> = values.collect();
        answer
            .with("assignedVariables", values)
            .with("assignedVariablesDetails", untruncated())
    }

    fn input(&self, answer: Answer, id: PayloadId) -> Answer {
        self.with_details(self.data(answer, "input", id), "inputDetails")
    }

    fn output(&self, answer: Answer, id: PayloadId) -> Answer {
        self.with_details(self.data(answer, "output", id), "outputDetails")
    }

    fn data(&self, answer: Answer, member: &str, id: PayloadId) -> Answer {
        answer.with_some(member, self.text.and_then(|text| text(id)).as_deref())
    }

    fn with_details(&self, answer: Answer, member: &str) -> Answer {
        answer.with_some(member, self.text.map(|_| untruncated()))
    }
}

/// Returns the documents that an event shows.
pub(crate) fn documents(details: &Details) -> Vec<PayloadId> {
    match details {
        Details::ExecutionStarted { input: id, .. }
        | Details::ExecutionSucceeded { output: id }
        | Details::StateEntered { input: id, .. }
        | Details::Scheduled { parameters: id, .. }
        | Details::TaskSubmitted { output: id, .. }
        | Details::Succeeded { output: id, .. } => vec![*id],
        Details::StateExited { output, assigned, .. } => std::iter::once(*output)
            .chain(assigned.iter().map(|(_, id)| *id))
            .collect(),
        Details::ExecutionFailed(_)
        | Details::ExecutionAborted(_)
        | Details::ExecutionTimedOut(_)
        | Details::ExecutionRedriven { .. }
        | Details::StateAborted { .. }
        | Details::ParallelStateStarted
        | Details::ParallelStateSucceeded
        | Details::ParallelStateFailed
        | Details::MapStateStarted { .. }
        | Details::MapStateSucceeded
        | Details::MapStateFailed
        | Details::MapRunStarted { .. }
        | Details::MapRunSucceeded
        | Details::MapRunFailed(_)
        | Details::MapRunAborted
        | Details::MapIterationStarted { .. }
        | Details::MapIterationSucceeded { .. }
        | Details::MapIterationFailed { .. }
        | Details::MapIterationAborted { .. }
        | Details::Started { .. }
        | Details::ActivityStarted { .. }
        | Details::TaskSubmitFailed { .. }
        | Details::Failed { .. }
        | Details::TimedOut { .. }
        | Details::EvaluationFailed { .. } => Vec::new(),
    }
}

/// Names the service and its action.
fn named(answer: Answer, target: &Target) -> Answer {
    answer
        .with("resourceType", target.resource_type.as_str())
        .with("resource", target.resource.as_str())
}

/// Names the service for `Task...` events; those of functions and activities name it when they are scheduled.
fn of_task(answer: Answer, task: TaskType, target: &Target) -> Answer {
    match task {
        TaskType::Task => named(answer, target),
        TaskType::LambdaFunction | TaskType::Activity => answer,
    }
}

fn reason(answer: Answer, why: &Why) -> Answer {
    answer
        .with_some("error", why.error.as_deref())
        .with_some("cause", why.cause.as_deref())
}

/// Returns the `...Details` of a document: the API never cuts one.
fn untruncated() -> Value {
    Answer::default().with("truncated", false).into()
}

/// Lowers the first letter: `TaskScheduled` is shown in `taskScheduledEventDetails`.
fn camel(name: &str) -> String {
    let mut letters = name.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

#[cfg(test)]
mod tests;
