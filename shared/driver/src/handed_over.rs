//! Calls that are left to whoever may take long over them: claimed in the journal, so that one of many makes each.

use crate::delivery::Delivery;
use crate::error::Error;
use crate::settings::RENEW_AFTER;
use crate::{Driver, dispatch, job, leases, recover};
use engine::{Call, CallId, Identity, Message, Stage, Status, Timestamp};
use ports::{Appended, Envelope, Nonce};
use std::collections::BTreeMap;
use std::sync::Arc;

impl Driver {
    /// Claims a call, makes it, and writes its result down. When somebody else did, wakes the execution: whoever it was may
    /// have ended before that.
    ///
    /// # Errors
    ///
    /// When the journal fails; the call was made if it was claimed, and its outcome is unknown then.
    pub(crate) async fn make_handed_over(&self, envelope: &Envelope, call: CallId) -> Result<(), Error> {
        let result = loop {
            let Some(loaded) = recover::load(self, &envelope.key).await? else {
                return Ok(());
            };
            let read_at = loaded.read_at;
            let execution = &loaded.live.execution;
            if execution.identity.incarnation != envelope.incarnation {
                return Ok(());
            }
            if execution.status != Status::Running {
                return self.tell(&loaded.live, execution.seq - 1).await;
            }
            let outstanding = execution.outstanding(&loaded.live.program).into_iter();
            let found = outstanding.map(|(effect, stage)| (effect.call().clone(), stage));
            let Some((request, stage)) = found.into_iter().find(|(request, _)| request.id == call) else {
                return self.tell(&loaded.live, execution.seq - 1).await;
            };
            match stage {
                Stage::Asked => match self.claim(loaded, call).await? {
                    Some(claimed) => break self.make(claimed, request).await,
                    None => continue,
                },
                Stage::Sent => {
                    let mut leases = BTreeMap::new();
                    let lease = recover::lease(self, execution, request.committed_in, &mut leases).await?;
                    if read_at >= lease.until {
                        break Message::CallUnknown { call, reason: None };
                    }
                    // Its maker is alive, or has died just now: this is looked at again when that is known.
                    let timers = &self.0.ports.timers;
                    timers
                        .arm(&envelope.key, &envelope.incarnation, lease.until)
                        .await?;
                    return Ok(());
                }
                Stage::Submitted => return self.tell(&loaded.live, execution.seq - 1).await,
            }
        };
        let delivery = Delivery::new(result, Some(Arc::clone(&envelope.incarnation)));
        self.relay(&envelope.key, &delivery).await.map(|_| ())
    }

    /// Writes down that this driver makes the call; `None` when another entry came in between.
    async fn claim(&self, loaded: recover::Loaded, call: CallId) -> Result<Option<Claimed>, Error> {
        let mut live = loaded.live;
        let identity = Arc::clone(&live.execution.identity);
        live.execution.holds_calls = true;
        let mut outcome = live.apply(Message::Claim { call }, self.0.ports.clock.now());
        if !outcome.changed {
            return Ok(None);
        }
        let (accepted, unfinished) = (outcome.accepted, outcome.unfinished);
        let errands = job::errands(&mut outcome);
        let entry = live.execution.seal(outcome);
        let write = self.0.write(&live, entry).await?;
        let journal = &self.0.ports.journal;
        let append = || journal.append(&identity.key, &identity.incarnation, Arc::clone(&write));
        if self.0.patiently(append).await? != Appended::Done {
            return Ok(None);
        }
        self.0.observe(&live.execution, &write.entry);
        job::run(self, &identity, errands).await;
        let is_over = live.execution.status != Status::Running;
        if is_over || unfinished {
            // The turn did what was due besides, and somebody has to go on with that.
            self.tell(&live, write.entry.seq).await?;
        }
        // The same turn may have ended what the call is for: a wait that was over beside it, for example.
        Ok((accepted && live.execution.waits_for(call)).then(|| Claimed {
            identity,
            seq: write.entry.seq,
            nonce: write.nonce.clone(),
            until: write.lease_until,
        }))
    }

    /// Makes a claimed call, and keeps the claim while it lasts.
    async fn make(&self, claimed: Claimed, request: Call) -> Message {
        let identity = &claimed.identity;
        if leases::is_over(self, claimed.until) {
            // To write the claim down took so long that another driver may have given the call up already.
            return Message::CallUnknown {
                call: request.id,
                reason: None,
            };
        }
        let mut call = std::pin::pin!(dispatch::call_service(
            self.clone(),
            Arc::clone(identity),
            request
        ));
        loop {
            tokio::select! {
                biased;
                message = &mut call => return message,
                () = tokio::time::sleep(RENEW_AFTER) => {
                    leases::renew(self, &identity.key, &identity.incarnation, claimed.seq, &claimed.nonce).await;
                }
            }
        }
    }
}

/// A call that nobody else may make.
struct Claimed {
    identity: Arc<Identity>,
    /// The entry that holds the claim.
    seq: u64,
    nonce: Nonce,
    /// Until when it holds, unless it is renewed.
    until: Timestamp,
}
