//! What a state machine's `loggingConfiguration` wants to be logged.

use engine::{Details, StateType};
use serde_json::Value;
use std::sync::Arc;

/// A level, or how grave an event is: an event is logged by its own level and by those that follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Fatal,
    Error,
    All,
}

/// A state machine's logging, which is not off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Logging {
    pub(super) level: Level,
    /// Whether inputs, outputs and variables are shown.
    pub(super) data: bool,
    /// The name of the log group.
    pub(super) group: Arc<str>,
}

impl Logging {
    /// Reads a stored configuration; `None` when it is off.
    pub(super) fn read(configuration: Option<&Value>) -> Option<Logging> {
        let configuration = configuration?;
        let level = match configuration.get("level")?.as_str()? {
            "ALL" => Level::All,
            "ERROR" => Level::Error,
            "FATAL" => Level::Fatal,
            _ => return None,
        };
        let arn = configuration.pointer("/destinations/0/cloudWatchLogsLogGroup/logGroupArn")?;
        // arn:PARTITION:logs:REGION:ACCOUNT:log-group:NAME:*
        let group = arn.as_str()?.split(':').nth(6)?;
        Some(Logging {
            level,
            data: configuration.get("includeExecutionData") == Some(&Value::Bool(true)),
            group: group.into(),
        })
    }
}

/// What has to be kept for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Up to which level events are kept; none when it is `None`.
    pub(super) level: Option<Level>,
    /// Whether documents are kept.
    pub(super) data: bool,
}

impl Wanted {
    /// Everything: nobody knows yet what is wanted.
    pub(super) const ALL: Wanted = Wanted {
        level: Some(Level::All),
        data: true,
    };

    /// Returns what a state machine's logging wants.
    pub(super) fn by(logging: Option<&Logging>) -> Wanted {
        Wanted {
            level: logging.map(|logging| logging.level),
            data: logging.is_some_and(|logging| logging.data),
        }
    }

    /// Returns whether an event is wanted.
    pub(super) fn takes(self, details: &Details) -> bool {
        self.level.is_some_and(|level| gravity(details) <= level)
    }
}

/// Returns the first level by which an event is logged. AWS: the table in "Log levels" of the developer guide.
pub(super) fn gravity(details: &Details) -> Level {
    match details {
        Details::ExecutionFailed(_) | Details::ExecutionAborted(_) | Details::ExecutionTimedOut(_) => {
            Level::Fatal
        }
        Details::StateEntered {
            state: StateType::Fail,
            ..
        }
        | Details::StateAborted { .. }
        | Details::ParallelStateFailed
        | Details::MapStateFailed
        | Details::MapRunFailed(_)
        | Details::MapRunAborted
        | Details::MapIterationFailed { .. }
        | Details::MapIterationAborted { .. }
        | Details::TaskSubmitFailed { .. }
        | Details::Failed { .. }
        | Details::TimedOut { .. }
        | Details::EvaluationFailed { .. } => Level::Error,
        Details::ExecutionStarted { .. }
        | Details::ExecutionRedriven { .. }
        | Details::ExecutionSucceeded { .. }
        | Details::StateEntered { .. }
        | Details::StateExited { .. }
        | Details::ParallelStateStarted
        | Details::ParallelStateSucceeded
        | Details::MapStateStarted { .. }
        | Details::MapStateSucceeded
        | Details::MapRunStarted { .. }
        | Details::MapRunSucceeded
        | Details::MapIterationStarted { .. }
        | Details::MapIterationSucceeded { .. }
        | Details::Scheduled { .. }
        | Details::Started { .. }
        | Details::ActivityStarted { .. }
        | Details::TaskSubmitted { .. }
        | Details::Succeeded { .. } => Level::All,
    }
}
