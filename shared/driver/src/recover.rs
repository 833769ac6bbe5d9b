//! An execution taken over from the journal, and what is done about calls that somebody else has begun.

use crate::actor::Live;
use crate::error::Error;
use crate::{Driver, payloads};
use engine::{CallId, Effect, Execution, ExecutionKey, Message, PayloadId, Stage, Timestamp};
use integrations::EffectClass;
use ports::{CallRequest, Nonce};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// An execution as the journal holds it, with the latest entry's writer.
pub(crate) struct Loaded {
    pub(crate) live: Live,
    pub(crate) nonce: Nonce,
    pub(crate) lease_until: Timestamp,
}

/// What is to be done about a call without a result.
#[expect(clippy::large_enum_variant, reason = "few at a time, and gone at once")]
pub(crate) enum Care {
    /// Make it.
    Dispatch(Effect),
    /// Tell the execution.
    Tell(Message),
    /// Tell the execution when the lease of whoever may be making the call is over.
    After(Timestamp, Message),
}

/// Reads an execution's state; `None` when there is none of this name.
pub(crate) async fn load(driver: &Driver, key: &ExecutionKey) -> Result<Option<Loaded>, Error> {
    let inner = &driver.0;
    let Some(stored) = inner.patiently(|| inner.ports.journal.load(key)).await? else {
        return Ok(None);
    };
    let identity = Arc::clone(&stored.head.identity);
    let program = match inner.programs.get(&key.machine, &identity.revision) {
        Some(program) => program,
        None => {
            let revision = inner
                .ports
                .registry
                .revision(&key.machine, &identity.revision)
                .await?;
            let revision = revision.ok_or_else(|| Error::RevisionMissing(identity.revision.to_string()))?;
            driver.program(&key.machine, &revision)?
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
        live: Live::new(execution, program),
        nonce: stored.nonce,
        lease_until: stored.lease_until,
    }))
}

/// Decides about every call that has no result and that this driver is not making.
pub(crate) fn outstanding(driver: &Driver, loaded: &Loaded, in_flight: &BTreeSet<CallId>) -> Vec<Care> {
    let now = driver.0.ports.clock.now();
    let execution = &loaded.live.execution;
    let mut cares = Vec::new();
    for (effect, stage) in execution.outstanding(&loaded.live.program) {
        let call = effect.call();
        if in_flight.contains(&call.id) {
            continue;
        }
        // Children have deterministic names and activities' tasks are offered again: both can be repeated.
        let is_call = matches!(effect, Effect::Call(_)) && stage == Stage::Sent;
        if !is_call || may_repeat(driver, execution, &effect, now) {
            cares.push(Care::Dispatch(effect));
            continue;
        }
        let unknown = Message::CallUnknown { call: call.id };
        // The writer of the entry may be about to make the call, or making it, until its lease is over. With the only
        // driver of a journal, whoever wrote the entry is dead: this driver's own calls are in flight.
        if driver.0.settings.exclusive || driver.0.is_mine(&loaded.nonce) || now >= loaded.lease_until {
            cares.push(Care::Tell(unknown));
        } else {
            cares.push(Care::After(loaded.lease_until, unknown));
        }
    }
    cares
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
                let delivery = crate::actor::Delivery::new(Message::Wake, Some(opened.incarnation));
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
