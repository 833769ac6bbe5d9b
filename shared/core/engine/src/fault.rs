//! What goes wrong inside a state, before it is known whether somebody catches it.

use integrations::Failure;

/// The names of the errors that the language itself raises.
pub mod errors {
    #![expect(missing_docs, reason = "the names are those of the language")]
    pub const ALL: &str = "States.ALL";
    pub const TASK_FAILED: &str = "States.TaskFailed";
    pub const TIMEOUT: &str = "States.Timeout";
    pub const HEARTBEAT_TIMEOUT: &str = "States.HeartbeatTimeout";
    pub const RUNTIME: &str = "States.Runtime";
    pub const NO_CHOICE_MATCHED: &str = "States.NoChoiceMatched";
    pub const RESULT_PATH_MATCH_FAILURE: &str = "States.ResultPathMatchFailure";
    pub const PARAMETER_PATH_FAILURE: &str = "States.ParameterPathFailure";
    pub const INTRINSIC_FAILURE: &str = "States.IntrinsicFailure";
    pub const BRANCH_FAILED: &str = "States.BranchFailed";
    pub const QUERY_EVALUATION_ERROR: &str = "States.QueryEvaluationError";
    pub const DATA_LIMIT_EXCEEDED: &str = "States.DataLimitExceeded";
    pub const ITEM_READER_FAILED: &str = "States.ItemReaderFailed";
    pub const EXCEED_TOLERATED_FAILURE_THRESHOLD: &str = "States.ExceedToleratedFailureThreshold";
}

/// An error raised in a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Its name; a Fail state may leave it out.
    pub(crate) error: Option<String>,
    /// Its cause.
    pub(crate) cause: Option<String>,
    /// The second name under which it can be caught: a missed heartbeat is a time-out, too.
    pub(crate) alias: Option<&'static str>,
    /// The field of a JSONata expression that failed; the history then has an EvaluationFailed event.
    pub(crate) location: Option<String>,
}

impl Fault {
    /// Returns an error of the language.
    pub(crate) fn new(error: &str, cause: impl Into<String>) -> Fault {
        Fault {
            error: Some(error.to_owned()),
            cause: Some(cause.into()),
            alias: None,
            location: None,
        }
    }

    /// Returns an error of an expression in `field`.
    pub(crate) fn evaluation(field: &str, cause: impl Into<String>) -> Fault {
        Fault {
            location: Some(field.to_owned()),
            ..Fault::new(errors::QUERY_EVALUATION_ERROR, cause)
        }
    }

    /// Returns an error that no one can catch: the definition does not fit its data.
    pub(crate) fn runtime(cause: impl Into<String>) -> Fault {
        Fault::new(errors::RUNTIME, cause)
    }

    /// Returns the error of a state or task that gives out more than it may.
    pub(crate) fn too_large(of: &str) -> Fault {
        Fault::new(
            errors::DATA_LIMIT_EXCEEDED,
            format!(
                "The state/task '{of}' returned a result with a size exceeding the maximum number of bytes service limit."
            ),
        )
    }

    /// Returns whether Retry and Catch may look at it at all.
    pub(crate) fn is_catchable(&self) -> bool {
        self.error.as_deref() != Some(errors::RUNTIME)
    }

    /// Returns whether an `ErrorEquals` list names this error.
    ///
    /// `States.TaskFailed` stands for every error but a time-out; `States.ALL` for every error that can be caught.
    pub(crate) fn matches(&self, error_equals: &[String]) -> bool {
        let name = self.error.as_deref().unwrap_or_default();
        self.is_catchable()
            && error_equals.iter().any(|wanted| match wanted.as_str() {
                errors::ALL => true,
                errors::TASK_FAILED => name != errors::TIMEOUT,
                other => other == name || Some(other) == self.alias,
            })
    }
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Fault {
        Fault {
            // A client may report a failure without a name: no event and no output shows one then.
            error: Some(failure.error).filter(|error| !error.is_empty()),
            cause: failure.cause,
            alias: None,
            location: None,
        }
    }
}
