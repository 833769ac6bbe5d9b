//! One state under test, run by the engine itself: TestState.

use crate::apply::receive;
use crate::context::MapItem;
use crate::data::{Data, PayloadId};
use crate::effect::Effect;
use crate::execution::{Execution, Identity, Status};
use crate::fault::{Fault, errors};
use crate::limits::Limits;
use crate::message::{CallId, Message};
use crate::states::{fork, map, parallel, task, wait};
use crate::thread::{Phase, Thread, ThreadId, Variables};
use crate::trace::{Handled, Probe, Trace};
use crate::turn::Turn;
use asl::program::{self, Flow, MachineId, State, StateId, StateKind, Transition};
use asl::{Program, Timestamp};
use integrations::{Failure, Pattern, Resource};
use serde_json::{Map, Value};
use std::rc::Rc;
use std::sync::Arc;

const ROOT: ThreadId = ThreadId(0);

/// What stands in for the work of a Task, Map or Parallel state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mock {
    /// Its result as JSON text.
    Result(String),
    /// Its failure.
    Failure(Failure),
}

/// What a state under test finds around it.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    /// The variables.
    pub variables: Map<String, Value>,
    /// The Context object, in the place of the one that is made up.
    pub context: Option<Value>,
    /// What stands in for its work.
    pub mock: Option<Mock>,
    /// How often the state was retried before.
    pub retries: u32,
    /// How many iterations of a Map state have failed.
    pub failed_iterations: Option<u32>,
    /// The items that a Map state's ItemReader has read.
    pub items_read: Option<Value>,
}

/// What a state under test waits for.
#[derive(Debug)]
pub enum Progress {
    /// For the result of a call.
    Asks(Box<Effect>),
    /// For a moment.
    Waits(Timestamp),
    /// For nothing: there is a verdict.
    Ended,
}

/// How a test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are AWS's")]
pub enum TrialStatus {
    Succeeded,
    Failed,
    Retriable,
    CaughtError,
}

/// The end of a test.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// How it ended.
    pub status: TrialStatus,
    /// The output as JSON text.
    pub output: Option<Arc<str>>,
    /// The error, and its cause.
    pub error: Option<String>,
    /// Its cause.
    pub cause: Option<String>,
    /// The state to go to.
    pub next_state: Option<Arc<str>>,
    /// The variables after the state.
    pub variables: Map<String, Value>,
    /// What was seen on the way.
    pub trace: Trace,
}

/// One state under test. It is entered, run, and left; nothing that follows it runs.
#[derive(Debug)]
pub struct Trial {
    program: Arc<Program>,
    execution: Execution,
    state: StateId,
    expected: Expected,
    probe: Probe,
}

impl Trial {
    /// Returns the test of a state in a program; `None` when the program has no state of this name.
    pub fn new(
        program: Arc<Program>,
        identity: Identity,
        state: &str,
        input: Arc<str>,
        expected: Expected,
        limits: Limits,
    ) -> Option<Trial> {
        let place = program
            .states
            .iter()
            .position(|candidate| *candidate.name == *state)?;
        let id = StateId(u32::try_from(place).ok()?);
        let machine = program.state(id)?.machine;
        let execution = Execution::new(identity, input, limits);
        let item = is_iterated(&program, machine).then(|| MapItem {
            index: 0,
            items: Data::from_value(
                PayloadId::new(0, 1),
                Value::Array(vec![execution.input.value().clone()]),
            ),
        });
        Some(Trial {
            program,
            execution,
            state: id,
            probe: Probe::new(expected.context.clone(), item),
            expected,
        })
    }

    /// Returns the state.
    pub fn state(&self) -> Option<&State> {
        self.program.state(self.state)
    }

    /// Returns what the calls are made for.
    pub fn identity(&self) -> &Arc<Identity> {
        &self.execution.identity
    }

    /// Returns whether a state of this name is somewhere in the state under test.
    pub fn contains(&self, name: &str) -> bool {
        let mut machines = self.state().map(machines_of).unwrap_or_default();
        let mut seen = 0;
        while let Some(machine) = machines.get(seen).copied() {
            let states = self.program.states.iter();
            for inner in states.filter(|state| state.machine == machine) {
                if *inner.name == *name {
                    return true;
                }
                machines.extend(machines_of(inner));
            }
            seen += 1;
        }
        false
    }

    /// Enters the state and runs it, as far as it goes without waiting.
    pub fn begin(&mut self, now: Timestamp) -> Progress {
        let Some(state) = self.state().cloned() else {
            return Progress::Ended;
        };
        let expected = self.expected.clone();
        let place = self.state;
        self.turn(now, |turn| {
            let input = turn.execution.input.clone();
            turn.reserve_threads(1);
            let variables: Variables<Data> = expected
                .variables
                .iter()
                .map(|(name, value)| (name.clone(), turn.data(value.clone())))
                .collect();
            turn.put_thread(ROOT, thread(&state, place, input, variables, turn.now));
            match (&state.kind, &expected.mock) {
                (StateKind::Map(map), Some(mock)) => {
                    turn.enter(ROOT, &state);
                    let rehearsed = rehearse_map(turn, map, &expected, mock);
                    settle(
                        turn,
                        &state,
                        &expected,
                        &map.flow,
                        map.transition,
                        rehearsed,
                        mock,
                    );
                }
                (StateKind::Parallel(parallel), Some(mock)) => {
                    turn.enter(ROOT, &state);
                    let rehearsed = parallel::input(turn, ROOT, parallel).map(|_| ());
                    let (flow, transition) = (&parallel.flow, parallel.transition);
                    settle(turn, &state, &expected, flow, transition, rehearsed, mock);
                }
                (StateKind::Task(task), Some(mock)) => {
                    turn.step(ROOT);
                    answer(turn, &task.resource, &expected, mock);
                }
                (_, _) => turn.step(ROOT),
            }
        })
    }

    /// Hands the result of a call to the state, or lets time pass.
    pub fn tell(&mut self, message: Message, now: Timestamp) -> Progress {
        self.turn(now, |turn| match turn.thread(ROOT).map(|thread| &thread.phase) {
            Some(Phase::Waiting { until }) if *until <= turn.now => wait::over(turn, ROOT),
            _ => receive(turn, message),
        })
    }

    /// Lets the call of a Task state time out.
    pub fn time_out(&mut self, now: Timestamp) -> Progress {
        self.turn(now, |turn| match turn.thread(ROOT).map(|thread| &thread.phase) {
            Some(Phase::Calling(_)) => task::timed_out(turn, ROOT),
            _ => turn.fail(
                ROOT,
                Fault {
                    error: Some(errors::TIMEOUT.to_owned()),
                    cause: None,
                    alias: None,
                    location: None,
                },
            ),
        })
    }

    fn turn(&mut self, now: Timestamp, act: impl FnOnce(&mut Turn<'_>)) -> Progress {
        let probe = Rc::new(std::mem::take(&mut self.probe));
        let program = Arc::clone(&self.program);
        let mut turn = Turn::new(&program, &mut self.execution, now);
        turn.probe = Some(Rc::clone(&probe));
        act(&mut turn);
        let outcome = turn.finish();
        // The turn and its frames are gone: this is the last one.
        self.probe = Rc::try_unwrap(probe).unwrap_or_default();
        let effect = outcome.effects.into_iter().next();
        match (
            self.execution.threads.get(&ROOT).map(|thread| &thread.phase),
            effect,
        ) {
            _ if self.execution.status != Status::Running => Progress::Ended,
            (Some(Phase::Calling(_)), Some(effect)) => Progress::Asks(Box::new(effect)),
            (Some(Phase::Waiting { until }), _) => Progress::Waits(*until),
            _ => Progress::Ended,
        }
    }

    /// Returns how the test ended, once it has.
    pub fn verdict(&self) -> Verdict {
        let trace = self.probe.trace();
        let thread = self.execution.threads.get(&ROOT);
        let variables = thread.map(|thread| {
            let variables = thread.variables.iter();
            variables
                .map(|(name, data)| (name.clone(), data.value().clone()))
                .collect()
        });
        let (error, cause) = trace.error.clone().unwrap_or_default();
        let verdict = Verdict {
            status: TrialStatus::Failed,
            output: None,
            error,
            cause,
            next_state: None,
            variables: variables.unwrap_or_default(),
            trace,
        };
        match &self.execution.closing {
            Some(closing) if closing.status == Status::Succeeded => Verdict {
                status: TrialStatus::Succeeded,
                output: closing.output.as_ref().map(|output| Arc::clone(output.text())),
                error: None,
                cause: None,
                ..verdict
            },
            Some(closing) => Verdict {
                error: closing.error.clone(),
                cause: closing.cause.clone(),
                ..verdict
            },
            None => self.left(thread, verdict),
        }
    }

    /// Returns the verdict on a state that goes on: to the next one, or to another attempt.
    fn left(&self, thread: Option<&Thread<Data>>, verdict: Verdict) -> Verdict {
        let next = thread.and_then(|thread| self.program.state(thread.state));
        let next_state = next.map(|state| Arc::clone(&state.name));
        let output = thread.map(|thread| Arc::clone(thread.input.text()));
        match verdict.trace.handled {
            Some(Handled::Retry { .. }) => Verdict {
                status: TrialStatus::Retriable,
                ..verdict
            },
            Some(Handled::Catch { .. }) => Verdict {
                status: TrialStatus::CaughtError,
                output,
                next_state,
                ..verdict
            },
            None => Verdict {
                status: TrialStatus::Succeeded,
                output,
                next_state,
                error: None,
                cause: None,
                ..verdict
            },
        }
    }
}

fn thread(
    state: &State,
    place: StateId,
    input: Data,
    variables: Variables<Data>,
    now: Timestamp,
) -> Thread<Data> {
    Thread {
        parent: None,
        index: 0,
        machine: state.machine,
        state: place,
        entered: 0,
        before: 0,
        entered_at: now,
        input,
        variables: Arc::new(variables),
        previous: 0,
        retries: Vec::new(),
        map_run: None,
        phase: Phase::Ready,
    }
}

/// Evaluates what a Map state begins with, and the inputs of its iterations. None of them runs.
fn rehearse_map(
    turn: &mut Turn<'_>,
    map: &program::Map,
    expected: &Expected,
    mock: &Mock,
) -> Result<(), Fault> {
    let prepared = map::prepare(turn, ROOT, map, expected.items_read.clone())?;
    if map.item_selector.is_some() {
        let mut inputs = Vec::new();
        for index in 0..prepared.length() {
            let input = map::iteration_input(turn, ROOT, map, &prepared.items, index)?;
            inputs.push(input.value().clone());
        }
        turn.note(|trace| trace.after_item_selector = Some(inputs));
    }
    let failed = expected.failed_iterations.unwrap_or(0);
    if matches!(mock, Mock::Result(_)) && failed > prepared.tolerated {
        return Err(fork::threshold_exceeded());
    }
    Ok(())
}

/// Ends a Map or Parallel state whose branches do not run.
fn settle(
    turn: &mut Turn<'_>,
    state: &State,
    expected: &Expected,
    flow: &Flow,
    transition: Transition,
    rehearsed: Result<(), Fault>,
    mock: &Mock,
) {
    let result = rehearsed.and_then(|()| match mock {
        Mock::Result(text) => {
            let result = turn.data_from_text(text);
            turn.check_size(&result, &state.name)?;
            turn.complete(ROOT, flow, result, transition)
        }
        Mock::Failure(failure) => Err(failure.clone().into()),
    });
    if let Err(fault) = result {
        count_retries(turn, expected);
        turn.fail(ROOT, fault);
    }
}

/// Answers the call of a Task state in the place of its service, if it came so far.
fn answer(turn: &mut Turn<'_>, resource: &Resource, expected: &Expected, mock: &Mock) {
    let Some(call) = turn.execution.calls.keys().next().copied() else {
        return;
    };
    count_retries(turn, expected);
    receive(turn, message(resource, call, mock));
}

/// Returns the message of a task's end.
fn message(resource: &Resource, call: CallId, mock: &Mock) -> Message {
    let is_reported = match resource {
        Resource::Service(integration) => integration.pattern() != Pattern::RequestResponse,
        Resource::Activity(_) => true,
        Resource::Function(_) => false,
    };
    match (mock.clone(), is_reported) {
        (Mock::Result(output), false) => Message::CallSucceeded { call, output },
        (Mock::Failure(failure), false) => Message::CallFailed { call, failure },
        (Mock::Result(output), true) => Message::Callback {
            call,
            result: Ok(output),
        },
        (Mock::Failure(failure), true) => Message::Callback {
            call,
            result: Err(failure),
        },
    }
}

/// Lets the state look as if every retrier had been used so often.
fn count_retries(turn: &mut Turn<'_>, expected: &Expected) {
    let retriers = match turn.state_of(ROOT).map(|state| &state.kind) {
        Some(StateKind::Task(task)) => task.retry.len(),
        Some(StateKind::Parallel(parallel)) => parallel.retry.len(),
        Some(StateKind::Map(map)) => map.retry.len(),
        _ => 0,
    };
    turn.change(ROOT, |thread| thread.retries = vec![expected.retries; retriers]);
}

/// Returns the machines that a state runs.
fn machines_of(state: &State) -> Vec<MachineId> {
    match &state.kind {
        StateKind::Parallel(parallel) => parallel.branches.clone(),
        StateKind::Map(map) => vec![map.processor],
        StateKind::Pass(_)
        | StateKind::Task(_)
        | StateKind::Choice(_)
        | StateKind::Wait(_)
        | StateKind::Succeed(_)
        | StateKind::Fail(_) => Vec::new(),
    }
}

/// Returns whether a machine is run for the items of a Map state.
fn is_iterated(program: &Program, machine: MachineId) -> bool {
    let mut states = program.states.iter();
    let Some(around) = states.find(|state| machines_of(state).contains(&machine)) else {
        return false;
    };
    matches!(around.kind, StateKind::Map(_)) || is_iterated(program, around.machine)
}
