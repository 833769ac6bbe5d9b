//! A journal that is used by several processes: every call is made by another one.

use async_trait::async_trait;
use aws::AwsJournal;
use engine::{ExecutionKey, Identity, Timestamp};
use ports::{
    Appended, Created, Filter, Head, HistoryPage, Journal, JournalError, Lease, Opened, Page, Stored, Write,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

pub(crate) struct Processes {
    next: Box<dyn Fn() -> AwsJournal + Send + Sync>,
}

impl Processes {
    /// Every call is made by a process that has just begun.
    pub(crate) fn fresh(begin: impl Fn() -> AwsJournal + Send + Sync + 'static) -> Processes {
        Processes {
            next: Box::new(begin),
        }
    }

    /// These take turns.
    pub(crate) fn of(journals: Vec<AwsJournal>) -> Processes {
        let turn = AtomicUsize::new(0);
        Processes::fresh(move || journals[turn.fetch_add(1, Ordering::Relaxed) % journals.len()].clone())
    }
}

#[async_trait]
impl Journal for Processes {
    async fn create(&self, identity: Arc<Identity>, write: Arc<Write>) -> Result<Created, JournalError> {
        (self.next)().create(identity, write).await
    }

    async fn append(
        &self,
        key: &ExecutionKey,
        incarnation: &str,
        write: Arc<Write>,
    ) -> Result<Appended, JournalError> {
        (self.next)().append(key, incarnation, write).await
    }

    async fn load(&self, key: &ExecutionKey) -> Result<Option<Stored>, JournalError> {
        (self.next)().load(key).await
    }

    async fn lease(
        &self,
        key: &ExecutionKey,
        incarnation: &str,
        seq: u64,
    ) -> Result<Option<Lease>, JournalError> {
        (self.next)().lease(key, incarnation, seq).await
    }

    async fn renew(
        &self,
        key: &ExecutionKey,
        incarnation: &str,
        seq: u64,
        lease: Lease,
    ) -> Result<bool, JournalError> {
        (self.next)().renew(key, incarnation, seq, lease).await
    }

    async fn head(&self, key: &ExecutionKey) -> Result<Option<Head>, JournalError> {
        (self.next)().head(key).await
    }

    async fn history(
        &self,
        key: &ExecutionKey,
        from: u64,
        limit: usize,
        reverse: bool,
    ) -> Result<HistoryPage, JournalError> {
        (self.next)().history(key, from, limit, reverse).await
    }

    async fn list(&self, filter: Filter) -> Result<Page<Head>, JournalError> {
        (self.next)().list(filter).await
    }

    async fn open(&self, after: Option<String>, limit: usize) -> Result<Page<Opened>, JournalError> {
        (self.next)().open(after, limit).await
    }

    fn since(&self, started: Timestamp) -> String {
        (self.next)().since(started)
    }
}
