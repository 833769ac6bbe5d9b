//! What must hold after every write: the invariants of the journal protocol, checked against the true time and the ledger.
//!
//! | | what holds | where it is checked |
//! |---|---|---|
//! | I1 | one entry a place, none left out | `table.rs` alone decides, as the store does; `contract.rs` |
//! | I2 | what is stored is the state, and an entry made again is the same | here `state`; `replay.rs` |
//! | I3 | a call ends once, and well only after its effect | here `results`, `succeeded` |
//! | I4 | a call that must not be repeated has one effect, a token one meaning | `ledger.rs`, `clients.rs` |
//! | I5 | no call before its intent is durable, by another, or after its lease | `services.rs`, `jobs.rs` |
//! | I6 | an outcome is unknown only when its maker's lease is over | here `unknown` |
//! | I7 | no call after it was given up; no job cancelled that is waited for | `ledger.rs`, `jobs.rs` |
//! | I8 | nothing follows the end but a redrive | here `chain` |
//! | I9 | what is not waited for changes nothing | here `succeeded`; `clients.rs`, `jobs.rs` |
//! | I10 | a name is taken until 90 days after the end | `clients.rs` `is_refused`, `start`; `run.rs` `reuse` |
//! | I11 | a document is there before the entry that refers to it | here `documents`, `state`; `queues.rs` `refused` |
//! | I12 | time does not go back, and a wait is as long as it says | here `chain`, `events`, `wait` |
//! | I13 | what was acknowledged is durable | `clients.rs` |
//! | I14 | events are numbered without a gap, each after an earlier one | here `events` |
//! | L1 | everything ends, without the net unless somebody died | `run.rs` `rest`, `look_for_the_lost`, `leaves_a_task` |
//! | L2 | who waits for time or a call has a timer, a message or an owner | `upkeep.rs`, after every message |
//! | L3 | queues come to rest; no dead letters when all is well | `run.rs` `settle`; `queues.rs` `hand_out` |
//! | L4 | a head shows its execution's end | `run.rs` `wrong_end` |

use crate::process::Process;
use crate::table::{Row, Table};
use crate::upkeep::Needs;
use crate::world::locked;
use engine::{CallId, Details, Event, ExecutionKey, Image, PayloadId, StateType, Status};
use ports::StoredPayload;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// By how much the clocks of two processes differ at most.
pub(crate) const CLOCKS_DIFFER_MILLIS: i64 = 5_000;
/// A call whose lease was nearly over when it was to be made is not made, and its outcome recorded as unknown.
const NEARLY_OVER_MILLIS: i64 = 40_000;
/// How the engine begins the cause of a call whose outcome is unknown.
const UNKNOWN: &str = "the outcome of this call is unknown";

/// Checks the entry that was just written; returns what is wrong.
pub(crate) fn written(process: &Process, table: &mut Table, key: &ExecutionKey) -> Vec<String> {
    let row = &table.0[key];
    if process.world.plan.executions == 0 {
        return Vec::new();
    }
    let mut audit = Audit {
        process,
        table,
        row,
        found: Vec::new(),
        needs: Needs::default(),
    };
    audit.chain();
    audit.events();
    audit.results();
    audit.documents();
    audit.state();
    let Audit { found, needs, .. } = audit;
    if let Some(row) = table.0.get_mut(key) {
        row.needs = needs;
    }
    found
}

struct Audit<'a> {
    process: &'a Process,
    table: &'a Table,
    row: &'a Row,
    found: Vec<String>,
    needs: Needs,
}

impl Audit<'_> {
    fn broken(&mut self, what: String) {
        let name = &self.row.identity.name;
        let seq = self.row.last().write.entry.seq;
        self.found.push(format!("{what} (entry {seq} of {name})"));
    }

    /// I8: nothing follows the end but a redrive. I12: time does not go back.
    fn chain(&mut self) {
        let entries = &self.row.entries;
        let [.., before, last] = entries.as_slice() else {
            return;
        };
        let (before, last) = (&before.write.entry, &last.write.entry);
        if before.image.status != Status::Running
            && last.image.counters.redrive_count != before.image.counters.redrive_count + 1
        {
            self.broken("I8: an entry after the end that is no redrive".to_owned());
        }
        if last.time < before.time {
            self.broken("I12: the journal's time goes back".to_owned());
        }
    }

    /// I14: event ids have no gap, and each event follows an earlier one. I12: waits are as long as they say.
    fn events(&mut self) {
        let entries = &self.row.entries;
        let seq = entries.len() - 1;
        let mut id = match seq {
            0 => 0,
            _ => entries[seq - 1].write.entry.image.counters.last_event,
        };
        let last = Arc::clone(&entries[seq].write);
        let mut time = match seq {
            0 => last.entry.time,
            _ => entries[seq - 1].write.entry.time,
        };
        for event in &last.entry.events {
            id += 1;
            if event.id != id || event.previous >= event.id {
                self.broken(format!("I14: event {} after event {}", event.id, id - 1));
            }
            if event.time < time {
                self.broken("I12: an event before the one it follows".to_owned());
            }
            time = event.time;
            self.wait(event);
        }
        if last.entry.image.counters.last_event != id {
            self.broken("I14: the count of events is not theirs".to_owned());
        }
    }

    fn wait(&mut self, event: &Event) {
        let Details::StateExited {
            state: StateType::Wait,
            name,
            ..
        } = &event.details
        else {
            return;
        };
        let Some(seconds) = name.strip_prefix("Wait").and_then(|rest| {
            let digits = rest.split('_').next()?;
            digits.parse::<i64>().ok()
        }) else {
            return;
        };
        let events = self
            .row
            .entries
            .iter()
            .flat_map(|entry| &entry.write.entry.events);
        let entered = events
            .rev()
            .find(|entered| entered.id == event.previous)
            .map(|entered| entered.time.millis());
        let Some(entered) = entered else { return };
        let due = entered + seconds * 1000 - 1000;
        if event.time.millis() < due || self.process.world.millis() < due - CLOCKS_DIFFER_MILLIS {
            self.broken(format!("I12: `{name}` was over too early"));
        }
    }

    /// I3, I6, I9: what is recorded of calls.
    fn results(&mut self) {
        let all = self
            .row
            .entries
            .iter()
            .flat_map(|entry| &entry.write.entry.events);
        let seq = self.row.entries.len() - 1;
        let new_from = self.row.entries[seq]
            .write
            .entry
            .events
            .first()
            .map(|event| event.id);
        let Some(new_from) = new_from else { return };
        let mut of_event: BTreeMap<u64, CallId> = BTreeMap::new();
        let mut closed: BTreeMap<CallId, u64> = BTreeMap::new();
        let mut count = 0;
        for event in all {
            let is_end = match &event.details {
                Details::Scheduled { .. } => {
                    of_event.insert(event.id, CallId(count));
                    count += 1;
                    continue;
                }
                Details::MapRunStarted { .. } => {
                    count += 1;
                    continue;
                }
                Details::Started { .. } | Details::ActivityStarted { .. } | Details::TaskSubmitted { .. } => {
                    false
                }
                Details::Succeeded { .. }
                | Details::Failed { .. }
                | Details::TaskSubmitFailed { .. }
                | Details::TimedOut { .. } => true,
                _ => continue,
            };
            let Some(call) = of_event.get(&event.previous).copied() else {
                self.broken(format!("I14: event {} follows no task's", event.id));
                continue;
            };
            of_event.insert(event.id, call);
            if !is_end {
                continue;
            }
            if let Some(first) = closed.insert(call, event.id) {
                self.broken(format!(
                    "I3: call {} ends by events {first} and {}",
                    call.0, event.id
                ));
            }
            if event.id < new_from {
                continue;
            }
            match &event.details {
                Details::Succeeded { output, .. } => self.succeeded(call, *output),
                Details::Failed { why, .. } if is_unknown(why.cause.as_deref()) => self.unknown(call),
                _ => {}
            }
        }
    }

    fn succeeded(&mut self, call: CallId, output: PayloadId) {
        let Some(text) = self.text(output) else { return };
        let Ok(output) = serde_json::from_str::<Value>(&text) else {
            return self.broken(format!("I3: call {} has a result that is no JSON", call.0));
        };
        let incarnation = &self.row.identity.incarnation;
        if let Some(arn) = output.get("ExecutionArn").and_then(Value::as_str) {
            let parent = self
                .table
                .by_arn(arn)
                .and_then(|row| row.identity.parent.as_ref());
            let fits = parent.is_some_and(|parent| parent.call == call && parent.incarnation == *incarnation);
            if !fits {
                self.broken(format!("I9: call {} has the result of another's child", call.0));
            }
            return;
        }
        let is_own = output.get("incarnation").and_then(Value::as_str) == Some(incarnation)
            && output.get("call").and_then(Value::as_u64) == Some(call.0);
        if !is_own {
            return self.broken(format!("I9: call {} has another call's result: {output}", call.0));
        }
        let world = &self.process.world;
        if locked(&world.jobs).goes_on(incarnation, call, world.millis()) {
            self.broken(format!("I3: call {} succeeded before its job did", call.0));
        }
        let ledger = locked(&self.process.world.ledger);
        let has_effect = ledger.effects(incarnation, call) > 0;
        drop(ledger);
        if !has_effect {
            self.broken(format!("I3: call {} succeeded without an effect", call.0));
        }
    }

    /// I6: nobody records that a call's outcome is unknown while whoever may make it is alive.
    fn unknown(&mut self, call: CallId) {
        let world = &self.process.world;
        let mut ledger = locked(&world.ledger);
        let attempts = ledger.attempts(&self.row.identity.incarnation, call);
        ledger.give_up(&self.row.identity.incarnation, call);
        let may_repeat = ledger.may_repeat(&self.row.identity.incarnation, call);
        drop(ledger);
        if may_repeat {
            return;
        }
        let Some(committed_in) = self.committed_in(call) else {
            return;
        };
        let entry = &self.row.entries[committed_in as usize];
        let left = entry.lease.until.millis() - self.process.clock().millis();
        let is_mine = self.process.has_written(&entry.lease.nonce.0);
        let is_over = entry.has_lapsed || left <= CLOCKS_DIFFER_MILLIS;
        // Its own calls a driver gives up when it knows that nobody makes them any more.
        let was_begun =
            attempts > 0 || left <= NEARLY_OVER_MILLIS || self.process.has_let_go(&self.row.identity.key);
        if !(is_over || is_mine && was_begun) {
            self.broken(format!(
                "I6: call {} is given up {left} ms before its lease is over",
                call.0
            ));
        }
    }

    /// Returns the entry that holds the intent or the claim of a call, as the entry before the last knew it.
    fn committed_in(&self, call: CallId) -> Option<u64> {
        committed_in(self.row, self.row.entries.len() - 1, call)
    }

    /// I11: what an entry refers to is there.
    fn documents(&mut self) {
        let write = Arc::clone(&self.row.last().write);
        let blobs = locked(&self.process.world.blobs);
        let output = write.output.iter();
        let missing: Vec<String> = write
            .payloads
            .iter()
            .map(|(_, payload)| payload)
            .chain(output)
            .filter_map(|payload| match payload {
                StoredPayload::Blob(name) if !blobs.contains_key(&**name) => Some(name.to_string()),
                StoredPayload::Blob(_) | StoredPayload::Text(_) => None,
            })
            .collect();
        drop(blobs);
        for name in missing {
            self.broken(format!("I11: the blob `{name}` is missing"));
        }
    }

    /// I2: the stored state can be restored, and every document that it refers to is there.
    fn state(&mut self) {
        let image = &self.row.last().write.entry.image;
        let text = serde_json::to_string(image).expect("an image has a text");
        if serde_json::from_str::<Image>(&text).ok().as_ref() != Some(image) {
            self.broken(format!("I2: an image is read as another one: {text}"));
        }
        let stored = self.row.stored();
        let blobs = locked(&self.process.world.blobs);
        let mut find = |id: PayloadId| match stored.payloads.get(&id)? {
            StoredPayload::Text(text) => Some(Arc::clone(text)),
            StoredPayload::Blob(name) => blobs.get(&**name).cloned(),
        };
        let restored = engine::Execution::restore(
            Arc::clone(&self.row.identity),
            stored.images,
            engine::Limits::default(),
            &mut find,
        );
        drop(blobs);
        match restored {
            Ok(execution) => {
                if let Some(program) = self.process.world.program(&self.row.identity.key) {
                    self.needs = Needs::of(&execution, &program);
                }
                let entry = &self.row.last().write.entry;
                if execution.seq != entry.seq + 1 || execution.status != entry.image.status {
                    self.broken("I2: the stored state is another one's".to_owned());
                }
            }
            Err(error) => self.broken(format!("I2: {error}")),
        }
    }

    fn text(&self, id: PayloadId) -> Option<Arc<str>> {
        match self.row.payload(id)? {
            StoredPayload::Text(text) => Some(text),
            StoredPayload::Blob(name) => locked(&self.process.world.blobs).get(&*name).cloned(),
        }
    }
}

fn is_unknown(cause: Option<&str>) -> bool {
    cause.is_some_and(|cause| cause.starts_with(UNKNOWN))
}

/// Returns the entry that holds the intent or the claim of a call, as the entries before `end` know it.
pub(crate) fn committed_in(row: &Row, end: usize, call: CallId) -> Option<u64> {
    let entries = row.entries[..end].iter().rev();
    entries
        .flat_map(|entry| &entry.write.entry.image.threads)
        .find_map(|(_, thread)| match &thread.phase {
            engine::Phase::Calling(calling) if calling.call == call => Some(calling.committed_in),
            _ => None,
        })
}

/// Tells whether an execution waits for a call, by its latest entry.
pub(crate) fn is_open(row: &Row, call: CallId) -> bool {
    row.status() == Status::Running && calling(row, call).is_some()
}

/// Returns a call that an execution waits for, by its latest entry.
pub(crate) fn calling(row: &Row, call: CallId) -> Option<engine::Calling<PayloadId>> {
    threads(row).into_values().find_map(|thread| match thread.phase {
        engine::Phase::Calling(calling) if calling.call == call => Some(calling),
        _ => None,
    })
}

/// Tells whether a worker has begun a task, by the events: the same entry may have ended it.
pub(crate) fn is_started(row: &Row, call: CallId) -> bool {
    let mut scheduled = Vec::new();
    let events = row.entries.iter().flat_map(|entry| &entry.write.entry.events);
    for event in events {
        match &event.details {
            Details::Scheduled { .. } | Details::MapRunStarted { .. } => scheduled.push(event.id),
            Details::ActivityStarted { .. } if scheduled.get(call.0 as usize) == Some(&event.previous) => {
                return true;
            }
            _ => {}
        }
    }
    false
}

/// Returns the threads of an execution, by its latest entry.
fn threads(row: &Row) -> BTreeMap<engine::ThreadId, engine::Thread<PayloadId>> {
    let mut threads = BTreeMap::new();
    for (seq, image) in row.images() {
        if image.base == seq {
            threads.clear();
        }
        for id in &image.removed {
            threads.remove(id);
        }
        threads.extend(image.threads);
    }
    threads
}
