//! What no engine writes: whoever goes on from such a state could run in circles, or count beyond all numbers.

use crate::data::Data;
use crate::execution::{Counters, Execution};
use crate::thread::{Fork, Phase, Thread, ThreadId};

/// Counters that are larger were never counted.
const COUNT_MAX: u64 = 1 << 53;
/// Small counters that are larger were never counted.
const SMALL_COUNT_MAX: u32 = 1 << 30;

/// Says what is wrong with an execution that was read, if anything is.
pub(super) fn of(execution: &Execution) -> Option<&'static str> {
    if execution.seq > COUNT_MAX || !are_counted(&execution.counters) {
        return Some("a counter is too large");
    }
    let wrong = |(id, thread): (&ThreadId, &Thread<Data>)| of_thread(execution, *id, thread);
    execution.threads.iter().find_map(wrong)
}

fn are_counted(counters: &Counters) -> bool {
    let large = [
        counters.last_event,
        counters.next_call,
        counters.draws,
        counters.records_since_full,
    ];
    let small = [counters.next_thread, counters.redrive_count];
    large.iter().all(|count| *count <= COUNT_MAX)
        && small
            .iter()
            .chain(counters.calls_of.values())
            .all(|count| *count <= SMALL_COUNT_MAX)
}

fn of_thread(execution: &Execution, id: ThreadId, thread: &Thread<Data>) -> Option<&'static str> {
    // A branch is begun after the thread that its state is in: so the way up ends.
    if let Some(parent) = thread.parent
        && (parent >= id || !execution.threads.contains_key(&parent))
    {
        return Some("a branch has no state that began it");
    }
    if id.0 >= execution.counters.next_thread {
        return Some("a thread has a number that was not given out");
    }
    if thread.retries.iter().any(|count| *count > SMALL_COUNT_MAX) {
        return Some("a counter is too large");
    }
    match &thread.phase {
        Phase::Forked(fork) => of_fork(execution, fork),
        _ => None,
    }
}

fn of_fork(execution: &Execution, fork: &Fork<Data>) -> Option<&'static str> {
    let end = u64::from(fork.first.0) + u64::from(fork.length);
    if end > u64::from(execution.counters.next_thread) {
        return Some("a branch has a number that was not given out");
    }
    // The failures of a Map Run are items: a child may have many.
    let are_failures_counted = execution.identity.is_map_run() || fork.failed <= fork.finished;
    let is_counted = fork.begun <= fork.length && fork.finished <= fork.begun && are_failures_counted;
    (!is_counted).then_some("more branches have ended than there are")
}
