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
        poll_at: is_polled.then(|| plus(now, PAUSE_MILLIS_MIN)),
        look_by: plus(now, LOOK_MILLIS_MIN),
    })
}

/// Asks for news of a job to be led to this execution.
pub(crate) fn watch(turn: &mut Turn<'_>, id: ThreadId) {
    let is_polled = turn
        .thread(id)
        .and_then(|thread| thread.phase.job())
        .is_some_and(|job| job.poll_at.is_some());
    if is_polled && let Some(call) = task::call(turn.program, turn.execution, id) {
        turn.ask(Effect::Watch(call));
    }
}

/// Asks for every job whose time has come.
pub(crate) fn due(turn: &mut Turn<'_>) {
    // Whoever holds calls makes none: the next driver asks.
    if turn.execution.holds_calls {
        return;
    }
    while let Some((time, id)) = turn.execution.polls.first().copied() {
        if time > turn.now {
            return;
        }
        ask(turn, id);
    }
}

/// Somebody saw a job change.
pub(crate) fn changed(turn: &mut Turn<'_>, call: CallId) {
    let Some(id) = turn.execution.calls.get(&call).copied() else {
        return;
    };
    let is_polled = turn
        .thread(id)
        .and_then(|thread| thread.phase.job())
        .is_some_and(|job| job.poll_at.is_some());
    if is_polled {
        turn.accept();
        if !turn.execution.holds_calls {
            ask(turn, id);
        }
    }
}

/// Asks how a job is, and decides when to ask again.
fn ask(turn: &mut Turn<'_>, id: ThreadId) {
    if let Some(call) = task::call(turn.program, turn.execution, id) {
        turn.ask(Effect::Poll(call));
    }
    let now = turn.now;
    let mut is_news = false;
    turn.execution.unindex(id);
    if let Some(thread) = turn.execution.threads.get_mut(&id)
        && let Phase::Calling(calling) = &mut thread.phase
        && let Some(job) = &mut calling.job
    {
        let age = now.millis() - job.submitted_at.millis();
        // Half of the job's age: a job is noticed to have ended when it has run at most half as long again.
        let pause = (age / 2).clamp(PAUSE_MILLIS_MIN, PAUSE_MILLIS_MAX);
        job.poll_at = Some(plus(now, pause));
        // Written down before it looks as if nobody asked any more.
        if plus(now, 2 * PAUSE_MILLIS_MAX) >= job.look_by {
            job.look_by = plus(now, age.clamp(LOOK_MILLIS_MIN, LOOK_MILLIS_MAX));
            is_news = true;
        }
    }
    turn.execution.index(id);
    // Otherwise the entry is not worth its price: whoever loads the state as it was asks once more, which does no harm.
    if is_news {
        turn.execution.changed.insert(id);
    }
}

/// Ends the job of a thread that waits for one.
pub(crate) fn cancel(turn: &mut Turn<'_>, id: ThreadId) {
    let has_job = turn.thread(id).is_some_and(|thread| thread.phase.job().is_some());
    if has_job && let Some(call) = task::call(turn.program, turn.execution, id) {
        turn.ask(Effect::Cancel(call));
    }
}

fn plus(time: Timestamp, millis: i64) -> Timestamp {
    Timestamp(time.millis().saturating_add(millis))
}
