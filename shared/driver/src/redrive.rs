//! RedriveExecution: an execution that has ended goes on.

use crate::Driver;
use crate::delivery::Reply;
use crate::error::Error;
use engine::{Execution, ExecutionKey, Message, NotRedrivable, Timestamp};

/// What became of a RedriveExecution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redrive {
    /// The execution goes on, durably, since then; a request that is repeated with its token gets the time of the first.
    Since(Timestamp),
    /// The execution cannot be redriven.
    Refused(NotRedrivable),
    /// There is no such execution.
    Missing,
}

impl Driver {
    /// Opens an execution again that failed, was stopped or timed out; durable when this returns.
    ///
    /// # Errors
    ///
    /// When the journal fails; the execution may or may not go on.
    pub async fn redrive(&self, key: &ExecutionKey, client_token: Option<String>) -> Result<Redrive, Error> {
        match self.ask(key, Message::Redrive { client_token }, None).await? {
            Reply::Accepted { at } => Ok(Redrive::Since(at)),
            Reply::NotRedrivable(refusal) => Ok(Redrive::Refused(refusal)),
            Reply::Stale { .. } | Reply::Missing => Ok(Redrive::Missing),
            Reply::Failed(error) => Err(error),
        }
    }
}

/// Returns the answer to a redrive that the execution did not wait for; `None` for every other message.
pub(crate) fn reply(execution: &Execution, message: &Message, now: Timestamp) -> Option<Reply> {
    let Message::Redrive { client_token } = message else {
        return None;
    };
    let before = client_token
        .as_deref()
        .and_then(|token| execution.redriven_by(token, now));
    Some(match before {
        Some(at) => Reply::Accepted { at },
        // Nothing has changed since it was refused, but for the time perhaps.
        None => Reply::NotRedrivable(
            execution
                .not_redrivable(now)
                .unwrap_or(NotRedrivable::Status(execution.status)),
        ),
    })
}
