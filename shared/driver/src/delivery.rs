//! What an actor is brought, and what becomes of it.

use crate::error::Error;
use engine::{Identity, Message, NotRedrivable, TaskToken, Timestamp};
use std::sync::Arc;
use tokio::sync::oneshot;

/// A message for an actor.
pub(crate) struct Delivery {
    pub(crate) message: Message,
    /// For which incarnation; any, when a client names the execution by its name.
    pub(crate) incarnation: Option<Arc<str>>,
    /// The token that a client shows.
    pub(crate) token: Option<TaskToken>,
    /// Who wants to know what became of it, once that is durable.
    pub(crate) reply: Option<oneshot::Sender<Reply>>,
    /// Who holds the message for as long as the execution is at work here; told when it is not any more.
    pub(crate) holder: Option<oneshot::Sender<()>>,
}

/// What became of a delivery.
#[derive(Debug)]
pub(crate) enum Reply {
    /// The execution waited for it; at this journal time.
    Accepted { at: Timestamp },
    /// The execution did not wait for it; it ended then, if it has.
    Stale { closed: Option<Timestamp> },
    /// It is a redrive, and the execution cannot be redriven.
    NotRedrivable(NotRedrivable),
    /// There is no such execution.
    Missing,
    /// The journal failed.
    Failed(Error),
}

impl Delivery {
    pub(crate) fn new(message: Message, incarnation: Option<Arc<str>>) -> Delivery {
        Delivery {
            message,
            incarnation,
            token: None,
            reply: None,
            holder: None,
        }
    }

    /// Returns whether the delivery is for this incarnation, and its token one of this execution's.
    pub(crate) fn is_meant_for(&self, identity: &Identity) -> bool {
        #[cfg(feature = "mutants")]
        if crate::Mutant::AnyIncarnation.is_taken() {
            return true;
        }
        self.incarnation
            .as_ref()
            .is_none_or(|wanted| *wanted == identity.incarnation)
            && self.token.as_ref().is_none_or(|token| token.proves(identity))
    }

    pub(crate) fn answer(self, reply: Reply) {
        if let Some(send) = self.reply {
            // Nobody is waiting any more: their connection is gone.
            let _ = send.send(reply);
        }
    }
}
