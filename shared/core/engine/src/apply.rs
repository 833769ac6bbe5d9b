//! The engine's one function: a message in, an outcome out.

use crate::execution::{Execution, MapPart, MapRole, Status};
use crate::fault::{Fault, errors};
use crate::history::{Details, Why};
use crate::limits::{EXPRESS_SECONDS_MAX, STANDARD_SECONDS_MAX};
use crate::message::Message;
use crate::outcome::Outcome;
use crate::redrive::redrive;
use crate::states::{self, job, map_run, task};
use crate::thread::{Phase, Thread, ThreadId};
use crate::turn::Turn;
use crate::{ExecutionType, Timestamp};
use asl::Program;
use asl::program::{MachineId, MapMode, StateId, StateKind};
use std::sync::Arc;

/// Applies one message to an execution and returns what follows from it.
///
/// Depends on its arguments alone: the same program, execution, message and time give the same outcome. A message
/// that the execution does not wait for, or that comes after its end (but for a redrive), gives an outcome that is not accepted and
/// changes nothing. `now` may lie before the latest event: journal time never goes back.
///
/// When the outcome says `unfinished`, the turn was cut short to bound its time; a [`Message::Wake`] goes on.
pub fn apply(program: &Program, execution: &mut Execution, message: Message, now: Timestamp) -> Outcome {
    let is_redrive = matches!(message, Message::Redrive { .. });
    if is_redrive == (execution.status == Status::Running) {
        return Outcome::default();
    }
    let mut turn = Turn::new(program, execution, now);
    if let Message::Redrive { client_token } = message {
        redrive(&mut turn, client_token);
        turn.run();
        return turn.finish();
    }
    if message == Message::Start {
        start(&mut turn);
    } else if matches!(message, Message::Wake | Message::Due { .. }) {
        turn.accept();
    }
    if turn.is_past_the_end() {
        turn.time_out();
        return turn.finish();
    }
    // What is due came before the message: an answer after the time-out is late, even where nobody noticed it yet.
    due(&mut turn);
    if turn.is_running() {
        receive(&mut turn, message);
    }
    if turn.is_running() {
        job::forgotten(&mut turn);
    }
    turn.run();
    turn.finish()
}

/// Hands a message to what waits for it.
pub(crate) fn receive(turn: &mut Turn<'_>, message: Message) {
    match message {
        // Dealt with before.
        Message::Start | Message::Wake | Message::Redrive { .. } => {}
        Message::CallSucceeded { call, output } => task::call_succeeded(turn, call, &output),
        Message::CallFailed { call, failure } => task::call_failed(turn, call, failure.into()),
        Message::Claim { call } => task::claimed(turn, call),
        Message::CallUnknown { call, reason } => task::call_failed(turn, call, task::unknown_outcome(reason)),
        Message::Callback { call, result } => task::reported(turn, call, result),
        Message::JobDone {
            call,
            submission,
            result,
        } => {
            task::call_succeeded(turn, call, &submission);
            task::reported(turn, call, result);
        }
        Message::Due { at } => job::due(turn, at),
        Message::JobChanged { call } => job::changed(turn, call),
        Message::Heartbeat { call } => task::heartbeat(turn, call),
        Message::ActivityStarted { call, worker_name } => task::activity_started(turn, call, worker_name),
        Message::UpdateMapRun(update) => map_run::update(turn, &update),
        Message::Stop { error, cause } => stop(turn, Why { error, cause }),
        Message::Poison { cause } => {
            turn.accept();
            turn.close_failed(&Fault::runtime(cause), 0);
        }
    }
}

fn start(turn: &mut Turn<'_>) {
    if turn.execution.counters.next_thread != 0 {
        return;
    }
    turn.accept();
    let identity = Arc::clone(&turn.execution.identity);
    let input = turn.execution.input.clone();
    turn.outcome.payloads.push(crate::Payload {
        id: input.id(),
        text: Arc::clone(input.text()),
    });
    turn.emit(
        0,
        Details::ExecutionStarted {
            input: input.id(),
            role_arn: Arc::clone(&identity.role_arn),
        },
    );
    let Some((machine, state)) = entrance(turn.program, identity.map.as_ref()) else {
        turn.close_failed(&Fault::runtime("the definition has no states"), 0);
        return;
    };
    let id = turn.reserve_threads(1);
    let thread = Thread {
        parent: None,
        index: 0,
        machine,
        state,
        entered: 0,
        before: 0,
        entered_at: turn.now,
        input,
        variables: Arc::default(),
        previous: 0,
        retries: Vec::new(),
        map_run: None,
        phase: Phase::Ready,
    };
    turn.put_thread(id, thread);
    turn.wake(id);
}

/// Returns where an execution begins: with the first state, with that of a Map's processor, or in the Map state itself.
fn entrance(program: &Program, part: Option<&MapPart>) -> Option<(MachineId, StateId)> {
    let Some(part) = part else {
        return Some((Program::ROOT, program.machine(Program::ROOT)?.start_at));
    };
    let state = program.state(part.state)?;
    let StateKind::Map(map) = &state.kind else {
        return None;
    };
    match part.role {
        MapRole::Run => Some((state.machine, part.state)),
        MapRole::Child => Some((map.processor, program.machine(map.processor)?.start_at)),
    }
}

fn stop(turn: &mut Turn<'_>, why: Why) {
    turn.accept();
    turn.abort_children(None);
    turn.emit(0, Details::ExecutionAborted(why.clone()));
    turn.close(Status::Aborted, None, why);
}

/// Does what is due: waits that are over, delays between attempts, tasks and heartbeats that are late.
fn due(turn: &mut Turn<'_>) {
    while turn.is_running() {
        let Some((time, id)) = turn.execution.deadlines.first().copied() else {
            return;
        };
        if time > turn.now {
            return;
        }
        turn.execution.deadlines.remove(&(time, id));
        let Some(thread) = turn.execution.threads.get(&id) else {
            continue;
        };
        match thread.phase {
            Phase::Waiting { .. } => states::wait::over(turn, id),
            Phase::Retrying { .. } => {
                turn.set_phase(id, Phase::Again);
                turn.wake(id);
            }
            Phase::Calling(_) => task::timed_out(turn, id),
            Phase::Ready | Phase::Again | Phase::Forked(_) | Phase::Finished { .. } | Phase::Tolerated => {}
        }
    }
}

impl Execution {
    /// Returns the time at which the execution as a whole times out.
    pub fn ends_by(&self, program: &Program) -> Timestamp {
        let most = match self.identity.execution_type {
            ExecutionType::Express => EXPRESS_SECONDS_MAX,
            ExecutionType::Standard => STANDARD_SECONDS_MAX,
        };
        let last = self.identity.started.plus_seconds(most);
        match self.timeout_seconds(program) {
            // A redrive resets the definition's own time-out, not the longest life of an execution.
            Some(seconds) => {
                let begun = self.counters.redriven.unwrap_or(self.identity.started);
                begun.plus_seconds(seconds).min(last)
            }
            None => last,
        }
    }

    /// Returns the definition's own time-out; that of a whole state machine is not one of a part of it.
    pub fn timeout_seconds(&self, program: &Program) -> Option<u64> {
        program.timeout_seconds.filter(|_| self.identity.map.is_none())
    }
}

impl Turn<'_> {
    fn is_past_the_end(&self) -> bool {
        self.now >= self.execution.ends_by(self.program)
    }

    fn time_out(&mut self) {
        self.abort_children(None);
        let why = Why {
            error: Some(errors::TIMEOUT.to_owned()),
            cause: None,
        };
        // The API shows the time-out as a status; its event carries no error of its own.
        self.emit(0, Details::ExecutionTimedOut(Why::default()));
        self.close(Status::TimedOut, None, why);
    }

    /// Runs every thread that can go on, until each waits for something or the turn has been long enough.
    pub(crate) fn run(&mut self) {
        while self.is_running() {
            if self.is_long() {
                self.outcome.unfinished = true;
                return;
            }
            let Some(id) = self.ready.pop_front() else { return };
            self.step(id);
        }
    }

    /// Runs one state of a thread, as far as it goes without waiting.
    pub(crate) fn step(&mut self, id: ThreadId) {
        let Some(thread) = self.execution.threads.get(&id) else {
            return;
        };
        let again = match thread.phase {
            Phase::Ready => false,
            Phase::Again => true,
            Phase::Waiting { .. }
            | Phase::Retrying { .. }
            | Phase::Calling(_)
            | Phase::Forked(_)
            | Phase::Finished { .. }
            | Phase::Tolerated => return,
        };
        let program = self.program;
        let Some(state) = program.state(thread.state) else {
            self.close_failed(
                &Fault::runtime("the execution stands in a state that its definition lacks"),
                0,
            );
            return;
        };
        if self.execution.holds_calls && asks_outside(&state.kind) {
            self.outcome.unfinished = true;
            return;
        }
        if self.is_map_run() {
            map_run::step(self, id, state);
            return;
        }
        if !again {
            self.enter(id, state);
            if !self.is_running() {
                return;
            }
        }
        let result = match &state.kind {
            StateKind::Pass(pass) => states::pass::run(self, id, pass),
            StateKind::Task(task) => states::task::run(self, id, state, task),
            StateKind::Choice(choice) => states::choice::run(self, id, choice),
            StateKind::Wait(wait) => states::wait::run(self, id, wait),
            StateKind::Succeed(succeed) => states::succeed::run(self, id, succeed),
            StateKind::Fail(fail) => states::fail::run(self, id, fail),
            StateKind::Parallel(parallel) => states::parallel::run(self, id, parallel),
            StateKind::Map(map) => states::map::run(self, id, map),
        };
        if let Err(fault) = result {
            self.fail(id, fault);
        }
    }
}

/// Returns whether a state has something done outside.
fn asks_outside(state: &StateKind) -> bool {
    match state {
        StateKind::Task(_) => true,
        StateKind::Map(map) => matches!(map.mode, MapMode::Distributed(_)),
        StateKind::Pass(_)
        | StateKind::Choice(_)
        | StateKind::Wait(_)
        | StateKind::Succeed(_)
        | StateKind::Fail(_)
        | StateKind::Parallel(_) => false,
    }
}
