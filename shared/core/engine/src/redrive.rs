//! RedriveExecution: what had not succeeded runs again, in the same execution.

use crate::execution::{Execution, ExecutionType, Status};
use crate::history::Details;
use crate::limits::{
    REDRIVABLE_SECONDS, REDRIVE_EVENTS_RESERVE, REDRIVE_TOKEN_SECONDS, REDRIVE_TOKENS_MAX, REDRIVES_MAX,
    STANDARD_SECONDS_MAX,
};
use crate::states::map;
use crate::thread::{Phase, ThreadId};
use crate::turn::Turn;
use asl::Timestamp;
use asl::program::StateKind;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why an execution cannot be redriven: printed as DescribeExecution's `redriveStatusReason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotRedrivable {
    /// It is an Express execution.
    Express,
    /// It runs, or it succeeded.
    Status(Status),
    /// It ended too long ago.
    PeriodExceeded,
    /// It was started too long ago.
    TooOld,
    /// Its history has no room.
    HistoryFull,
    /// It was redriven too often.
    TooOften,
    /// Its state machine is gone.
    MachineDeleted,
    /// It is a child of a Map Run.
    MapRunChild,
    /// It stands in a distributed Map.
    MapRun,
}

impl fmt::Display for NotRedrivable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // AWS's words (API reference: DescribeExecution), but for the last two, and for the two that it does not document.
        f.write_str(match self {
            NotRedrivable::Express => "Execution is of type EXPRESS and cannot be redriven",
            NotRedrivable::Status(status) => {
                return write!(f, "Execution is {} and cannot be redriven", status.name());
            }
            NotRedrivable::PeriodExceeded => "Execution redrivable period exceeded",
            NotRedrivable::TooOld => "Execution has exceeded the max execution time",
            NotRedrivable::HistoryFull => "Execution history event limit exceeded",
            NotRedrivable::TooOften => "Execution has exceeded the max number of redrives",
            NotRedrivable::MachineDeleted => "State machine is in DELETING status",
            NotRedrivable::MapRunChild => "the children of a Map Run cannot be redriven yet",
            NotRedrivable::MapRun => {
                "an execution cannot be redriven yet in a state that has begun a Map Run"
            }
        })
    }
}

/// What decides about a redrive.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// Standard or Express.
    pub execution_type: ExecutionType,
    /// Where the execution stands.
    pub status: Status,
    /// When it was started.
    pub started: Timestamp,
    /// When it ended, if it has.
    pub stopped: Option<Timestamp>,
    /// How often it was redriven.
    pub redrive_count: u32,
    /// How many events its history has.
    pub events: u64,
    /// How many it may have: [`Limits::history_events`](crate::Limits).
    pub events_max: u64,
    /// Whether a distributed Map has started it.
    pub is_part: bool,
}

impl Standing {
    /// Returns why the execution cannot be redriven at this time; `None` when it can.
    pub fn refusal(&self, now: Timestamp) -> Option<NotRedrivable> {
        let refusals = [
            (
                self.execution_type == ExecutionType::Express,
                NotRedrivable::Express,
            ),
            (
                matches!(self.status, Status::Running | Status::Succeeded),
                NotRedrivable::Status(self.status),
            ),
            (
                self.stopped
                    .is_some_and(|stopped| now > stopped.plus_seconds(REDRIVABLE_SECONDS)),
                NotRedrivable::PeriodExceeded,
            ),
            (
                now >= self.started.plus_seconds(STANDARD_SECONDS_MAX),
                NotRedrivable::TooOld,
            ),
            (
                self.events.saturating_add(REDRIVE_EVENTS_RESERVE) > self.events_max,
                NotRedrivable::HistoryFull,
            ),
            (self.redrive_count >= REDRIVES_MAX, NotRedrivable::TooOften),
            (self.is_part, NotRedrivable::MapRunChild),
        ];
        refusals
            .into_iter()
            .find_map(|(holds, refusal)| holds.then_some(refusal))
    }
}

/// A redrive that a client may ask for again: its token, and when it happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redriven {
    /// RedriveExecution's `clientToken`.
    #[serde(rename = "t")]
    pub client_token: String,
    /// When.
    #[serde(rename = "a")]
    pub at: Timestamp,
}

impl Execution {
    /// Returns why the execution cannot be redriven at this time; `None` when it can.
    pub fn not_redrivable(&self, now: Timestamp) -> Option<NotRedrivable> {
        let standing = Standing {
            execution_type: self.identity.execution_type,
            status: self.status,
            started: self.identity.started,
            // The event that closed it is the latest.
            stopped: Some(self.counters.last_time).filter(|_| self.status != Status::Running),
            redrive_count: self.counters.redrive_count,
            events: self.counters.last_event,
            events_max: self.limits.history_events,
            is_part: self.identity.map.is_some(),
        };
        let has_begun_map_run = self.threads.values().any(|thread| thread.map_run.is_some());
        standing
            .refusal(now)
            .or_else(|| has_begun_map_run.then_some(NotRedrivable::MapRun))
    }

    /// Returns when a request with this token redrove the execution, as long as AWS remembers tokens.
    pub fn redriven_by(&self, client_token: &str, now: Timestamp) -> Option<Timestamp> {
        let redrives = self.counters.redrives.iter();
        let known = redrives.filter(|redriven| redriven.is_known(now));
        let mut own = known.filter(|redriven| redriven.client_token == client_token);
        own.next().map(|redriven| redriven.at)
    }
}

impl Redriven {
    fn is_known(&self, now: Timestamp) -> bool {
        now < self.at.plus_seconds(REDRIVE_TOKEN_SECONDS)
    }
}

/// Opens an execution again that failed, was stopped or timed out. What cannot be redriven is left as it is.
pub(crate) fn redrive(turn: &mut Turn<'_>, client_token: Option<String>) {
    let execution = &turn.execution;
    let is_repeated = client_token
        .as_deref()
        .is_some_and(|token| execution.redriven_by(token, turn.now).is_some());
    if is_repeated || execution.not_redrivable(turn.now).is_some() {
        return;
    }
    turn.accept();
    let now = turn.now;
    turn.execution.status = Status::Running;
    turn.execution.closing = None;
    let counters = &mut turn.execution.counters;
    counters.redrive_count += 1;
    counters.redriven = Some(now);
    counters.redrives.retain(|redriven| redriven.is_known(now));
    if let Some(client_token) = client_token {
        let surplus = (counters.redrives.len() + 1).saturating_sub(REDRIVE_TOKENS_MAX);
        counters.redrives.drain(..surplus);
        counters.redrives.push(Redriven {
            client_token,
            at: now,
        });
    }
    let redrive_count = counters.redrive_count;
    let last = counters.last_event;
    let event = turn.emit(last, Details::ExecutionRedriven { redrive_count });
    turn.execution.index_anew();
    resume(turn, event);
}

/// Lets everything run again that had not succeeded. Its events hang onto `event`.
///
/// A state goes on where its work begins: it was entered before, and its time of entry stays (seen in AWS's context
/// object). Only a Fail state is entered anew.
fn resume(turn: &mut Turn<'_>, event: u64) {
    let mut forks = Vec::new();
    // A parent's number is smaller than those of its children.
    let ids: Vec<ThreadId> = turn.execution.threads.keys().copied().collect();
    for id in ids {
        let Some(thread) = turn.thread(id) else { continue };
        let parent = thread.parent;
        let is_tolerated = matches!(thread.phase, Phase::Tolerated);
        match &thread.phase {
            Phase::Finished { .. } => continue,
            Phase::Forked(_) if turn.has_all_branches(id) => {
                turn.change(id, |thread| thread.previous = event);
                forks.push(id);
                continue;
            }
            Phase::Ready
            | Phase::Again
            | Phase::Waiting { .. }
            | Phase::Retrying { .. }
            | Phase::Calling(_)
            | Phase::Forked(_)
            | Phase::Tolerated => {}
        }
        if is_tolerated && let Some(parent) = parent {
            turn.change_fork(parent, |fork| {
                fork.failed = fork.failed.saturating_sub(1);
                fork.finished = fork.finished.saturating_sub(1);
            });
        }
        run_again(turn, id, event);
    }
    for id in forks {
        go_on(turn, id, event);
    }
}

fn run_again(turn: &mut Turn<'_>, id: ThreadId, event: u64) {
    turn.drop_branches(id);
    let is_fail = turn
        .state_of(id)
        .is_some_and(|state| matches!(state.kind, StateKind::Fail(_)));
    let is_entered = turn
        .thread(id)
        .is_some_and(|thread| !matches!(thread.phase, Phase::Ready));
    let phase = if is_entered && !is_fail {
        Phase::Again
    } else {
        Phase::Ready
    };
    turn.set_phase(id, phase);
    turn.change(id, |thread| {
        thread.previous = event;
        thread.retries.clear();
    });
    turn.wake(id);
}

/// Begins the iterations that there is room for, in a Parallel or Map state whose branches are all there.
fn go_on(turn: &mut Turn<'_>, id: ThreadId, event: u64) {
    if !turn.is_running() {
        return;
    }
    let Some(fork) = turn.fork_of(id) else { return };
    let result = if fork.finished >= fork.length {
        turn.join(id, event)
    } else {
        map::begin_iterations(turn, id, event)
    };
    if let Err(fault) = result {
        turn.fail(id, fault);
    }
}

impl Turn<'_> {
    /// Returns whether every branch that has begun is still there. They are not when the state failed on its own: then all
    /// of it runs again.
    fn has_all_branches(&self, id: ThreadId) -> bool {
        self.fork_of(id).is_some_and(|fork| {
            (0..fork.begun).all(|number| {
                let child = ThreadId(fork.first.0.saturating_add(number));
                self.execution.threads.contains_key(&child)
            })
        })
    }

    /// Removes what is left of a state's branches, without a trace.
    fn drop_branches(&mut self, id: ThreadId) {
        let Some((first, length)) = self.fork_of(id).map(|fork| (fork.first.0, fork.length)) else {
            return;
        };
        for number in 0..length {
            let child = ThreadId(first.saturating_add(number));
            self.drop_branches(child);
            self.remove_thread(child);
        }
    }
}
