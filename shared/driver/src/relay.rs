//! A driver that answers clients and leaves the work to another: the API's Lambda function, which may be gone before a
//! call returns. And the other one, which takes one envelope at a time.

use crate::actor::Session;
use crate::delivery::{Delivery, Reply};
use crate::error::Error;
use crate::live::Live;
use crate::settings::RECEIVES_MAX;
use crate::{Driver, actor, child, job, recover, redrive};
#[cfg(feature = "mutants")]
use engine::CallId;
use engine::{ExecutionKey, Identity, Message, Status, Timestamp};
use ports::{Appended, Envelope};
use std::sync::Arc;
use tokio::sync::oneshot;

/// How late a deadline may be before a sweep takes its timer for lost.
const GRACE_MILLIS: i64 = 60_000;
/// How many executions a sweep reads at a time.
const SWEEP_PAGE: usize = 200;

/// How a message came to a driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// How often it has come, this time included.
    pub receives: u32,
    /// From when on the driver begins nothing new, and leaves the execution to the next one: it may be ended any moment.
    pub until: Timestamp,
}

/// How long before its end a function begins nothing new: what is in flight then can still be written down.
const LEAVE_BEFORE_MILLIS: i64 = 60_000;

impl Attempt {
    /// Returns an attempt of somebody who is ended at a time: milliseconds since 1970, as Lambda gives it.
    pub fn within(receives: u32, deadline_millis: u64) -> Attempt {
        let deadline = i64::try_from(deadline_millis).unwrap_or(i64::MAX);
        Attempt {
            receives,
            until: Timestamp(deadline.saturating_sub(LEAVE_BEFORE_MILLIS)),
        }
    }

    /// Returns the first attempt of somebody who has all the time there is.
    pub fn first() -> Attempt {
        Attempt {
            receives: 1,
            until: actor::FOREVER,
        }
    }
}

impl Driver {
    /// Applies a client's message, writes it down and wakes the driver that goes on; answers when it is durable.
    pub(crate) async fn relay(&self, key: &ExecutionKey, delivery: &Delivery) -> Result<Reply, Error> {
        loop {
            let Some(loaded) = recover::load(self, key).await? else {
                return Ok(Reply::Missing);
            };
            let mut live = loaded.live;
            if !delivery.is_meant_for(&live.execution.identity) {
                return Ok(Reply::Missing);
            }
            let is_redrive = matches!(delivery.message, Message::Redrive { .. });
            if live.execution.status != Status::Running && !is_redrive {
                // Whoever ended it may have died before it told, and its client asks again.
                child::notify_parent(self, &live.execution).await?;
                let head = self.0.ports.journal.head(key).await?;
                return Ok(Reply::Stale {
                    closed: head.and_then(|head| head.stopped),
                });
            }
            live.execution.holds_calls = true;
            let now = self.0.ports.clock.now();
            let message = delivery.message.clone();
            #[cfg(feature = "mutants")]
            let message = mistaken(&live, message);
            let mut outcome = live.apply(message, now);
            let accepted = outcome.accepted;
            let at = live.execution.last_time();
            if outcome.changed {
                let identity = Arc::clone(&live.execution.identity);
                let errands = job::errands(&mut outcome);
                let entry = live.execution.seal(outcome);
                let write = self.0.write(&live, entry).await?;
                let journal = &self.0.ports.journal;
                let append = || journal.append(&identity.key, &identity.incarnation, Arc::clone(&write));
                match self.0.patiently(append).await? {
                    Appended::Done => {}
                    // The loser of a race loads what the winner wrote, and tries again on that.
                    Appended::Conflict => continue,
                    Appended::Gone => return Ok(Reply::Missing),
                }
                self.0.observe(&live.execution, &write.entry);
                job::run(self, &identity, errands).await;
                self.tell(&live, write.entry.seq).await?;
            }
            return Ok(if accepted {
                Reply::Accepted { at }
            } else if let Some(reply) = redrive::reply(&live.execution, &delivery.message, now) {
                reply
            } else {
                // The execution may have timed out in this very turn.
                let closed = live.execution.closing.as_ref().map(|closing| closing.time);
                Reply::Stale { closed }
            });
        }
    }

    /// Wakes the driver that goes on after entry `seq`, or tells the parent of the execution's end.
    pub(crate) async fn tell(&self, live: &Live, seq: u64) -> Result<(), Error> {
        if live.execution.status != Status::Running {
            return child::notify_parent(self, &live.execution).await;
        }
        self.wake(&live.execution.identity, format!("{seq}#relay")).await
    }

    /// Wakes the driver that goes on; `deduplication` names the reason, which is never a constant.
    pub(crate) async fn wake(&self, identity: &Identity, deduplication: String) -> Result<(), Error> {
        let envelope = Envelope {
            key: identity.key.clone(),
            incarnation: Arc::clone(&identity.incarnation),
            message: Message::Wake,
            deduplication,
        };
        Ok(self.0.ports.mailbox.post(envelope).await?)
    }

    /// Wakes the executions that are overdue, or whose calls nobody looks after any more; returns how many.
    ///
    /// Looks at those that were started in the last `recent_seconds`; at all there are when `None`.
    ///
    /// # Errors
    ///
    /// When the journal or the mailbox fails.
    pub async fn sweep(&self, recent_seconds: Option<u64>) -> Result<usize, Error> {
        let now = self.0.ports.clock.now();
        let overdue_before = Timestamp(now.millis() - GRACE_MILLIS);
        let mut after = recent_seconds.map(|seconds| {
            let millis = i64::try_from(seconds.saturating_mul(1000)).unwrap_or(i64::MAX);
            let started = Timestamp(now.millis().saturating_sub(millis).max(0));
            self.0.ports.journal.since(started)
        });
        let mut woken = 0;
        loop {
            let page = self.0.ports.journal.open(after, SWEEP_PAGE).await?;
            for opened in page.rows {
                if opened
                    .next_deadline
                    .is_none_or(|deadline| deadline > overdue_before)
                {
                    continue;
                }
                // Each sweep is a reason of its own: the queue would take a constant one for a repetition.
                let deduplication = format!("{}#sweep", now.millis() / GRACE_MILLIS);
                let envelope = Envelope {
                    key: opened.key,
                    incarnation: opened.incarnation,
                    message: Message::Wake,
                    deduplication,
                };
                self.0.ports.mailbox.post(envelope).await?;
                woken += 1;
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(woken),
            }
        }
    }

    /// Takes one envelope and drives its execution until it has ended or only waits.
    ///
    /// The envelope may be forgotten when this returns, and only then: until then it is what brings the execution back
    /// after a crash.
    ///
    /// # Errors
    ///
    /// When the journal fails: the envelope has to come again.
    pub async fn drive(&self, envelope: Envelope, attempt: Attempt) -> Result<(), Error> {
        if attempt.receives >= RECEIVES_MAX {
            return self.give_up_on(envelope, attempt).await;
        }
        if let Message::Claim { call } = envelope.message {
            return self.make_handed_over(&envelope, call).await;
        }
        let (send, receive) = oneshot::channel();
        let mut delivery = Delivery::new(envelope.message, Some(envelope.incarnation));
        delivery.reply = Some(send);
        let (hold, held) = oneshot::channel();
        delivery.holder = Some(hold);
        match self.enter(&envelope.key, delivery) {
            // It may fail long after it has answered this message.
            Some(inbox) => {
                actor::run(self.clone(), envelope.key, inbox, Session::Stored, attempt.until).await?;
            }
            // The execution is at work here. This may be the very message that brought it, received once more: whoever
            // received it first cannot delete it any more.
            None => held.await.map_err(|_| Error::Shutdown)?,
        }
        match receive.await {
            Ok(Reply::Failed(error)) => Err(error),
            Ok(Reply::Accepted { .. } | Reply::Stale { .. } | Reply::NotRedrivable(_) | Reply::Missing) => {
                Ok(())
            }
            Err(_) => Err(Error::Shutdown),
        }
    }

    /// Fails the execution of a message that comes again and again: it has ended everybody who received it, and would
    /// end in silence among the dead letters.
    async fn give_up_on(&self, envelope: Envelope, attempt: Attempt) -> Result<(), Error> {
        tracing::error!(execution = %envelope.key.name, receives = attempt.receives, "a message is poison; its execution fails");
        let cause = format!(
            "a message to this execution was received {} times, and each time whoever received it ended or failed",
            attempt.receives
        );
        let delivery = Delivery::new(Message::Poison { cause }, Some(envelope.incarnation));
        match self.relay(&envelope.key, &delivery).await? {
            Reply::Failed(error) => Err(error),
            Reply::Accepted { .. } | Reply::Stale { .. } | Reply::NotRedrivable(_) | Reply::Missing => Ok(()),
        }
    }
}

/// Takes a report for one of another call that the execution waits for.
#[cfg(feature = "mutants")]
fn mistaken(live: &Live, message: Message) -> Message {
    match message {
        Message::Callback { call, result }
            if crate::Mutant::CallbackUnmatched.is_taken() && !live.execution.waits_for(call) =>
        {
            let open = (0..call.0 + 64)
                .map(CallId)
                .find(|open| live.execution.waits_for(*open));
            let call = open.unwrap_or(call);
            Message::Callback { call, result }
        }
        message => message,
    }
}
