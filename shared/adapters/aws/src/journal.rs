//! The journal in DynamoDB: one conditional write a step.
//!
//! `HEAD` holds what an execution is and where it stands, and in the same item its entry 0: a start is one write. Every
//! later entry is an item of its own, `INC#SEQ`, put where nothing is yet. That put does not see whether the entry
//! before is there; [`seen`] remembers it for those that this process has read or written, and for others it is read.
//!
//! Two facts about `HEAD` are derived from the entries: its status, and whether it is in the index of what runs. They
//! are written after the entry that closes the execution (or opens it again); when that second write is lost, the next
//! `load` makes up for it. Until then the execution still counts as running, and so whoever looks after those that run
//! comes by.
//!
//! Nothing is ever moved or compacted. An entry lives for the longest life of an execution (a year), a redrive's month
//! and the retention; an execution that closes earlier keeps its entries for longer than it must, for no write at all.
//! Its head expires with the retention.

mod history;
mod layout;
mod lease;
mod list;
mod load;
mod seen;
mod write;

use crate::store::{Store, StoreError};
use async_trait::async_trait;
use engine::{ExecutionKey, Identity, Timestamp};
use ports::{
    Appended, Created, Filter, Head, HistoryPage, Journal, JournalError, Lease, Opened, Page, Stored, Write,
};
use seen::Seen;
use std::sync::Arc;

/// The journal in DynamoDB.
#[derive(Clone, Debug)]
pub struct AwsJournal {
    store: Store,
    retention: Retention,
    seen: Arc<Seen>,
}

/// For how many days after its end an execution keeps its name and its history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// The days. AWS: 90.
    pub days: u32,
}

impl Default for Retention {
    fn default() -> Retention {
        Retention { days: 90 }
    }
}

impl Retention {
    /// Returns the millisecond from which on the name of an execution that ended at `end` is free.
    pub(crate) fn name_is_free(self, end: engine::Timestamp) -> i64 {
        end.plus_seconds(u64::from(self.days) * DAY_SECONDS).millis()
    }

    /// Returns the second at which what belongs to an execution that still runs at `now` may be deleted.
    pub(crate) fn expires(self, now: engine::Timestamp) -> i64 {
        let days = u64::from(self.days) + LIFE_DAYS_MAX + REDRIVE_DAYS;
        now.plus_seconds(days * DAY_SECONDS).millis() / 1000
    }
}

const DAY_SECONDS: u64 = 86_400;
/// AWS: an execution runs for a year at most.
const LIFE_DAYS_MAX: u64 = 366;
/// AWS: an execution can be redriven for 14 days after its end; with time to finish.
const REDRIVE_DAYS: u64 = 30;

impl AwsJournal {
    /// Returns the journal of a table.
    pub fn new(store: Store, retention: Retention) -> AwsJournal {
        AwsJournal {
            store,
            retention,
            seen: Arc::default(),
        }
    }
}

#[async_trait]
impl Journal for AwsJournal {
    async fn create(&self, identity: Arc<Identity>, write: Arc<Write>) -> Result<Created, JournalError> {
        Ok(write::create(self, &identity, &write).await?)
    }

    async fn append(
        &self,
        key: &ExecutionKey,
        incarnation: &str,
        write: Arc<Write>,
    ) -> Result<Appended, JournalError> {
        Ok(write::append(self, key, incarnation, &write).await?)
    }

    async fn load(&self, key: &ExecutionKey) -> Result<Option<Stored>, JournalError> {
        Ok(load::load(self, key).await?)
    }

    async fn lease(
        &self,
        key: &ExecutionKey,
        incarnation: &str,
        seq: u64,
    ) -> Result<Option<Lease>, JournalError> {
        Ok(lease::read(self, key, incarnation, seq).await?)
    }

    async fn renew(
        &self,
        key: &ExecutionKey,
        incarnation: &str,
        seq: u64,
        lease: Lease,
    ) -> Result<bool, JournalError> {
        Ok(lease::renew(self, key, incarnation, seq, &lease).await?)
    }

    async fn head(&self, key: &ExecutionKey) -> Result<Option<Head>, JournalError> {
        let item = self
            .store
            .get(&layout::partition(key), layout::HEAD, None)
            .await?;
        Ok(item.as_ref().map(layout::head).transpose()?)
    }

    async fn history(
        &self,
        key: &ExecutionKey,
        from: u64,
        limit: usize,
        reverse: bool,
    ) -> Result<HistoryPage, JournalError> {
        Ok(history::history(&self.store, key, from, limit, reverse).await?)
    }

    async fn list(&self, filter: Filter) -> Result<Page<Head>, JournalError> {
        Ok(list::list(&self.store, &filter).await?)
    }

    async fn open(&self, after: Option<String>, limit: usize) -> Result<Page<Opened>, JournalError> {
        Ok(list::open(&self.store, after, limit).await?)
    }

    fn since(&self, started: Timestamp) -> String {
        layout::sortable(started)
    }
}

impl From<StoreError> for JournalError {
    fn from(error: StoreError) -> JournalError {
        match error {
            StoreError::Failed(message) => JournalError::Store(message),
            StoreError::Damaged(message) => JournalError::Damaged(message),
        }
    }
}
