//! One run of a program, with its whole durable state.

use crate::data::{Data, PayloadId};
use crate::limits::Limits;
use crate::message::CallId;
use crate::redrive::Redriven;
use crate::thread::{Job, Phase, Thread, ThreadId};
use asl::Timestamp;
use asl::program::StateId;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The version of the stored state's form; raised with every change that an older reader would misread.
pub const SCHEMA_VERSION: u32 = 1;

/// Seconds until somebody looks whether the end of a child execution was told.
pub const CHILD_SECONDS: u64 = 600;

/// Names an execution: one row of the journal's key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ExecutionKey {
    /// The state machine: `REGION:ACCOUNT:NAME`.
    pub machine: Arc<str>,
    /// The execution's name; for Express executions name and uuid, `NAME:UUID`.
    pub name: Arc<str>,
}

/// Standard or Express.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are AWS's")]
pub enum ExecutionType {
    Standard,
    Express,
}

/// The task of another execution that waits for this one's end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// The waiting execution.
    pub key: ExecutionKey,
    /// Its incarnation.
    pub incarnation: Arc<str>,
    /// The waiting task's attempt.
    pub call: CallId,
    /// What the task wants to know of its end.
    pub wants: Wants,
}

/// What a task wants to know of the end of the execution that it started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wants {
    /// Nothing: it only starts it.
    Nothing,
    /// The output as a string: `.sync`.
    Text,
    /// The output as JSON: `.sync:2`.
    Json,
    /// The output alone, or error and cause: a distributed Map, and its Map Run.
    Output,
}

/// What an execution is to a distributed Map.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MapPart {
    /// Its Map Run, or one of the children.
    pub role: MapRole,
    /// The Map state.
    pub state: StateId,
    /// The ARN of the Map Run: `arn:PARTITION:states:REGION:ACCOUNT:mapRun:MACHINE/LABEL:UUID`.
    pub run_arn: Arc<str>,
    /// Whether the children are Express executions.
    pub is_express: bool,
}

impl MapPart {
    /// Returns the name of the execution that a call starts: the Map Run's, or that of a child, which begins like it.
    pub fn name(&self, client_token: &str) -> String {
        let run = self.run_arn.rsplit(':').next().unwrap_or_default();
        match self.role {
            MapRole::Run => run.to_owned(),
            MapRole::Child => {
                let own = crate::token::uuid(client_token);
                let (common, rest) = (run.get(..MAP_RUN_PREFIX_BYTES), own.get(MAP_RUN_PREFIX_BYTES..));
                format!("{}{}", common.unwrap_or_default(), rest.unwrap_or_default())
            }
        }
    }

    /// Returns `MACHINE/LABEL`.
    pub fn machine(&self) -> &str {
        let run = self.run_arn.split_once(":mapRun:").map(|(_, run)| run);
        run.and_then(|run| run.rsplit_once(':'))
            .map_or("", |(machine, _)| machine)
    }
}

/// The two kinds of executions that a distributed Map has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MapRole {
    /// The Map Run: it starts the children, and has no history.
    Run,
    /// A child: it runs the Map state's processor.
    Child,
}

impl ExecutionKey {
    /// Returns the key of the state machine: `REGION:ACCOUNT:NAME`, also for what a distributed Map has started.
    pub fn state_machine(&self) -> &str {
        self.machine
            .split_once('/')
            .map_or(&*self.machine, |(machine, _)| machine)
    }

    /// Returns the key of an execution or a Map Run, by its ARN.
    ///
    /// The children of a Map Run are rows of a machine of their own, so that they can be listed: it is named after what
    /// their names have in common with the Map Run's, `REGION:ACCOUNT:NAME/LABEL/FIRST-THREE-GROUPS`.
    pub fn of_arn(arn: &str) -> Option<ExecutionKey> {
        let mut parts = arn.splitn(7, ':');
        if parts.next()? != "arn" || !parts.next()?.starts_with("aws") || parts.next()? != "states" {
            return None;
        }
        let (region, account, kind) = (parts.next()?, parts.next()?, parts.next()?);
        let (machine, name) = parts.next()?.split_once(':')?;
        let machine = match (kind, machine.contains('/')) {
            ("execution" | "express", true) => format!("{machine}/{}", name.get(..MAP_RUN_PREFIX_BYTES)?),
            ("execution" | "express", false) | ("mapRun", true) => machine.to_owned(),
            _ => return None,
        };
        Some(ExecutionKey {
            machine: format!("{region}:{account}:{machine}").into(),
            name: name.into(),
        })
    }
}

/// The bytes that the names of a Map Run's children have in common with its own: three groups of a UUID.
pub const MAP_RUN_PREFIX_BYTES: usize = 18;

/// What an execution is from its start to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Names the execution.
    pub key: ExecutionKey,
    /// Tells this execution from earlier ones of the same name: a ULID.
    pub incarnation: Arc<str>,
    /// The execution's ARN.
    pub arn: Arc<str>,
    /// Its name as users see it.
    pub name: Arc<str>,
    /// The state machine's ARN.
    pub machine_arn: Arc<str>,
    /// The state machine's name.
    pub machine_name: Arc<str>,
    /// The version that was started, if one was named.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub version_arn: Option<Arc<str>>,
    /// The alias that was started, if one was named.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub alias_arn: Option<Arc<str>>,
    /// The role that calls are made under.
    pub role_arn: Arc<str>,
    /// The region.
    pub region: Arc<str>,
    /// Standard or Express.
    pub execution_type: ExecutionType,
    /// When it was started.
    pub started: Timestamp,
    /// The random secret that tokens, ids and jitter are derived from: 64 hexadecimal digits.
    pub seed: Arc<str>,
    /// The revision of the definition that it runs.
    pub revision: Arc<str>,
    /// The waiting task of another execution, if one started it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub parent: Option<Parent>,
    /// StartExecution's `traceHeader`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub trace_header: Option<String>,
    /// The test case of the mock configuration that answers its calls, if one was named.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub test_case: Option<Arc<str>>,
    /// What it is to a distributed Map, if one started it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub map: Option<MapPart>,
}

impl Identity {
    /// Returns whether it is a Map Run: an execution that is none to users.
    pub fn is_map_run(&self) -> bool {
        self.map.as_ref().is_some_and(|part| part.role == MapRole::Run)
    }
}

/// Where an execution stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names are AWS's")]
pub enum Status {
    Running,
    Succeeded,
    Failed,
    TimedOut,
    Aborted,
}

impl Status {
    /// Returns the name as the API writes it.
    pub fn name(self) -> &'static str {
        match self {
            Status::Running => "RUNNING",
            Status::Succeeded => "SUCCEEDED",
            Status::Failed => "FAILED",
            Status::TimedOut => "TIMED_OUT",
            Status::Aborted => "ABORTED",
        }
    }
}

/// How an execution ended.
#[derive(Clone, Debug)]
pub struct Closing {
    /// Any status but RUNNING.
    pub status: Status,
    /// When.
    pub time: Timestamp,
    /// The output of one that succeeded.
    pub output: Option<Data>,
    /// The error of one that did not.
    pub error: Option<String>,
    /// Its cause.
    pub cause: Option<String>,
}

/// The counters of an execution; stored whole with every entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// The id of the latest event.
    pub last_event: u64,
    /// The time of the latest event; time never goes back.
    pub last_time: Timestamp,
    /// The number of the next call.
    pub next_call: u64,
    /// The number of the next thread.
    pub next_thread: u32,
    /// How many pseudo-random numbers were drawn.
    pub draws: u64,
    /// How many calls each state has asked for.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub calls_of: BTreeMap<StateId, u32>,
    /// How often the execution was redriven.
    pub redrive_count: u32,
    /// When it was last redriven.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub redriven: Option<Timestamp>,
    /// The latest redrives whose requests had a token.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub redrives: Vec<Redriven>,
    /// How many thread records were stored since the last full image.
    pub records_since_full: u64,
}

/// One run of a program.
#[derive(Debug)]
pub struct Execution {
    /// What it is.
    pub identity: Arc<Identity>,
    /// The input.
    pub input: Data,
    /// The limits in force; set by the driver, not stored.
    pub limits: Limits,
    /// Whether Task states are left to another driver, which a [`Message::Wake`](crate::Message::Wake) reaches: this one
    /// answers clients and may be gone before a call returns. Set by the driver, not stored.
    pub holds_calls: bool,
    /// Calls of functions that may take longer than so many seconds, by their `TimeoutSeconds`, are left to whoever
    /// claims them ([`Message::Claim`](crate::Message::Claim)); none when `None`. Set by the driver, not stored.
    pub hands_over_beyond: Option<u64>,
    /// Where it stands.
    pub status: Status,
    /// How it ended; `None` while it runs, and after [`Execution::restore`]: the last entry holds it.
    pub closing: Option<Closing>,
    /// The sequence number of the entry that is being made.
    pub seq: u64,
    /// The sequence number of the last entry with a full image.
    pub(crate) base: u64,
    pub(crate) counters: Counters,
    pub(crate) threads: BTreeMap<ThreadId, Thread<Data>>,
    /// Threads that changed since the last entry; a changed thread that is gone was removed.
    pub(crate) changed: BTreeSet<ThreadId>,
    /// Deadlines of all threads, earliest first; derived from `threads`.
    pub(crate) deadlines: BTreeSet<(Timestamp, ThreadId)>,
    /// The threads that wait for jobs whose service is asked how they are; derived from `threads`.
    pub(crate) jobs: BTreeSet<ThreadId>,
    /// Documents made since the last entry.
    pub(crate) payload_count: u32,
    /// The call of each thread that waits for one; derived from `threads`.
    pub(crate) calls: BTreeMap<CallId, ThreadId>,
    /// The threads that can go on at once; derived from `threads`.
    pub(crate) runnable: BTreeSet<ThreadId>,
    /// The bytes of all variables of all threads; derived from `threads`.
    pub(crate) variable_bytes: usize,
}

impl Execution {
    /// Returns an execution that has not begun: it waits for [`Message::Start`](crate::Message::Start).
    ///
    /// `input` is JSON text; it becomes the first document of entry 0.
    pub fn new(identity: Identity, input: Arc<str>, limits: Limits) -> Execution {
        let started = identity.started;
        Execution {
            identity: Arc::new(identity),
            input: Data::from_text(PayloadId::new(0, 0), input),
            limits,
            holds_calls: false,
            hands_over_beyond: None,
            status: Status::Running,
            closing: None,
            seq: 0,
            base: 0,
            counters: Counters {
                last_event: 0,
                last_time: started,
                next_call: 0,
                next_thread: 0,
                draws: 0,
                calls_of: BTreeMap::new(),
                redrive_count: 0,
                redriven: None,
                redrives: Vec::new(),
                records_since_full: 0,
            },
            threads: BTreeMap::new(),
            changed: BTreeSet::new(),
            deadlines: BTreeSet::new(),
            jobs: BTreeSet::new(),
            payload_count: 1,
            calls: BTreeMap::new(),
            runnable: BTreeSet::new(),
            variable_bytes: 0,
        }
    }

    /// Enters a thread into everything that is derived from `threads`.
    pub(crate) fn index(&mut self, id: ThreadId) {
        let Some(thread) = self.threads.get(&id) else {
            return;
        };
        self.variable_bytes = self.variable_bytes.saturating_add(bytes_of_variables(thread));
        if let Some(time) = thread.phase.deadline() {
            self.deadlines.insert((time, id));
        }
        if thread.phase.job().is_some_and(|job| job.look_by.is_some()) {
            self.jobs.insert(id);
        }
        match &thread.phase {
            Phase::Calling(calling) => {
                self.calls.insert(calling.call, id);
            }
            Phase::Ready | Phase::Again => {
                self.runnable.insert(id);
            }
            Phase::Waiting { .. }
            | Phase::Retrying { .. }
            | Phase::Forked(_)
            | Phase::Finished { .. }
            | Phase::Tolerated => {}
        }
    }

    /// Takes a thread out of everything that is derived from `threads`; before each change of the thread.
    pub(crate) fn unindex(&mut self, id: ThreadId) {
        let Some(thread) = self.threads.get(&id) else {
            return;
        };
        self.variable_bytes = self.variable_bytes.saturating_sub(bytes_of_variables(thread));
        if let Some(time) = thread.phase.deadline() {
            self.deadlines.remove(&(time, id));
        }
        if thread.phase.job().is_some() {
            self.jobs.remove(&id);
        }
        match &thread.phase {
            Phase::Calling(calling) => {
                self.calls.remove(&calling.call);
            }
            Phase::Ready | Phase::Again => {
                self.runnable.remove(&id);
            }
            Phase::Waiting { .. }
            | Phase::Retrying { .. }
            | Phase::Forked(_)
            | Phase::Finished { .. }
            | Phase::Tolerated => {}
        }
    }

    /// Derives from `threads` anew what is derived from them.
    pub(crate) fn index_anew(&mut self) {
        self.await_nothing();
        self.variable_bytes = 0;
        let ids: Vec<ThreadId> = self.threads.keys().copied().collect();
        for id in ids {
            self.index(id);
        }
    }

    /// Forgets what is awaited: an execution that has ended waits for nothing.
    pub(crate) fn await_nothing(&mut self) {
        self.deadlines.clear();
        self.jobs.clear();
        self.calls.clear();
        self.runnable.clear();
    }

    /// Returns the time at which the execution wants a [`Message::Wake`](crate::Message::Wake), if any.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        if self.status != Status::Running {
            return None;
        }
        // What can go on at once is due now: should its wake-up be lost, whoever looks for what is overdue finds it.
        if !self.runnable.is_empty() {
            return Some(self.counters.last_time);
        }
        self.deadlines.first().map(|(time, _)| *time)
    }

    /// Returns the time from which on the execution is overdue if nobody has looked after it: [`Execution::next_deadline`],
    /// or when its jobs have not been asked for in a long time. A child execution reports its end itself, once; after a
    /// while somebody has to look whether that was lost.
    pub fn overdue_from(&self) -> Option<Timestamp> {
        if self.status != Status::Running {
            return None;
        }
        self.next_deadline().into_iter().chain(self.look_by()).min()
    }

    /// Returns whether it waits for a job whose service is asked how it is.
    pub fn waits_for_jobs(&self) -> bool {
        !self.jobs.is_empty()
    }

    fn look_by(&self) -> Option<Timestamp> {
        let jobs = self
            .calls
            .values()
            .filter_map(|id| self.threads.get(id)?.phase.job());
        let look_by = |job: &Job<Data>| {
            job.look_by
                .unwrap_or_else(|| job.submitted_at.plus_seconds(CHILD_SECONDS))
        };
        jobs.map(look_by).min()
    }

    /// Returns the time of the latest event.
    pub fn last_time(&self) -> Timestamp {
        self.counters.last_time
    }

    /// Returns the number of events so far.
    pub fn event_count(&self) -> u64 {
        self.counters.last_event
    }
}

fn bytes_of_variables(thread: &Thread<Data>) -> usize {
    thread.variables.values().map(Data::bytes).sum()
}
