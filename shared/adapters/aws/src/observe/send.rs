//! Calls that tell somebody something: each is tried a few times, and nothing depends on them.

use calls::{CallError, Caller};
use serde_json::Value;
use std::time::Duration;

/// How often a call is made before what it tells is given up.
pub(super) const ATTEMPTS_MAX: u32 = 3;
/// How long a service may take to answer: executions wait for nothing here, but the invocation does.
pub(super) const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

/// Calls an operation until it is answered, and returns the answer's members.
pub(super) async fn call(
    caller: &Caller,
    service: &str,
    operation: &str,
    members: &Value,
) -> Result<Value, CallError> {
    let mut attempt = 1;
    loop {
        match caller.call(service, operation, members).await {
            Ok(answer) => return Ok(answer.members),
            Err(error) if attempt >= ATTEMPTS_MAX || !may_pass(&error) => return Err(error),
            Err(_) => pause(attempt).await,
        }
        attempt += 1;
    }
}

/// Waits before the next attempt, longer each time.
pub(super) async fn pause(attempt: u32) {
    tokio::time::sleep(Duration::from_millis(50) * 4_u32.pow(attempt.min(4))).await;
}

/// Returns the code of a service's error.
pub(super) fn code(error: &CallError) -> Option<&str> {
    match error {
        CallError::Service { code, .. } => Some(code),
        CallError::Refused(_) | CallError::NotSent(_) | CallError::Unknown(_) => None,
    }
}

/// Returns whether another attempt may succeed; what is told twice does no harm.
fn may_pass(error: &CallError) -> bool {
    match error {
        CallError::Service { code, status, .. } => {
            *status >= 500
                || *status == 429
                || code.contains("Throttl")
                || code == "OperationAbortedException"
        }
        CallError::NotSent(_) | CallError::Unknown(_) => true,
        CallError::Refused(_) => false,
    }
}
