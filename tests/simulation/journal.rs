//! The journal: every item linearizable, everything around it not to be trusted.

use crate::audit;
use crate::mutants::Mutant;
use crate::process::{Process, Role};
use crate::replay;
use crate::table::Row;
use crate::world::locked;
use async_trait::async_trait;
use engine::{Event, ExecutionKey, Identity, PayloadId, Status, Timestamp};
use ports::{
    Appended, Created, Filter, Head, HistoryPage, Journal, JournalError, Lease, Opened, Page, Stored, Write,
    documents,
};
use std::collections::BTreeSet;
use std::sync::Arc;

pub(crate) struct SimJournal(pub(crate) Arc<Process>);

impl SimJournal {
    async fn read<T: Send + 'static>(
        &self,
        what: &'static str,
        read: impl FnOnce(&Process) -> T + Send + 'static,
    ) -> Result<T, JournalError> {
        let process = Arc::clone(&self.0);
        let read = move || read(&process);
        self.0.request(what, read).await.map_err(JournalError::Store)
    }
}

impl SimJournal {
    async fn follow(&self, place: (ExecutionKey, String, u64)) -> Result<(), JournalError> {
        let follow = move |process: &Process| {
            let (key, incarnation, seq) = place;
            locked(&process.world.table).follow(&key, &incarnation, seq);
        };
        self.read("journal.follow", follow).await
    }
}

#[async_trait]
impl Journal for SimJournal {
    async fn create(&self, identity: Arc<Identity>, write: Arc<Write>) -> Result<Created, JournalError> {
        let create = move |process: &Process| create(process, &identity, &write);
        self.read("journal.create", create).await
    }

    async fn append(
        &self,
        key: &ExecutionKey,
        incarnation: &str,
        write: Arc<Write>,
    ) -> Result<Appended, JournalError> {
        let (key, incarnation) = (key.clone(), incarnation.to_owned());
        let place = (key.clone(), incarnation.clone(), write.entry.seq);
        let append = move |process: &Process| append(process, &key, &incarnation, &write);
        let (appended, strays) = self.read("journal.append", append).await?;
        if strays {
            // The head is an item of its own.
            self.follow(place).await?;
        }
        Ok(appended)
    }

    async fn load(&self, key: &ExecutionKey) -> Result<Option<Stored>, JournalError> {
        let key = key.clone();
        let stray = key.clone();
        let strays = move |process: &Process| {
            let table = locked(&process.world.table);
            let row = table.0.get(&stray).filter(|row| row.strays())?;
            if process.world.mutant == Some(Mutant::HeadLeft) {
                return None;
            }
            let last = row.last().write.entry.seq;
            Some((stray, row.identity.incarnation.to_string(), last))
        };
        if let Some(place) = strays(&self.0) {
            self.follow(place).await?;
        }
        let looked_after = key.clone();
        let load = move |process: &Process| {
            let owed = process.world.owed(&key);
            let table = locked(&process.world.table);
            let mut stored = table.0.get(&key).map(|row| row.stored());
            if process.world.mutant == Some(Mutant::NoLeaseCheck)
                && let Some(stored) = &mut stored
            {
                stored.lease_until = Timestamp(0);
            }
            (stored, owed)
        };
        let (stored, owed) = self.read("journal.load", load).await?;
        look_after(&self.0, &looked_after, owed);
        Ok(stored)
    }

    async fn lease(
        &self,
        key: &ExecutionKey,
        incarnation: &str,
        seq: u64,
    ) -> Result<Option<Lease>, JournalError> {
        let (key, incarnation) = (key.clone(), incarnation.to_owned());
        let lease = move |process: &Process| {
            let mut table = locked(&process.world.table);
            let entry = table.row_of(&key, &incarnation)?.entries.get(seq as usize)?;
            let mut lease = entry.lease.clone();
            if process.world.mutant == Some(Mutant::NoLeaseCheck) {
                lease.until = Timestamp(0);
            }
            Some(lease)
        };
        self.read("journal.lease", lease).await
    }

    async fn renew(
        &self,
        key: &ExecutionKey,
        incarnation: &str,
        seq: u64,
        lease: Lease,
    ) -> Result<bool, JournalError> {
        let (key, incarnation) = (key.clone(), incarnation.to_owned());
        let renew = move |process: &Process| {
            let now = process.world.millis();
            let mut table = locked(&process.world.table);
            let entry = table
                .row_of(&key, &incarnation)
                .and_then(|row| row.entries.get_mut(seq as usize))
                .filter(|entry| entry.lease.nonce == lease.nonce);
            let Some(entry) = entry else { return false };
            entry.has_lapsed |= now + audit::CLOCKS_DIFFER_MILLIS >= entry.lease.until.millis();
            entry.lease = lease;
            true
        };
        self.read("journal.renew", renew).await
    }

    async fn head(&self, key: &ExecutionKey) -> Result<Option<Head>, JournalError> {
        let key = key.clone();
        let head = move |process: &Process| locked(&process.world.table).0.get(&key).map(|row| row.head());
        self.read("journal.head", head).await
    }

    async fn history(
        &self,
        key: &ExecutionKey,
        from: u64,
        limit: usize,
        reverse: bool,
    ) -> Result<HistoryPage, JournalError> {
        let key = key.clone();
        let history = move |process: &Process| {
            let table = locked(&process.world.table);
            let Some(row) = table.0.get(&key) else {
                return HistoryPage::default();
            };
            let all = row.entries.iter().flat_map(|entry| &entry.write.entry.events);
            let mut events: Vec<Event> = all
                .filter(|event| {
                    if reverse {
                        event.id <= from
                    } else {
                        event.id >= from
                    }
                })
                .cloned()
                .collect();
            if reverse {
                events.reverse();
            }
            events.truncate(limit);
            let wanted: BTreeSet<PayloadId> = events.iter().flat_map(documents).collect();
            HistoryPage {
                payloads: row.payloads(&wanted),
                events,
            }
        };
        self.read("journal.history", history).await
    }

    async fn list(&self, filter: Filter) -> Result<Page<Head>, JournalError> {
        let list = move |process: &Process| {
            let table = locked(&process.world.table);
            let mut rows: Vec<(String, Head)> = table
                .0
                .values()
                .filter(|row| *row.identity.key.machine == *filter.machine && filter.admits(&row.identity))
                .map(|row| (row.position(), row.head()))
                .filter(|(_, head)| filter.status.is_none_or(|status| head.status == status))
                .filter(|(position, _)| filter.after.as_ref().is_none_or(|after| position < after))
                .collect();
            rows.sort_by(|one, other| other.0.cmp(&one.0));
            page(rows, filter.limit)
        };
        self.read("journal.list", list).await
    }

    async fn open(&self, after: Option<String>, limit: usize) -> Result<Page<Opened>, JournalError> {
        let open = move |process: &Process| {
            let now = process.world.millis();
            let table = locked(&process.world.table);
            let mut rows: Vec<(String, Opened)> = table
                .0
                .values()
                .filter(|row| row.head().status == Status::Running && row.listed_from <= now)
                .map(|row| {
                    let opened = Opened {
                        key: row.identity.key.clone(),
                        incarnation: Arc::clone(&row.identity.incarnation),
                        next_deadline: match row.strays() {
                            // Whoever loads it lets the head follow.
                            true => Some(row.last().write.entry.time),
                            false => row.last().write.next_deadline,
                        },
                    };
                    (row.position(), opened)
                })
                .filter(|(position, _)| after.as_ref().is_none_or(|after| position > after))
                .collect();
            rows.sort_by(|one, other| one.0.cmp(&other.0));
            page(rows, limit)
        };
        self.read("journal.open", open).await
    }

    fn since(&self, started: Timestamp) -> String {
        format!("{:015}", started.millis())
    }
}

fn page<T>(mut rows: Vec<(String, T)>, limit: usize) -> Page<T> {
    let limit = limit.max(1);
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows
        .last()
        .filter(|_| has_more)
        .map(|(position, _)| position.clone());
    Page {
        rows: rows.into_iter().map(|(_, row)| row).collect(),
        next,
    }
}

fn create(process: &Process, identity: &Arc<Identity>, write: &Arc<Write>) -> Created {
    let world = &process.world;
    let lag = if world.is_healed() {
        0
    } else {
        world.draw(|dice| dice.below(3_000)).cast_signed()
    };
    let mut table = locked(&world.table);
    let there = table.0.get(&identity.key);
    let is_there = |row: &crate::table::Row| row.identity.incarnation == identity.incarnation;
    let was_there = there.is_some_and(is_there);
    if was_there && world.mutant == Some(Mutant::NoNonce) {
        let head = table.0[&identity.key].head();
        return Created::Exists(Box::new(head));
    }
    let created = table.create(Arc::clone(identity), Arc::clone(write), world.millis() + lag);
    let found = match (&created, was_there) {
        (Created::New, false) => {
            world.note(|| format!("{} creates {}", process.name(), shown(identity, write)));
            let mut found = audit::written(process, &mut table, &identity.key);
            found.extend(replay::differs(process, &table.0[&identity.key]));
            found
        }
        (Created::New, true) | (Created::Exists(_), _) => Vec::new(),
    };
    drop(table);
    if matches!(created, Created::New) && !was_there {
        owe(process, identity, write);
    }
    for what in found {
        world.violate(&what);
    }
    created
}

/// Writes an entry; says besides whether the head has to follow it.
fn append(process: &Process, key: &ExecutionKey, incarnation: &str, write: &Arc<Write>) -> (Appended, bool) {
    let world = &process.world;
    let mut table = locked(&world.table);
    let length =
        |table: &mut crate::table::Table| table.row_of(key, incarnation).map(|row| row.entries.len());
    let before = length(&mut table);
    let mut appended = table.append(key, incarnation, Arc::clone(write));
    let is_new = before != length(&mut table);
    let mut found = Vec::new();
    let mut identity = None;
    if is_new {
        let row = &table.0[key];
        identity = Some(Arc::clone(&row.identity));
        world.note(|| format!("{} writes {}", process.name(), shown(&row.identity, write)));
        found = audit::written(process, &mut table, key);
        found.extend(replay::differs(process, &table.0[key]));
    } else if appended == Appended::Done && world.mutant == Some(Mutant::NoNonce) {
        appended = Appended::Conflict;
    }
    let strays = appended == Appended::Done && table.0.get(key).is_some_and(Row::strays);
    drop(table);
    if !is_new {
        world.note(|| {
            format!(
                "{} writes entry {} of {} and finds {appended:?}",
                process.name(),
                write.entry.seq,
                key.name
            )
        });
    }
    if let Some(identity) = identity
        && !is_driving(process, key)
    {
        owe(process, &identity, write);
    }
    if appended == Appended::Conflict
        && world.mutant == Some(Mutant::LoserDeletes)
        && let Some(drive) = locked(&process.driven).get(key)
    {
        drive.lost.notify_waiters();
    }
    for what in found {
        world.violate(&what);
    }
    (appended, strays)
}

/// Takes note that a process with a message for an execution has read it, and with it what was `owed` to it then. When the
/// process is done with the message, that is looked after.
fn look_after(process: &Process, key: &ExecutionKey, mut owed: BTreeSet<u64>) {
    if is_driving(process, key)
        && let Some(driven) = locked(&process.driven).get_mut(key)
    {
        driven.seen.append(&mut owed);
    }
}

/// Tells whether a process has a message for an execution.
fn is_driving(process: &Process, key: &ExecutionKey) -> bool {
    process.role == Role::Worker && locked(&process.driven).contains_key(key)
}

/// Takes note that whoever wrote an entry without having a message for its execution is to wake it, or its parent.
fn owe(process: &Process, identity: &Identity, write: &Write) {
    let to = if write.entry.closing.is_none() {
        Some(&identity.key)
    } else {
        let waiting = |parent: &&engine::Parent| parent.wants != engine::Wants::Nothing;
        identity.parent.as_ref().filter(waiting).map(|parent| &parent.key)
    };
    if let Some(key) = to {
        process.world.owe(key, process.number);
    }
}

fn shown(identity: &Identity, write: &Write) -> String {
    let entry = &write.entry;
    let events: Vec<String> = entry
        .events
        .iter()
        .map(|event| event.details.event_type())
        .collect();
    format!(
        "entry {} of {} ({:?}): {}",
        entry.seq,
        identity.name,
        entry.image.status,
        events.join(" ")
    )
}
