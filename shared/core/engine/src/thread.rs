//! One line of control through a machine: the execution's own, a branch of a Parallel state, an iteration of a Map.

use crate::message::CallId;
use asl::Timestamp;
use asl::program::{MachineId, StateId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Names a thread within its execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ThreadId(pub u32);

/// The variables that one thread has assigned.
pub type Variables<D> = BTreeMap<String, D>;

/// One line of control. `D` is a document while the execution is in memory, and the document's name where it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thread<D> {
    /// The thread whose Parallel or Map state began this one; `None` for the execution's own.
    #[serde(rename = "P", skip_serializing_if = "Option::is_none", default)]
    pub parent: Option<ThreadId>,
    /// The number of the branch or iteration.
    #[serde(rename = "n")]
    pub index: u32,
    /// The machine that it runs.
    #[serde(rename = "m")]
    pub machine: MachineId,
    /// The state that it is in, or goes to next.
    #[serde(rename = "s")]
    pub state: StateId,
    /// The event by which it entered the state.
    #[serde(rename = "e")]
    pub entered: u64,
    /// The event before that one.
    #[serde(rename = "b")]
    pub before: u64,
    /// When it entered the state.
    #[serde(rename = "t")]
    pub entered_at: Timestamp,
    /// The state's input, before InputPath.
    #[serde(rename = "i")]
    pub input: D,
    /// The variables assigned in this thread.
    #[serde(rename = "v")]
    pub variables: Arc<Variables<D>>,
    /// The latest event of this thread.
    #[serde(rename = "p")]
    pub previous: u64,
    /// How often each retrier of the state was used.
    #[serde(rename = "r", skip_serializing_if = "Vec::is_empty", default)]
    pub retries: Vec<u32>,
    /// The call of the Map Run that the state began last.
    #[serde(rename = "u", skip_serializing_if = "Option::is_none", default)]
    pub map_run: Option<CallId>,
    /// What it is doing.
    #[serde(rename = "h")]
    pub phase: Phase<D>,
}

/// What a thread is doing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Phase<D> {
    /// About to enter its state.
    Ready,
    /// About to run its state, which it has entered: after a retry's delay.
    Again,
    /// In a Wait state.
    Waiting {
        /// Until when.
        until: Timestamp,
    },
    /// Between two attempts.
    Retrying {
        /// Until when.
        until: Timestamp,
    },
    /// In a Task state.
    Calling(Calling<D>),
    /// In a Parallel or Map state.
    Forked(Fork<D>),
    /// Through; waits for its siblings.
    Finished {
        /// The machine's output.
        output: D,
    },
    /// Failed, and the Map state tolerates it.
    Tolerated,
}

/// A task's attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calling<D> {
    /// Names the attempt.
    pub call: CallId,
    /// How far it is.
    pub stage: Stage,
    /// What it was called with.
    pub parameters: D,
    /// When the task times out.
    pub deadline: Timestamp,
    /// When the next heartbeat is due at the latest.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub heartbeat_due: Option<Timestamp>,
    /// `TimeoutSeconds`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub timeout_seconds: Option<u64>,
    /// `HeartbeatSeconds`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub heartbeat_seconds: Option<u64>,
    /// `Credentials.RoleArn`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub role_arn: Option<String>,
    /// The entry that holds the intent, or the claim of whoever took the call over: its writer may make the call.
    pub committed_in: u64,
    /// When the call was asked for.
    pub asked_at: Timestamp,
    /// How many calls the state had asked for before, in the whole execution.
    pub number: u32,
    /// The job behind a `.sync` task, once it is submitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<Job<D>>,
}

/// The job behind a `.sync` task: something outside that goes on by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job<D> {
    /// The answer to the submission, as the task shows it: it says how the job is called.
    pub submission: D,
    /// When it was submitted.
    pub submitted_at: Timestamp,
    /// From when on nobody seems to ask its service any more how it is: polls cost no entry as long as this is far away.
    /// `None` for a child execution, which is not asked for: it reports its end itself.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub look_by: Option<Timestamp>,
}

/// How far a task's attempt is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// The call is left to somebody who may take longer over it; nobody has claimed it yet, so nobody has made it.
    Asked,
    /// The call is asked for, or an activity's task offered; no answer yet.
    Sent,
    /// Submitted (or taken by a worker): a client, a job or a child execution will end it.
    Submitted,
}

/// A Parallel or Map state at work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fork<D> {
    /// The first branch or iteration; the others follow in order.
    pub first: ThreadId,
    /// How many there are.
    pub length: u32,
    /// How many have begun.
    pub begun: u32,
    /// How many are through.
    pub finished: u32,
    /// How many have failed and are tolerated; of a Map Run: how many items.
    pub failed: u32,
    /// How many may fail; of a Map Run: how many items.
    pub tolerated: u32,
    /// How many may run at once.
    pub width: u32,
    /// The items of a Map: a list or an object. Of a Map Run: what each child is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<D>,
    /// What a client has set since a Map Run began.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bounds: Option<Bounds>,
}

/// The bounds of a Map Run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bounds {
    /// `MaxConcurrency`; zero: no bound of its own.
    pub max_concurrency: u64,
    /// `ToleratedFailureCount`.
    pub tolerated_failure_count: Option<u64>,
    /// `ToleratedFailurePercentage`.
    pub tolerated_failure_percentage: Option<f64>,
}

impl<D> Phase<D> {
    /// Returns the time at which something is due, if any.
    pub fn deadline(&self) -> Option<Timestamp> {
        match self {
            Phase::Waiting { until } | Phase::Retrying { until } => Some(*until),
            Phase::Calling(calling) => Some(
                calling
                    .heartbeat_due
                    .map_or(calling.deadline, |due| due.min(calling.deadline)),
            ),
            Phase::Ready | Phase::Again | Phase::Forked(_) | Phase::Finished { .. } | Phase::Tolerated => {
                None
            }
        }
    }
}

impl<D> Phase<D> {
    /// Returns the job that the thread waits for, if any.
    pub fn job(&self) -> Option<&Job<D>> {
        match self {
            Phase::Calling(calling) => calling.job.as_ref(),
            Phase::Ready
            | Phase::Again
            | Phase::Waiting { .. }
            | Phase::Retrying { .. }
            | Phase::Forked(_)
            | Phase::Finished { .. }
            | Phase::Tolerated => None,
        }
    }
}

impl<D> Thread<D> {
    /// Replaces every document by what `change` makes of it.
    pub fn try_map<E, X>(self, change: &mut impl FnMut(D) -> Result<E, X>) -> Result<Thread<E>, X>
    where
        D: Clone,
    {
        let variables = Arc::try_unwrap(self.variables).unwrap_or_else(|shared| (*shared).clone());
        let mut changed = Variables::new();
        for (name, data) in variables {
            changed.insert(name, change(data)?);
        }
        Ok(Thread {
            parent: self.parent,
            index: self.index,
            machine: self.machine,
            state: self.state,
            entered: self.entered,
            before: self.before,
            entered_at: self.entered_at,
            input: change(self.input)?,
            variables: Arc::new(changed),
            previous: self.previous,
            retries: self.retries,
            map_run: self.map_run,
            phase: match self.phase {
                Phase::Ready => Phase::Ready,
                Phase::Again => Phase::Again,
                Phase::Waiting { until } => Phase::Waiting { until },
                Phase::Retrying { until } => Phase::Retrying { until },
                Phase::Tolerated => Phase::Tolerated,
                Phase::Finished { output } => Phase::Finished {
                    output: change(output)?,
                },
                Phase::Calling(calling) => Phase::Calling(Calling {
                    call: calling.call,
                    stage: calling.stage,
                    parameters: change(calling.parameters)?,
                    deadline: calling.deadline,
                    heartbeat_due: calling.heartbeat_due,
                    timeout_seconds: calling.timeout_seconds,
                    heartbeat_seconds: calling.heartbeat_seconds,
                    role_arn: calling.role_arn,
                    committed_in: calling.committed_in,
                    asked_at: calling.asked_at,
                    number: calling.number,
                    job: match calling.job {
                        Some(job) => Some(Job {
                            submission: change(job.submission)?,
                            submitted_at: job.submitted_at,
                            look_by: job.look_by,
                        }),
                        None => None,
                    },
                }),
                Phase::Forked(fork) => Phase::Forked(Fork {
                    first: fork.first,
                    length: fork.length,
                    begun: fork.begun,
                    finished: fork.finished,
                    failed: fork.failed,
                    tolerated: fork.tolerated,
                    width: fork.width,
                    items: fork.items.map(change).transpose()?,
                    bounds: fork.bounds,
                }),
            },
        })
    }
}
