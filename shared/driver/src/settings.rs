//! How a driver works.

use crate::observer::Observer;
use engine::Limits;
use std::sync::Arc;

/// Seconds for which a writer may dispatch what its entry asks for.
pub(crate) const LEASE_SECONDS: u64 = 60;
/// How often a write is repeated, with the same nonce, before the actor gives up.
pub(crate) const WRITE_ATTEMPTS: u32 = 5;

/// How a driver works.
#[derive(Clone)]
pub struct Settings {
    /// The limits of executions.
    pub limits: Limits,
    /// Whether no other driver works on the same journal: leases of others are then those of the dead.
    pub exclusive: bool,
    /// Whether it only answers clients: what follows is done by the driver that the mailbox wakes.
    pub relays: bool,
    /// Bytes from which a document leaves its entry for the blob store.
    pub blob_bytes_min: usize,
    /// Who is told of every durable entry.
    pub observer: Option<Arc<dyn Observer>>,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings")
            .field("limits", &self.limits)
            .field("exclusive", &self.exclusive)
            .field("relays", &self.relays)
            .field("blob_bytes_min", &self.blob_bytes_min)
            .finish_non_exhaustive()
    }
}
