//! The scopes of variables: an inner machine reads those of the machines around it, and may not assign them.

use crate::findings::{Findings, code};
use crate::parse::outline::{Machine, Outline, State};
use crate::place::Place;
use crate::program::{MachineId, QueryLanguage, StateKind};
use serde_json::Value;
use std::collections::BTreeSet;

/// Reports assignments to variables of an outer scope.
pub(crate) fn check_assignments(outline: &Outline<'_>, findings: &mut Findings) {
    let assigned = Assigned::of(outline);
    for (machine, found) in outline.machines.iter().zip(&assigned.places) {
        let outer = outer_scopes(outline, machine);
        for (name, at) in found {
            if assigned.in_any(&outer, name) {
                let message = format!(
                    "The variable '{name}' is assigned in an outer scope and can not be assigned here"
                );
                findings.schema(at, message);
            }
        }
    }
}

/// Warns of variables that are read, but assigned nowhere that the state can see.
pub(crate) fn check_references(outline: &Outline<'_>, kinds: &[Option<StateKind>], findings: &mut Findings) {
    let assigned = Assigned::of(outline);
    for (state, kind) in outline.states.iter().zip(kinds) {
        let (Some(kind), Some(machine)) = (kind, outline.machine_of(state)) else {
            continue;
        };
        let mut visible = outer_scopes(outline, machine);
        visible.push(state.machine);
        for name in kind.variables() {
            if !assigned.in_any(&visible, name) {
                let message = format!("The variable '${name}' is not assigned in any state of this scope");
                findings.warning(code::UNDEFINED_VARIABLE, &state.at, message);
            }
        }
    }
}

/// The variables that each machine assigns.
struct Assigned<'a> {
    places: Vec<Vec<(&'a str, Place)>>,
    names: Vec<BTreeSet<&'a str>>,
}

impl<'a> Assigned<'a> {
    fn of(outline: &Outline<'a>) -> Assigned<'a> {
        let places: Vec<_> = outline
            .machines
            .iter()
            .map(|machine| assignments(outline, machine))
            .collect();
        let names = places
            .iter()
            .map(|found| found.iter().map(|(name, _)| *name).collect())
            .collect();
        Assigned { places, names }
    }

    fn in_any(&self, machines: &[MachineId], name: &str) -> bool {
        machines.iter().any(|id| {
            self.names
                .get(id.0 as usize)
                .is_some_and(|names| names.contains(name))
        })
    }
}

/// Returns the machines whose variables this one sees.
fn outer_scopes(outline: &Outline<'_>, machine: &Machine<'_>) -> Vec<MachineId> {
    let mut found = Vec::new();
    let mut inner = machine;
    while !inner.distributed {
        let Some(parent) = inner.parent.and_then(|id| outline.states.get(id.0 as usize)) else {
            break;
        };
        let Some(outer) = outline.machine_of(parent) else {
            break;
        };
        found.push(parent.machine);
        inner = outer;
    }
    found
}

fn assignments<'a>(outline: &Outline<'a>, machine: &Machine<'a>) -> Vec<(&'a str, Place)> {
    let states = machine
        .states
        .iter()
        .filter_map(|id| outline.states.get(id.0 as usize));
    states.flat_map(of_state).collect()
}

fn of_state<'a>(state: &State<'a>) -> Vec<(&'a str, Place)> {
    let mut places = vec![(state.value, state.at.clone())];
    for field in ["Choices", "Catch"] {
        let entries = state.value.get(field).and_then(Value::as_array);
        let entries = entries.into_iter().flatten().enumerate();
        places.extend(entries.map(|(index, entry)| (entry, state.at.field(field).item(index))));
    }
    let mut found = Vec::new();
    for (value, at) in places {
        let names = value
            .get("Assign")
            .and_then(Value::as_object)
            .into_iter()
            .flat_map(|object| object.keys());
        for key in names {
            let name = match state.language {
                QueryLanguage::Jsonpath => key.strip_suffix(".$").unwrap_or(key),
                QueryLanguage::Jsonata => key,
            };
            found.push((name, at.field("Assign").field(key)));
        }
    }
    found
}
