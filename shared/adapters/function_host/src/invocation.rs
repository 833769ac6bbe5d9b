use std::time::Duration;

use serde_json::json;

use crate::exit_status;

/// What became of one invocation.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// The request id that the function saw.
    pub request_id: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Milliseconds from the hand-over of the event to the end; the process's start is not counted, as on AWS.
    pub duration_ms: u64,
    /// Whether a process was started for this invocation.
    pub cold_start: bool,
}

/// How an invocation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The function returned this payload.
    Returned(Vec<u8>),
    /// The function, or its initialisation, reported an error.
    FunctionError {
        /// The report as the function sent it, mostly `{"errorMessage", "errorType", "stackTrace"}`.
        payload: Vec<u8>,
    },
    /// The process ended without an answer.
    Crashed {
        /// AWS's words for it.
        message: String,
    },
    /// The function did not answer in time; its process was killed.
    TimedOut {
        /// AWS's words for it.
        message: String,
    },
    /// The function never saw the event, so the invocation is safe to repeat.
    NotStarted {
        /// What was in the way.
        message: String,
    },
}

impl Outcome {
    /// Gives the payload that Lambda's `Invoke` answers with; none for an invocation that never started, which is an
    /// error of the call instead.
    pub fn payload(&self) -> Option<Vec<u8>> {
        match self {
            Outcome::Returned(payload) | Outcome::FunctionError { payload } => Some(payload.clone()),
            Outcome::Crashed { message } => Some(report("Runtime.ExitError", message)),
            Outcome::TimedOut { message } => Some(report("Sandbox.Timedout", message)),
            Outcome::NotStarted { .. } => None,
        }
    }

    /// Tells whether `Invoke` answers with `FunctionError: Unhandled`, the one value that AWS gives.
    pub fn is_function_error(&self) -> bool {
        match self {
            Outcome::FunctionError { .. } | Outcome::Crashed { .. } | Outcome::TimedOut { .. } => true,
            Outcome::Returned(_) | Outcome::NotStarted { .. } => false,
        }
    }

    pub(crate) fn crashed(request_id: &str, status: std::process::ExitStatus) -> Outcome {
        Outcome::Crashed {
            message: format!("RequestId: {request_id} Error: {}", exit_status::told(status)),
        }
    }

    pub(crate) fn timed_out(request_id: &str, limit: Duration) -> Outcome {
        let seconds = limit.as_secs_f64();
        Outcome::TimedOut {
            message: format!("RequestId: {request_id} Error: Task timed out after {seconds:.2} seconds"),
        }
    }
}

/// Words an error as Lambda does; the order of the fields is Lambda's too.
pub(crate) fn report(error_type: &str, message: &str) -> Vec<u8> {
    json!({ "errorType": error_type, "errorMessage": message })
        .to_string()
        .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_are_worded_as_aws_words_them() {
        let late = Outcome::timed_out("r-1", Duration::from_secs(3));
        assert_eq!(
            String::from_utf8(late.payload().unwrap()).unwrap(),
            r#"{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: r-1 Error: Task timed out after 3.00 seconds"}"#
        );
        assert!(late.is_function_error());
        assert_eq!(
            Outcome::NotStarted {
                message: "no".to_owned()
            }
            .payload(),
            None
        );
        assert!(!Outcome::Returned(b"1".to_vec()).is_function_error());
    }
}
