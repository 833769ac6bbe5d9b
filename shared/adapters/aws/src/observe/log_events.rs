//! Events of executions in CloudWatch Logs, as the state machine's `loggingConfiguration` wants them.

use super::buffer::Told;
use super::log_level::{Logging, Wanted};
use super::log_line;
use super::send;
use super::stored::Stored;
use calls::Caller;
use engine::{Identity, Timestamp};
use futures_util::future::join_all;
use ports::{Machine, Owner, Registry};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// For how long a state machine's configuration is believed.
const BELIEVED: Duration = Duration::from_secs(60);
/// State machines whose configuration is remembered.
const MACHINES_MAX: usize = 1_000;
/// CloudWatch Logs takes so many events in one request.
const BATCH_EVENTS_MAX: usize = 10_000;
/// So many bytes, with [`EVENT_BYTES`] for each event besides its text.
const BATCH_BYTES_MAX: usize = 1024 * 1024;
const EVENT_BYTES: usize = 26;
/// And the events of so long a time.
const BATCH_MILLIS_MAX: i64 = 24 * 60 * 60 * 1000;
/// Names of streams tell their beginning in steps of so many minutes.
const STREAM_MINUTES: i64 = 5;

/// One line and its time.
pub(super) type Line = (Timestamp, String);
/// A log group and a state machine's name.
type Place = (Arc<str>, Arc<str>);
/// A state machine's logging, and when it was read.
type Known = (Instant, Option<Logging>);

/// Writes events to the log groups of state machines.
pub(super) struct LogEvents {
    caller: Arc<Caller>,
    registry: Arc<dyn Registry>,
    stored: Stored,
    /// The end of the names of this process's streams.
    suffix: String,
    /// By the state machine's key.
    known: Mutex<BTreeMap<Arc<str>, Known>>,
    /// The streams that are there, by log group and state machine.
    streams: Mutex<BTreeMap<Place, String>>,
}

impl LogEvents {
    pub(super) fn new(
        caller: Arc<Caller>,
        registry: Arc<dyn Registry>,
        stored: Stored,
        suffix: String,
    ) -> LogEvents {
        LogEvents {
            caller,
            registry,
            stored,
            suffix,
            known: Mutex::default(),
            streams: Mutex::default(),
        }
    }

    /// Returns what of an execution has to be kept.
    pub(super) fn wanted(&self, identity: &Identity) -> Wanted {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match known.get(identity.key.state_machine()) {
            Some((since, logging)) if since.elapsed() < BELIEVED => Wanted::by(logging.as_ref()),
            Some(_) | None => Wanted::ALL,
        }
    }

    /// Writes what waits; returns how many events were lost.
    pub(super) async fn send(&self, told: Vec<Told>) -> u64 {
        let mut streams: BTreeMap<Place, Vec<Line>> = BTreeMap::new();
        let mut lost = 0;
        for mut told in told {
            if told.events.is_empty() {
                continue;
            }
            match self.logging(&told.identity).await {
                Ok(Some(logging)) => {
                    let lines = self.lines(&mut told, &logging).await;
                    let place = (logging.group, Arc::clone(&told.identity.machine_name));
                    streams.entry(place).or_default().extend(lines);
                }
                Ok(None) => {}
                Err(reason) => {
                    eprintln!(
                        "{} events of `{}` are not logged: {reason}",
                        told.events.len(),
                        told.identity.arn
                    );
                    lost += told.events.len() as u64;
                }
            }
        }
        let writes = streams
            .into_iter()
            .map(|((group, machine), lines)| self.write(group, machine, lines));
        lost + join_all(writes).await.into_iter().sum::<u64>()
    }

    async fn lines(&self, told: &mut Told, logging: &Logging) -> Vec<Line> {
        let wanted = Wanted::by(Some(logging));
        told.events.retain(|event| wanted.takes(&event.details));
        if logging.data {
            self.stored.complete(told).await;
        }
        let documents = Some(&told.documents).filter(|_| logging.data);
        let lines = told.events.iter().map(|event| {
            let line = log_line::line(&told.identity, event, told.redrive_count, documents);
            (event.time, line)
        });
        lines.collect()
    }

    /// Returns a state machine's logging, as the registry has it; `None` when it is off.
    async fn logging(&self, identity: &Identity) -> Result<Option<Logging>, String> {
        let machine = identity.key.state_machine();
        {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((since, logging)) = known.get(machine)
                && since.elapsed() < BELIEVED
            {
                return Ok(logging.clone());
            }
        }
        let configuration = match self.machine(identity).await? {
            Some(machine) => machine.revision.logging,
            // It is deleted: its last executions are logged as they were when they were started.
            None => {
                let revision = self.registry.revision(machine, &identity.revision).await;
                let revision = revision.map_err(|error| error.to_string())?;
                revision.and_then(|revision| revision.logging)
            }
        };
        let logging = Logging::read(configuration.as_ref());
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MACHINES_MAX {
            known.clear();
        }
        known.insert(Arc::from(machine), (Instant::now(), logging.clone()));
        Ok(logging)
    }

    async fn machine(&self, identity: &Identity) -> Result<Option<Machine>, String> {
        let account = identity.key.machine.split(':').nth(1).unwrap_or_default();
        let owner = Owner {
            region: Arc::clone(&identity.region),
            account: account.into(),
        };
        let machine = self.registry.machine(&owner, &identity.machine_name).await;
        machine.map_err(|error| error.to_string())
    }

    async fn write(&self, group: Arc<str>, machine: Arc<str>, lines: Vec<Line>) -> u64 {
        let mut lost = 0;
        for batch in batches(lines) {
            match self.put(&group, &machine, &batch).await {
                Ok(rejected) => lost += rejected,
                Err(reason) => {
                    eprintln!(
                        "{} events of `{machine}` are not in `{group}`: {reason}",
                        batch.len()
                    );
                    lost += batch.len() as u64;
                }
            }
        }
        lost
    }

    /// Writes a batch; returns how many of its events CloudWatch Logs refused.
    async fn put(&self, group: &Arc<str>, machine: &Arc<str>, batch: &[Line]) -> Result<u64, String> {
        let events = batch
            .iter()
            .map(|(time, line)| json!({ "Timestamp": time.millis(), "Message": line }));
        let events: Vec<Value> = events.collect();
        let mut is_fresh = false;
        loop {
            let stream = match self.stream(group, machine) {
                Some(stream) if !is_fresh => stream,
                Some(_) | None => {
                    is_fresh = true;
                    self.create_stream(group, machine, batch).await?
                }
            };
            let members = json!({ "LogGroupName": &**group, "LogStreamName": stream, "LogEvents": events });
            match send::call(&self.caller, "logs", "PutLogEvents", &members).await {
                Ok(answer) => return Ok(rejected(&answer, batch.len())),
                // Somebody deleted the stream.
                Err(error) if !is_fresh && send::code(&error) == Some(MISSING) => is_fresh = true,
                Err(error) => return Err(error.to_string()),
            }
        }
    }

    fn stream(&self, group: &Arc<str>, machine: &Arc<str>) -> Option<String> {
        let streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        streams.get(&(Arc::clone(group), Arc::clone(machine))).cloned()
    }

    async fn create_stream(
        &self,
        group: &Arc<str>,
        machine: &Arc<str>,
        batch: &[Line],
    ) -> Result<String, String> {
        let since = batch.first().map_or(Timestamp(0), |(time, _)| *time);
        let stream = stream_name(machine, since, &self.suffix);
        let members = json!({ "LogGroupName": &**group, "LogStreamName": stream });
        match send::call(&self.caller, "logs", "CreateLogStream", &members).await {
            Ok(_) => {}
            Err(error) if send::code(&error) == Some(EXISTS) => {}
            Err(error) => return Err(error.to_string()),
        }
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        if streams.len() >= MACHINES_MAX {
            streams.clear();
        }
        streams.insert((Arc::clone(group), Arc::clone(machine)), stream.clone());
        Ok(stream)
    }
}

const MISSING: &str = "ResourceNotFoundException";
const EXISTS: &str = "ResourceAlreadyExistsException";

/// Returns `states/NAME/2026-11-22-10-05/5c1d4f7a`, as the streams of Step Functions are named.
pub(super) fn stream_name(machine: &str, since: Timestamp, suffix: &str) -> String {
    let step = STREAM_MINUTES * 60 * 1000;
    let begin = jiff::Timestamp::from_millisecond(since.millis().div_euclid(step) * step);
    let begin = begin.unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    format!("states/{machine}/{}/{suffix}", begin.strftime("%Y-%m-%d-%H-%M"))
}

/// Divides lines into requests, in the order of time.
pub(super) fn batches(mut lines: Vec<Line>) -> Vec<Vec<Line>> {
    lines.sort_by_key(|(time, _)| *time);
    let mut batches: Vec<Vec<Line>> = Vec::new();
    let mut bytes = 0;
    for (time, line) in lines {
        let size = line.len() + EVENT_BYTES;
        let fits = batches
            .last()
            .and_then(|batch| batch.first().map(|first| (batch, first)));
        let fits = fits.is_some_and(|(batch, (begin, _))| {
            batch.len() < BATCH_EVENTS_MAX
                && bytes + size <= BATCH_BYTES_MAX
                && time.millis() - begin.millis() < BATCH_MILLIS_MAX
        });
        match batches.last_mut().filter(|_| fits) {
            Some(batch) => {
                bytes += size;
                batch.push((time, line));
            }
            None => {
                bytes = size;
                batches.push(vec![(time, line)]);
            }
        }
    }
    batches
}

/// Returns how many events of a batch were too old, too new or expired.
fn rejected(answer: &Value, sent: usize) -> u64 {
    let Some(info) = answer.get("RejectedLogEventsInfo") else {
        return 0;
    };
    let index = |member: &str| info.get(member).and_then(Value::as_u64);
    let old = index("TooOldLogEventEndIndex")
        .into_iter()
        .chain(index("ExpiredLogEventEndIndex"))
        .max()
        .unwrap_or(0);
    let new = index("TooNewLogEventStartIndex").map_or(0, |start| (sent as u64).saturating_sub(start));
    old + new
}
