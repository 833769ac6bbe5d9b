//! Metrics in CloudWatch's embedded format: JSON lines on the standard output, which Lambda hands to CloudWatch Logs.
//!
//! Names, units and dimensions are those of the namespace `AWS/States`. Counters are summed until they are printed.

use engine::{Details, Event, Identity, Status, Target, TaskType, Timestamp};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io::Write as _;

const NAMESPACE: &str = "Stepwell";
/// The embedded format takes so many values of one metric in one line.
const VALUES_MAX: usize = 100;

/// What is measured: the name of a dimension and its value.
type Measured = (&'static str, String);

/// Sums and samples since they were last printed.
#[derive(Debug, Default)]
pub(super) struct Metrics {
    measured: BTreeMap<Measured, Values>,
}

#[derive(Debug, Default)]
struct Values {
    counts: BTreeMap<&'static str, u64>,
    /// Milliseconds.
    times: BTreeMap<&'static str, Vec<i64>>,
}

impl Metrics {
    /// Counts what an event tells.
    ///
    /// An activity's start is not counted: its event does not name the activity. See [`Metrics::activity_started`].
    pub(super) fn note(&mut self, identity: &Identity, event: &Event) {
        match &event.details {
            Details::ExecutionStarted { .. } => {
                let metric = "ExecutionsStarted";
                self.count("StateMachineArn", &identity.machine_arn, metric, 1);
            }
            Details::ExecutionSucceeded { .. } => self.closed(identity, Status::Succeeded, event.time),
            Details::ExecutionFailed(_) => self.closed(identity, Status::Failed, event.time),
            Details::ExecutionAborted(_) => self.closed(identity, Status::Aborted, event.time),
            Details::ExecutionTimedOut(_) => self.closed(identity, Status::TimedOut, event.time),
            Details::ExecutionRedriven { .. } => {
                let metric = "ExecutionsRedriven";
                self.count("StateMachineArn", &identity.machine_arn, metric, 1);
            }
            Details::Scheduled { task, target, .. } => self.task(identity, *task, target, Step::Scheduled),
            Details::Started { task, target } => self.task(identity, *task, target, Step::Started),
            Details::Succeeded { task, target, .. } => self.task(identity, *task, target, Step::Succeeded),
            Details::Failed { task, target, .. } => self.task(identity, *task, target, Step::Failed),
            Details::TimedOut { task, target, .. } => self.task(identity, *task, target, Step::TimedOut),
            Details::TaskSubmitFailed { target, .. } => {
                self.task(identity, TaskType::Task, target, Step::Failed);
            }
            Details::ActivityStarted { .. }
            | Details::StateEntered { .. }
            | Details::StateExited { .. }
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
            | Details::TaskSubmitted { .. }
            | Details::EvaluationFailed { .. } => {}
        }
    }

    /// Counts the start of an activity's task.
    pub(super) fn activity_started(&mut self, activity_arn: &str) {
        let (dimension, metric) = task_metric(TaskType::Activity, Step::Started);
        self.count(dimension, activity_arn, metric, 1);
    }

    /// Counts what could not be told: `lost` messages of one kind, such as `Logs`.
    pub(super) fn lost(&mut self, kind: &'static str, lost: u64) {
        if lost > 0 {
            self.count("Delivery", kind, "DeliveriesFailed", lost);
        }
    }

    /// Returns the lines to print, and begins anew.
    pub(super) fn take_lines(&mut self, now: Timestamp) -> Vec<String> {
        let measured = std::mem::take(&mut self.measured);
        let lines = measured
            .into_iter()
            .flat_map(|((dimension, value), values)| lines(now, dimension, &value, values));
        lines.collect()
    }

    fn closed(&mut self, identity: &Identity, status: Status, at: Timestamp) {
        let metric = match status {
            Status::Succeeded => "ExecutionsSucceeded",
            Status::Failed => "ExecutionsFailed",
            Status::Aborted => "ExecutionsAborted",
            Status::TimedOut => "ExecutionsTimedOut",
            Status::Running => return,
        };
        let values = self.values("StateMachineArn", &identity.machine_arn);
        *values.counts.entry(metric).or_default() += 1;
        let took = at.millis().saturating_sub(identity.started.millis());
        values.times.entry("ExecutionTime").or_default().push(took);
    }

    fn task(&mut self, identity: &Identity, task: TaskType, target: &Target, step: Step) {
        let (dimension, metric) = task_metric(task, step);
        let resource = match task {
            TaskType::LambdaFunction | TaskType::Activity => target.resource.clone(),
            TaskType::Task => {
                let partition = identity.machine_arn.split(':').nth(1).unwrap_or("aws");
                format!(
                    "arn:{partition}:states:::{}:{}",
                    target.resource_type, target.resource
                )
            }
        };
        self.count(dimension, &resource, metric, 1);
    }

    fn count(&mut self, dimension: &'static str, value: &str, metric: &'static str, by: u64) {
        let values = self.values(dimension, value);
        *values.counts.entry(metric).or_default() += by;
    }

    fn values(&mut self, dimension: &'static str, value: &str) -> &mut Values {
        self.measured.entry((dimension, value.to_owned())).or_default()
    }
}

/// Writes lines to the standard output, each in one piece: invocations may share it.
pub(super) fn print(lines: &[String]) {
    let mut output = std::io::stdout().lock();
    for line in lines {
        // Nobody is there to be told when the log does not take it.
        let _ = output.write_all(format!("{line}\n").as_bytes());
    }
    let _ = output.flush();
}

#[derive(Clone, Copy)]
enum Step {
    Scheduled,
    Started,
    Succeeded,
    Failed,
    TimedOut,
}

/// Returns the dimension and the metric of a task's step.
fn task_metric(task: TaskType, step: Step) -> (&'static str, &'static str) {
    let (dimension, metrics) = match task {
        TaskType::LambdaFunction => (
            "LambdaFunctionArn",
            [
                "LambdaFunctionsScheduled",
                "LambdaFunctionsStarted",
                "LambdaFunctionsSucceeded",
                "LambdaFunctionsFailed",
                "LambdaFunctionsTimedOut",
            ],
        ),
        TaskType::Activity => (
            "ActivityArn",
            [
                "ActivitiesScheduled",
                "ActivitiesStarted",
                "ActivitiesSucceeded",
                "ActivitiesFailed",
                "ActivitiesTimedOut",
            ],
        ),
        TaskType::Task => (
            "ServiceIntegrationResourceArn",
            [
                "ServiceIntegrationsScheduled",
                "ServiceIntegrationsStarted",
                "ServiceIntegrationsSucceeded",
                "ServiceIntegrationsFailed",
                "ServiceIntegrationsTimedOut",
            ],
        ),
    };
    let [scheduled, started, succeeded, failed, timed_out] = metrics;
    let metric = match step {
        Step::Scheduled => scheduled,
        Step::Started => started,
        Step::Succeeded => succeeded,
        Step::Failed => failed,
        Step::TimedOut => timed_out,
    };
    (dimension, metric)
}

/// Returns the lines of one measured thing: one, unless it has very many samples.
fn lines(now: Timestamp, dimension: &str, value: &str, mut values: Values) -> Vec<String> {
    let mut lines = Vec::new();
    loop {
        let mut definitions = Vec::new();
        let mut members = Map::new();
        for (metric, count) in std::mem::take(&mut values.counts) {
            definitions.push(json!({ "Name": metric, "Unit": "Count" }));
            members.insert(metric.to_owned(), count.into());
        }
        for (metric, samples) in &mut values.times {
            let rest = samples.split_off(samples.len().min(VALUES_MAX));
            let now = std::mem::replace(samples, rest);
            if !now.is_empty() {
                definitions.push(json!({ "Name": metric, "Unit": "Milliseconds" }));
                members.insert((*metric).to_owned(), now.into());
            }
        }
        if definitions.is_empty() {
            return lines;
        }
        let mut line = Map::new();
        let directive =
            json!({ "Namespace": NAMESPACE, "Dimensions": [[dimension]], "Metrics": definitions });
        line.insert(
            "_aws".to_owned(),
            json!({ "Timestamp": now.millis(), "CloudWatchMetrics": [directive] }),
        );
        line.insert(dimension.to_owned(), value.into());
        line.append(&mut members);
        lines.push(Value::Object(line).to_string());
    }
}
