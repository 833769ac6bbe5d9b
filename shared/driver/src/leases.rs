//! What keeps other drivers from taking a call that is being made for one that nobody knows the outcome of.

use crate::Driver;
use crate::actor::Returned;
use crate::settings::{LEASE_MARGIN_MILLIS, LEASE_SECONDS};
use engine::{CallId, Effect, ExecutionKey, Message, Timestamp};
use futures_util::future::BoxFuture;
use integrations::EffectClass;
use ports::{Lease, Nonce};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The leases under which calls are in flight.
#[derive(Debug, Default)]
pub(crate) struct Leases(BTreeMap<CallId, Held>);

#[derive(Clone, Debug)]
struct Held {
    incarnation: Arc<str>,
    seq: u64,
    nonce: Nonce,
}

impl Leases {
    /// Takes note of a call that is about to be made; returns whether it must not be made after its lease.
    pub(crate) fn take(&mut self, effect: &Effect, lease: &Lease, incarnation: &Arc<str>) -> bool {
        let Effect::Call(call) = effect else { return false };
        if call.class != EffectClass::Once || call.is_handed_over {
            return false;
        }
        let held = Held {
            incarnation: Arc::clone(incarnation),
            seq: call.committed_in,
            nonce: lease.nonce.clone(),
        };
        self.0.insert(call.id, held);
        true
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The call was answered.
    pub(crate) fn release(&mut self, call: CallId) {
        self.0.remove(&call);
    }

    /// Extends every lease; one write for all calls of an entry.
    pub(crate) async fn renew(&self, driver: &Driver, key: &ExecutionKey) {
        let entries: BTreeMap<u64, &Held> = self.0.values().map(|held| (held.seq, held)).collect();
        for held in entries.into_values() {
            renew(driver, key, &held.incarnation, held.seq, &held.nonce).await;
        }
    }
}

/// Returns whether a lease is over, or nearly: another driver may have given its calls up.
pub(crate) fn is_over(driver: &Driver, until: Timestamp) -> bool {
    #[cfg(feature = "mutants")]
    if crate::Mutant::NoSelfFence.is_taken() {
        return false;
    }
    driver.0.ports.clock.now().millis() > until.millis() - LEASE_MARGIN_MILLIS
}

/// Makes a call, unless its lease is over by then: between the write and this moment the process may have stood still.
pub(crate) fn fenced(
    driver: Driver,
    until: Timestamp,
    call: CallId,
    performed: BoxFuture<'static, Returned>,
) -> BoxFuture<'static, Returned> {
    Box::pin(async move {
        if is_over(&driver, until) {
            return Message::CallUnknown { call, reason: None }.into();
        }
        performed.await
    })
}

/// Extends the lease of an entry that this driver wrote. What fails is tried again at the next renewal.
pub(crate) async fn renew(driver: &Driver, key: &ExecutionKey, incarnation: &str, seq: u64, nonce: &Nonce) {
    let lease = Lease {
        nonce: nonce.clone(),
        until: driver.0.ports.clock.now().plus_seconds(LEASE_SECONDS),
    };
    match driver.0.ports.journal.renew(key, incarnation, seq, lease).await {
        Ok(true) => {}
        Ok(false) => tracing::warn!(execution = %key.name, "a lease could not be renewed: its entry is gone"),
        Err(error) => tracing::warn!(execution = %key.name, %error, "a lease could not be renewed"),
    }
}
