//! The job behind a `.sync` task: asked for until it has ended, and cancelled when nobody waits for it any more.

use crate::data::Data;
use crate::effect::Effect;
use crate::message::CallId;
use crate::states::task;
use crate::thread::{Job, Phase, ThreadId};
use crate::turn::Turn;
use asl::Timestamp;
use integrations::{Pattern, Resource};

/// The pause before a job is asked for the first time, and the shortest there is.
const PAUSE_MILLIS_MIN: i64 = 1_000;
/// The longest pause between two polls.
const PAUSE_MILLIS_MAX: i64 = 60_000;
/// For how long polls leave no trace in the journal at first; later as long again as the job has run, up to the longest.
const LOOK_MILLIS_MIN: i64 = 10 * 60_000;
const LOOK_MILLIS_MAX: i64 = 60 * 60_000;

/// Returns what is kept of a submission; `None` where the end is reported by a client.
pub(crate) fn submitted(resource: &Resource, submission: Data, now: Timestamp) -> Option<Job<Data>> {
    let Resource::Service(integration) = resource else {
        return None;
    };
    match integration.pattern() {
        Pattern::Sync | Pattern::Sync2 => {}
        Pattern::RequestResponse | Pattern::WaitForTaskToken => return None,
    }
    let is_polled = !integration.starts_execution();
    Some(Job {
        submission,
        submitted_at: now,
        look_by: is_polled.then(|| plus(now, LOOK_MILLIS_MIN)),
    })
}

impl<D> Job<D> {
    /// Returns when the job is asked for next, after `now`.
    ///
    /// The times follow from the submission alone, so that no state has to be kept of them. Each pause is half of the job's
    /// age: a job is noticed to have ended when it has run at most half as long again.
    pub fn next_poll(&self, now: Timestamp) -> Timestamp {
        let age = now.millis().saturating_sub(self.submitted_at.millis());
        let mut next = PAUSE_MILLIS_MIN;
        while next <= age {
            let pause = (next / 2).clamp(PAUSE_MILLIS_MIN, PAUSE_MILLIS_MAX);
            // From here on all pauses are the same.
            let skipped = if pause == PAUSE_MILLIS_MAX {
                (age - next) / pause
            } else {
                0
            };
            next += pause * (skipped + 1);
        }
        plus(self.submitted_at, next)
    }

    /// Returns whether the job is asked for at this very time.
    fn is_polled_at(&self, at: Timestamp) -> bool {
        self.look_by.is_some() && self.next_poll(plus(at, -1)) == at
    }
}

/// Asks for the polls of a job to begin, and for news of it to be led to this execution.
pub(crate) fn watch(turn: &mut Turn<'_>, id: ThreadId) {
    let is_polled = job_of(turn, id).is_some_and(|job| job.look_by.is_some());
    if is_polled && let Some(call) = task::call(turn.program, turn.execution, id) {
        turn.ask(Effect::Watch(call));
    }
}

/// A timer has fired: asks for the jobs that it was armed for.
///
/// Every job has timers of its own, each of which is armed when the one before has fired. Whoever comes for another reason
/// asks for no job, or there would be one more to ask each time.
pub(crate) fn due(turn: &mut Turn<'_>, at: Timestamp) {
    for id in waiting(turn) {
        if job_of(turn, id).is_some_and(|job| job.is_polled_at(at)) {
            ask(turn, id, true);
        }
    }
}

/// Asks for the jobs that nobody seems to ask for any more: a timer was lost.
pub(crate) fn forgotten(turn: &mut Turn<'_>) {
    let now = turn.now;
    for id in waiting(turn) {
        if job_of(turn, id).is_some_and(|job| job.look_by.is_some_and(|look_by| look_by <= now)) {
            ask(turn, id, true);
        }
    }
}

/// Somebody saw a job change.
pub(crate) fn changed(turn: &mut Turn<'_>, call: CallId) {
    let Some(id) = turn.execution.calls.get(&call).copied() else {
        return;
    };
    if job_of(turn, id).is_some_and(|job| job.look_by.is_some()) {
        turn.accept();
        ask(turn, id, false);
    }
}

fn job_of<'a>(turn: &'a Turn<'_>, id: ThreadId) -> Option<&'a Job<Data>> {
    turn.thread(id)?.phase.job()
}

fn waiting(turn: &Turn<'_>) -> Vec<ThreadId> {
    turn.execution.jobs.iter().copied().collect()
}

/// Asks how a job is.
fn ask(turn: &mut Turn<'_>, id: ThreadId, again: bool) {
    if let Some(call) = task::call(turn.program, turn.execution, id) {
        turn.ask(Effect::Poll { call, again });
    }
    let now = turn.now;
    let Some(job) = job_of(turn, id) else { return };
    // Written down before it looks as if nobody asked any more; otherwise an entry is not worth its price.
    let is_near = |look_by: Timestamp| plus(now, 2 * PAUSE_MILLIS_MAX) >= look_by;
    if !job.look_by.is_some_and(is_near) {
        return;
    }
    let age = now.millis().saturating_sub(job.submitted_at.millis());
    let look_by = plus(now, age.clamp(LOOK_MILLIS_MIN, LOOK_MILLIS_MAX));
    turn.change(id, |thread| {
        if let Phase::Calling(calling) = &mut thread.phase
            && let Some(job) = &mut calling.job
        {
            job.look_by = Some(look_by);
        }
    });
}

/// Ends the job of a thread that waits for one.
pub(crate) fn cancel(turn: &mut Turn<'_>, id: ThreadId) {
    let Some(call) = task::call(turn.program, turn.execution, id) else {
        return;
    };
    // What a distributed Map starts is known by name before it is there.
    if call.job.is_some() || call.part.is_some() {
        turn.ask(Effect::Cancel(call));
    }
}

fn plus(time: Timestamp, millis: i64) -> Timestamp {
    Timestamp(time.millis().saturating_add(millis))
}
