//! What keeps other drivers from taking a call that is being made for one that nobody knows the outcome of.

use crate::Driver;
use crate::settings::{LEASE_MARGIN_MILLIS, LEASE_SECONDS};
use engine::{CallId, Effect, ExecutionKey};
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

/// The lease is over, or nearly.
pub(crate) struct TooLate;

impl Leases {
    /// Takes note of a call that is about to be made.
    pub(crate) fn take(
        &mut self,
        driver: &Driver,
        effect: &Effect,
        lease: &Lease,
        incarnation: &Arc<str>,
    ) -> Result<(), TooLate> {
        let Effect::Call(call) = effect else { return Ok(()) };
        if call.class != EffectClass::Once || call.is_handed_over {
            return Ok(());
        }
        let now = driver.0.ports.clock.now();
        if now.millis() > lease.until.millis() - LEASE_MARGIN_MILLIS {
            return Err(TooLate);
        }
        let held = Held {
            incarnation: Arc::clone(incarnation),
            seq: call.committed_in,
            nonce: lease.nonce.clone(),
        };
        self.0.insert(call.id, held);
        Ok(())
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
