//! The AWS adapters.

mod clock;
mod hash;
mod item;
mod journal;
mod packed;
mod store;
mod table;

pub use clock::{SystemClock, SystemEntropy};
pub use journal::{AwsJournal, Retention};
pub use store::Store;
pub use table::{CreateTableError, IndexDefinition, TABLE, TableDefinition, create_table};
