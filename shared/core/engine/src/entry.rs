//! What is written down: one entry of the journal, and the way back from entries to an execution.

mod damage;

use crate::data::{Data, Payload, PayloadId};
use crate::execution::{Closing, Counters, Execution, Identity, SCHEMA_VERSION, Status};
use crate::history::Event;
use crate::limits::Limits;
use crate::outcome::Outcome;
use crate::thread::{Thread, ThreadId};
use asl::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// With up to this many threads an entry holds the whole state; with more, what changed since an earlier entry.
const FULL_IMAGE_THREADS_MAX: usize = 16;

/// One entry of the journal: what happened in one turn, committed in one write.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its place in the journal: 0, 1, 2 ...
    pub seq: u64,
    /// The time of the turn.
    pub time: Timestamp,
    /// The new events.
    pub events: Vec<Event>,
    /// The documents that first appear here.
    pub payloads: Vec<Payload>,
    /// The state after it.
    pub image: Image,
    /// How the execution ended, in its last entry.
    pub closing: Option<Closing>,
}

/// An execution's state after an entry: the whole of it, or what changed since the entry `base`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Image {
    /// [`SCHEMA_VERSION`] of the writer.
    pub schema: u32,
    /// The entry with the full image that this one builds on; its own entry for a full image.
    pub base: u64,
    /// Where the execution stands.
    pub status: Status,
    /// The counters, always whole.
    pub counters: Counters,
    /// The threads: all of them, or the changed ones.
    pub threads: Vec<(ThreadId, Thread<PayloadId>)>,
    /// Threads that are gone since the entry before.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub removed: Vec<ThreadId>,
}

/// Why a stored execution cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RestoreError {
    /// The state was written by a later version.
    #[error("the stored state has form {found}, but this version reads forms up to {SCHEMA_VERSION}")]
    Schema {
        /// The form found.
        found: u32,
    },
    /// A document that the state refers to is not in the journal.
    #[error("the stored state refers to document {id:?}, which the journal does not hold")]
    Payload {
        /// The document's name.
        id: PayloadId,
    },
    /// The state contradicts itself.
    #[error("the stored state is damaged: {0}")]
    Damaged(&'static str),
    /// The entries do not begin with a full image.
    #[error("the journal holds no full state of the execution")]
    NoImage,
}

impl Execution {
    /// Closes the turn: returns the entry to write, and begins the next one.
    pub fn seal(&mut self, outcome: Outcome) -> Entry {
        let seq = self.seq;
        // Of an execution that succeeded no thread is wanted again: its last image is whole and empty.
        let is_over = self.status == Status::Succeeded;
        let full = is_over
            || self.threads.len() <= FULL_IMAGE_THREADS_MAX
            || self.counters.records_since_full + self.changed.len() as u64 > self.threads.len() as u64;
        let changed = std::mem::take(&mut self.changed);
        let (threads, removed) = if is_over {
            (Vec::new(), Vec::new())
        } else if full {
            (
                self.threads
                    .iter()
                    .map(|(id, thread)| (*id, stored(thread)))
                    .collect(),
                Vec::new(),
            )
        } else {
            let mut threads = Vec::new();
            let mut removed = Vec::new();
            for id in &changed {
                match self.threads.get(id) {
                    Some(thread) => threads.push((*id, stored(thread))),
                    None => removed.push(*id),
                }
            }
            (threads, removed)
        };
        if full {
            self.base = seq;
            self.counters.records_since_full = 0;
        } else {
            self.counters.records_since_full += threads.len() as u64 + removed.len() as u64;
        }
        self.seq += 1;
        self.payload_count = 0;
        Entry {
            seq,
            time: self.counters.last_time,
            events: outcome.events,
            payloads: outcome.payloads,
            image: Image {
                schema: SCHEMA_VERSION,
                base: self.base,
                status: self.status,
                counters: self.counters.clone(),
                threads,
                removed,
            },
            closing: self.closing.clone(),
        }
    }

    /// Puts an execution together again from its images, the full one first, each with its entry's number.
    ///
    /// `payload` finds the JSON text of a document.
    ///
    /// # Errors
    ///
    /// When an image is of a later form, a document is missing, or the state contradicts itself.
    pub fn restore(
        identity: Arc<Identity>,
        images: Vec<(u64, Image)>,
        limits: Limits,
        payload: &mut dyn FnMut(PayloadId) -> Option<Arc<str>>,
    ) -> Result<Execution, RestoreError> {
        let (seq, image, threads) = folded(images)?;
        let mut known: BTreeMap<PayloadId, Data> = BTreeMap::new();
        let mut find = |id: PayloadId| -> Result<Data, RestoreError> {
            if let Some(data) = known.get(&id) {
                return Ok(data.clone());
            }
            let text = payload(id).ok_or(RestoreError::Payload { id })?;
            let data = Data::from_text(id, text);
            known.insert(id, data.clone());
            Ok(data)
        };
        let mut execution = Execution {
            identity,
            input: find(PayloadId::new(0, 0))?,
            limits,
            holds_calls: false,
            hands_over_beyond: None,
            status: image.status,
            closing: None,
            seq: seq.saturating_add(1),
            base: image.base,
            counters: image.counters,
            threads: BTreeMap::new(),
            changed: BTreeSet::new(),
            deadlines: BTreeSet::new(),
            jobs: BTreeSet::new(),
            payload_count: 0,
            calls: BTreeMap::new(),
            runnable: BTreeSet::new(),
            variable_bytes: 0,
        };
        for (id, thread) in threads {
            execution.threads.insert(id, thread.try_map(&mut find)?);
            execution.index(id);
        }
        if image.status != Status::Running {
            execution.await_nothing();
        }
        match damage::of(&execution) {
            Some(what) => Err(RestoreError::Damaged(what)),
            None => Ok(execution),
        }
    }
}

/// Threads as they are stored.
type StoredThreads = BTreeMap<ThreadId, Thread<PayloadId>>;

/// Lays images upon each other; returns the last one with its entry's number, and all threads.
fn folded(images: Vec<(u64, Image)>) -> Result<(u64, Image, StoredThreads), RestoreError> {
    let mut threads = StoredThreads::new();
    let mut last: Option<(u64, Image)> = None;
    for (seq, mut image) in images {
        if image.schema > SCHEMA_VERSION {
            return Err(RestoreError::Schema { found: image.schema });
        }
        if image.base == seq {
            threads.clear();
        } else if last.as_ref().is_none_or(|(_, before)| before.base != image.base) {
            return Err(RestoreError::NoImage);
        }
        for id in &image.removed {
            threads.remove(id);
        }
        threads.extend(std::mem::take(&mut image.threads));
        last = Some((seq, image));
    }
    let (seq, image) = last.ok_or(RestoreError::NoImage)?;
    Ok((seq, image, threads))
}

impl Image {
    /// Returns the documents that the image refers to, the execution's input among them.
    pub fn payload_ids(&self) -> BTreeSet<PayloadId> {
        let mut ids = BTreeSet::from([PayloadId::new(0, 0)]);
        for (_, thread) in &self.threads {
            let mut note = |id: PayloadId| {
                ids.insert(id);
                Ok::<PayloadId, std::convert::Infallible>(id)
            };
            let Ok(_) = thread.clone().try_map(&mut note);
        }
        ids
    }
}

fn stored(thread: &Thread<Data>) -> Thread<PayloadId> {
    let Ok(thread) = thread
        .clone()
        .try_map(&mut |data: Data| Ok::<_, std::convert::Infallible>(data.id()));
    thread
}
