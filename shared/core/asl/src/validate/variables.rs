//! The scopes of variables: an inner machine reads those of the machines around it, and may not assign them.

use crate::findings::{Findings, code};
use crate::parse::outline::{Machine, Outline, State};
use crate::place::Place;
use crate::program::{MachineId, QueryLanguage, StateKind};
use serde_json::Value;
use std::collections::BTreeSet;

/// For how many variables of one state the place is searched.
const PLACES_MAX: usize = 20;
/// The fields of a state that read no variable of its own.
const NO_READERS: [&str; 6] = [
    "Comment",
    "Result",
    "Resource",
    "Branches",
    "ItemProcessor",
    "Iterator",
];

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

/// Warns of variables that are read where no state that has run before can have assigned them.
pub(crate) fn check_references(outline: &Outline<'_>, kinds: &[Option<StateKind>], findings: &mut Findings) {
    let assigned = Assigned::of(outline);
    let known = known_on_entry(outline);
    for ((state, kind), known) in outline.states.iter().zip(kinds).zip(&known) {
        let (Some(kind), Some(machine)) = (kind, outline.machine_of(state)) else {
            continue;
        };
        let mut visible = outer_scopes(outline, machine);
        visible.push(state.machine);
        let mut located = 0;
        for name in kind.variables() {
            let message = if !assigned.in_any(&visible, name) {
                format!("The variable '${name}' is not assigned in any state of this scope")
            } else if known.as_ref().is_some_and(|known| !known.contains(name)) {
                format!("The variable '${name}' is read before any state can have assigned it")
            } else {
                continue;
            };
            located += 1;
            let at = if located <= PLACES_MAX {
                first_mention(state, name)
            } else {
                state.at.clone()
            };
            findings.warning(code::UNDEFINED_VARIABLE, &at, message);
        }
    }
}

/// Returns the place of the first text in the state's own fields that names the variable.
fn first_mention(state: &State<'_>, name: &str) -> Place {
    let fields = state.value.as_object().into_iter().flatten();
    fields
        .filter(|(field, _)| !NO_READERS.contains(&field.as_str()))
        .find_map(|(field, value)| mention(value, &state.at.field(field), name))
        .unwrap_or_else(|| state.at.clone())
}

fn mention(value: &Value, at: &Place, name: &str) -> Option<Place> {
    match value {
        Value::String(text) => is_named(text, name).then(|| at.clone()),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(index, item)| mention(item, &at.item(index), name)),
        Value::Object(object) => object
            .iter()
            .find_map(|(key, item)| mention(item, &at.field(key), name)),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

fn is_named(text: &str, name: &str) -> bool {
    text.split('$').skip(1).any(|rest| {
        rest.strip_prefix(name)
            .is_some_and(|rest| !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_'))
    })
}

/// How many names may be carried along; ordinary definitions need thousands.
const NAMES_CARRIED_MAX: usize = 500_000;

/// For each state, the variables that may have a value when it begins; nothing for a state that is never reached.
///
/// A definition that is made to keep this busy is not followed: then there is nothing for any state.
fn known_on_entry<'a>(outline: &Outline<'a>) -> Vec<Option<BTreeSet<&'a str>>> {
    let mut known: Vec<Option<BTreeSet<&str>>> = vec![None; outline.states.len()];
    let mut carried = 0;
    // A machine stands behind the state that holds it, whose variables are known by then.
    for machine in &outline.machines {
        let around = match machine.parent {
            Some(parent) if !machine.distributed => match known.get(parent.0 as usize) {
                Some(Some(names)) => names.clone(),
                _ => continue,
            },
            _ => BTreeSet::new(),
        };
        let start = machine.object.get("StartAt").and_then(Value::as_str);
        let mut next: Vec<(&str, BTreeSet<&str>)> = start.map(|name| (name, around)).into_iter().collect();
        while let Some((name, arriving)) = next.pop() {
            let Some(id) = machine.names.get(name) else {
                continue;
            };
            let (Some(entry), Some(state)) =
                (known.get_mut(id.0 as usize), outline.states.get(id.0 as usize))
            else {
                continue;
            };
            let first = entry.is_none();
            let names = entry.get_or_insert_default();
            let before = names.len();
            names.extend(arriving);
            if first || names.len() > before {
                let leaving = names.clone();
                for (target, assigned) in ways_on(state) {
                    carried += leaving.len() + assigned.len() + 1;
                    if carried > NAMES_CARRIED_MAX {
                        return vec![None; outline.states.len()];
                    }
                    let mut names = leaving.clone();
                    names.extend(assigned);
                    next.push((target, names));
                }
            }
        }
    }
    known
}

/// Lists where a state may go on, each with what is assigned on the way.
fn ways_on<'a>(state: &State<'a>) -> Vec<(&'a str, Vec<&'a str>)> {
    let mut found = Vec::new();
    let mut add = |value: &'a Value, field: &str, assigned: Vec<&'a str>| {
        if let Some(target) = value.get(field).and_then(Value::as_str) {
            found.push((target, assigned));
        }
    };
    let own = assigned_names(state.value, state.language);
    add(state.value, "Next", own.clone());
    add(state.value, "Default", own.clone());
    for (field, mut assigned) in [("Choices", own), ("Catch", Vec::new())] {
        let entries = state.value.get(field).and_then(Value::as_array);
        for entry in entries.into_iter().flatten() {
            let kept = assigned.len();
            assigned.extend(assigned_names(entry, state.language));
            add(entry, "Next", assigned.clone());
            assigned.truncate(kept);
        }
    }
    found
}

/// Lists the names in the `Assign` of a state, a rule or a catcher.
fn assigned_names(value: &Value, language: QueryLanguage) -> Vec<&str> {
    assigned_keys(value, language)
        .into_iter()
        .map(|(name, _)| name)
        .collect()
}

/// Lists the names in an `Assign`, each with the key that stands for it.
fn assigned_keys(value: &Value, language: QueryLanguage) -> Vec<(&str, &str)> {
    let object = value.get("Assign").and_then(Value::as_object);
    let keys = object.into_iter().flat_map(|object| object.keys());
    keys.map(|key| match language {
        QueryLanguage::Jsonpath => (key.strip_suffix(".$").unwrap_or(key), key.as_str()),
        QueryLanguage::Jsonata => (key.as_str(), key.as_str()),
    })
    .collect()
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
    places
        .into_iter()
        .flat_map(|(value, at)| {
            let names = assigned_keys(value, state.language);
            names
                .into_iter()
                .map(move |(name, key)| (name, at.field("Assign").field(key)))
        })
        .collect()
}
