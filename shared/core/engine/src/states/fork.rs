//! What Parallel and Map have in common: threads that begin, end, fail and are waited for.

use crate::data::Data;
use crate::fault::{Fault, errors};
use crate::history::Details;
use crate::thread::{Fork, Phase, ThreadId};
use crate::turn::{Turn, state_type};
use asl::program::StateKind;
use std::sync::Arc;

/// Returns the error of a Map state with more failures than it tolerates.
pub(crate) fn threshold_exceeded() -> Fault {
    let cause = "The specified tolerated failure threshold was exceeded";
    Fault::new(errors::EXCEED_TOLERATED_FAILURE_THRESHOLD, cause)
}

impl Turn<'_> {
    pub(crate) fn fork_of(&self, id: ThreadId) -> Option<&Fork<Data>> {
        match &self.thread(id)?.phase {
            Phase::Forked(fork) => Some(fork),
            _ => None,
        }
    }

    pub(crate) fn change_fork(&mut self, id: ThreadId, change: impl FnOnce(&mut Fork<Data>)) {
        self.change(id, |thread| {
            if let Phase::Forked(fork) = &mut thread.phase {
                change(fork);
            }
        });
    }

    /// A branch or iteration is through.
    pub(crate) fn branch_finished(&mut self, parent: ThreadId, child: ThreadId, output: Data) {
        let Some(index) = self.thread(child).map(|thread| thread.index) else {
            return;
        };
        let Some(previous) = self.thread(child).map(|thread| thread.previous) else {
            return;
        };
        self.set_finished(child, output);
        let mut last = previous;
        if let Some(name) = self.map_name(parent) {
            last = self.emit(previous, Details::MapIterationSucceeded { name, index });
        }
        self.change_fork(parent, |fork| fork.finished += 1);
        self.branch_ended(parent, last, previous);
    }

    /// A branch or iteration has failed: the state tolerates it, or fails itself.
    pub(crate) fn branch_failed(&mut self, parent: ThreadId, child: ThreadId, mut fault: Fault) {
        let Some((index, previous)) = self.thread(child).map(|thread| (thread.index, thread.previous)) else {
            return;
        };
        if let Some(name) = self.map_name(parent) {
            let failed = self.emit(previous, Details::MapIterationFailed { name, index });
            let (failures, tolerated) = self
                .fork_of(parent)
                .map_or((0, 0), |fork| (fork.failed, fork.tolerated));
            if failures < tolerated {
                self.abort_threads_of(child);
                self.forget_buried();
                self.set_phase(child, Phase::Tolerated);
                self.change_fork(parent, |fork| {
                    fork.failed += 1;
                    fork.finished += 1;
                });
                self.branch_ended(parent, failed, previous);
                return;
            }
            if tolerated > 0 {
                fault = threshold_exceeded();
            }
        }
        self.drop_threads_of(parent, Some(child));
        self.change(parent, |thread| thread.previous = previous);
        self.fail(parent, fault);
    }

    /// Begins what may begin now, or joins the branches when the last one has ended.
    ///
    /// `last` is the event by which the branch ended, `within` its last event before that one.
    fn branch_ended(&mut self, parent: ThreadId, last: u64, within: u64) {
        let Some(fork) = self.fork_of(parent) else { return };
        if fork.finished < fork.length {
            if fork.begun < fork.length
                && let Err(fault) = super::map::begin_iterations(self, parent, within)
            {
                self.fail(parent, fault);
            }
            return;
        }
        if let Err(fault) = self.join(parent, last) {
            self.fail(parent, fault);
        }
    }

    /// Makes the state's result of the outputs of its branches, in order.
    pub(crate) fn join(&mut self, parent: ThreadId, last: u64) -> Result<(), Fault> {
        let (Some(_), Some(state)) = (self.fork_of(parent), self.state_of(parent)) else {
            return Ok(());
        };
        let text = self.outputs_of(parent);
        let result = self.data_from_text(&text);
        self.drop_threads_of(parent, None);
        self.forget_buried();
        self.change(parent, |thread| thread.previous = last);
        let (details, flow, transition) = match &state.kind {
            StateKind::Map(map) => (Details::MapStateSucceeded, &map.flow, map.transition),
            StateKind::Parallel(parallel) => (
                Details::ParallelStateSucceeded,
                &parallel.flow,
                parallel.transition,
            ),
            StateKind::Pass(_)
            | StateKind::Task(_)
            | StateKind::Choice(_)
            | StateKind::Wait(_)
            | StateKind::Succeed(_)
            | StateKind::Fail(_) => return Ok(()),
        };
        // AWS hangs the exit onto the last branch, not onto this event (recorded: scenarios/map_state_nested).
        self.emit(last, details);
        // The branches are through: what goes wrong from here on is the state's own failure, not theirs.
        self.set_phase(parent, Phase::Again);
        self.check_size(&result, &state.name)?;
        self.complete(parent, flow, result, transition)
    }

    /// Returns the outputs of the branches that are through, as the text of a list.
    pub(crate) fn outputs_of(&self, parent: ThreadId) -> String {
        let (first, length) = self
            .fork_of(parent)
            .map_or((0, 0), |fork| (fork.first.0, fork.length));
        let mut text = String::from("[");
        for number in 0..length {
            let child = ThreadId(first.saturating_add(number));
            if let Some(Phase::Finished { output }) = self.thread(child).map(|thread| &thread.phase) {
                if text.len() > 1 {
                    text.push(',');
                }
                text.push_str(output.text());
            }
        }
        text.push(']');
        text
    }

    /// Returns the name of a Map state; `None` for a Parallel state.
    fn map_name(&self, id: ThreadId) -> Option<Arc<str>> {
        let state = self.state_of(id)?;
        matches!(state.kind, StateKind::Map(_)).then(|| Arc::clone(&state.name))
    }

    /// Ends all branches of a state without a trace of their own but the events of their abort.
    pub(crate) fn drop_threads_of(&mut self, parent: ThreadId, failed: Option<ThreadId>) {
        let Some((first, length)) = self.fork_of(parent).map(|fork| (fork.first.0, fork.length)) else {
            return;
        };
        let name = self.map_name(parent);
        for number in 0..length {
            let child = ThreadId(first.saturating_add(number));
            if Some(child) != failed {
                self.abort_thread(child, name.as_ref());
            } else {
                self.abort_threads_of(child);
            }
            self.bury_thread(child);
        }
    }

    fn abort_threads_of(&mut self, id: ThreadId) {
        self.drop_threads_of(id, None);
    }

    /// Ends a thread that is at work, with the events of its abort.
    fn abort_thread(&mut self, id: ThreadId, map: Option<&Arc<str>>) {
        let Some(thread) = self.thread(id) else { return };
        let index = thread.index;
        let entered = match thread.phase {
            Phase::Finished { .. } | Phase::Tolerated => return,
            Phase::Ready => false,
            Phase::Again
            | Phase::Waiting { .. }
            | Phase::Retrying { .. }
            | Phase::Calling(_)
            | Phase::Forked(_) => true,
        };
        self.abort_threads_of(id);
        let is_mapping = self
            .thread(id)
            .is_some_and(|thread| matches!(thread.phase, Phase::Calling(_)));
        if is_mapping && self.map_name(id).is_some() {
            self.emit_for(id, Details::MapRunAborted);
        }
        if let (true, Some(state)) = (entered, self.state_of(id)) {
            self.emit_for(
                id,
                Details::StateAborted {
                    state: state_type(state),
                },
            );
        }
        if let (Some(name), Some(previous)) = (map, self.thread(id).map(|thread| thread.previous)) {
            self.emit(
                previous,
                Details::MapIterationAborted {
                    name: Arc::clone(name),
                    index,
                },
            );
        }
    }

    /// Ends every thread below the execution's own, and says so for the state that the execution is in; `except` is
    /// the thread whose failure is the reason.
    pub(crate) fn abort_children(&mut self, except: Option<ThreadId>) {
        let root = ThreadId(0);
        if except != Some(root) {
            self.abort_thread(root, None);
        }
    }
}
