//! The only way in: whatever may reach an execution.

use asl::Timestamp;
use integrations::Failure;
use serde::{Deserialize, Serialize};

/// Names one attempt of one task within its execution; a retry is a new call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallId(pub u64);

/// What of a Map Run's bounds is set anew; `None` leaves one as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BoundsUpdate {
    /// UpdateMapRun's `maxConcurrency`.
    pub max_concurrency: Option<u64>,
    /// Its `toleratedFailureCount`.
    pub tolerated_failure_count: Option<u64>,
    /// Its `toleratedFailurePercentage`.
    pub tolerated_failure_percentage: Option<f64>,
}

// Percentages that are no number are refused where they come in.
impl Eq for BoundsUpdate {}

/// What may reach an execution. A message that it no longer waits for changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Message {
    /// The execution begins.
    Start,
    /// Time has passed, or somebody asks to go on: whatever is due is done.
    Wake,
    /// A timer that was armed for this time has fired: as [`Message::Wake`], and jobs are asked for whose poll it was for.
    Due {
        /// The time.
        at: Timestamp,
    },
    /// A call was answered; for a `.sync` or `.waitForTaskToken` task this is the answer to its submission.
    CallSucceeded {
        /// The attempt.
        call: CallId,
        /// The result as JSON text, shaped as Step Functions shows it.
        output: String,
    },
    /// A call failed; for a `.sync` or `.waitForTaskToken` task its submission did.
    CallFailed {
        /// The attempt.
        call: CallId,
        /// Error and cause.
        failure: Failure,
    },
    /// Nobody knows whether a call that must not be repeated has happened.
    CallUnknown {
        /// The attempt.
        call: CallId,
        /// Why; `None` when whoever made the call is gone.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        reason: Option<String>,
    },
    /// Somebody makes a call that was handed over: from this entry on its writer alone may do so.
    Claim {
        /// The attempt.
        call: CallId,
    },
    /// A client reported the task's end: SendTaskSuccess or SendTaskFailure.
    Callback {
        /// The attempt that the token names.
        call: CallId,
        /// The output as JSON text, or the failure.
        result: Result<String, Failure>,
    },
    /// A client reported that the task is alive: SendTaskHeartbeat.
    Heartbeat {
        /// The attempt that the token names.
        call: CallId,
    },
    /// An activity worker took the task.
    ActivityStarted {
        /// The attempt.
        call: CallId,
        /// GetActivityTask's `workerName`.
        worker_name: Option<String>,
    },
    /// The job behind a `.sync` task has ended: a child execution, for example.
    JobDone {
        /// The attempt.
        call: CallId,
        /// The answer to the submission as JSON text, for when the news of the end came first.
        submission: String,
        /// The output as JSON text, or the failure.
        result: Result<String, Failure>,
    },
    /// Somebody saw the job behind a `.sync` task change: its service is asked at once how it is.
    JobChanged {
        /// The attempt.
        call: CallId,
    },
    /// StopExecution.
    Stop {
        /// Its `error`.
        error: Option<String>,
        /// Its `cause`.
        cause: Option<String>,
    },
    /// RedriveExecution.
    Redrive {
        /// Its `clientToken`.
        client_token: Option<String>,
    },
    /// UpdateMapRun: a Map Run gets other bounds.
    UpdateMapRun(BoundsUpdate),
    /// The execution cannot go on for a reason outside of the language: the driver's own verdict.
    Poison {
        /// Why.
        cause: String,
    },
}
