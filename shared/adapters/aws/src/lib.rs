//! The AWS adapters.

mod activities;
mod blobs;
mod clock;
mod hash;
mod item;
mod journal;
mod mailbox;
mod packed;
mod reason;
mod registry;
mod store;
mod table;
mod timers;

pub use blobs::AwsBlobs;
pub use clock::{SystemClock, SystemEntropy};
pub use journal::{AwsJournal, Retention};
pub use mailbox::{AwsMailbox, envelope};
pub use registry::AwsRegistry;
pub use store::Store;
pub use table::{CreateTableError, IndexDefinition, TABLE, TableDefinition, create_table};
pub use timers::{AwsTimers, Places};
