//! Calls of services and functions.

use crate::registry::Owner;
use async_trait::async_trait;
use engine::{Call, Identity};
use integrations::web::{WebAnswer, WebRequest};
use integrations::{Failure, Resource};
use serde_json::Value;
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

/// What was said to an HTTP API and by it, as far as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exchange {
    /// The request.
    pub request: Option<WebRequest>,
    /// The request without what the connection has added, which may be secret.
    pub bare_request: Option<WebRequest>,
    /// The answer.
    pub answer: Option<WebAnswer>,
}

/// How the job behind a `.sync` task is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobOutcome {
    /// It goes on.
    Running,
    /// It has ended: the task's result as JSON text, shaped as Step Functions shows it, or the failure.
    Ended(Result<String, Failure>),
    /// Its service refuses to say, and gives this reason. It may do so shortly after the job was submitted.
    Refused(Failure),
    /// Nobody knows.
    Unknown(String),
}

/// Whether a document is one that a call could end with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Conformity {
    /// It is, as far as the service's model tells.
    Conforms,
    /// It is not, for this reason.
    Violates(String),
    /// Nobody knows, for this reason.
    Unknown(String),
}

/// The Step Functions API of the executions that a driver drives, in the driver's own process.
#[async_trait]
pub trait OwnApi: std::fmt::Debug + Send + Sync {
    /// Answers a request in AWS JSON 1.0 on behalf of an owner; `target` is the header `X-Amz-Target`, such as
    /// `AWSStepFunctions.StartExecution`. Every failure is an answer too.
    async fn answer(&self, owner: Owner, target: Option<String>, body: Vec<u8>) -> OwnAnswer;
}

/// What [`OwnApi`] answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The header `x-amzn-RequestId`.
    pub request_id: String,
    /// The body.
    pub body: Vec<u8>,
}

/// The services.
#[async_trait]
pub trait Services: Send + Sync {
    /// Takes the API that answers `aws-sdk:sfn` tasks in the place of AWS's: state machines and executions are here. It
    /// comes after the services, because it stands on the driver that works with them; the first one stays.
    fn take_own_api(&self, _api: Arc<dyn OwnApi>) {}

    /// Makes a call, once. Dropping the future gives the call up; it may still happen.
    async fn call(&self, request: CallRequest) -> CallOutcome;

    /// Makes a call as [`call`](Services::call) does, and tells what was said when it is an HTTP Task's.
    async fn call_and_tell(&self, request: CallRequest) -> (CallOutcome, Option<Exchange>) {
        (self.call(request).await, None)
    }

    /// Asks how the job of a call is that was submitted ([`Call::job`]).
    async fn poll(&self, _request: CallRequest) -> JobOutcome {
        JobOutcome::Unknown("these services run no jobs".to_owned())
    }

    /// Ends the job of a call that was submitted, as well as it goes.
    ///
    /// # Errors
    ///
    /// With the reason, when that was not possible.
    async fn cancel(&self, _request: CallRequest) -> Result<(), String> {
        Err("these services run no jobs".to_owned())
    }

    /// Answers in the place of an activity's worker or a child execution, when a mock is meant to.
    async fn stand_in(&self, _request: &CallRequest) -> Option<CallOutcome> {
        None
    }

    /// Returns whether making the call again can do no harm, whatever its effect class says: it has no effect outside,
    /// because a mock answers it.
    fn is_harmless(&self, _request: &CallRequest) -> bool {
        false
    }

    /// Compares a result, shaped as Step Functions shows it, with the service's model; `is_strict` when what the model
    /// requires must be there.
    fn conformity(&self, _resource: &Resource, _result: &Value, _is_strict: bool) -> Conformity {
        Conformity::Unknown("these services have no models".to_owned())
    }
}
