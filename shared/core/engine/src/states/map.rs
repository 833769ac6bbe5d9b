//! Map: runs one machine for every item.

use crate::context::{MapItem, item_at};
use crate::data::Data;
use crate::fault::{Fault, errors};
use crate::flow::{Evaluator, Frame, type_name};
use crate::history::Details;
use crate::states::map_run;
use crate::thread::{Fork, Phase, Thread, ThreadId};
use crate::turn::Turn;
use asl::program::{Items, Map, MapMode, Selector, Setting, StateKind};
use serde_json::Value;
use std::sync::Arc;

pub(crate) fn run(turn: &mut Turn<'_>, id: ThreadId, map: &Map) -> Result<(), Fault> {
    if let MapMode::Distributed(distributed) = &map.mode {
        return map_run::begin(turn, id, map, distributed);
    }
    let prepared = prepare(turn, id, map, None)?;
    let length = prepared.length();
    let first = turn.reserve_threads(length);
    let fork = Fork {
        first,
        length,
        begun: 0,
        finished: 0,
        failed: 0,
        tolerated: prepared.tolerated,
        width: prepared.width,
        items: Some(prepared.items),
        bounds: None,
    };
    turn.set_phase(id, Phase::Forked(fork));
    let started = turn.emit_for(
        id,
        Details::MapStateStarted {
            length: u64::from(length),
        },
    );
    if length == 0 {
        return turn.join(id, started);
    }
    begin_iterations(turn, id, started)
}

/// What a Map state begins with: its fields, evaluated.
pub(crate) struct Prepared {
    pub(crate) items: Data,
    /// How many iterations may run at once.
    width: u32,
    /// How many may fail.
    pub(crate) tolerated: u32,
}

impl Prepared {
    /// Returns the number of items.
    pub(crate) fn length(&self) -> u32 {
        length(self.items.value())
    }
}

/// Evaluates the fields of a Map state; `given` stands in the place of its items.
pub(crate) fn prepare(
    turn: &mut Turn<'_>,
    id: ThreadId,
    map: &Map,
    given: Option<Value>,
) -> Result<Prepared, Fault> {
    let frame = Frame::new(turn, id);
    let input = frame.effective_input(&map.flow)?.into_data(turn);
    let (items, width, tolerated) = {
        let evaluator = frame.at(input.value());
        let items = match given {
            Some(items) => Some(items),
            None => items(&frame, &evaluator, map, &input)?,
        };
        let shown = items.as_ref().unwrap_or_else(|| input.value());
        frame.note(|trace| trace.after_items_path = Some(shown.clone()));
        let length = length(shown);
        let most = turn.execution.limits.inline_map_concurrency;
        let wanted = max_concurrency(&evaluator, &map.max_concurrency)?;
        frame.note(|trace| trace.max_concurrency = Some(wanted));
        let width = match wanted {
            0 => most,
            wanted => wanted.min(most),
        };
        (items, width, thresholds(&frame, &evaluator, map)?.of(length))
    };
    let items = match items {
        Some(items) => turn.data(items),
        None => input,
    };
    turn.check_depth(&items, &turn.name_of(id))?;
    Ok(Prepared {
        items,
        width: u32::try_from(width).unwrap_or(u32::MAX),
        tolerated,
    })
}

/// Begins as many iterations as may run; `previous` is the event that made room for them.
pub(crate) fn begin_iterations(turn: &mut Turn<'_>, id: ThreadId, previous: u64) -> Result<(), Fault> {
    let Some(state) = turn.state_of(id) else {
        return Ok(());
    };
    let StateKind::Map(map) = &state.kind else {
        return Ok(());
    };
    let Some(machine) = turn.program.machine(map.processor) else {
        return Ok(());
    };
    loop {
        let Some(fork) = turn.fork_of(id) else {
            return Ok(());
        };
        let running = fork.begun.saturating_sub(fork.finished);
        if fork.begun >= fork.length || running >= fork.width {
            return Ok(());
        }
        let (index, first) = (fork.begun, fork.first);
        let Some(items) = fork.items.clone() else {
            return Ok(());
        };
        let input = iteration_input(turn, id, map, &items, index)?;
        turn.change_fork(id, |fork| fork.begun += 1);
        let started = turn.emit(
            previous,
            Details::MapIterationStarted {
                name: Arc::clone(&state.name),
                index,
            },
        );
        let child = ThreadId(first.0.saturating_add(index));
        let thread = Thread {
            parent: Some(id),
            index,
            machine: map.processor,
            state: machine.start_at,
            entered: 0,
            before: 0,
            entered_at: turn.now,
            input,
            variables: Arc::default(),
            previous: started,
            retries: Vec::new(),
            map_run: None,
            phase: Phase::Ready,
        };
        turn.put_thread(child, thread);
        turn.wake(child);
    }
}

/// Returns the input of one iteration.
pub(crate) fn iteration_input(
    turn: &mut Turn<'_>,
    id: ThreadId,
    map: &Map,
    items: &Data,
    index: u32,
) -> Result<Data, Fault> {
    let value = selected(turn, id, map, items, index)?;
    let input = turn.data(value);
    if map.item_selector.is_none() {
        return Ok(input);
    }
    turn.check_size(&input, &turn.name_of(id))?;
    Ok(input)
}

/// Returns what the ItemSelector makes of one item.
pub(crate) fn selected(
    turn: &Turn<'_>,
    id: ThreadId,
    map: &Map,
    items: &Data,
    index: u32,
) -> Result<Value, Fault> {
    let Some(template) = &map.item_selector else {
        return Ok(item_at(items, index).0);
    };
    let frame = Frame::new(turn, id).with_item(MapItem {
        index,
        items: items.clone(),
    });
    // A Map Run was given the effective input.
    let input = if turn.is_map_run() {
        frame.input.clone().into()
    } else {
        frame.effective_input(&map.flow)?
    };
    frame.at(input.value()).template(template, "ItemSelector")
}

/// Returns the items where they are not the effective input itself.
pub(crate) fn items(
    frame: &Frame,
    evaluator: &Evaluator<'_>,
    map: &Map,
    input: &Data,
) -> Result<Option<Value>, Fault> {
    let (value, field) = match &map.items {
        Items::Input => (None, "Items"),
        Items::Path(selector) => match frame.select(selector, input.clone().into(), "ItemsPath")? {
            crate::flow::Merged::Same(_) => (None, "ItemsPath"),
            crate::flow::Merged::New(value) => (Some(value), "ItemsPath"),
        },
        Items::Template(template) => (Some(evaluator.template(template, "Items")?), "Items"),
    };
    let shown = value.as_ref().unwrap_or_else(|| input.value());
    match (shown, &map.items) {
        (Value::Array(_), _) | (Value::Object(_), Items::Template(_)) => Ok(value),
        (_, Items::Path(_)) => Err(frame.fault(
            errors::RUNTIME,
            &format!("Reference path \"{}\" must point to array.", path_text(&map.items)),
        )),
        (other, _) => Err(frame.evaluation_fault(
            field,
            &format!(
                "The JSONata expression specified for the field '{field}' returned an unexpected result type. Expected 'array' or 'object', but was '{}'",
                type_name(other)
            ),
        )),
    }
}

fn path_text(items: &Items) -> &str {
    match items {
        // Recorded: the context object is not told from the input (test_state, state_map_context_object).
        Items::Path(Selector::Path(path)) => path
            .text()
            .strip_prefix('$')
            .filter(|rest| rest.starts_with('$'))
            .unwrap_or_else(|| path.text()),
        Items::Path(Selector::Whole | Selector::Nothing) | Items::Template(_) | Items::Input => "$",
    }
}

/// Returns the number of items.
pub(crate) fn length(items: &Value) -> u32 {
    let length = match items {
        Value::Array(list) => list.len(),
        Value::Object(object) => object.len(),
        _ => 0,
    };
    u32::try_from(length).unwrap_or(u32::MAX)
}

pub(crate) fn max_concurrency(evaluator: &Evaluator<'_>, setting: &Setting<u64>) -> Result<u64, Fault> {
    whole_number(evaluator, setting, "MaxConcurrency")
}

pub(crate) fn whole_number(
    evaluator: &Evaluator<'_>,
    setting: &Setting<u64>,
    field: &str,
) -> Result<u64, Fault> {
    match setting {
        Setting::Fixed(number) => Ok(*number),
        Setting::Path(path) => {
            let value = evaluator.path(path, &format!("{field}Path"))?;
            // Recorded: digits in a string are a number here (assign/MAP_STATE_REFERENCE_IN_MAX_CONCURRENCY_PATH).
            let number = match &value {
                Value::String(digits) => digits.parse().ok(),
                other => other.as_u64(),
            };
            number.ok_or_else(|| {
                let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                let message = format!(
                    "The {field}Path field refers to value \"{shown}\" which is not a valid integer: {}",
                    path.text()
                );
                evaluator.fault(errors::RUNTIME, &message)
            })
        }
        Setting::Expression(expression) => {
            let value = evaluator.expression(expression)?;
            value.as_u64().ok_or_else(|| {
                let message = format!(
                    "The JSONata expression '{}' specified for the field '{field}' returned an unexpected result type. Expected 'integer', but was '{}' for value: {value}",
                    expression.source.text(),
                    type_name(&value)
                );
                evaluator.evaluation_fault(field, &message)
            })
        }
    }
}

/// How many iterations may fail.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Thresholds {
    /// `ToleratedFailureCount`.
    pub(crate) count: Option<u64>,
    /// `ToleratedFailurePercentage`.
    pub(crate) percentage: Option<f64>,
}

impl Thresholds {
    /// Returns how many of `length` may fail. Where both are given, none of the two may be exceeded (AWS developer guide:
    /// tolerated failure threshold); where none is, none may fail.
    pub(crate) fn of(self, length: u32) -> u32 {
        let count = self.count.map(|count| u32::try_from(count).unwrap_or(u32::MAX));
        let share = self
            .percentage
            .map(|percentage| (f64::from(length) * percentage / 100.0).floor() as u32);
        count.into_iter().chain(share).min().unwrap_or(0)
    }
}

/// Evaluates how many iterations may fail.
pub(crate) fn thresholds(frame: &Frame, evaluator: &Evaluator<'_>, map: &Map) -> Result<Thresholds, Fault> {
    let mut found = Thresholds::default();
    if let Some(setting) = &map.tolerated_failure_count {
        let count = whole_number(evaluator, setting, "ToleratedFailureCount")?;
        frame.note(|trace| trace.tolerated_failure_count = Some(count));
        found.count = Some(count);
    }
    if let Some(setting) = &map.tolerated_failure_percentage {
        let field = "ToleratedFailurePercentage";
        let value = match setting {
            Setting::Fixed(value) => Some(*value),
            Setting::Path(path) => match evaluator.path(path, &format!("{field}Path"))? {
                // Recorded: digits in a string are a number here (assign/MAP_STATE_REFERENCE_IN_TOLERATED_FAILURE_PATH).
                Value::String(digits) => digits.parse().ok(),
                other => other.as_f64(),
            },
            Setting::Expression(expression) => evaluator.expression(expression)?.as_f64(),
        };
        let Some(percentage) = value.filter(|value| (0.0..=100.0).contains(value)) else {
            return Err(evaluator.fault(
                errors::RUNTIME,
                &format!("The value of {field} must lie between 0 and 100"),
            ));
        };
        frame.note(|trace| trace.tolerated_failure_percentage = Some(percentage));
        found.percentage = Some(percentage);
    }
    Ok(found)
}
