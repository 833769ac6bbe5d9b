//! The only way out: what an execution asks the outside to do.

use crate::data::Data;
use crate::execution::MapPart;
use crate::message::CallId;
use crate::thread::Job;
use asl::Timestamp;
use integrations::{EffectClass, Resource};
use std::sync::Arc;

/// What an execution asks for. The driver performs an effect only after the entry that holds it is durable.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Call a service or a function.
    Call(Call),
    /// Offer a task to the workers of an activity.
    OfferActivity(Call),
    /// Start a child execution, and report its end when the pattern asks for it.
    StartChild(Call),
    /// Ask a job's service how it is; may be lost and repeated, for nothing follows from it but a message.
    Poll {
        /// The call whose job it is.
        call: Call,
        /// Whether to arm a timer for the next poll ([`Job::next_poll`]) when the job goes on: who was asked besides must
        /// not, or two would be asking from then on.
        again: bool,
    },
    /// Arm a timer for the first poll of a job, and take note of who is to be told when news of it come. Both are hints.
    Watch(Call),
    /// End a job or a child execution that the execution does not wait for any more, as well as it goes.
    Cancel(Call),
}

impl Effect {
    /// Returns the call that the effect is about.
    pub fn call(&self) -> &Call {
        match self {
            Effect::Call(call)
            | Effect::OfferActivity(call)
            | Effect::StartChild(call)
            | Effect::Poll { call, .. }
            | Effect::Watch(call)
            | Effect::Cancel(call) => call,
        }
    }

    /// Returns whether the effect is still wanted by an execution that waits for what `waits_for` says.
    pub fn is_wanted(&self, waits_for: impl Fn(CallId) -> bool) -> bool {
        // A job is cancelled because nobody waits for it.
        matches!(self, Effect::Cancel(_)) || waits_for(self.call().id)
    }
}

/// One attempt of one task.
#[derive(Clone, Debug)]
pub struct Call {
    /// Names the attempt.
    pub id: CallId,
    /// The state that it belongs to.
    pub state: Arc<str>,
    /// How many calls the state had asked for before, in the whole execution: retries, loops and iterations alike.
    pub number: u32,
    /// What is called.
    pub resource: Resource,
    /// With what.
    pub parameters: Data,
    /// The task token, for tasks that are ended by a client.
    pub token: Option<String>,
    /// A deterministic token for services that recognise a repeated request.
    pub client_token: String,
    /// What may be done when nobody knows whether the call has happened.
    pub class: EffectClass,
    /// `Credentials.RoleArn`.
    pub role_arn: Option<String>,
    /// When the task times out.
    pub deadline: Timestamp,
    /// `HeartbeatSeconds`.
    pub heartbeat_seconds: Option<u64>,
    /// The sequence number of the journal entry that holds the intent, or the claim of whoever took the call over.
    pub committed_in: u64,
    /// Whether the call is left to whoever claims it first.
    pub is_handed_over: bool,
    /// When the call was asked for.
    pub asked_at: Timestamp,
    /// The job behind a `.sync` task, once it is submitted.
    pub job: Option<Job<Data>>,
    /// The part of a distributed Map that is to be started; its input are the parameters.
    pub part: Option<MapPart>,
}
