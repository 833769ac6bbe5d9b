//! Wake-ups for executions, and tasks for activity workers. Hints only: the journal knows better.

use async_trait::async_trait;
use engine::{CallId, ExecutionKey, Message};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// A message on its way to an execution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// The execution.
    pub key: ExecutionKey,
    /// Its incarnation: a message never reaches a later execution of the same name.
    pub incarnation: Arc<str>,
    /// The message.
    pub message: Message,
    /// What makes two deliveries of one message the same: `SEQ#REASON`, never a constant.
    pub deduplication: String,
}

/// A task that an activity's workers may take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityTask {
    /// The activity.
    pub activity_arn: Arc<str>,
    /// The execution.
    pub key: ExecutionKey,
    /// Its incarnation.
    pub incarnation: Arc<str>,
    /// The task's attempt.
    pub call: CallId,
    /// The task token.
    pub token: String,
    /// The input as JSON text.
    pub input: Arc<str>,
}

/// The task that waits for a job's end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watcher {
    /// The execution.
    pub key: ExecutionKey,
    /// Its incarnation.
    pub incarnation: Arc<str>,
    /// The task's attempt.
    pub call: CallId,
}

/// Why a message could not be posted.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the mailbox failed: {0}")]
pub struct MailboxError(pub String);

/// The mailbox.
#[async_trait]
pub trait Mailbox: Send + Sync {
    /// Sends a message to an execution: delivered at least once, unless the process ends before.
    async fn post(&self, envelope: Envelope) -> Result<(), MailboxError>;

    /// Leaves a call to somebody who may take long over it: the message is [`Message::Claim`]. Doing so again is allowed.
    async fn hand_over(&self, envelope: Envelope) -> Result<(), MailboxError>;

    /// Offers a task to the workers of an activity; offering it again changes nothing while it is not taken.
    async fn offer(&self, task: ActivityTask) -> Result<(), MailboxError>;

    /// Takes the oldest task of an activity; waits for one at most as long as given. The task may be out of date:
    /// only the execution's answer to [`Message::ActivityStarted`] gives it to the worker.
    async fn take(&self, activity_arn: &str, wait: Duration) -> Result<Option<ActivityTask>, MailboxError>;

    /// Remembers who waits for the job that events name so. A mailbox that no news of jobs reach need not: the polls
    /// find a job's end, too.
    async fn watch(&self, _handle: &str, _watcher: Watcher) -> Result<(), MailboxError> {
        Ok(())
    }

    /// Returns who waits for the job that an event names so, if that is known.
    async fn watcher(&self, _handle: &str) -> Result<Option<Watcher>, MailboxError> {
        Ok(None)
    }
}
