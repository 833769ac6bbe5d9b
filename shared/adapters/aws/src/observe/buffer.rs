//! What executions did since it was last told: kept in memory, within bounds.

use super::log_level::Wanted;
use super::metrics::Metrics;
use engine::{Details, Event, ExecutionKey, Identity, Payload, PayloadId, Status, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Events that wait to be logged; each is some 200 bytes.
const EVENTS_MAX: usize = 20_000;
/// Bytes of documents that wait with them; what is not kept is read from the journal.
const DOCUMENT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Status changes that wait to be told.
const CHANGES_MAX: usize = 2_000;
/// Starts of activities that wait to be counted.
const ACTIVITY_STARTS_MAX: usize = 1_000;

/// An execution's status has changed.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) identity: Arc<Identity>,
    pub(super) status: Status,
    pub(super) at: Timestamp,
    /// The input; `None` when it is not at hand.
    pub(super) input: Option<Arc<str>>,
    /// The output of one that succeeded; `None` when it is not at hand.
    pub(super) output: Option<Arc<str>>,
    pub(super) error: Option<String>,
    pub(super) cause: Option<String>,
    pub(super) redrive_count: u32,
    /// When it was last redriven.
    pub(super) redriven: Option<Timestamp>,
}

/// The events of one execution that wait to be logged.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) identity: Arc<Identity>,
    pub(super) events: Vec<Event>,
    /// The documents that are at hand.
    pub(super) documents: BTreeMap<PayloadId, Arc<str>>,
    pub(super) redrive_count: u32,
}

/// The start of an activity's task; the event before it names the activity.
#[derive(Clone, Debug)]
pub(super) struct ActivityStart {
    pub(super) key: ExecutionKey,
    pub(super) scheduled: u64,
}

/// All that waits.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    pub(super) metrics: Metrics,
    pub(super) changes: Vec<Change>,
    /// By incarnation.
    pub(super) told: BTreeMap<Arc<str>, Told>,
    pub(super) activity_starts: Vec<ActivityStart>,
    events: usize,
    document_bytes: usize,
}

/// What happened in one turn of an execution.
pub(super) struct Turn<'a> {
    pub(super) identity: &'a Identity,
    pub(super) events: &'a [Event],
    pub(super) documents: &'a [Payload],
    /// The output of a durable execution that succeeded.
    pub(super) output: Option<&'a Arc<str>>,
    pub(super) redrive_count: u32,
    /// When it was last redriven.
    pub(super) redriven: Option<Timestamp>,
}

impl Buffer {
    /// Takes in a turn, and of it for the log what is wanted.
    pub(super) fn add(&mut self, turn: &Turn<'_>, wanted: Wanted) {
        let identity = match self.told.get(&turn.identity.incarnation) {
            Some(told) => Arc::clone(&told.identity),
            None => Arc::new(turn.identity.clone()),
        };
        for event in turn.events {
            self.metrics.note(&identity, event);
            if let Details::ActivityStarted { .. } = event.details {
                self.activity_started(&identity.key, event.previous);
            }
            if let Some((status, output, error, cause)) = change(&event.details) {
                let document = |id: PayloadId| {
                    let found = turn.documents.iter().find(|document| document.id == id);
                    found.map(|document| Arc::clone(&document.text))
                };
                let output = output.and_then(|id| turn.output.cloned().or_else(|| document(id)));
                self.changed(Change {
                    identity: Arc::clone(&identity),
                    status,
                    at: event.time,
                    input: document(PayloadId::new(0, 0)),
                    output,
                    error,
                    cause,
                    redrive_count: turn.redrive_count,
                    redriven: turn.redriven,
                });
            }
        }
        let logged = turn.events.iter().filter(|event| wanted.takes(&event.details));
        let logged: Vec<Event> = logged.cloned().collect();
        // A document that appears here may be shown by a later event.
        let documents = if wanted.data { turn.documents } else { &[] };
        if !logged.is_empty() || !documents.is_empty() {
            self.log(identity, turn.redrive_count, logged, documents);
        }
    }

    fn log(
        &mut self,
        identity: Arc<Identity>,
        redrive_count: u32,
        mut events: Vec<Event>,
        documents: &[Payload],
    ) {
        let room = EVENTS_MAX.saturating_sub(self.events);
        self.metrics
            .lost("Logs", events.len().saturating_sub(room) as u64);
        events.truncate(room);
        self.events += events.len();
        let incarnation = Arc::clone(&identity.incarnation);
        let told = self.told.entry(incarnation).or_insert_with(|| Told {
            identity,
            events: Vec::new(),
            documents: BTreeMap::new(),
            redrive_count,
        });
        told.events.append(&mut events);
        told.redrive_count = redrive_count;
        for document in documents {
            if self.document_bytes + document.text.len() > DOCUMENT_BYTES_MAX {
                break;
            }
            self.document_bytes += document.text.len();
            told.documents.insert(document.id, Arc::clone(&document.text));
        }
    }

    fn changed(&mut self, change: Change) {
        if self.changes.len() < CHANGES_MAX {
            self.changes.push(change);
        } else {
            self.metrics.lost("StatusEvents", 1);
        }
    }

    fn activity_started(&mut self, key: &ExecutionKey, scheduled: u64) {
        if self.activity_starts.len() < ACTIVITY_STARTS_MAX {
            let key = key.clone();
            self.activity_starts.push(ActivityStart { key, scheduled });
        }
    }
}

type Ending = (Status, Option<PayloadId>, Option<String>, Option<String>);

/// Returns the status that an event is the beginning of, with output, error and cause.
fn change(details: &Details) -> Option<Ending> {
    match details {
        Details::ExecutionStarted { .. } | Details::ExecutionRedriven { .. } => {
            Some((Status::Running, None, None, None))
        }
        Details::ExecutionSucceeded { output } => Some((Status::Succeeded, Some(*output), None, None)),
        Details::ExecutionFailed(why) => Some((Status::Failed, None, why.error.clone(), why.cause.clone())),
        Details::ExecutionAborted(why) => Some((Status::Aborted, None, why.error.clone(), why.cause.clone())),
        Details::ExecutionTimedOut(why) => {
            Some((Status::TimedOut, None, why.error.clone(), why.cause.clone()))
        }
        Details::StateEntered { .. }
        | Details::StateExited { .. }
        | Details::StateAborted { .. }
        | Details::ParallelStateStarted
        | Details::ParallelStateSucceeded
        | Details::ParallelStateFailed
        | Details::MapStateStarted { .. }
        | Details::MapStateSucceeded
        | Details::MapStateFailed
        | Details::MapRunStarted { .. }
        | Details::MapRunSucceeded
        | Details::MapRunFailed(_)
        | Details::MapRunAborted
        | Details::MapIterationStarted { .. }
        | Details::MapIterationSucceeded { .. }
        | Details::MapIterationFailed { .. }
        | Details::MapIterationAborted { .. }
        | Details::Scheduled { .. }
        | Details::Started { .. }
        | Details::ActivityStarted { .. }
        | Details::TaskSubmitted { .. }
        | Details::TaskSubmitFailed { .. }
        | Details::Succeeded { .. }
        | Details::Failed { .. }
        | Details::TimedOut { .. }
        | Details::EvaluationFailed { .. } => None,
    }
}
