//! The events that users see in GetExecutionHistory.

use crate::data::PayloadId;
use asl::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// One event of an execution's history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Counts from 1 without a gap.
    #[serde(rename = "i")]
    pub id: u64,
    /// The event that led to this one; 0 for none.
    #[serde(rename = "p")]
    pub previous: u64,
    /// When it happened.
    #[serde(rename = "t")]
    pub time: Timestamp,
    /// What happened.
    #[serde(rename = "d")]
    pub details: Details,
}

/// The eight state types, as event names begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are those of the language")]
pub enum StateType {
    Pass,
    Task,
    Choice,
    Wait,
    Succeed,
    Fail,
    Parallel,
    Map,
}

impl StateType {
    /// Returns the name as the language writes it.
    pub fn name(self) -> &'static str {
        match self {
            StateType::Pass => "Pass",
            StateType::Task => "Task",
            StateType::Choice => "Choice",
            StateType::Wait => "Wait",
            StateType::Succeed => "Succeed",
            StateType::Fail => "Fail",
            StateType::Parallel => "Parallel",
            StateType::Map => "Map",
        }
    }
}

/// How a task is called, which names its events: `Task...`, `LambdaFunction...` or `Activity...`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TaskType {
    /// A service integration.
    Task,
    /// A function's ARN as Resource.
    LambdaFunction,
    /// An activity's ARN as Resource.
    Activity,
}

impl TaskType {
    /// Returns the beginning of the event names.
    pub fn name(self) -> &'static str {
        match self {
            TaskType::Task => "Task",
            TaskType::LambdaFunction => "LambdaFunction",
            TaskType::Activity => "Activity",
        }
    }
}

/// Error and cause as events carry them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Why {
    /// The error's name.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<String>,
    /// Its cause.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cause: Option<String>,
}

/// Which service a `Task...` event is about; absent for functions and activities.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// `resourceType`: `sqs`, `aws-sdk:sqs`.
    pub resource_type: String,
    /// `resource`: `sendMessage.waitForTaskToken`.
    pub resource: String,
}

/// What happened, with the fields of AWS's `...EventDetails`. Documents are referred to, never held.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are those of AWS's event details")]
pub enum Details {
    ExecutionStarted {
        input: PayloadId,
        role_arn: Arc<str>,
    },
    ExecutionSucceeded {
        output: PayloadId,
    },
    ExecutionFailed(Why),
    ExecutionAborted(Why),
    ExecutionTimedOut(Why),
    StateEntered {
        state: StateType,
        name: Arc<str>,
        input: PayloadId,
    },
    StateExited {
        state: StateType,
        name: Arc<str>,
        output: PayloadId,
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        assigned: Vec<(String, PayloadId)>,
    },
    StateAborted {
        state: StateType,
    },
    ParallelStateStarted,
    ParallelStateSucceeded,
    ParallelStateFailed,
    MapStateStarted {
        length: u64,
    },
    MapStateSucceeded,
    MapStateFailed,
    MapIterationStarted {
        name: Arc<str>,
        index: u32,
    },
    MapIterationSucceeded {
        name: Arc<str>,
        index: u32,
    },
    MapIterationFailed {
        name: Arc<str>,
        index: u32,
    },
    MapIterationAborted {
        name: Arc<str>,
        index: u32,
    },
    /// `TaskScheduled`, `LambdaFunctionScheduled`, `ActivityScheduled`.
    Scheduled {
        task: TaskType,
        /// The service; for functions and activities `resource` is the ARN and `resource_type` is empty.
        target: Target,
        region: Arc<str>,
        parameters: PayloadId,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        timeout_seconds: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        heartbeat_seconds: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        role_arn: Option<String>,
    },
    /// `TaskStarted`, `LambdaFunctionStarted`.
    Started {
        task: TaskType,
        target: Target,
    },
    ActivityStarted {
        #[serde(skip_serializing_if = "Option::is_none", default)]
        worker_name: Option<String>,
    },
    TaskSubmitted {
        target: Target,
        output: PayloadId,
    },
    TaskSubmitFailed {
        target: Target,
        why: Why,
    },
    /// `TaskSucceeded`, `LambdaFunctionSucceeded`, `ActivitySucceeded`.
    Succeeded {
        task: TaskType,
        target: Target,
        output: PayloadId,
    },
    /// `TaskFailed`, `LambdaFunctionFailed`, `ActivityFailed`.
    Failed {
        task: TaskType,
        target: Target,
        why: Why,
    },
    /// `TaskTimedOut`, `LambdaFunctionTimedOut`, `ActivityTimedOut`.
    TimedOut {
        task: TaskType,
        target: Target,
        why: Why,
    },
    EvaluationFailed {
        why: Why,
        location: String,
        state: Arc<str>,
    },
}

impl Details {
    /// Returns the event's `type` as AWS names it.
    pub fn event_type(&self) -> String {
        let fixed = match self {
            Details::StateEntered { state, .. } => return format!("{}StateEntered", state.name()),
            Details::StateExited { state, .. } => return format!("{}StateExited", state.name()),
            Details::StateAborted { state } => return format!("{}StateAborted", state.name()),
            Details::Scheduled { task, .. } => return format!("{}Scheduled", task.name()),
            Details::Started { task, .. } => return format!("{}Started", task.name()),
            Details::Succeeded { task, .. } => return format!("{}Succeeded", task.name()),
            Details::Failed { task, .. } => return format!("{}Failed", task.name()),
            Details::TimedOut { task, .. } => return format!("{}TimedOut", task.name()),
            Details::ExecutionStarted { .. } => "ExecutionStarted",
            Details::ExecutionSucceeded { .. } => "ExecutionSucceeded",
            Details::ExecutionFailed(_) => "ExecutionFailed",
            Details::ExecutionAborted(_) => "ExecutionAborted",
            Details::ExecutionTimedOut(_) => "ExecutionTimedOut",
            Details::ParallelStateStarted => "ParallelStateStarted",
            Details::ParallelStateSucceeded => "ParallelStateSucceeded",
            Details::ParallelStateFailed => "ParallelStateFailed",
            Details::MapStateStarted { .. } => "MapStateStarted",
            Details::MapStateSucceeded => "MapStateSucceeded",
            Details::MapStateFailed => "MapStateFailed",
            Details::MapIterationStarted { .. } => "MapIterationStarted",
            Details::MapIterationSucceeded { .. } => "MapIterationSucceeded",
            Details::MapIterationFailed { .. } => "MapIterationFailed",
            Details::MapIterationAborted { .. } => "MapIterationAborted",
            Details::ActivityStarted { .. } => "ActivityStarted",
            Details::TaskSubmitted { .. } => "TaskSubmitted",
            Details::TaskSubmitFailed { .. } => "TaskSubmitFailed",
            Details::EvaluationFailed { .. } => "EvaluationFailed",
        };
        fixed.to_owned()
    }
}
