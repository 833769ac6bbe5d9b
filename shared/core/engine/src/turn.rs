//! One turn of an execution: what the states have at hand while a message is applied.

use crate::data::{Data, Payload, PayloadId, later};
use crate::effect::Effect;
use crate::execution::{Closing, Execution, ExecutionType, Status};
use crate::fault::{Fault, errors};
use crate::history::{Details, Event, StateType, Why};
use crate::limits::{DOCUMENT_DEPTH_MAX, TRANSITIONS_PER_TURN};
use crate::message::CallId;
use crate::outcome::Outcome;
use crate::states::job;
use crate::thread::{Phase, Thread, ThreadId, Variables};
use crate::trace::{Probe, Trace};
use asl::program::{State, StateKind, Transition};
use asl::{Program, Timestamp};
use serde_json::Value;
use std::cell::Cell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

/// Events that a turn has room for at first: most short executions need no more.
const EVENTS_FIRST: usize = 32;

/// The work table of one call of [`apply`](crate::apply).
pub(crate) struct Turn<'a> {
    pub(crate) program: &'a Program,
    pub(crate) execution: &'a mut Execution,
    pub(crate) now: Timestamp,
    pub(crate) outcome: Outcome,
    pub(crate) ready: VecDeque<ThreadId>,
    /// How many pseudo-random numbers were drawn; shared with every [`Frame`](crate::flow::Frame), so that a draw
    /// counts however the evaluation ends.
    pub(crate) draws: Rc<Cell<u64>>,
    /// Branches that were ended because their state failed: kept for a redrive, unless somebody deals with the failure.
    buried: BTreeMap<ThreadId, Thread<Data>>,
    /// What watches the state under test: of a trial alone.
    pub(crate) probe: Option<Rc<Probe>>,
    transitions: u32,
    /// Whether the execution ended in this turn: a Map Run ends without an event.
    has_ended: bool,
}

impl<'a> Turn<'a> {
    pub(crate) fn new(program: &'a Program, execution: &'a mut Execution, now: Timestamp) -> Turn<'a> {
        let now = later(now, execution.counters.last_time);
        let ready = execution.runnable.iter().copied().collect();
        let draws = Rc::new(Cell::new(execution.counters.draws));
        Turn {
            program,
            execution,
            now,
            outcome: Outcome::default(),
            ready,
            draws,
            buried: BTreeMap::new(),
            probe: None,
            transitions: 0,
            has_ended: false,
        }
    }

    pub(crate) fn finish(mut self) -> Outcome {
        self.execution.counters.draws = self.draws.get();
        if !self.is_running() {
            self.execution.await_nothing();
        }
        // A call of a state that was entered and left again in this very turn is not wanted any more.
        let calls = &self.execution.calls;
        self.outcome
            .effects
            .retain(|effect| effect.is_wanted(|call| calls.contains_key(&call)));
        self.outcome.changed = self.has_ended
            || !self.outcome.events.is_empty()
            || !self.execution.changed.is_empty()
            || !self.outcome.payloads.is_empty();
        self.outcome
    }

    /// Lets the trial, if this is one, see something.
    pub(crate) fn note(&self, note: impl FnOnce(&mut Trace)) {
        if let Some(probe) = &self.probe {
            probe.note(note);
        }
    }

    /// Notes that the execution waited for the message.
    pub(crate) fn accept(&mut self) {
        self.outcome.accepted = true;
    }

    pub(crate) fn is_running(&self) -> bool {
        self.execution.status == Status::Running
    }

    pub(crate) fn is_long(&self) -> bool {
        self.transitions >= TRANSITIONS_PER_TURN
    }

    // ---- history -------------------------------------------------------------------------------------------

    /// Writes an event; returns its id. The last event that the history has room for is the failure.
    pub(crate) fn emit(&mut self, previous: u64, details: Details) -> u64 {
        if !self.is_running() {
            return self.execution.counters.last_event;
        }
        if self.is_map_run() {
            // It has no history. What happens in it happens at a time, all the same.
            self.execution.counters.last_time = self.now;
            return self.execution.counters.last_event;
        }
        let max = self.execution.limits.history_events;
        let bounded = self.execution.identity.execution_type == ExecutionType::Standard;
        let is_last = matches!(
            details,
            Details::ExecutionSucceeded { .. }
                | Details::ExecutionFailed(_)
                | Details::ExecutionAborted(_)
                | Details::ExecutionTimedOut(_)
        );
        if bounded && self.execution.counters.last_event + 1 >= max && !is_last {
            let cause = format!("The execution reached the maximum number of history events ({max}).");
            let why = Why {
                error: Some(errors::RUNTIME.to_owned()),
                cause: Some(cause),
            };
            let id = self.write(previous, Details::ExecutionFailed(why.clone()));
            self.close(Status::Failed, None, why);
            return id;
        }
        self.write(previous, details)
    }

    fn write(&mut self, previous: u64, details: Details) -> u64 {
        let counters = &mut self.execution.counters;
        counters.last_event += 1;
        counters.last_time = self.now;
        let id = counters.last_event;
        if self.outcome.events.capacity() == 0 {
            self.outcome.events.reserve(EVENTS_FIRST);
        }
        self.outcome.events.push(Event {
            id,
            previous,
            time: self.now,
            details,
        });
        id
    }

    /// Writes an event of a thread, which becomes the thread's latest.
    pub(crate) fn emit_for(&mut self, id: ThreadId, details: Details) -> u64 {
        let previous = self.thread(id).map_or(0, |thread| thread.previous);
        let event = self.emit(previous, details);
        self.change(id, |thread| thread.previous = event);
        event
    }

    // ---- documents -----------------------------------------------------------------------------------------

    /// Makes a document of a value.
    pub(crate) fn data(&mut self, value: Value) -> Data {
        let data = Data::from_value(self.next_payload(), value);
        self.outcome.payloads.push(Payload {
            id: data.id(),
            text: Arc::clone(data.text()),
        });
        data
    }

    /// Makes a document of JSON text.
    pub(crate) fn data_from_text(&mut self, text: &str) -> Data {
        let data = Data::from_text(self.next_payload(), text.into());
        self.outcome.payloads.push(Payload {
            id: data.id(),
            text: Arc::clone(data.text()),
        });
        data
    }

    fn next_payload(&mut self) -> PayloadId {
        let id = PayloadId::new(self.execution.seq, self.execution.payload_count);
        self.execution.payload_count += 1;
        id
    }

    /// Returns an error when a document is nested too deep to be read back.
    pub(crate) fn check_depth(&self, data: &Data, of: &str) -> Result<(), Fault> {
        if !data.is_deeper_than(DOCUMENT_DEPTH_MAX) {
            return Ok(());
        }
        Err(Fault::new(
            errors::DATA_LIMIT_EXCEEDED,
            format!(
                "The state/task '{of}' has a document that is nested deeper than {DOCUMENT_DEPTH_MAX} levels."
            ),
        ))
    }

    /// Returns an error when a document is larger, or nested deeper, than a state, a task or the execution may give out.
    pub(crate) fn check_size(&self, data: &Data, of: &str) -> Result<(), Fault> {
        self.check_depth(data, of)?;
        if data.bytes() <= self.execution.limits.payload_bytes {
            return Ok(());
        }
        Err(Fault::too_large(of))
    }

    // ---- threads -------------------------------------------------------------------------------------------

    pub(crate) fn thread(&self, id: ThreadId) -> Option<&Thread<Data>> {
        self.execution.threads.get(&id)
    }

    pub(crate) fn state_of(&self, id: ThreadId) -> Option<&'a State> {
        self.program.state(self.thread(id)?.state)
    }

    /// Returns the name of the state that a thread is in.
    pub(crate) fn name_of(&self, id: ThreadId) -> Arc<str> {
        self.state_of(id)
            .map_or_else(|| Arc::from(""), |state| Arc::clone(&state.name))
    }

    /// Sets aside the numbers of `count` threads; returns the first.
    pub(crate) fn reserve_threads(&mut self, count: u32) -> ThreadId {
        let first = self.execution.counters.next_thread;
        self.execution.counters.next_thread = first.saturating_add(count);
        ThreadId(first)
    }

    pub(crate) fn put_thread(&mut self, id: ThreadId, thread: Thread<Data>) {
        self.execution.unindex(id);
        self.execution.threads.insert(id, thread);
        self.execution.index(id);
        self.execution.changed.insert(id);
    }

    pub(crate) fn change(&mut self, id: ThreadId, change: impl FnOnce(&mut Thread<Data>)) {
        if let Some(thread) = self.execution.threads.get_mut(&id) {
            change(thread);
            self.execution.changed.insert(id);
        }
    }

    /// Gives a thread something to do, and keeps the deadlines and open calls in step.
    pub(crate) fn set_phase(&mut self, id: ThreadId, phase: Phase<Data>) {
        self.execution.unindex(id);
        self.change(id, |thread| thread.phase = phase);
        self.execution.index(id);
    }

    /// Takes all variables from a thread.
    pub(crate) fn forget_variables(&mut self, id: ThreadId) {
        self.execution.unindex(id);
        self.change(id, |thread| thread.variables = Arc::default());
        self.execution.index(id);
    }

    /// Gives a thread new values of variables.
    pub(crate) fn set_variables(&mut self, id: ThreadId, assigned: Vec<(String, Data)>) {
        if assigned.is_empty() {
            return;
        }
        self.execution.unindex(id);
        self.change(id, |thread| {
            let variables: &mut Variables<Data> = Arc::make_mut(&mut thread.variables);
            variables.extend(assigned);
        });
        self.execution.index(id);
    }

    /// Keeps of a branch that is through its output alone.
    pub(crate) fn set_finished(&mut self, id: ThreadId, output: Data) {
        self.execution.unindex(id);
        self.change(id, |thread| {
            thread.input = output.clone();
            thread.variables = Arc::default();
            thread.map_run = None;
            thread.phase = Phase::Finished { output };
        });
        self.execution.index(id);
    }

    pub(crate) fn remove_thread(&mut self, id: ThreadId) {
        job::cancel(self, id);
        self.execution.unindex(id);
        if self.execution.threads.remove(&id).is_some() {
            self.execution.changed.insert(id);
        }
    }

    /// Removes a thread that ends because its state failed.
    pub(crate) fn bury_thread(&mut self, id: ThreadId) {
        if !self.is_running() {
            // The event of its end was one too many for the history. What is left stays as it is, with its parents.
            return;
        }
        if self.execution.identity.execution_type == ExecutionType::Standard
            && let Some(thread) = self.thread(id)
        {
            let thread = thread.clone();
            self.buried.insert(id, thread);
        }
        self.remove_thread(id);
    }

    /// Forgets the branches that have ended: somebody deals with the failure that ended them.
    pub(crate) fn forget_buried(&mut self) {
        self.buried.clear();
    }

    /// Lets a thread run in this turn.
    pub(crate) fn wake(&mut self, id: ThreadId) {
        self.ready.push_back(id);
    }

    pub(crate) fn next_call(&mut self) -> CallId {
        let call = CallId(self.execution.counters.next_call);
        self.execution.counters.next_call += 1;
        call
    }

    pub(crate) fn ask(&mut self, effect: Effect) {
        self.outcome.effects.push(effect);
    }

    /// Lets something count for as much as so many transitions.
    pub(crate) fn count_transitions(&mut self, count: u32) {
        self.transitions = self.transitions.saturating_add(count);
    }

    // ---- from state to state -------------------------------------------------------------------------------

    /// Enters a state.
    pub(crate) fn enter(&mut self, id: ThreadId, state: &State) {
        self.transitions += 1;
        let Some(input) = self.thread(id).map(|thread| thread.input.id()) else {
            return;
        };
        let details = Details::StateEntered {
            state: state_type(state),
            name: Arc::clone(&state.name),
            input,
        };
        let before = self.thread(id).map_or(0, |thread| thread.previous);
        let event = self.emit_for(id, details);
        let now = self.now;
        self.change(id, |thread| {
            thread.entered = event;
            thread.before = before;
            thread.entered_at = now;
            thread.retries.clear();
            thread.map_run = None;
        });
    }

    /// Leaves the state with its output, and goes where `transition` says.
    pub(crate) fn exit(
        &mut self,
        id: ThreadId,
        output: Data,
        assigned: Vec<(String, Data)>,
        transition: Transition,
    ) -> Result<(), Fault> {
        let Some(state) = self.state_of(id) else {
            return Ok(());
        };
        self.check_size(&output, &state.name)?;
        let details = Details::StateExited {
            state: state_type(state),
            name: Arc::clone(&state.name),
            output: output.id(),
            assigned: assigned
                .iter()
                .map(|(name, data)| (name.clone(), data.id()))
                .collect(),
        };
        self.emit_for(id, details);
        self.set_variables(id, assigned);
        match transition {
            Transition::Next(next) => {
                self.set_phase(id, Phase::Ready);
                self.change(id, |thread| {
                    thread.state = next;
                    thread.input = output;
                });
                self.ready.push_front(id);
            }
            Transition::End => self.end_thread(id, output),
        }
        Ok(())
    }

    /// Ends a machine with its output: the execution, a branch, or an iteration.
    fn end_thread(&mut self, id: ThreadId, output: Data) {
        let Some(thread) = self.thread(id) else { return };
        match thread.parent {
            None => {
                let previous = thread.previous;
                self.emit(previous, Details::ExecutionSucceeded { output: output.id() });
                self.close(Status::Succeeded, Some(output), Why::default());
            }
            Some(parent) => self.branch_finished(parent, id, output),
        }
    }

    // ---- the end -------------------------------------------------------------------------------------------

    /// Ends the execution with an error nobody caught; `previous` is the event that led to it.
    pub(crate) fn close_failed(&mut self, fault: &Fault, previous: u64) {
        let why = Why {
            error: fault.error.clone(),
            cause: fault.cause.clone(),
        };
        self.emit(previous, Details::ExecutionFailed(why.clone()));
        self.close(Status::Failed, None, why);
    }

    pub(crate) fn close(&mut self, status: Status, output: Option<Data>, why: Why) {
        if !self.is_running() {
            return;
        }
        let waiting: Vec<ThreadId> = self.execution.calls.values().copied().collect();
        for id in waiting {
            job::cancel(self, id);
        }
        self.has_ended = true;
        self.execution.status = status;
        self.execution.closing = Some(Closing {
            status,
            time: self.now,
            output,
            error: why.error,
            cause: why.cause,
        });
        self.ready.clear();
        // A redrive goes on with the branches that were at work, and keeps the results of those that were through.
        for (id, thread) in std::mem::take(&mut self.buried) {
            self.execution.threads.insert(id, thread);
            self.execution.changed.insert(id);
        }
    }
}

/// Returns the type of a state, as event names begin.
pub(crate) fn state_type(state: &State) -> StateType {
    match state.kind {
        StateKind::Pass(_) => StateType::Pass,
        StateKind::Task(_) => StateType::Task,
        StateKind::Choice(_) => StateType::Choice,
        StateKind::Wait(_) => StateType::Wait,
        StateKind::Succeed(_) => StateType::Succeed,
        StateKind::Fail(_) => StateType::Fail,
        StateKind::Parallel(_) => StateType::Parallel,
        StateKind::Map(_) => StateType::Map,
    }
}
