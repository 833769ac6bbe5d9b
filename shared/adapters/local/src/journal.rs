//! The journal in the embedded store.

mod lease;
mod list;
mod read;
mod write;

use crate::identity;
use crate::store::{Store, StoreError};
use async_trait::async_trait;
use engine::{ExecutionKey, Identity, Timestamp};
use ports::{
    Appended, Created, Filter, Head, HistoryPage, Journal, JournalError, Lease, Opened, Page, Stored, Write,
};
use std::sync::Arc;
use write::Row;

/// For how long after its end an execution keeps its name. AWS: 90 days.
pub const RETENTION_MILLIS: i64 = 90 * 24 * 60 * 60 * 1000;

/// The journal in the embedded store.
#[derive(Clone, Debug)]
pub struct LocalJournal {
    store: Store,
}

impl LocalJournal {
    /// Returns the journal of a store.
    pub fn new(store: Store) -> LocalJournal {
        LocalJournal { store }
    }
}

#[async_trait]
impl Journal for LocalJournal {
    async fn create(&self, identity: Arc<Identity>, write: Arc<Write>) -> Result<Created, JournalError> {
        let row = Row::of(&write)?;
        let text = identity::encode(&identity)?;
        let created = self
            .store
            .write(move |connection| write::create(connection, &identity, &text, &row))
            .await?;
        if matches!(created, Created::New) {
            self.store.count_write();
        }
        Ok(created)
    }

    async fn append(
        &self,
        key: &ExecutionKey,
        incarnation: &str,
        write: Arc<Write>,
    ) -> Result<Appended, JournalError> {
        let row = Row::of(&write)?;
        let (key, incarnation) = (key.clone(), incarnation.to_owned());
        let appended = self
            .store
            .write(move |connection| write::append(connection, &key, &incarnation, &row))
            .await?;
        if appended == Appended::Done {
            self.store.count_write();
        }
        Ok(appended)
    }

    async fn load(&self, key: &ExecutionKey) -> Result<Option<Stored>, JournalError> {
        let key = key.clone();
        Ok(self
            .store
            .read(move |connection| read::load(connection, &key))
            .await?)
    }

    async fn lease(
        &self,
        key: &ExecutionKey,
        incarnation: &str,
        seq: u64,
    ) -> Result<Option<Lease>, JournalError> {
        let (key, incarnation) = (key.clone(), incarnation.to_owned());
        Ok(self
            .store
            .read(move |connection| lease::read(connection, &key, &incarnation, seq))
            .await?)
    }

    async fn renew(
        &self,
        key: &ExecutionKey,
        incarnation: &str,
        seq: u64,
        lease: Lease,
    ) -> Result<bool, JournalError> {
        let (key, incarnation) = (key.clone(), incarnation.to_owned());
        Ok(self
            .store
            .write(move |connection| lease::renew(connection, &key, &incarnation, seq, &lease))
            .await?)
    }

    async fn head(&self, key: &ExecutionKey) -> Result<Option<Head>, JournalError> {
        let key = key.clone();
        Ok(self
            .store
            .read(move |connection| read::head(connection, &key))
            .await?)
    }

    async fn history(
        &self,
        key: &ExecutionKey,
        from: u64,
        limit: usize,
        reverse: bool,
    ) -> Result<HistoryPage, JournalError> {
        let key = key.clone();
        Ok(self
            .store
            .read(move |connection| read::history(connection, &key, from, limit, reverse))
            .await?)
    }

    async fn list(&self, filter: Filter) -> Result<Page<Head>, JournalError> {
        Ok(self
            .store
            .read(move |connection| list::list(connection, &filter))
            .await?)
    }

    async fn open(&self, after: Option<String>, limit: usize) -> Result<Page<Opened>, JournalError> {
        Ok(self
            .store
            .read(move |connection| list::open(connection, after.as_deref(), limit))
            .await?)
    }

    fn since(&self, started: Timestamp) -> String {
        list::since(started)
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
