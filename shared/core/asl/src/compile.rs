//! Puts the parts together: text, outline, states, rules, program.

use crate::Compiled;
use crate::doubts;
use crate::fields::expected;
use crate::findings::Findings;
use crate::parse::outline::{Outline, Part};
use crate::parse::{self, Document};
use crate::place::Place;
use crate::program::{Machine, Program, State, StateId, StateKind};
use crate::{states, validate};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The type of a state machine, on which depends what it may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum MachineType {
    /// Durable, up to a year.
    #[default]
    Standard,
    /// In memory, up to five minutes; no `.sync`, no `.waitForTaskToken`, no activities.
    Express,
}

/// Parses, validates and compiles a definition.
///
/// All findings are collected; there is a program when none of them is an error. The same text always gives the same
/// program: states and machines are numbered in document order.
pub fn compile(text: &str, machine_type: MachineType) -> Compiled {
    let mut findings = Findings::default();
    let program = parse::document(text, &mut findings)
        .and_then(|document| program(&document, machine_type, Alone::No, &mut findings));
    Compiled {
        program,
        diagnostics: findings.into_diagnostics(),
    }
}

/// Compiles a state that stands alone, as `TestState` runs it.
///
/// The program starts with the state, which is called `name`; each state that it may go to is there as a Succeed state,
/// so that transitions keep their names.
pub fn compile_state(text: &str, name: &str) -> Compiled {
    let mut findings = Findings::default();
    let program = parse::document(text, &mut findings).and_then(|state| {
        let mut states = Map::new();
        for target in validate::targets(&state.value) {
            states.insert(target.to_owned(), json!({"Type": "Succeed"}));
        }
        states.insert(name.to_owned(), state.value);
        let value = json!({"StartAt": name, "States": states});
        let document = Document {
            value,
            repeated: BTreeSet::new(),
        };
        program(&document, MachineType::Standard, Alone::Yes, &mut findings)
    });
    Compiled {
        program,
        diagnostics: findings.into_diagnostics(),
    }
}

/// Whether the outermost machine was made up around a state.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Alone {
    Yes,
    No,
}

fn program(
    document: &Document,
    machine_type: MachineType,
    alone: Alone,
    findings: &mut Findings,
) -> Option<Program> {
    let Value::Object(object) = &document.value else {
        findings.schema(&Place::root(), expected("Object", &document.value));
        return None;
    };
    let outline = Outline::of(object, machine_type == MachineType::Express);
    let kinds = read(&outline, findings);
    validate::check_names(&outline, &document.repeated, findings);
    validate::check_labels(&outline, findings);
    validate::check_assignments(&outline, findings);
    validate::check_errors(&outline, findings);
    let states = outline.states.iter().map(|state| state.at.to_string());
    doubts::of_repeated(&document.repeated, &states.collect(), findings);
    validate::check_references(&outline, &kinds, findings);
    // The transitions of a state that stands alone lead to places that were made up for it.
    let made_up = if alone == Alone::Yes { 1 } else { 0 };
    for machine in outline.machines.iter().skip(made_up) {
        validate::check_transitions(&outline, machine, findings);
    }
    if findings.has_errors() {
        None
    } else {
        assemble(object, &outline, kinds, findings)
    }
}

/// Reads every machine and state, in document order.
fn read(outline: &Outline<'_>, findings: &mut Findings) -> Vec<Option<StateKind>> {
    let mut kinds = Vec::new();
    for part in &outline.order {
        match part {
            Part::Machine(id) => {
                if let Some(machine) = outline.machines.get(id.0 as usize) {
                    validate::check_machine(machine, findings);
                }
            }
            Part::State(id) => {
                kinds.push(
                    outline
                        .states
                        .get(id.0 as usize)
                        .and_then(|state| states::read(outline, state, findings)),
                );
            }
        }
    }
    kinds
}

fn assemble(
    object: &Map<String, Value>,
    outline: &Outline<'_>,
    kinds: Vec<Option<StateKind>>,
    findings: &mut Findings,
) -> Option<Program> {
    let machines = outline.machines.iter().map(|machine| {
        let start = machine.object.get("StartAt").and_then(Value::as_str)?;
        let start_at: StateId = machine.names.get(start).copied()?;
        Some(Machine { start_at })
    });
    let states = outline.states.iter().zip(kinds).map(|(state, kind)| {
        if kind.is_none() {
            // Not reached: what cannot be read was reported. Were it ever, it must not pass in silence.
            findings.schema(&state.at, "The state could not be compiled");
        }
        Some(State {
            name: Arc::from(state.name),
            machine: state.machine,
            kind: kind?,
        })
    });
    Some(Program {
        states: states.collect::<Option<_>>()?,
        machines: machines.collect::<Option<_>>()?,
        timeout_seconds: object
            .get("TimeoutSeconds")
            .and_then(|value| crate::fields::integer(1, u64::MAX)(value).ok()),
        comment: object.get("Comment").and_then(Value::as_str).map(str::to_owned),
    })
}
