//! The local adapters: journal, registry and blobs in an embedded store; mailbox, timers and clock in memory.
//!
//! ```text
//! LocalJournal ─┐                       ┌─► readers: own connections, each read one snapshot
//! LocalRegistry ├─► Store (SQLite, WAL) ┤
//! LocalBlobs ───┘                       └─► writer: one thread, one commit for everything that is ready
//! ```

mod blobs;
mod checkpointer;
mod clock;
mod identity;
mod journal;
mod json;
mod lock;
mod machines;
mod mailbox;
mod payloads;
mod registry;
mod schema;
mod services;
mod store;
mod timers;
mod writer;

pub use blobs::LocalBlobs;
pub use clock::{LocalClock, SystemClock, SystemEntropy, VirtualClock};
pub use journal::{LocalJournal, RETENTION_MILLIS};
pub use mailbox::LocalMailbox;
pub use registry::LocalRegistry;
pub use services::{AnsweredBy, LocalServices};
pub use store::{OpenError, Store};
pub use timers::LocalTimers;
