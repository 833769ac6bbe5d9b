//! The journal in DynamoDB: one conditional write a step.
//!
//! `HEAD` holds what an execution is and where it stands, and in the same item its entry 0: a start is one write. Every
//! later entry is an item of its own, `INC#SEQ`, put where nothing is yet. That put does not see whether the entry
//! before is there; [`seen`] remembers it for those that this process has read or written, and for others it is read.
//!
//! Two facts about `HEAD` are derived from the entries: its status, and whether it is in the index of what runs. They
//! are written after the entry that closes the execution (or opens it again); when that second write is lost, the next
//! `load` makes up for it. Until then the execution still counts as running, and so whoever looks after those that run
//! comes by, and finds it overdue.
//!
//! Nothing is ever moved or compacted. An entry is kept for the retention and a month, and [`keep`] gives those of an
//! execution that runs for longer another one; the head of one that has ended expires with the retention.

#[cfg(test)]
mod damaged;
mod history;
mod keep;
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

    /// Returns the second at which an item that is written at `now` may be deleted, if nobody keeps it.
    pub(crate) fn entry_expires(self, now: engine::Timestamp) -> i64 {
        self.after(now, ENTRY_DAYS)
    }

    /// Returns before which second an item of an execution that runs at `now` must not be deleted.
    pub(crate) fn renew_before(self, now: engine::Timestamp) -> i64 {
        self.after(now, RENEW_DAYS)
    }

    /// Returns when the head of an execution that is opened again at `now` may be deleted, so that it and the entries
    /// from before are kept the next time somebody looks.
    pub(crate) fn reopened_expires(self, now: engine::Timestamp) -> i64 {
        self.after(now, RENEW_DAYS - 1)
    }

    /// Returns the second at which what nobody keeps may be deleted, of an execution that still runs at `now`.
    pub(crate) fn expires(self, now: engine::Timestamp) -> i64 {
        self.after(now, LIFE_DAYS_MAX + REDRIVE_DAYS)
    }

    /// Returns the second that lies the retention and so many days after `now`.
    fn after(self, now: engine::Timestamp, days: u64) -> i64 {
        let days = u64::from(self.days) + days;
        now.plus_seconds(days * DAY_SECONDS).millis() / 1000
    }
}

const DAY_SECONDS: u64 = 86_400;
/// AWS: an execution runs for a year at most.
const LIFE_DAYS_MAX: u64 = 366;
/// AWS: an execution can be redriven for 14 days after its end; with time to finish.
const REDRIVE_DAYS: u64 = 30;
/// For how long an item is kept beyond the retention: an execution that ends within half of that needs no further write.
const ENTRY_DAYS: u64 = 30;
/// With less than this beyond the retention, an item is kept for longer. After its end an execution can be redriven for
/// 14 days, and its entries must be there then.
const RENEW_DAYS: u64 = 15;

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
        match &item {
            Some(item) => Ok(Some(load::whole(&self.store, item).await?)),
            None => Ok(None),
        }
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
        Ok(list::open(self, after, limit).await?)
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
