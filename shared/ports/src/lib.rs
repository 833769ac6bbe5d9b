//! What the driver needs from the world: the traits that adapters fulfil, and the tests they must pass.
//!
//! The conditional append of [`Journal`] is the only source of truth. [`Mailbox`] and [`Timers`] carry hints: each may
//! be lost, doubled, late or out of order, and the execution is still right.

mod blobs;
mod clock;
#[cfg(feature = "conformance")]
pub mod conformance;
mod documents;
mod journal;
mod mailbox;
mod observer;
mod registry;
mod services;
mod timers;
mod versions;

pub use blobs::{BlobError, Blobs};
pub use clock::{Clock, Entropy};
pub use documents::documents;
pub use journal::{
    Appended, Created, Filter, Head, HistoryPage, Journal, JournalError, Lease, Nonce, Opened, Page, Stored,
    StoredPayload, Write,
};
pub use mailbox::{ActivityTask, Envelope, Mailbox, MailboxError, Watcher};
pub use observer::Observer;
pub use registry::{Activity, Machine, MachineStatus, Owner, Registry, RegistryError, Revision, machine_key};
pub use services::{CallOutcome, CallRequest, Conformity, Exchange, JobOutcome, OwnAnswer, OwnApi, Services};
pub use timers::{Timers, TimersError};
pub use versions::{Alias, Published, Qualified, Route, Version, qualified, version_number};

use std::sync::Arc;

/// Everything that a driver works with.
#[derive(Clone)]
pub struct Ports {
    /// Executions.
    pub journal: Arc<dyn Journal>,
    /// State machines and activities.
    pub registry: Arc<dyn Registry>,
    /// Large documents.
    pub blobs: Arc<dyn Blobs>,
    /// Wake-ups and activity tasks.
    pub mailbox: Arc<dyn Mailbox>,
    /// Deadlines.
    pub timers: Arc<dyn Timers>,
    /// Calls.
    pub services: Arc<dyn Services>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

impl std::fmt::Debug for Ports {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ports")
    }
}
