//! The distributed Map: a Map Run starts a child execution for every item, or for every batch of items.
//!
//! ```text
//! execution, in its Map state ──call──► Map Run: an execution without a history ──a call each──► child executions
//! ```
//!
//! The execution waits for one call, the end of its Map Run; the Map Run waits for a call a child. What holds for the child
//! executions of tasks holds for both: their names are the same for every attempt to start them, and an end that was not
//! told is found. The Map Run is an execution of the same program that stands in the Map state. Its threads are the
//! state's iterations: each makes one call, and all that the language says of iterations is said of these.

use crate::data::Data;
use crate::execution::{MapPart, MapRole, Status};
use crate::fault::{Fault, errors};
use crate::flow::{Evaluator, Frame};
use crate::history::{Details, Why};
use crate::limits::{DISTRIBUTED_MAP_CONCURRENCY_MAX, EVALUATION_BYTES_MAX, TASK_SECONDS_DEFAULT};
use crate::message::{BoundsUpdate, CallId};
use crate::states::fork::threshold_exceeded;
use crate::states::item_reader::{self, Reading};
use crate::states::{map, task};
use crate::thread::{Bounds, Calling, Fork, Job, Phase, Stage, Thread, ThreadId};
use crate::token;
use crate::turn::Turn;
use asl::program::{Distributed, ItemBatcher, Map, MapMode, State, StateKind};
use integrations::Failure;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

/// How many transitions the start of a child counts for, and how many bytes of its input for one more: a turn starts a
/// hundred at most, and its entry stays small.
const TRANSITIONS_PER_CHILD: u32 = 20;
const BYTES_PER_TRANSITION: usize = 64;

/// What a Map Run is started with: all that its state evaluates in the execution that it stands in.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Order {
    /// A list or an object; `None` when they are read.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    items: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    reading: Option<Reading>,
    /// The event by which the state was entered: causes of errors name it.
    entered: u64,
    bounds: Bounds,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    batches: Option<Batches>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    surroundings: Option<Surroundings>,
}

/// How items are put together for one child.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Batches {
    #[serde(skip_serializing_if = "Option::is_none", default)]
    max_items: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    max_input_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    batch_input: Option<Value>,
}

/// What an ItemSelector may read besides the item.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Surroundings {
    /// The state's effective input.
    input: Value,
    /// Its Context object.
    context: Value,
    /// The variables that it sees.
    variables: serde_json::Map<String, Value>,
}

// ---- in the execution that the state stands in --------------------------------------------------------------------

/// Enters the state: starts its Map Run.
pub(crate) fn begin(
    turn: &mut Turn<'_>,
    id: ThreadId,
    map: &Map,
    distributed: &Distributed,
) -> Result<(), Fault> {
    if let Some(missing) = missing(distributed) {
        let message = format!("{missing} of the distributed Map is not implemented yet");
        return Err(Frame::new(turn, id).fault(errors::RUNTIME, &message));
    }
    let order = order(turn, id, map, distributed)?;
    // Recorded: what is read has length 0 (scenarios/map_item_reader_base_json_max_items).
    let length = order.items.as_ref().map_or(0, map::length);
    let order = turn.data(serde_json::to_value(&order).unwrap_or_default());
    turn.check_depth(&order, &turn.name_of(id))?;
    let call = turn.next_call();
    turn.emit_for(
        id,
        Details::MapStateStarted {
            length: u64::from(length),
        },
    );
    let calling = calling(turn, call, order);
    turn.set_phase(id, Phase::Calling(calling));
    turn.change(id, |thread| thread.map_run = Some(call));
    let Some(part) = part(turn, id) else {
        return Ok(());
    };
    turn.emit_for(
        id,
        Details::MapRunStarted {
            map_run_arn: part.run_arn,
        },
    );
    ask(turn, id);
    Ok(())
}

/// Returns what of the state's fields is not there yet.
pub(crate) fn missing(distributed: &Distributed) -> Option<&'static str> {
    distributed.result_writer.as_ref().map(|_| "the ResultWriter")
}

fn order(turn: &mut Turn<'_>, id: ThreadId, map: &Map, distributed: &Distributed) -> Result<Order, Fault> {
    let frame = Frame::new(turn, id);
    let input = frame.effective_input(&map.flow)?.into_data(turn);
    let evaluator = frame.at(input.value());
    let (items, reading) = match &distributed.reader {
        Some(reader) => (None, Some(item_reader::evaluate(&evaluator, reader)?)),
        None => {
            let items = map::items(&frame, &evaluator, map, &input)?;
            (Some(items.unwrap_or_else(|| input.value().clone())), None)
        }
    };
    let thresholds = map::thresholds(&frame, &evaluator, map)?;
    let bounds = Bounds {
        max_concurrency: map::max_concurrency(&evaluator, &map.max_concurrency)?,
        tolerated_failure_count: thresholds.count,
        tolerated_failure_percentage: thresholds.percentage,
    };
    let batches = match &distributed.batcher {
        Some(batcher) => Some(batches(&evaluator, batcher)?),
        None => None,
    };
    Ok(Order {
        items,
        reading,
        entered: turn.thread(id).map_or(0, |thread| thread.entered),
        bounds,
        batches,
        surroundings: map.item_selector.as_ref().map(|_| Surroundings {
            input: input.value().clone(),
            context: frame.context().clone(),
            variables: frame.visible(),
        }),
    })
}

fn batches(evaluator: &Evaluator<'_>, batcher: &ItemBatcher) -> Result<Batches, Fault> {
    let number = |setting: &Option<_>, field: &str| {
        let setting = setting.as_ref();
        setting
            .map(|setting| map::whole_number(evaluator, setting, field))
            .transpose()
    };
    Ok(Batches {
        // Zero is no bound.
        max_items: number(&batcher.max_items, "MaxItemsPerBatch")?.filter(|most| *most > 0),
        max_input_bytes: number(&batcher.max_input_bytes, "MaxInputBytesPerBatch")?.filter(|most| *most > 0),
        batch_input: match &batcher.batch_input {
            Some(template) => Some(evaluator.template(template, "BatchInput")?),
            None => None,
        },
    })
}

/// The Map Run has ended.
fn run_ended(turn: &mut Turn<'_>, id: ThreadId, map: &Map, result: Result<String, Failure>) {
    let fault: Fault = match result {
        Ok(output) => {
            let last = turn.thread(id).map_or(0, |thread| thread.previous);
            let succeeded = turn.emit(last, Details::MapRunSucceeded);
            turn.emit(succeeded, Details::MapStateSucceeded);
            let result = turn.data_from_text(&output);
            // What goes wrong from here on is the state's own failure, not its Map Run's.
            turn.set_phase(id, Phase::Again);
            match turn.complete(id, &map.flow, result, map.transition) {
                Ok(()) => return,
                Err(fault) => fault,
            }
        }
        Err(failure) => {
            let fault = Fault::from(failure);
            let why = Why {
                error: fault.error.clone(),
                cause: fault.cause.clone(),
            };
            turn.emit_for(id, Details::MapRunFailed(why));
            fault
        }
    };
    turn.fail(id, fault);
}

// ---- in the Map Run -----------------------------------------------------------------------------------------------

impl Turn<'_> {
    /// Returns whether the execution is a Map Run.
    pub(crate) fn is_map_run(&self) -> bool {
        self.execution.identity.is_map_run()
    }
}

/// Goes on with a thread of a Map Run: the one that begins all others, or one that starts its child.
pub(crate) fn step(turn: &mut Turn<'_>, id: ThreadId, state: &State) {
    let StateKind::Map(map) = &state.kind else {
        return;
    };
    let is_root = turn.thread(id).is_some_and(|thread| thread.parent.is_none());
    let result = if is_root {
        open(turn, id, map)
    } else {
        start_child(turn, id, map)
    };
    if let Err(fault) = result {
        turn.close_failed(&fault, 0);
    }
}

/// Has the items read, or begins the first children.
fn open(turn: &mut Turn<'_>, id: ThreadId, map: &Map) -> Result<(), Fault> {
    let order = read_order(turn)?;
    let entered = order.entered;
    turn.change(id, |thread| thread.entered = entered);
    match (order.reading, order.items) {
        (Some(reading), _) => {
            read(turn, id, reading.request());
            Ok(())
        }
        (None, items) => fork(turn, id, map, items.unwrap_or_default()),
    }
}

/// Asks for items, or for more of them.
fn read(turn: &mut Turn<'_>, id: ThreadId, request: Value) {
    let call = turn.next_call();
    let request = turn.data(request);
    let mut calling = calling(turn, call, request);
    calling.number = turn.thread(id).map_or(0, |thread| {
        u32::try_from(thread.variables.len()).unwrap_or(u32::MAX)
    });
    turn.set_phase(id, Phase::Calling(calling));
    ask(turn, id);
}

/// What was asked for was read.
fn items_read(turn: &mut Turn<'_>, id: ThreadId, answer: &str) -> Result<(), Fault> {
    let order = read_order(turn)?;
    let (Some(reading), Some(Phase::Calling(calling))) =
        (&order.reading, turn.thread(id).map(|thread| &thread.phase))
    else {
        return Ok(());
    };
    let request = calling.parameters.value().clone();
    let answer: Value = serde_json::from_str(answer).unwrap_or_default();
    // Pages are kept as variables, which nothing reads before the children begin: each is written down once.
    let pages = turn.thread(id).map(|thread| Arc::clone(&thread.variables));
    let pages = pages.unwrap_or_default();
    let mut items: Vec<Value> = Vec::new();
    for page in pages.values() {
        items.extend(page.value().as_array().cloned().unwrap_or_default());
    }
    let page = reading.read(&request, &answer, items.len())?;
    let Some(rest) = page.rest else {
        let all = match page.items {
            Value::Array(last) => {
                items.extend(last);
                Value::Array(items)
            }
            object => object,
        };
        let Some(State {
            kind: StateKind::Map(map),
            ..
        }) = turn.state_of(id)
        else {
            return Ok(());
        };
        return fork(turn, id, map, all);
    };
    let name = format!("{:08}", pages.len());
    let page = turn.data(page.items);
    let bytes = pages.values().map(Data::bytes).sum::<usize>() + page.bytes();
    if bytes > EVALUATION_BYTES_MAX {
        return Err(item_reader::failed(&format!(
            "the items have more than {EVALUATION_BYTES_MAX} bytes in all"
        )));
    }
    turn.set_variables(id, vec![(name, page)]);
    read(turn, id, rest);
    Ok(())
}

/// Begins the first children.
fn fork(turn: &mut Turn<'_>, id: ThreadId, map: &Map, items: Value) -> Result<(), Fault> {
    let order = read_order(turn)?;
    let total = map::length(&items);
    turn.forget_variables(id);
    if let Some(surroundings) = order.surroundings {
        let input = turn.data(surroundings.input);
        turn.change(id, |thread| thread.input = input);
        let mut variables = Vec::new();
        for (name, value) in surroundings.variables {
            variables.push((name, turn.data(value)));
        }
        turn.set_variables(id, variables);
    }
    let items = turn.data(items);
    let units = match order.batches {
        Some(batches) => {
            let batched = batched(turn, id, map, &items, &batches)?;
            turn.data(batched)
        }
        None => items,
    };
    let length = map::length(units.value());
    let first = turn.reserve_threads(length);
    let fork = Fork {
        first,
        length,
        begun: 0,
        finished: 0,
        failed: 0,
        tolerated: tolerated(&order.bounds, total),
        width: width(&order.bounds),
        items: Some(units),
        bounds: None,
    };
    turn.set_phase(id, Phase::Forked(fork));
    go_on(turn, id);
    Ok(())
}

fn width(bounds: &Bounds) -> u32 {
    let width = match bounds.max_concurrency {
        0 => DISTRIBUTED_MAP_CONCURRENCY_MAX,
        wanted => wanted.min(DISTRIBUTED_MAP_CONCURRENCY_MAX),
    };
    u32::try_from(width).unwrap_or(u32::MAX)
}

fn tolerated(bounds: &Bounds, items: u32) -> u32 {
    let thresholds = map::Thresholds {
        count: bounds.tolerated_failure_count,
        percentage: bounds.tolerated_failure_percentage,
    };
    thresholds.of(items)
}

/// Returns how many items the children have in all.
fn total(fork: &Fork<Data>, is_batched: bool) -> u32 {
    match fork.items.as_ref().map(Data::value) {
        Some(Value::Array(units)) if is_batched => {
            let items = |unit: &Value| unit.get("Items").map_or(0, map::length);
            units.iter().map(items).fold(0, u32::saturating_add)
        }
        _ => fork.length,
    }
}

/// A client sets the bounds anew.
pub(crate) fn update(turn: &mut Turn<'_>, update: &BoundsUpdate) {
    let root = ThreadId(0);
    let Some(fork) = turn.fork_of(root).filter(|_| turn.is_map_run()) else {
        return;
    };
    let Ok(order) = read_order(turn) else { return };
    let before = fork.bounds.unwrap_or(order.bounds);
    let bounds = Bounds {
        max_concurrency: update.max_concurrency.unwrap_or(before.max_concurrency),
        tolerated_failure_count: update.tolerated_failure_count.or(before.tolerated_failure_count),
        tolerated_failure_percentage: update
            .tolerated_failure_percentage
            .or(before.tolerated_failure_percentage),
    };
    let items = total(fork, order.batches.is_some());
    turn.accept();
    turn.change_fork(root, |fork| {
        fork.bounds = Some(bounds);
        fork.width = width(&bounds);
        fork.tolerated = tolerated(&bounds, items);
    });
    if turn
        .fork_of(root)
        .is_some_and(|fork| fork.failed > fork.tolerated)
    {
        turn.close_failed(&threshold_exceeded(), 0);
        return;
    }
    go_on(turn, root);
}

/// Where a Map Run stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MapRun {
    /// Its bounds.
    pub bounds: Bounds,
    /// How many items it has.
    pub items: u32,
    /// How many children it has begun, or is about to.
    pub begun: u32,
    /// How many children it has in all; `None` when it has not put its items together yet, or has ended well.
    pub children: Option<u32>,
    /// Whether its children have several items each.
    pub is_batched: bool,
}

impl crate::Execution {
    /// Returns where the Map Run stands, if it is one.
    pub fn map_run(&self) -> Option<MapRun> {
        let order = Order::deserialize(self.input.value()).ok();
        let order = order.filter(|_| self.identity.is_map_run())?;
        let fork = match self.threads.get(&ThreadId(0)).map(|thread| &thread.phase) {
            Some(Phase::Forked(fork)) => Some(fork),
            _ => None,
        };
        Some(MapRun {
            bounds: fork.and_then(|fork| fork.bounds).unwrap_or(order.bounds),
            items: fork.map_or(0, |fork| total(fork, order.batches.is_some())),
            begun: fork.map_or(0, |fork| fork.begun),
            children: fork.map(|fork| fork.length),
            is_batched: order.batches.is_some(),
        })
    }
}

/// Returns the Context object that a Map Run was given.
pub(crate) fn context(order: &Value) -> Value {
    let surroundings = order.get("Surroundings");
    let context = surroundings.and_then(|surroundings| surroundings.get("Context"));
    context.cloned().unwrap_or_default()
}

fn read_order(turn: &Turn<'_>) -> Result<Order, Fault> {
    Order::deserialize(turn.execution.input.value()).map_err(|error| {
        Fault::runtime(format!(
            "the Map Run was started with what it cannot read: {error}"
        ))
    })
}

/// Puts items together: the input of every child, in order.
fn batched(
    turn: &mut Turn<'_>,
    id: ThreadId,
    map: &Map,
    items: &Data,
    batches: &Batches,
) -> Result<Value, Fault> {
    let total = map::length(items.value());
    let most_items = batches.max_items.unwrap_or(u64::MAX);
    let most_bytes = batches.max_input_bytes.unwrap_or(u64::MAX);
    let input = |items: Vec<Value>| match &batches.batch_input {
        Some(batch_input) => json!({ "BatchInput": batch_input, "Items": items }),
        None => json!({ "Items": items }),
    };
    let around = input(Vec::new()).to_string().len() as u64;
    let mut made = Vec::new();
    let (mut batch, mut bytes, mut all) = (Vec::new(), around, 0);
    for index in 0..total {
        let item = map::selected(turn, id, map, items, index)?;
        let size = item.to_string().len() as u64;
        all += size;
        if all > EVALUATION_BYTES_MAX as u64 {
            let message = format!("the items have more than {EVALUATION_BYTES_MAX} bytes in all");
            return Err(Fault::new(errors::DATA_LIMIT_EXCEEDED, message));
        }
        let comma = u64::from(!batch.is_empty());
        if !batch.is_empty() && (batch.len() as u64 >= most_items || bytes + comma + size > most_bytes) {
            made.push(input(std::mem::take(&mut batch)));
            bytes = around;
        }
        bytes += u64::from(!batch.is_empty()) + size;
        batch.push(item);
    }
    if !batch.is_empty() {
        made.push(input(batch));
    }
    Ok(Value::Array(made))
}

/// Begins as many children as there is room for; ends the Map Run when there is none left.
fn go_on(turn: &mut Turn<'_>, root: ThreadId) {
    loop {
        let Some(fork) = turn.fork_of(root) else { return };
        if fork.finished >= fork.length {
            return close(turn, root);
        }
        let running = fork.begun.saturating_sub(fork.finished);
        if fork.begun >= fork.length || running >= fork.width {
            return;
        }
        let (index, child) = (fork.begun, ThreadId(fork.first.0.saturating_add(fork.begun)));
        let (Some(units), Some(parent)) = (fork.items.clone(), turn.thread(root)) else {
            return;
        };
        let thread = Thread {
            parent: Some(root),
            index,
            machine: parent.machine,
            state: parent.state,
            entered: 0,
            before: 0,
            entered_at: turn.now,
            // What the child is given is evaluated when it is started.
            input: units,
            variables: Arc::default(),
            previous: 0,
            retries: Vec::new(),
            map_run: None,
            phase: Phase::Ready,
        };
        turn.change_fork(root, |fork| fork.begun += 1);
        turn.put_thread(child, thread);
        turn.wake(child);
    }
}

fn start_child(turn: &mut Turn<'_>, id: ThreadId, map: &Map) -> Result<(), Fault> {
    let Some((index, units)) = turn.thread(id).map(|thread| (thread.index, thread.input.clone())) else {
        return Ok(());
    };
    let input = if is_batched(map) {
        crate::context::item_at(&units, index).0
    } else {
        map::selected(turn, ThreadId(0), map, &units, index)?
    };
    let input = turn.data(input);
    let weight = u32::try_from(input.bytes() / BYTES_PER_TRANSITION).unwrap_or(u32::MAX);
    turn.count_transitions(TRANSITIONS_PER_CHILD.saturating_add(weight));
    turn.check_size(&input, &turn.name_of(id))?;
    let call = turn.next_call();
    let calling = calling(turn, call, input);
    turn.set_phase(id, Phase::Calling(calling));
    ask(turn, id);
    Ok(())
}

/// A child has ended.
fn child_ended(turn: &mut Turn<'_>, id: ThreadId, result: Result<String, Failure>) {
    let Some(root) = turn.thread(id).and_then(|thread| thread.parent) else {
        return;
    };
    match result {
        Ok(output) => {
            let output = turn.data_from_text(&output);
            turn.set_finished(id, output);
            turn.change_fork(root, |fork| fork.finished += 1);
        }
        Err(_) => {
            let items = items_of(turn, id);
            let Some(fork) = turn.fork_of(root) else { return };
            let failed = fork.failed.saturating_add(items);
            let is_too_many = failed > fork.tolerated;
            turn.set_phase(id, Phase::Tolerated);
            turn.change_fork(root, |fork| {
                fork.failed = failed;
                fork.finished += 1;
            });
            if is_too_many {
                turn.close_failed(&threshold_exceeded(), 0);
                return;
            }
        }
    }
    go_on(turn, root);
}

/// Returns how many items the child of a thread has.
fn items_of(turn: &Turn<'_>, id: ThreadId) -> u32 {
    let Some(Phase::Calling(calling)) = turn.thread(id).map(|thread| &thread.phase) else {
        return 1;
    };
    let Some(State {
        kind: StateKind::Map(map),
        ..
    }) = turn.state_of(id)
    else {
        return 1;
    };
    match calling.parameters.value().get("Items") {
        Some(Value::Array(items)) if is_batched(map) => u32::try_from(items.len()).unwrap_or(u32::MAX),
        _ => 1,
    }
}

fn is_batched(map: &Map) -> bool {
    matches!(&map.mode, MapMode::Distributed(distributed) if distributed.batcher.is_some())
}

/// Ends the Map Run with the outputs of its children, in the order of the items.
fn close(turn: &mut Turn<'_>, root: ThreadId) {
    let text = turn.outputs_of(root);
    let output = turn.data_from_text(&text);
    if let Err(fault) = turn.check_size(&output, &turn.name_of(root)) {
        turn.outcome.payloads.pop();
        turn.close_failed(&fault, 0);
        return;
    }
    turn.drop_threads_of(root, None);
    turn.forget_buried();
    turn.close(Status::Succeeded, Some(output), Why::default());
}

// ---- in both ------------------------------------------------------------------------------------------------------

/// Returns the thread that waits for a call, if what it waits for is a Map Run or the child of one.
pub(crate) fn waiting(turn: &Turn<'_>, call: CallId) -> Option<ThreadId> {
    let id = *turn.execution.calls.get(&call)?;
    matches!(turn.state_of(id)?.kind, StateKind::Map(_)).then_some(id)
}

/// Returns whether a thread is the one of a Map Run that reads its items.
fn is_reading(turn: &Turn<'_>, id: ThreadId) -> bool {
    turn.is_map_run() && turn.thread(id).is_some_and(|thread| thread.parent.is_none())
}

/// Returns what a Map Run reads its items with.
pub(crate) fn reading(execution: &crate::Execution) -> Option<integrations::Resource> {
    let reading = execution.input.value().get("Reading")?;
    Reading::deserialize(reading).ok()?.resource()
}

/// What was asked for has been started, or read.
pub(crate) fn submitted(turn: &mut Turn<'_>, id: ThreadId, submission: &str) {
    let is_new = matches!(
        turn.thread(id).map(|thread| &thread.phase),
        Some(Phase::Calling(calling)) if calling.stage != Stage::Submitted
    );
    if !is_new {
        // Somebody has looked after it: nobody needs to for a while.
        turn.accept();
        let now = turn.now;
        task::change_calling(turn, id, |calling| {
            if let Some(job) = &mut calling.job {
                job.submitted_at = now;
            }
        });
        return;
    }
    turn.accept();
    if is_reading(turn, id) {
        if let Err(fault) = items_read(turn, id, submission) {
            turn.close_failed(&fault, 0);
        }
        return;
    }
    let submission = turn.data_from_text(submission);
    let now = turn.now;
    task::change_calling(turn, id, |calling| {
        calling.stage = Stage::Submitted;
        // It tells of its end itself.
        calling.job = Some(Job {
            submission,
            submitted_at: now,
            look_by: None,
        });
    });
}

/// What was asked for has ended, or could not be started.
pub(crate) fn ended(turn: &mut Turn<'_>, id: ThreadId, result: Result<String, Failure>) {
    turn.accept();
    if is_reading(turn, id) {
        let fault = match result {
            Err(failure) => item_reader::refused(&failure),
            Ok(_) => return,
        };
        turn.close_failed(&fault, 0);
        return;
    }
    if turn.is_map_run() {
        child_ended(turn, id, result);
        return;
    }
    if let Some(State {
        kind: StateKind::Map(map),
        ..
    }) = turn.state_of(id)
    {
        run_ended(turn, id, map, result);
    }
}

/// Returns what is started by the thread's call: where it stands in the distributed Map.
pub(crate) fn part(turn: &Turn<'_>, id: ThreadId) -> Option<MapPart> {
    task::call(turn.program, turn.execution, id)?.part
}

/// Returns what a thread that stands in a distributed Map starts with its call.
pub(crate) fn part_of(
    identity: &crate::execution::Identity,
    state: asl::program::StateId,
    name: &str,
    map: &Map,
    call: CallId,
) -> Option<MapPart> {
    if let Some(own) = identity.map.as_ref().filter(|own| own.role == MapRole::Run) {
        return Some(MapPart {
            role: MapRole::Child,
            ..own.clone()
        });
    }
    let MapMode::Distributed(distributed) = &map.mode else {
        return None;
    };
    let label = match &distributed.label {
        Some(label) => label.clone(),
        None => token::label(&identity.machine_name, name),
    };
    // Labels are those of the whole state machine, also where one distributed Map stands within another.
    let machine = identity.machine_arn.replacen(":stateMachine:", ":mapRun:", 1);
    let machine = machine.split('/').next().unwrap_or_default();
    let name = token::uuid(&token::client_token(identity, call));
    Some(MapPart {
        role: MapRole::Run,
        state,
        run_arn: format!("{machine}/{label}:{name}").into(),
        is_express: distributed.express,
    })
}

fn calling(turn: &Turn<'_>, call: CallId, parameters: Data) -> Calling<Data> {
    Calling {
        call,
        stage: Stage::Sent,
        parameters,
        deadline: turn.now.plus_seconds(TASK_SECONDS_DEFAULT),
        heartbeat_due: None,
        timeout_seconds: None,
        heartbeat_seconds: None,
        role_arn: None,
        committed_in: turn.execution.seq,
        asked_at: turn.now,
        number: 0,
        job: None,
    }
}

fn ask(turn: &mut Turn<'_>, id: ThreadId) {
    if let Some(effect) = task::effect(turn.program, turn.execution, id) {
        turn.ask(effect);
    }
}
