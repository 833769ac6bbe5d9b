//! Where a call stands in its execution, whatever happened at what time: what two runs of the same machine can be
//! compared by.

use crate::table::{Row, Table};
use engine::{CallId, Details, Event, StateType};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// A call: a state's, in iterations of Map states, and which one of those in their order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// The execution, by the places of the calls that started it and its parents.
    pub(crate) execution: String,
    pub(crate) state: Arc<str>,
    pub(crate) iterations: Vec<u32>,
    /// How many calls the state had made there before.
    pub(crate) nth: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.execution, self.state)?;
        for iteration in &self.iterations {
            write!(f, "[{iteration}]")?;
        }
        write!(f, "#{}", self.nth)
    }
}

/// Returns what an execution is called, whatever the names that it drew.
pub(crate) fn execution(table: &Table, row: &Row) -> String {
    let identity = &row.identity;
    let call = identity.parent.as_ref().and_then(|parent| {
        let row = table.0.get(&parent.key)?;
        calls(table, row).remove(&parent.call)
    });
    match call {
        Some(call) => call.to_string(),
        None => identity.name.to_string(),
    }
}

/// Returns the places of all calls of an execution.
pub(crate) fn calls(table: &Table, row: &Row) -> BTreeMap<CallId, Place> {
    let events: Vec<&Event> = row
        .entries
        .iter()
        .flat_map(|entry| &entry.write.entry.events)
        .collect();
    let execution = execution(table, row);
    let mut counts: BTreeMap<(Arc<str>, Vec<u32>), u32> = BTreeMap::new();
    let mut places = BTreeMap::new();
    for event in events.iter().filter(|event| is_asked(event)) {
        let call = CallId(places.len() as u64);
        let (state, iterations) = way(&events, event);
        let count = counts
            .entry((Arc::clone(&state), iterations.clone()))
            .or_default();
        let nth = *count;
        *count += 1;
        let execution = execution.clone();
        let place = Place {
            execution,
            state,
            iterations,
            nth,
        };
        places.insert(call, place);
    }
    places
}

fn is_asked(event: &Event) -> bool {
    matches!(event.details, Details::Scheduled { .. })
}

/// Returns the state that an event is of, and the iterations that it is in.
fn way(events: &[&Event], event: &Event) -> (Arc<str>, Vec<u32>) {
    let mut state = None;
    let mut iterations = Vec::new();
    // The Map or Parallel state whose branches and iterations do not count: it had ended before, or one is counted.
    let mut within: Option<Arc<str>> = None;
    let mut at = event.previous;
    while let Some(event) = at.checked_sub(1).and_then(|index| events.get(index as usize)) {
        match (&event.details, &within) {
            (Details::StateEntered { name, .. }, Some(fork)) if name == fork => within = None,
            (_, Some(_)) => {}
            (Details::StateEntered { name, .. }, None) if state.is_none() => state = Some(Arc::clone(name)),
            (
                Details::StateExited {
                    state: StateType::Map | StateType::Parallel,
                    name,
                    ..
                },
                None,
            ) => {
                within = Some(Arc::clone(name));
            }
            (Details::MapIterationStarted { name, index }, None) => {
                iterations.push(*index);
                within = Some(Arc::clone(name));
            }
            _ => {}
        }
        at = event.previous;
    }
    iterations.reverse();
    (state.unwrap_or_else(|| "".into()), iterations)
}
