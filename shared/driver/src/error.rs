//! What can fail in the driver itself.

use ports::{BlobError, JournalError, MailboxError, RegistryError, TimersError};

/// Why the driver could not do what it was asked for.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The journal failed.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The registry failed.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The blob store failed.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// The mailbox failed.
    #[error(transparent)]
    Mailbox(#[from] MailboxError),
    /// The timers failed.
    #[error(transparent)]
    Timers(#[from] TimersError),
    /// A document is missing in the blob store.
    #[error("the blob store has no document `{0}`")]
    BlobMissing(String),
    /// An entry is missing in the journal.
    #[error("the journal has no entry {0} of an execution that goes back to it")]
    EntryMissing(u64),
    /// A stored execution cannot be read.
    #[error(transparent)]
    Restore(#[from] engine::RestoreError),
    /// A stored definition cannot be compiled.
    #[error("the stored definition `{revision}` does not compile: {reason}")]
    Definition {
        /// The revision.
        revision: String,
        /// The first finding.
        reason: String,
    },
    /// The revision that an execution runs is not in the registry.
    #[error("the registry has no revision `{0}`")]
    RevisionMissing(String),
    /// The driver stopped in the middle.
    #[error("the driver is shutting down")]
    Shutdown,
}
