//! What becomes of an error: retried, caught, or passed on to whatever began the thread.

use crate::fault::Fault;
use crate::flow::Frame;
use crate::history::{Details, Why};
use crate::retry;
use crate::thread::{Phase, ThreadId};
use crate::trace::Handled;
use crate::turn::Turn;
use asl::program::{Catcher, Retrier, State, StateKind, Transition};
use serde_json::json;
use std::sync::Arc;

impl Turn<'_> {
    /// Deals with an error in a thread's state: Retry, then Catch, then whoever began the thread.
    pub(crate) fn fail(&mut self, id: ThreadId, mut fault: Fault) {
        let Some(state) = self.state_of(id) else { return };
        if self.is_map_run() {
            // Retry and Catch are for the execution that the state stands in.
            self.close_failed(&fault, 0);
            return;
        }
        self.note_evaluation(id, state, &mut fault);
        self.note(|trace| trace.error = Some((fault.error.clone(), fault.cause.clone())));
        // It failed in its first step: it was entered, and a redrive does not enter it again.
        if self
            .thread(id)
            .is_some_and(|thread| matches!(thread.phase, Phase::Ready))
        {
            self.set_phase(id, Phase::Again);
        }
        // Iterations that began before another could not must not outlive their state.
        self.drop_threads_of(id, None);
        let (retry, catch): (&[Retrier], &[Catcher]) = match &state.kind {
            StateKind::Task(task) => (&task.retry, &task.catch),
            StateKind::Parallel(parallel) => (&parallel.retry, &parallel.catch),
            StateKind::Map(map) => (&map.retry, &map.catch),
            StateKind::Pass(_)
            | StateKind::Choice(_)
            | StateKind::Wait(_)
            | StateKind::Succeed(_)
            | StateKind::Fail(_) => (&[], &[]),
        };
        if self.retry(id, retry, &fault) {
            self.forget_buried();
            return;
        }
        // A Parallel or Map state that has begun its branches says that it failed; one that could not begin does not.
        let is_at_work = self
            .thread(id)
            .is_some_and(|thread| matches!(thread.phase, Phase::Forked(_) | Phase::Calling(_)));
        if let Some(details) = fork_failed(state).filter(|_| is_at_work) {
            self.emit_for(id, details);
        }
        let mut catchers = catch.iter().enumerate();
        match catchers.find(|(_, catcher)| fault.matches(&catcher.error_equals)) {
            Some((index, catcher)) => {
                self.note(|trace| trace.handled = Some(Handled::Catch { index }));
                if let Err(mut next) = self.caught(id, catcher, &fault) {
                    self.note_evaluation(id, state, &mut next);
                    self.raise(id, next);
                }
            }
            None => self.raise(id, fault),
        }
    }

    /// Writes an EvaluationFailed event for an expression that failed: once, in the state that it stands in.
    fn note_evaluation(&mut self, id: ThreadId, state: &State, fault: &mut Fault) {
        let Some(location) = fault.location.take() else {
            return;
        };
        let why = Why {
            error: fault.error.clone(),
            cause: fault.cause.clone(),
        };
        // Recorded: a failure right after the state was entered hangs onto the event before the entry, except in a
        // Wait state (assign/undefined_reference, scenarios/wait_timestamp_jsonata).
        let previous = self.thread(id).map_or(0, |thread| match state.kind {
            StateKind::Wait(_) => thread.previous,
            _ if thread.previous == thread.entered => thread.before,
            _ => thread.previous,
        });
        let event = self.emit(
            previous,
            Details::EvaluationFailed {
                why,
                location,
                state: Arc::clone(&state.name),
            },
        );
        self.change(id, |thread| thread.previous = event);
    }

    /// Arranges for another attempt, when a retrier allows one.
    fn retry(&mut self, id: ThreadId, retriers: &[Retrier], fault: &Fault) -> bool {
        let Some(number) = retriers
            .iter()
            .position(|retrier| fault.matches(&retrier.error_equals))
        else {
            return false;
        };
        let Some(retrier) = retriers.get(number) else {
            return false;
        };
        let Some(used) = self
            .thread(id)
            .map(|thread| thread.retries.get(number).copied().unwrap_or(0))
        else {
            return false;
        };
        if u64::from(used) >= retrier.max_attempts {
            self.note(|trace| trace.exhausted = Some(number));
            return false;
        }
        let random = if retrier.full_jitter { self.random() } else { 0 };
        let delay = retry::delay_seconds(retrier, used, random);
        let until = self.now.plus_seconds(delay);
        self.change(id, |thread| {
            thread.retries.resize(thread.retries.len().max(number + 1), 0);
            if let Some(count) = thread.retries.get_mut(number) {
                *count += 1;
            }
        });
        self.set_phase(id, Phase::Retrying { until });
        self.note(|trace| {
            trace.handled = Some(Handled::Retry {
                index: number,
                delay_seconds: delay,
            })
        });
        true
    }

    fn caught(&mut self, id: ThreadId, catcher: &Catcher, fault: &Fault) -> Result<(), Fault> {
        let error = json!({
            "Error": fault.error.clone().unwrap_or_default(),
            "Cause": fault.cause.clone().unwrap_or_default(),
        });
        let Some(thread) = self.thread(id) else {
            return Ok(());
        };
        let input = thread.input.clone();
        let error = self.data(error);
        let frame = Frame::new(self, id).with_error(error.clone());
        let assigned = frame.assign(&catcher.assign, "Assign")?;
        let output: CaughtOutput = match &catcher.output {
            Some(template) => CaughtOutput::Value(frame.output(template, "Output")?),
            None => CaughtOutput::Merged(frame.merge(&input, error.into(), &catcher.result_path)?),
        };
        let output = match output {
            CaughtOutput::Value(value) => self.data(value),
            CaughtOutput::Merged(merged) => merged.into_data(self),
        };
        let assigned = self.assigned(id, &frame, assigned)?;
        self.forget_buried();
        self.exit(id, output, assigned, Transition::Next(catcher.next))
    }

    /// Passes an error on that a state did not catch.
    fn raise(&mut self, id: ThreadId, fault: Fault) {
        let Some(thread) = self.thread(id) else { return };
        let previous = thread.previous;
        match thread.parent {
            None => {
                self.abort_children(Some(id));
                self.close_failed(&fault, previous);
            }
            // What no one can catch ends the execution from wherever it happens.
            Some(_) if !fault.is_catchable() => self.close_failed(&fault, previous),
            Some(parent) => self.branch_failed(parent, id, fault),
        }
    }
}

/// Returns the event by which a Parallel or Map state says that it failed.
fn fork_failed(state: &State) -> Option<Details> {
    match state.kind {
        StateKind::Parallel(_) => Some(Details::ParallelStateFailed),
        StateKind::Map(_) => Some(Details::MapStateFailed),
        StateKind::Pass(_)
        | StateKind::Task(_)
        | StateKind::Choice(_)
        | StateKind::Wait(_)
        | StateKind::Succeed(_)
        | StateKind::Fail(_) => None,
    }
}

enum CaughtOutput {
    Value(serde_json::Value),
    Merged(crate::flow::Merged),
}
