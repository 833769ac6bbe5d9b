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

impl Settings {
    /// Returns the settings of a driver in an AWS account, which is one of many: AWS's limits, and documents leave
    /// their entry from 8 KiB on, because DynamoDB bills an item by the kilobyte.
    pub fn deployed() -> Settings {
        Settings {
            limits: Limits::default(),
            exclusive: false,
            relays: false,
            blob_bytes_min: 8 * 1024,
            observer: None,
        }
    }

    /// Returns the same for a driver that only answers clients.
    pub fn relaying(self) -> Settings {
        Settings { relays: true, ..self }
    }
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
