//! The table: one item an entry, each written once under a condition.

use crate::upkeep::Needs;
use engine::{ExecutionKey, Identity, Image, PayloadId, Status, Timestamp};
use ports::{Appended, Created, Head, Lease, Nonce, Stored, StoredPayload, Write};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// For how long the name of a closed execution is taken: 90 days.
pub(crate) const RETENTION_MILLIS: i64 = 90 * 86_400_000;

/// All executions, and those whose names were used again.
#[derive(Default)]
pub(crate) struct Table(pub(crate) BTreeMap<ExecutionKey, Row>, pub(crate) Vec<Row>);

/// One execution.
pub(crate) struct Row {
    pub(crate) identity: Arc<Identity>,
    pub(crate) entries: Vec<EntryRow>,
    /// From when on the index shows it, in true time.
    pub(crate) listed_from: i64,
    /// The entry that its head shows: written in a second step, which may be lost.
    pub(crate) follows: usize,
    /// What it waits for.
    pub(crate) needs: Needs,
}

/// One entry.
pub(crate) struct EntryRow {
    pub(crate) write: Arc<Write>,
    pub(crate) lease: Lease,
    /// Whether the lease was over, or nearly, when it was renewed: somebody may have seen that.
    pub(crate) has_lapsed: bool,
}

impl EntryRow {
    fn of(write: Arc<Write>) -> EntryRow {
        EntryRow {
            lease: write.lease(),
            has_lapsed: false,
            write,
        }
    }
}

impl Table {
    pub(crate) fn create(&mut self, identity: Arc<Identity>, write: Arc<Write>, listed_from: i64) -> Created {
        if let Some(row) = self.0.get(&identity.key) {
            if row.identity.incarnation == identity.incarnation && row.entries[0].write.nonce == write.nonce {
                return Created::New;
            }
            let head = row.head();
            let is_free =
                |stopped: Timestamp| write.entry.time.millis() >= stopped.millis() + RETENTION_MILLIS;
            if !head.stopped.is_some_and(is_free) {
                return Created::Exists(Box::new(head));
            }
        }
        let row = Row {
            identity: Arc::clone(&identity),
            entries: vec![EntryRow::of(write)],
            listed_from,
            follows: 0,
            needs: Needs::default(),
        };
        let before = self.0.insert(identity.key.clone(), row);
        self.1.extend(before);
        Created::New
    }

    pub(crate) fn append(&mut self, key: &ExecutionKey, incarnation: &str, write: Arc<Write>) -> Appended {
        let Some(row) = self.row_of(key, incarnation) else {
            return Appended::Gone;
        };
        let place = write.entry.seq as usize;
        if let Some(there) = row.entries.get(place) {
            let is_own = there.write.nonce == write.nonce;
            return if is_own {
                Appended::Done
            } else {
                Appended::Conflict
            };
        }
        if place > row.entries.len() {
            return Appended::Conflict;
        }
        row.entries.push(EntryRow::of(write));
        Appended::Done
    }

    /// Lets the head follow an entry that closed the execution, or opened it again.
    pub(crate) fn follow(&mut self, key: &ExecutionKey, incarnation: &str, seq: u64) {
        if let Some(row) = self.row_of(key, incarnation) {
            row.follows = row.follows.max(seq as usize);
        }
    }

    pub(crate) fn row_of(&mut self, key: &ExecutionKey, incarnation: &str) -> Option<&mut Row> {
        self.0
            .get_mut(key)
            .filter(|row| *row.identity.incarnation == *incarnation)
    }

    pub(crate) fn by_arn(&self, arn: &str) -> Option<&Row> {
        self.0.values().find(|row| *row.identity.arn == *arn)
    }
}

impl Row {
    pub(crate) fn last(&self) -> &EntryRow {
        self.entries.last().expect("a row begins with an entry")
    }

    pub(crate) fn status(&self) -> Status {
        self.last().write.entry.image.status
    }

    /// Tells whether the head shows something else than the latest entry says.
    pub(crate) fn strays(&self) -> bool {
        let shown = |entry: &EntryRow| {
            let image = &entry.write.entry.image;
            (image.status, image.counters.redrive_count)
        };
        shown(&self.entries[self.follows]) != shown(self.last())
    }

    pub(crate) fn head(&self) -> Head {
        let entries = &self.entries[..=self.follows];
        let last = &self.entries[self.follows].write;
        let closing = last.entry.closing.as_ref();
        let counts = |entry: &EntryRow| entry.write.entry.image.counters.redrive_count;
        let redriven = entries
            .windows(2)
            .rev()
            .find(|pair| counts(&pair[0]) < counts(&pair[1]))
            .map(|pair| pair[1].write.entry.time);
        Head {
            identity: Arc::clone(&self.identity),
            status: last.entry.image.status,
            stopped: closing.map(|closing| closing.time),
            input: self
                .payload(PayloadId::new(0, 0))
                .expect("entry 0 holds the input"),
            output: last.output.clone(),
            error: closing.and_then(|closing| closing.error.clone()),
            cause: closing.and_then(|closing| closing.cause.clone()),
            redrive_count: last.entry.image.counters.redrive_count,
            redriven,
        }
    }

    pub(crate) fn payload(&self, id: PayloadId) -> Option<StoredPayload> {
        let entry = self.entries.get(id.seq() as usize)?;
        let held = entry.write.payloads.iter().find(|(held, _)| *held == id);
        held.map(|(_, payload)| payload.clone())
    }

    /// Returns the images since the last full one.
    pub(crate) fn images(&self) -> Vec<(u64, Image)> {
        self.images_until(self.entries.len() - 1)
    }

    /// Returns the images up to an entry, since the full one before.
    pub(crate) fn images_until(&self, seq: usize) -> Vec<(u64, Image)> {
        let base = self.entries[seq].write.entry.image.base as usize;
        let since = self.entries[..=seq].iter().skip(base);
        since
            .map(|entry| (entry.write.entry.seq, entry.write.entry.image.clone()))
            .collect()
    }

    pub(crate) fn payloads(&self, wanted: &BTreeSet<PayloadId>) -> BTreeMap<PayloadId, StoredPayload> {
        let found = wanted.iter().filter_map(|id| Some((*id, self.payload(*id)?)));
        found.collect()
    }

    pub(crate) fn stored(&self) -> Stored {
        let images = self.images();
        let mut wanted = BTreeSet::new();
        for (_, image) in &images {
            wanted.append(&mut image.payload_ids());
        }
        let last = self.last();
        Stored {
            head: self.head(),
            images,
            payloads: self.payloads(&wanted),
            nonce: Nonce(last.lease.nonce.0.clone()),
            lease_until: last.lease.until,
        }
    }

    /// Returns where it stands in lists: by its start.
    pub(crate) fn position(&self) -> String {
        let key = &self.identity.key;
        format!(
            "{:015}#{}#{}",
            self.identity.started.millis(),
            key.machine,
            key.name
        )
    }
}
