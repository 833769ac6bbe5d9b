//! Task: has something done outside, and waits for its end.

use crate::data::Data;
use crate::effect::{Call, Effect};
use crate::execution::Execution;
use crate::fault::{Fault, errors};
use crate::flow::{Evaluator, Frame};
use crate::history::{Details, Target, TaskType, Why};
use crate::limits::TASK_SECONDS_DEFAULT;
use crate::message::CallId;
use crate::states::{job, map_run};
use crate::thread::{Calling, Phase, Stage, Thread, ThreadId};
use crate::token::{TaskToken, client_token};
use crate::turn::Turn;
use asl::program::{Map, Setting, State, StateKind, Task};
use asl::{Program, Timestamp};
use integrations::{EffectClass, Failure, Pattern, Resource};
use std::sync::{Arc, LazyLock};

/// Seconds until somebody looks whether a task that was offered to an activity's workers is still there.
const OFFER_SECONDS: u64 = 600;

pub(crate) fn run(turn: &mut Turn<'_>, id: ThreadId, state: &State, task: &Task) -> Result<(), Fault> {
    let call = turn.next_call();
    let mut frame = Frame::new(turn, id);
    if needs_token(&task.resource) {
        frame = frame.with_token(TaskToken::issue(&turn.execution.identity, call));
    }
    let request = evaluate(turn, &frame, task)?;
    turn.check_size(&request.parameters, &state.name)?;
    schedule(turn, id, task, &request);
    let calling = calling(turn, id, call, task, request);
    turn.set_phase(id, Phase::Calling(calling));
    if let Some(effect) = effect(turn.program, turn.execution, id) {
        turn.ask(effect);
    }
    Ok(())
}

/// What an attempt of a task is made with: its fields, evaluated.
struct Request {
    parameters: Data,
    timeout_seconds: Option<u64>,
    heartbeat_seconds: Option<u64>,
    role_arn: Option<String>,
}

fn evaluate(turn: &mut Turn<'_>, frame: &Frame, task: &Task) -> Result<Request, Fault> {
    let input = frame.effective_input(&task.flow)?;
    let evaluator = frame.at(input.value());
    let arguments = match &task.flow.arguments {
        Some(template) => Some(evaluator.template(template, "Parameters")?),
        None => None,
    };
    let timeout_seconds = setting(&evaluator, task.timeout_seconds.as_ref(), "TimeoutSeconds")?;
    let heartbeat_seconds = setting(&evaluator, task.heartbeat_seconds.as_ref(), "HeartbeatSeconds")?;
    let role_arn = task
        .role_arn
        .as_ref()
        .map(|text| evaluator.text(text, "Credentials/RoleArn"))
        .transpose()?;
    drop(evaluator);
    let parameters = match arguments {
        Some(value) => turn.data(value),
        None => input.into_data(turn),
    };
    frame.note(|trace| trace.after_arguments = Some(parameters.value().clone()));
    Ok(Request {
        parameters,
        timeout_seconds,
        heartbeat_seconds,
        role_arn,
    })
}

/// Writes the events of an attempt's beginning.
fn schedule(turn: &mut Turn<'_>, id: ThreadId, task: &Task, request: &Request) {
    let (task_type, target) = target(&task.resource);
    let region = Arc::clone(&turn.execution.identity.region);
    turn.emit_for(
        id,
        Details::Scheduled {
            task: task_type,
            target: target.clone(),
            region,
            parameters: request.parameters.id(),
            timeout_seconds: request.timeout_seconds,
            heartbeat_seconds: request.heartbeat_seconds,
            role_arn: request.role_arn.clone(),
        },
    );
    match task_type {
        TaskType::Task | TaskType::LambdaFunction => {
            turn.emit_for(
                id,
                Details::Started {
                    task: task_type,
                    target,
                },
            );
        }
        // A worker starts it, later.
        TaskType::Activity => {}
    }
}

fn calling(turn: &mut Turn<'_>, id: ThreadId, call: CallId, task: &Task, request: Request) -> Calling<Data> {
    let count = match turn.thread(id).map(|thread| thread.state) {
        Some(state) => turn.execution.counters.calls_of.entry(state).or_insert(0),
        None => &mut 0,
    };
    let number = *count;
    *count += 1;
    let stage = if takes_long(turn.execution, task, &request) {
        Stage::Asked
    } else {
        Stage::Sent
    };
    let mut calling = Calling {
        call,
        stage,
        parameters: request.parameters,
        deadline: turn.now.plus_seconds(TASK_SECONDS_DEFAULT),
        heartbeat_due: None,
        timeout_seconds: request.timeout_seconds,
        heartbeat_seconds: request.heartbeat_seconds,
        role_arn: request.role_arn,
        committed_in: turn.execution.seq,
        asked_at: turn.now,
        number,
        job: None,
    };
    // The clock of an activity's task starts when a worker takes it (AWS developer guide: Task state).
    if !matches!(task.resource, Resource::Activity(_)) {
        start_clock(&mut calling, &task.resource, turn.now);
    }
    calling
}

/// Returns whether a call is one for somebody who may take longer: of a function, which says so by its time-out, or of
/// an agent or an Express execution, which need not say so.
fn takes_long(execution: &Execution, task: &Task, request: &Request) -> bool {
    let beyond = |seconds: u64| execution.hands_over_beyond.is_some_and(|most| seconds > most);
    if let Resource::Service(integration) = &task.resource
        && let Some(most) = integration.seconds_max()
    {
        return beyond(request.timeout_seconds.unwrap_or(most).min(most));
    }
    let is_function = match &task.resource {
        Resource::Function(_) => true,
        // A time-out of `.waitForTaskToken` is about the answer to the token: the call itself is short.
        Resource::Service(integration) => {
            integration.service() == "lambda" && integration.pattern() == Pattern::RequestResponse
        }
        Resource::Activity(_) => false,
    };
    is_function && request.timeout_seconds.is_some_and(beyond)
}

fn start_clock(calling: &mut Calling<Data>, resource: &Resource, now: Timestamp) {
    let seconds = calling.timeout_seconds.unwrap_or(TASK_SECONDS_DEFAULT);
    calling.deadline = now.plus_seconds(seconds.min(seconds_max(resource)));
    calling.heartbeat_due = calling.heartbeat_seconds.map(|seconds| now.plus_seconds(seconds));
}

/// Returns for how long a task may run, whatever its `TimeoutSeconds` says.
fn seconds_max(resource: &Resource) -> u64 {
    let most = match resource {
        Resource::Service(integration) => integration.seconds_max(),
        Resource::Function(_) | Resource::Activity(_) => None,
    };
    most.unwrap_or(TASK_SECONDS_DEFAULT)
}

/// Evaluates TimeoutSeconds or HeartbeatSeconds.
fn setting(
    evaluator: &Evaluator<'_>,
    setting: Option<&Setting<u64>>,
    field: &str,
) -> Result<Option<u64>, Fault> {
    let value = match setting {
        None => return Ok(None),
        Some(Setting::Fixed(seconds)) => return Ok(Some(*seconds)),
        Some(Setting::Path(path)) => evaluator.path(path, &format!("{field}Path"))?,
        Some(Setting::Expression(expression)) => evaluator.expression(expression)?,
    };
    match (value.as_u64(), setting) {
        (Some(seconds), _) if (1..=TASK_SECONDS_DEFAULT).contains(&seconds) => Ok(Some(seconds)),
        (_, Some(Setting::Expression(expression))) => {
            let message = format!(
                "The JSONata expression '{}' specified for the field '{field}' returned a value that is not a positive integer: {value}",
                expression.source.text()
            );
            Err(evaluator.evaluation_fault(field, &message))
        }
        (_, _) => {
            let message = format!("The {field}Path parameter does not reference a positive integer: {value}");
            Err(evaluator.fault(errors::RUNTIME, &message))
        }
    }
}

/// Returns whether the context has a task token: recorded for `.sync`, too (callback/sync_with_task_token).
fn needs_token(resource: &Resource) -> bool {
    ends_later(resource)
}

/// Returns whether the answer to the call is only the beginning: the end is reported by somebody else.
fn ends_later(resource: &Resource) -> bool {
    match resource {
        Resource::Service(integration) => integration.pattern() != Pattern::RequestResponse,
        Resource::Activity(_) => true,
        Resource::Function(_) => false,
    }
}

fn target(resource: &Resource) -> (TaskType, Target) {
    match resource {
        Resource::Service(integration) => (
            TaskType::Task,
            Target {
                resource_type: integration.resource_type().to_owned(),
                resource: integration.resource().to_owned(),
            },
        ),
        Resource::Function(_) => (
            TaskType::LambdaFunction,
            Target {
                resource_type: String::new(),
                resource: resource.text().to_owned(),
            },
        ),
        Resource::Activity(_) => (
            TaskType::Activity,
            Target {
                resource_type: String::new(),
                resource: resource.text().to_owned(),
            },
        ),
    }
}

/// Returns what an oversized result is blamed on: the service, or the function's ARN.
fn blamed(target: &Target) -> &str {
    if target.resource_type.is_empty() {
        &target.resource
    } else {
        &target.resource_type
    }
}

/// Returns the call that a thread in a Task state waits for.
pub(crate) fn call(program: &Program, execution: &Execution, id: ThreadId) -> Option<Call> {
    let thread = execution.threads.get(&id)?;
    let Phase::Calling(calling) = &thread.phase else {
        return None;
    };
    let state = program.state(thread.state)?;
    let task = match &state.kind {
        StateKind::Task(task) => task,
        StateKind::Map(map) => return call_of_map(execution, thread, state, map, calling),
        StateKind::Pass(_)
        | StateKind::Choice(_)
        | StateKind::Wait(_)
        | StateKind::Succeed(_)
        | StateKind::Fail(_)
        | StateKind::Parallel(_) => return None,
    };
    let resource = task.resource.clone();
    let class = match (task.effect, &resource) {
        (Some(asl::program::Effect::Repeatable), _) => EffectClass::Repeatable,
        (Some(asl::program::Effect::Once), _) => EffectClass::Once,
        (None, Resource::Service(integration)) => integration.effect_class_of(calling.parameters.value()),
        (None, Resource::Function(_)) => EffectClass::Once,
        (None, Resource::Activity(_)) => EffectClass::Repeatable,
    };
    let call = Call {
        id: calling.call,
        state: Arc::clone(&state.name),
        number: calling.number,
        token: needs_token(&resource).then(|| TaskToken::issue(&execution.identity, calling.call)),
        parameters: calling.parameters.clone(),
        client_token: client_token(&execution.identity, calling.call),
        class,
        role_arn: calling.role_arn.clone(),
        deadline: calling.deadline,
        heartbeat_seconds: calling.heartbeat_seconds,
        committed_in: calling.committed_in,
        is_handed_over: calling.stage == Stage::Asked,
        asked_at: calling.asked_at,
        job: calling.job.clone(),
        resource,
        part: None,
    };
    Some(call)
}

/// Returns the call by which a distributed Map starts its Map Run, or a Map Run reads its items or starts a child.
fn call_of_map(
    execution: &Execution,
    thread: &Thread<Data>,
    state: &State,
    map: &Map,
    calling: &Calling<Data>,
) -> Option<Call> {
    let identity = &execution.identity;
    let (resource, part) = if identity.is_map_run() && thread.parent.is_none() {
        (map_run::reading(execution)?, None)
    } else {
        let part = map_run::part_of(identity, thread.state, &state.name, map, calling.call)?;
        (START_EXECUTION.clone()?, Some(part))
    };
    Some(Call {
        id: calling.call,
        state: Arc::clone(&state.name),
        number: calling.number,
        token: None,
        parameters: calling.parameters.clone(),
        client_token: client_token(identity, calling.call),
        class: EffectClass::Repeatable,
        role_arn: None,
        deadline: calling.deadline,
        heartbeat_seconds: None,
        committed_in: calling.committed_in,
        is_handed_over: false,
        asked_at: calling.asked_at,
        job: calling.job.clone(),
        resource,
        part,
    })
}

/// What starts an execution and waits for its end.
static START_EXECUTION: LazyLock<Option<Resource>> =
    LazyLock::new(|| Resource::parse("arn:aws:states:::states:startExecution.sync:2").ok());

/// Returns the effect that a thread in a Task state or a distributed Map asks for.
pub(crate) fn effect(program: &Program, execution: &Execution, id: ThreadId) -> Option<Effect> {
    let call = call(program, execution, id)?;
    Some(match &call.resource {
        Resource::Activity(_) => Effect::OfferActivity(call),
        Resource::Service(integration) if integration.starts_execution() => Effect::StartChild(call),
        Resource::Service(_) | Resource::Function(_) => Effect::Call(call),
    })
}

impl Execution {
    /// Returns what the execution has asked for and has no answer to: what a new driver has to look after.
    ///
    /// The second part is how far each call is: of a child execution also the submitted ones are returned, because the
    /// news of its end may have been lost.
    pub fn outstanding(&self, program: &Program) -> Vec<(Effect, Stage)> {
        self.calls
            .values()
            .filter_map(|id| {
                let Phase::Calling(calling) = &self.threads.get(id)?.phase else {
                    return None;
                };
                let effect = effect(program, self, *id)?;
                let wanted = calling.stage != Stage::Submitted || matches!(effect, Effect::StartChild(_));
                wanted.then_some((effect, calling.stage))
            })
            .collect()
    }

    /// Returns the calls whose jobs' services are asked how they are.
    pub fn jobs(&self, program: &Program) -> Vec<Call> {
        self.jobs
            .iter()
            .filter_map(|id| call(program, self, *id))
            .collect()
    }

    /// Returns whether it waits for a call that somebody makes, or has to make: not for time, a client or a worker.
    pub fn has_calls_out(&self, program: &Program) -> bool {
        self.calls.values().any(|id| {
            let Some(thread) = self.threads.get(id) else {
                return false;
            };
            let Phase::Calling(calling) = &thread.phase else {
                return false;
            };
            let state = program.state(thread.state).map(|state| &state.kind);
            let is_offered =
                matches!(state, Some(StateKind::Task(task)) if matches!(task.resource, Resource::Activity(_)));
            calling.stage != Stage::Submitted && !is_offered
        })
    }

    /// Returns the time from which on somebody has to offer its tasks to the workers of activities again, if none has taken
    /// them: an offer may be lost, and a task's own time-out runs from when it is taken.
    pub fn offers_from(&self, program: &Program) -> Option<Timestamp> {
        let offered = self.calls.values().filter_map(|id| {
            let thread = self.threads.get(id)?;
            let Phase::Calling(calling) = &thread.phase else {
                return None;
            };
            let StateKind::Task(task) = &program.state(thread.state)?.kind else {
                return None;
            };
            let is_offered =
                matches!(task.resource, Resource::Activity(_)) && calling.stage != Stage::Submitted;
            is_offered.then(|| calling.asked_at.plus_seconds(OFFER_SECONDS))
        });
        offered.min()
    }

    /// Returns whether the execution still waits for `call`.
    pub fn waits_for(&self, call: CallId) -> bool {
        self.calls.contains_key(&call)
    }
}

/// Returns the error of a call that nobody knows the outcome of and that must not be repeated.
pub(crate) fn unknown_outcome(reason: Option<String>) -> Fault {
    let gone = "its process ended before there was a result, and the call must not be repeated";
    let reason = reason.as_deref().unwrap_or(gone);
    Fault::new(
        errors::TASK_FAILED,
        format!("the outcome of this call is unknown: {reason}"),
    )
}

struct Open<'a> {
    id: ThreadId,
    task: &'a Task,
    stage: Stage,
}

fn open<'a>(turn: &Turn<'a>, call: CallId) -> Option<Open<'a>> {
    let id = *turn.execution.calls.get(&call)?;
    let state = turn.state_of(id)?;
    let StateKind::Task(task) = &state.kind else {
        return None;
    };
    let Phase::Calling(calling) = &turn.thread(id)?.phase else {
        return None;
    };
    Some(Open {
        id,
        task,
        stage: calling.stage,
    })
}

pub(crate) fn call_succeeded(turn: &mut Turn<'_>, call: CallId, output: &str) {
    if let Some(id) = map_run::waiting(turn, call) {
        map_run::submitted(turn, id, output);
        return;
    }
    let Some(open) = open(turn, call) else { return };
    if !ends_later(&open.task.resource) {
        turn.accept();
        succeed(turn, &open, output);
        return;
    }
    if open.stage == Stage::Submitted {
        return;
    }
    turn.accept();
    let (_, target) = target(&open.task.resource);
    let output = turn.data_from_text(output);
    turn.emit_for(
        open.id,
        Details::TaskSubmitted {
            target,
            output: output.id(),
        },
    );
    let now = turn.now;
    change_calling(turn, open.id, |calling| {
        calling.stage = Stage::Submitted;
        calling.heartbeat_due = calling.heartbeat_seconds.map(|seconds| now.plus_seconds(seconds));
        calling.job = job::submitted(&open.task.resource, output, now);
    });
    job::watch(turn, open.id);
}

pub(crate) fn change_calling(turn: &mut Turn<'_>, id: ThreadId, change: impl FnOnce(&mut Calling<Data>)) {
    if let Some(Phase::Calling(mut calling)) = turn.thread(id).map(|thread| thread.phase.clone()) {
        change(&mut calling);
        turn.set_phase(id, Phase::Calling(calling));
    }
}

/// Somebody takes over a call that was handed over.
pub(crate) fn claimed(turn: &mut Turn<'_>, call: CallId) {
    let Some(open) = open(turn, call) else { return };
    if open.stage != Stage::Asked {
        return;
    }
    turn.accept();
    let entry = turn.execution.seq;
    change_calling(turn, open.id, |calling| {
        calling.stage = Stage::Sent;
        calling.committed_in = entry;
    });
}

pub(crate) fn activity_started(turn: &mut Turn<'_>, call: CallId, worker_name: Option<String>) {
    let Some(open) = open(turn, call) else { return };
    if open.stage != Stage::Sent || !matches!(open.task.resource, Resource::Activity(_)) {
        return;
    }
    turn.accept();
    turn.emit_for(open.id, Details::ActivityStarted { worker_name });
    let now = turn.now;
    change_calling(turn, open.id, |calling| {
        calling.stage = Stage::Submitted;
        start_clock(calling, &open.task.resource, now);
    });
}

pub(crate) fn heartbeat(turn: &mut Turn<'_>, call: CallId) {
    let Some(open) = open(turn, call) else { return };
    if !ends_later(&open.task.resource) {
        return;
    }
    turn.accept();
    let now = turn.now;
    change_calling(turn, open.id, |calling| {
        calling.heartbeat_due = calling.heartbeat_seconds.map(|seconds| now.plus_seconds(seconds));
    });
}

/// A client or a job reported the task's end.
pub(crate) fn reported(turn: &mut Turn<'_>, call: CallId, result: Result<String, Failure>) {
    if let Some(id) = map_run::waiting(turn, call) {
        map_run::ended(turn, id, result);
        return;
    }
    let Some(open) = open(turn, call) else { return };
    if !ends_later(&open.task.resource) {
        return;
    }
    turn.accept();
    // What has ended is not cancelled when the state fails over its result.
    change_calling(turn, open.id, |calling| calling.job = None);
    match result {
        Ok(output) => succeed(turn, &open, &output),
        Err(failure) => fail(turn, &open, failure.into()),
    }
}

pub(crate) fn call_failed(turn: &mut Turn<'_>, call: CallId, fault: Fault) {
    if let Some(id) = map_run::waiting(turn, call) {
        let failure = Failure {
            error: fault.error.unwrap_or_default(),
            cause: fault.cause,
        };
        map_run::ended(turn, id, Err(failure));
        return;
    }
    let Some(open) = open(turn, call) else { return };
    if ends_later(&open.task.resource) && open.stage == Stage::Submitted {
        return;
    }
    turn.accept();
    fail(turn, &open, fault);
}

/// The deadline of a task or of its heartbeat has passed.
pub(crate) fn timed_out(turn: &mut Turn<'_>, id: ThreadId) {
    let Some(Phase::Calling(calling)) = turn.thread(id).map(|thread| thread.phase.clone()) else {
        return;
    };
    let Some(open) = open(turn, calling.call) else {
        return;
    };
    let is_heartbeat = calling.heartbeat_due.is_some_and(|due| due < calling.deadline);
    let (task, target) = target(&open.task.resource);
    // A missed heartbeat is recorded under the name States.Timeout, and can be caught under both names.
    let why = Why {
        error: Some(errors::TIMEOUT.to_owned()),
        cause: None,
    };
    turn.emit_for(open.id, Details::TimedOut { task, target, why });
    job::cancel(turn, open.id);
    change_calling(turn, open.id, |calling| calling.job = None);
    let alias = is_heartbeat.then_some(errors::HEARTBEAT_TIMEOUT);
    turn.fail(
        open.id,
        Fault {
            error: Some(errors::TIMEOUT.to_owned()),
            cause: None,
            alias,
            location: None,
        },
    );
}

fn succeed(turn: &mut Turn<'_>, open: &Open<'_>, output: &str) {
    let (task, target) = target(&open.task.resource);
    let result: Data = turn.data_from_text(output);
    if let Err(fault) = turn.check_size(&result, blamed(&target)) {
        turn.outcome.payloads.pop();
        fail(turn, open, fault);
        return;
    }
    turn.emit_for(
        open.id,
        Details::Succeeded {
            task,
            target,
            output: result.id(),
        },
    );
    // The call is over: what goes wrong from here on is for Retry and Catch, as a failure of the call would be.
    turn.set_phase(open.id, Phase::Again);
    if let Err(fault) = turn.complete(open.id, &open.task.flow, result, open.task.transition) {
        turn.fail(open.id, fault);
    }
}

fn fail(turn: &mut Turn<'_>, open: &Open<'_>, fault: Fault) {
    let (task, target) = target(&open.task.resource);
    let why = Why {
        error: fault.error.clone(),
        cause: fault.cause.clone(),
    };
    turn.emit_for(open.id, Details::Failed { task, target, why });
    turn.fail(open.id, fault);
}
