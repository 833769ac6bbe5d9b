//! Calls of services and functions.

use async_trait::async_trait;
use engine::{Call, Identity};
use integrations::Failure;
use std::sync::Arc;

/// A call to make.
#[derive(Clone, Debug)]
pub struct CallRequest {
    /// What to call, with what.
    pub call: Call,
    /// The execution on whose behalf.
    pub identity: Arc<Identity>,
}

/// What became of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallOutcome {
    /// It succeeded; the result as JSON text, shaped as Step Functions shows it.
    Succeeded(String),
    /// The whole task succeeded, whatever its pattern waits for; the result as JSON text.
    Ended(String),
    /// It failed.
    Failed(Failure),
    /// Nobody knows: it may have happened. The driver decides by the call's effect class.
    Unknown(String),
}

/// The services.
#[async_trait]
pub trait Services: Send + Sync {
    /// Makes a call, once. Dropping the future gives the call up; it may still happen.
    async fn call(&self, request: CallRequest) -> CallOutcome;

    /// Answers in the place of an activity's worker or a child execution, when a mock is meant to.
    async fn stand_in(&self, _request: &CallRequest) -> Option<CallOutcome> {
        None
    }

    /// Returns whether making the call again can do no harm, whatever its effect class says: it has no effect outside,
    /// because a mock answers it.
    fn is_harmless(&self, _request: &CallRequest) -> bool {
        false
    }
}
