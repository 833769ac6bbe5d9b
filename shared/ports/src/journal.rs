//! The durable, append-only record of executions.

use async_trait::async_trait;
use engine::{Entry, Event, ExecutionKey, Identity, Image, PayloadId, Status, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Tells one attempt to write from every other: 32 hexadecimal digits.
///
/// A put that finds its own nonce in the place that it wanted has succeeded before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Nonce(pub String);

/// A document as an entry stores it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StoredPayload {
    /// In the entry itself.
    #[serde(rename = "t")]
    Text(Arc<str>),
    /// In the blob store under this name; it was put there before the entry.
    #[serde(rename = "b")]
    Blob(Arc<str>),
}

/// One entry to write, with what the protocol needs around it.
#[derive(Clone, Debug)]
pub struct Write {
    /// The entry; the texts of its payloads are in `payloads`.
    pub entry: Entry,
    /// The entry's documents, where they are stored.
    pub payloads: Vec<(PayloadId, StoredPayload)>,
    /// The attempt.
    pub nonce: Nonce,
    /// Until when the writer may dispatch the entry's effects; a later holder waits for that long.
    pub lease_until: Timestamp,
    /// When somebody has to look after the execution, if at all: its own deadline, or the end of the writer's lease.
    pub next_deadline: Option<Timestamp>,
    /// The output's place, for an entry that closes a successful execution.
    pub output: Option<StoredPayload>,
}

impl Write {
    /// Returns the lease that the entry begins with.
    pub fn lease(&self) -> Lease {
        Lease {
            nonce: self.nonce.clone(),
            until: self.lease_until,
        }
    }
}

/// What is known about an execution without its history.
#[derive(Clone, Debug)]
pub struct Head {
    /// What it is.
    pub identity: Arc<Identity>,
    /// Where it stands.
    pub status: Status,
    /// When it ended.
    pub stopped: Option<Timestamp>,
    /// Its input.
    pub input: StoredPayload,
    /// Its output, when it succeeded.
    pub output: Option<StoredPayload>,
    /// Its error, when it did not.
    pub error: Option<String>,
    /// The error's cause.
    pub cause: Option<String>,
    /// How often it was redriven.
    pub redrive_count: u32,
    /// When it was last redriven.
    pub redriven: Option<Timestamp>,
}

/// What [`Journal::create`] found.
#[derive(Clone, Debug)]
pub enum Created {
    /// The execution is new, and its first entry durable. Also the answer to a repeated attempt with the same nonce.
    New,
    /// An execution of this name is there.
    Exists(Box<Head>),
}

/// What [`Journal::append`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// The entry is durable. Also the answer to a repeated attempt with the same nonce.
    Done,
    /// Another entry has this place: load again, and go on from there.
    Conflict,
    /// No execution with this key and incarnation is there.
    Gone,
}

/// An execution as it was stored: what `Execution::restore` needs.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The head.
    pub head: Head,
    /// The images since the last full one, oldest first, each with its entry's number.
    pub images: Vec<(u64, Image)>,
    /// The documents that the images refer to.
    pub payloads: BTreeMap<PayloadId, StoredPayload>,
    /// The nonce of the latest entry.
    pub nonce: Nonce,
    /// The lease of the latest entry.
    pub lease_until: Timestamp,
}

/// Which executions [`Journal::list`] returns: newest start first.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The state machine's key.
    pub machine: String,
    /// Only executions with this status.
    pub status: Option<Status>,
    /// Only executions that were started with the version or the alias of this ARN, or that an alias led to the version.
    pub qualified_arn: Option<String>,
    /// The position behind which to go on: what the page before returned.
    pub after: Option<String>,
    /// At most so many; at least 1.
    pub limit: usize,
}

impl Filter {
    /// Tells whether an execution was started with the version or the alias asked for, if one is.
    pub fn admits(&self, identity: &Identity) -> bool {
        let Some(asked) = self.qualified_arn.as_deref() else {
            return true;
        };
        [&identity.version_arn, &identity.alias_arn]
            .into_iter()
            .any(|arn| arn.as_deref() == Some(asked))
    }
}

/// A page of executions.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Where the next page begins; `None` when this was the last.
    pub next: Option<String>,
}

/// A page of an execution's history.
#[derive(Clone, Debug, Default)]
pub struct HistoryPage {
    /// The events, in the order asked for.
    pub events: Vec<Event>,
    /// The documents that they refer to.
    pub payloads: BTreeMap<PayloadId, StoredPayload>,
}

/// Who may make the calls that an entry asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The attempt that wrote the entry.
    pub nonce: Nonce,
    /// Until when its writer may dispatch, or is at work.
    pub until: Timestamp,
}

/// An execution that runs: what somebody has to look after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The execution.
    pub key: ExecutionKey,
    /// Its incarnation.
    pub incarnation: Arc<str>,
    /// When it wants to be woken, if at all.
    pub next_deadline: Option<Timestamp>,
}

/// Why the journal did not answer. The write may have happened: the same attempt can be repeated.
#[derive(Clone, Debug, thiserror::Error)]
pub enum JournalError {
    /// The store failed.
    #[error("the journal's store failed: {0}")]
    Store(String),
    /// What is stored cannot be read.
    #[error("the journal holds an entry that cannot be read: {0}")]
    Damaged(String),
}

/// The journal.
///
/// Contract, tested by the conformance tests: at most one entry has a place `(incarnation, seq)`; an entry's place can
/// be taken only when the entry before it is there; an acknowledged write is durable; an attempt that is repeated with
/// its nonce is acknowledged again and written once; the head's status follows the entry that closes the execution.
#[async_trait]
pub trait Journal: Send + Sync {
    /// Writes an execution's head and its first entry, unless the name is taken.
    ///
    /// The name of a closed execution is taken until its retention has passed.
    async fn create(&self, identity: Arc<Identity>, write: Arc<Write>) -> Result<Created, JournalError>;

    /// Writes the next entry, unless its place is taken.
    async fn append(
        &self,
        key: &ExecutionKey,
        incarnation: &str,
        write: Arc<Write>,
    ) -> Result<Appended, JournalError>;

    /// Reads an execution's state.
    async fn load(&self, key: &ExecutionKey) -> Result<Option<Stored>, JournalError>;

    /// Reads who may make the calls of entry `seq`; `None` when there is no such entry.
    async fn lease(
        &self,
        key: &ExecutionKey,
        incarnation: &str,
        seq: u64,
    ) -> Result<Option<Lease>, JournalError>;

    /// Lets the writer of entry `seq` go on until `lease.until`, if the entry has its nonce; returns whether it has.
    async fn renew(
        &self,
        key: &ExecutionKey,
        incarnation: &str,
        seq: u64,
        lease: Lease,
    ) -> Result<bool, JournalError>;

    /// Reads an execution's head.
    async fn head(&self, key: &ExecutionKey) -> Result<Option<Head>, JournalError>;

    /// Reads events: those with ids from `from` upwards, or downwards when `reverse`; at most `limit`.
    async fn history(
        &self,
        key: &ExecutionKey,
        from: u64,
        limit: usize,
        reverse: bool,
    ) -> Result<HistoryPage, JournalError>;

    /// Lists executions.
    async fn list(&self, filter: Filter) -> Result<Page<Head>, JournalError>;

    /// Returns the executions that run, oldest first; `after` is the position that the page before returned.
    async fn open(&self, after: Option<String>, limit: usize) -> Result<Page<Opened>, JournalError>;

    /// Returns the position, for [`Journal::open`], behind which are the executions that were started at a time or later.
    fn since(&self, started: Timestamp) -> String;
}
