//! The events that users see in GetExecutionHistory.
//!
//! Their stored names are short, as every execution is full of them; [`Packed`] says how an entry's events are written.

mod packed;

pub use packed::Packed;

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
    #[serde(rename = "P")]
    Pass,
    #[serde(rename = "T")]
    Task,
    #[serde(rename = "C")]
    Choice,
    #[serde(rename = "W")]
    Wait,
    #[serde(rename = "S")]
    Succeed,
    #[serde(rename = "F")]
    Fail,
    #[serde(rename = "L")]
    Parallel,
    #[serde(rename = "M")]
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
    #[serde(rename = "T")]
    Task,
    /// A function's ARN as Resource.
    #[serde(rename = "L")]
    LambdaFunction,
    /// An activity's ARN as Resource.
    #[serde(rename = "A")]
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
    #[serde(rename = "e", skip_serializing_if = "Option::is_none", default)]
    pub error: Option<String>,
    /// Its cause.
    #[serde(rename = "c", skip_serializing_if = "Option::is_none", default)]
    pub cause: Option<String>,
}

/// Which service a `Task...` event is about; absent for functions and activities.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// `resourceType`: `sqs`, `aws-sdk:sqs`.
    #[serde(rename = "t")]
    pub resource_type: String,
    /// `resource`: `sendMessage.waitForTaskToken`.
    #[serde(rename = "r")]
    pub resource: String,
}

/// What happened, with the fields of AWS's `...EventDetails`. Documents are referred to, never held.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are those of AWS's event details")]
pub enum Details {
    #[serde(rename = "start")]
    ExecutionStarted {
        #[serde(rename = "i")]
        input: PayloadId,
        #[serde(rename = "a")]
        role_arn: Arc<str>,
    },
    #[serde(rename = "ok")]
    ExecutionSucceeded {
        #[serde(rename = "o")]
        output: PayloadId,
    },
    #[serde(rename = "fail")]
    ExecutionFailed(Why),
    #[serde(rename = "abort")]
    ExecutionAborted(Why),
    #[serde(rename = "late")]
    ExecutionTimedOut(Why),
    #[serde(rename = "again")]
    ExecutionRedriven {
        #[serde(rename = "n")]
        redrive_count: u32,
    },
    #[serde(rename = "in", with = "packed::entered")]
    StateEntered {
        state: StateType,
        name: Arc<str>,
        input: PayloadId,
    },
    #[serde(rename = "out", with = "packed::exited")]
    StateExited {
        state: StateType,
        name: Arc<str>,
        output: PayloadId,
        assigned: Vec<(String, PayloadId)>,
    },
    #[serde(rename = "cut")]
    StateAborted {
        #[serde(rename = "s")]
        state: StateType,
    },
    #[serde(rename = "L")]
    ParallelStateStarted,
    #[serde(rename = "Lok")]
    ParallelStateSucceeded,
    #[serde(rename = "Lfail")]
    ParallelStateFailed,
    #[serde(rename = "M")]
    MapStateStarted {
        #[serde(rename = "l")]
        length: u64,
    },
    #[serde(rename = "Mok")]
    MapStateSucceeded,
    #[serde(rename = "Mfail")]
    MapStateFailed,
    #[serde(rename = "R")]
    MapRunStarted {
        #[serde(rename = "a")]
        map_run_arn: Arc<str>,
    },
    #[serde(rename = "Rok")]
    MapRunSucceeded,
    #[serde(rename = "Rfail")]
    MapRunFailed(Why),
    #[serde(rename = "Rcut")]
    MapRunAborted,
    #[serde(rename = "I")]
    MapIterationStarted {
        #[serde(rename = "n")]
        name: Arc<str>,
        #[serde(rename = "x")]
        index: u32,
    },
    #[serde(rename = "Iok")]
    MapIterationSucceeded {
        #[serde(rename = "n")]
        name: Arc<str>,
        #[serde(rename = "x")]
        index: u32,
    },
    #[serde(rename = "Ifail")]
    MapIterationFailed {
        #[serde(rename = "n")]
        name: Arc<str>,
        #[serde(rename = "x")]
        index: u32,
    },
    #[serde(rename = "Icut")]
    MapIterationAborted {
        #[serde(rename = "n")]
        name: Arc<str>,
        #[serde(rename = "x")]
        index: u32,
    },
    /// `TaskScheduled`, `LambdaFunctionScheduled`, `ActivityScheduled`.
    #[serde(rename = "T")]
    Scheduled {
        #[serde(rename = "k")]
        task: TaskType,
        /// The service; for functions and activities `resource` is the ARN and `resource_type` is empty.
        #[serde(rename = "t")]
        target: Target,
        #[serde(rename = "g")]
        region: Arc<str>,
        #[serde(rename = "p")]
        parameters: PayloadId,
        #[serde(rename = "d", skip_serializing_if = "Option::is_none", default)]
        timeout_seconds: Option<u64>,
        #[serde(rename = "h", skip_serializing_if = "Option::is_none", default)]
        heartbeat_seconds: Option<u64>,
        #[serde(rename = "a", skip_serializing_if = "Option::is_none", default)]
        role_arn: Option<String>,
    },
    /// `TaskStarted`, `LambdaFunctionStarted`.
    #[serde(rename = "Trun")]
    Started {
        #[serde(rename = "k")]
        task: TaskType,
        #[serde(rename = "t")]
        target: Target,
    },
    #[serde(rename = "Arun")]
    ActivityStarted {
        #[serde(rename = "w", skip_serializing_if = "Option::is_none", default)]
        worker_name: Option<String>,
    },
    #[serde(rename = "Tsent")]
    TaskSubmitted {
        #[serde(rename = "t")]
        target: Target,
        #[serde(rename = "o")]
        output: PayloadId,
    },
    #[serde(rename = "Tunsent")]
    TaskSubmitFailed {
        #[serde(rename = "t")]
        target: Target,
        #[serde(rename = "y")]
        why: Why,
    },
    /// `TaskSucceeded`, `LambdaFunctionSucceeded`, `ActivitySucceeded`.
    #[serde(rename = "Tok")]
    Succeeded {
        #[serde(rename = "k")]
        task: TaskType,
        #[serde(rename = "t")]
        target: Target,
        #[serde(rename = "o")]
        output: PayloadId,
    },
    /// `TaskFailed`, `LambdaFunctionFailed`, `ActivityFailed`.
    #[serde(rename = "Tfail")]
    Failed {
        #[serde(rename = "k")]
        task: TaskType,
        #[serde(rename = "t")]
        target: Target,
        #[serde(rename = "y")]
        why: Why,
    },
    /// `TaskTimedOut`, `LambdaFunctionTimedOut`, `ActivityTimedOut`.
    #[serde(rename = "Tlate")]
    TimedOut {
        #[serde(rename = "k")]
        task: TaskType,
        #[serde(rename = "t")]
        target: Target,
        #[serde(rename = "y")]
        why: Why,
    },
    #[serde(rename = "eval")]
    EvaluationFailed {
        #[serde(rename = "y")]
        why: Why,
        #[serde(rename = "l")]
        location: String,
        #[serde(rename = "s")]
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
            Details::ExecutionRedriven { .. } => "ExecutionRedriven",
            Details::ParallelStateStarted => "ParallelStateStarted",
            Details::ParallelStateSucceeded => "ParallelStateSucceeded",
            Details::ParallelStateFailed => "ParallelStateFailed",
            Details::MapStateStarted { .. } => "MapStateStarted",
            Details::MapStateSucceeded => "MapStateSucceeded",
            Details::MapStateFailed => "MapStateFailed",
            Details::MapRunStarted { .. } => "MapRunStarted",
            Details::MapRunSucceeded => "MapRunSucceeded",
            Details::MapRunFailed(_) => "MapRunFailed",
            Details::MapRunAborted => "MapRunAborted",
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
