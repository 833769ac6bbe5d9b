//! The graph of each machine: every target exists, every state is a target, and there is an end.

use crate::findings::{Findings, code};
use crate::parse::outline::{Machine, Outline, State};
use crate::place::Place;
use serde_json::Value;
use std::collections::BTreeSet;

/// Reports what is wrong with the graph of one machine.
pub(crate) fn check_transitions(outline: &Outline<'_>, machine: &Machine<'_>, findings: &mut Findings) {
    let states: Vec<&State<'_>> = machine
        .states
        .iter()
        .filter_map(|id| outline.states.get(id.0 as usize))
        .collect();
    if states.is_empty() {
        return; // reported for itself
    }
    let start = machine.object.get("StartAt").and_then(Value::as_str);
    let mut targets: BTreeSet<&str> = BTreeSet::new();
    let mut edges: Vec<(&str, Place)> = start
        .into_iter()
        .map(|name| (name, machine.at.field("StartAt")))
        .collect();
    edges.extend(
        states
            .iter()
            .flat_map(|state| transitions(state.value, &state.at)),
    );
    for (name, at) in edges {
        if !machine.names.contains_key(name) {
            // AWS says `Next` whatever the field is called (measured: `StartAt`, `Default` and catchers too).
            findings.error(
                code::MISSING_TRANSITION_TARGET,
                &at,
                format!("Missing 'Next' target: {name}"),
            );
        }
        targets.insert(name);
    }
    if !states.iter().any(|state| may_end(state.value)) {
        let message = "Workflow has no terminal state";
        match machine.parent {
            None => findings.without_place(code::MISSING_END_STATE, message),
            Some(_) => findings.error(code::MISSING_END_STATE, &machine.at, message),
        }
        return; // as AWS does: the states that nothing leads to are left unmentioned
    }
    if start.is_none() {
        return; // which states can be reached is unknown
    }
    let reached = reached(outline, machine);
    for state in states {
        // As in AWS, to be named by any state is enough, reachable itself or not.
        if !targets.contains(state.name) {
            let message = format!("State \"{}\" is not reachable.", state.name);
            findings.error(code::MISSING_TRANSITION_TARGET, &state.at, message);
        } else if !reached.contains(state.name) {
            let message = format!("State \"{}\" is not reachable from 'StartAt'.", state.name);
            findings.warning(code::UNREACHABLE_STATE, &state.at, message);
        }
    }
}

/// Returns the names of the states that the machine can get to from its start.
fn reached<'a>(outline: &Outline<'a>, machine: &Machine<'a>) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut next: Vec<&str> = machine
        .object
        .get("StartAt")
        .and_then(Value::as_str)
        .into_iter()
        .collect();
    while let Some(name) = next.pop() {
        if found.insert(name)
            && let Some(state) = machine
                .names
                .get(name)
                .and_then(|id| outline.states.get(id.0 as usize))
        {
            next.extend(targets(state.value));
        }
    }
    found
}

/// Lists the names of the states that a state may go to.
pub(crate) fn targets(state: &Value) -> Vec<&str> {
    transitions(state, &Place::root())
        .into_iter()
        .map(|(name, _)| name)
        .collect()
}

/// Lists the names that a state may go to, with the places of the fields that name them.
fn transitions<'a>(state: &'a Value, at: &Place) -> Vec<(&'a str, Place)> {
    let mut found = Vec::new();
    let mut add = |value: Option<&'a Value>, at: Place| {
        if let Some(name) = value.and_then(Value::as_str) {
            found.push((name, at));
        }
    };
    for field in ["Next", "Default"] {
        add(state.get(field), at.field(field));
    }
    for field in ["Choices", "Catch"] {
        let entries = state.get(field).and_then(Value::as_array);
        for (index, entry) in entries.into_iter().flatten().enumerate() {
            add(entry.get("Next"), at.field(field).item(index).field("Next"));
        }
    }
    found
}

/// Tells whether a machine may end with this state; true in case of doubt.
fn may_end(state: &Value) -> bool {
    match state.get("Type").and_then(Value::as_str) {
        Some("Succeed" | "Fail") => true,
        Some("Choice") => false,
        // A state that leads nowhere is reported for itself.
        Some("Task" | "Wait" | "Pass" | "Parallel" | "Map") => {
            state.get("End") == Some(&Value::Bool(true))
                || state.get("Next").and_then(Value::as_str).is_none()
        }
        _ => true,
    }
}
