//! An execution taken over from the journal, and what is done about calls that somebody else has begun.

use crate::error::Error;
use crate::live::Live;
use crate::{Driver, payloads};
use engine::{
    CHILD_SECONDS, Call, CallId, Effect, Execution, ExecutionKey, Message, PayloadId, Stage, Timestamp,
};
use integrations::EffectClass;
use ports::{CallRequest, Lease};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// An execution as the journal holds it, with the latest entry's writer.
pub(crate) struct Loaded {
    pub(crate) live: Live,
    /// The lease of the latest entry.
    pub(crate) lease: Lease,
    /// When the reading began: a lease that was over by then was not renewed since. What was read may be old by now.
    pub(crate) read_at: Timestamp,
}

/// What is to be done about a call without a result.
#[expect(clippy::large_enum_variant, reason = "few at a time, and gone at once")]
pub(crate) enum Care {
    /// Make it.
    Dispatch(Effect),
    /// Tell the execution.
    Tell(Message),
    /// Look again when the lease of whoever may be making the call is over.
    After(Timestamp),
}

/// Reads an execution's state; `None` when there is none of this name.
pub(crate) async fn load(driver: &Driver, key: &ExecutionKey) -> Result<Option<Loaded>, Error> {
    let inner = &driver.0;
    let read_at = inner.ports.clock.now();
    let Some(stored) = inner.patiently(|| inner.ports.journal.load(key)).await? else {
        return Ok(None);
    };
    let identity = Arc::clone(&stored.head.identity);
    let program = match inner.programs.get(key.state_machine(), &identity.revision) {
        Some(program) => program,
        None => {
            let revision = inner
                .ports
                .registry
                .revision(key.state_machine(), &identity.revision)
                .await?;
            let revision = revision.ok_or_else(|| Error::RevisionMissing(identity.revision.to_string()))?;
            driver.program(key.state_machine(), &revision)?
        }
    };
    let mut texts: BTreeMap<PayloadId, Arc<str>> = BTreeMap::new();
    for (id, payload) in &stored.payloads {
        texts.insert(*id, payloads::text(&inner.ports, payload).await?);
    }
    let execution = Execution::restore(identity, stored.images, inner.settings.limits, &mut |id| {
        texts.get(&id).map(Arc::clone)
    })?;
    Ok(Some(Loaded {
        live: driver.0.live(execution, program),
        lease: Lease {
            nonce: stored.nonce,
            until: stored.lease_until,
        },
        read_at,
    }))
}

/// Decides about every call that has no result and that this driver is not making.
pub(crate) async fn outstanding(
    driver: &Driver,
    loaded: &Loaded,
    in_flight: &BTreeSet<CallId>,
) -> Result<Vec<Care>, Error> {
    let now = loaded.read_at;
    let execution = &loaded.live.execution;
    let mut leases = BTreeMap::from([(execution.seq - 1, loaded.lease.clone())]);
    let mut cares = Vec::new();
    // The timers of a lone driver are gone with the process before it: the polls of its jobs begin anew.
    if driver.0.settings.exclusive && !driver.0.knows_jobs_of(execution) {
        let begin = |call| Care::Dispatch(Effect::Poll { call, again: true });
        cares.extend(execution.jobs(&loaded.live.program).into_iter().map(begin));
    }
    for (effect, stage) in execution.outstanding(&loaded.live.program) {
        let call = effect.call();
        if in_flight.contains(&call.id) {
            continue;
        }
        if stage == Stage::Submitted && is_told(driver, execution, call, now) {
            continue;
        }
        // Children have deterministic names and activities' tasks are offered again: both can be repeated.
        let is_call = matches!(effect, Effect::Call(_)) && stage != Stage::Submitted;
        if !is_call || (stage == Stage::Sent && may_repeat(driver, execution, &effect, now)) {
            cares.push(Care::Dispatch(effect));
            continue;
        }
        let lease = lease(driver, execution, call.committed_in, &mut leases).await?;
        // The writer of the entry that holds the intent may be about to make the call, or making it, until its lease is
        // over. With the only driver of a journal, whoever wrote the entry is dead: its own calls are in flight.
        let is_free = driver.0.settings.exclusive || driver.0.is_mine(&lease.nonce) || now >= lease.until;
        cares.push(match (is_free, stage) {
            (false, _) => Care::After(lease.until),
            // Nobody has claimed it. It may be on its way already; whoever claims it first makes it.
            (true, Stage::Asked) => Care::Dispatch(effect),
            (true, Stage::Sent | Stage::Submitted) => Care::Tell(Message::CallUnknown {
                call: call.id,
                reason: None,
            }),
        });
    }
    Ok(cares)
}

/// Returns whether a Map Run, or a child of one, is sure to tell of its end: there are many of these, and each look costs.
/// What it told may be lost with a process; so somebody looks when it has not been heard of for long, and a driver that is
/// alone when it takes the execution over.
fn is_told(driver: &Driver, execution: &Execution, call: &Call, now: Timestamp) -> bool {
    let (Some(_), Some(job)) = (&call.part, &call.job) else {
        return false;
    };
    let is_recent = now < job.submitted_at.plus_seconds(CHILD_SECONDS);
    let is_known = !driver.0.settings.exclusive || driver.0.mapping().contains(&execution.identity.key);
    is_recent && is_known
}

/// Reads the lease of an entry, once.
pub(crate) async fn lease(
    driver: &Driver,
    execution: &Execution,
    seq: u64,
    known: &mut BTreeMap<u64, Lease>,
) -> Result<Lease, Error> {
    if let Some(lease) = known.get(&seq) {
        return Ok(lease.clone());
    }
    let inner = &driver.0;
    let identity = &execution.identity;
    let journal = &inner.ports.journal;
    let read = || journal.lease(&identity.key, &identity.incarnation, seq);
    let lease = inner.patiently(read).await?.ok_or(Error::EntryMissing(seq))?;
    known.insert(seq, lease.clone());
    Ok(lease)
}

fn may_repeat(driver: &Driver, execution: &Execution, effect: &Effect, now: Timestamp) -> bool {
    let call = effect.call();
    match &call.class {
        EffectClass::Repeatable => true,
        EffectClass::Token { window_seconds, .. } => now < call.asked_at.plus_seconds(*window_seconds),
        EffectClass::Once => {
            let request = CallRequest {
                call: call.clone(),
                identity: Arc::clone(&execution.identity),
            };
            driver.0.ports.services.is_harmless(&request)
        }
    }
}

impl Driver {
    /// Takes over every execution that is open, after a restart.
    ///
    /// # Errors
    ///
    /// When the journal fails.
    pub async fn recover(&self) -> Result<usize, Error> {
        const PAGE: usize = 500;
        let mut after = None;
        let mut count = 0;
        loop {
            let page = self.0.ports.journal.open(after, PAGE).await?;
            for opened in page.rows {
                count += 1;
                let delivery = crate::delivery::Delivery::new(Message::Wake, Some(opened.incarnation));
                self.deliver(&opened.key, delivery);
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(count),
            }
            // The actors of one page are done before the next begins, so that memory stays bounded.
            while !self.is_idle() && self.0.actors_at_work() > PAGE {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        }
    }
}
