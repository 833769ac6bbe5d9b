//! Reads states: one file for each type.

mod allowed;
mod catching;
mod choice;
mod condition;
mod distributed;
mod fail;
mod map;
mod parallel;
mod parameters;
mod pass;
mod retrying;
mod succeed;
mod task;
mod wait;

use crate::fields::{Around, Fields, expected, string};
use crate::findings::Findings;
use crate::parse::outline::{Outline, State};
use crate::program::{QueryLanguage, StateKind};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

pub(crate) use allowed::check_machine;

/// How long the name of a state may be. // AWS: states-language.net, "States"
pub(crate) const STATE_NAME_CHARS_MAX: usize = 80;

/// Reads one state; returns nothing when it is too broken to be described, which is then among the findings.
pub(crate) fn read(outline: &Outline<'_>, state: &State<'_>, findings: &mut Findings) -> Option<StateKind> {
    let Value::Object(object) = state.value else {
        findings.schema(&state.at, expected("Object", state.value));
        return None;
    };
    let machine = outline.machine_of(state)?;
    let around = Around {
        language: state.language,
        express: machine.express,
        names: &machine.names,
    };
    check_language(object, state, machine.language, findings);
    let mut fields = Fields {
        object,
        at: state.at.clone(),
        around,
        findings,
    };
    read_kind(&mut fields, outline, state)
}

fn read_kind(fields: &mut Fields<'_, '_>, outline: &Outline<'_>, state: &State<'_>) -> Option<StateKind> {
    fields.require(&["Type"]);
    let name = fields.read("Type", string)?;
    let Some(allowed) = allowed::of_state(name) else {
        let message = format!(
            "The field 'Type' should have one of these values: [{}]",
            allowed::STATE_TYPES.join(", ")
        );
        fields.findings.schema(&state.at.field("Type"), message);
        return None;
    };
    allowed::check(fields, allowed);
    if name != "Task" {
        task::refuse_effect(fields);
    }
    match name {
        "Pass" => Some(StateKind::Pass(pass::read(fields))),
        "Task" => task::read(fields).map(|task| StateKind::Task(Box::new(task))),
        "Choice" => Some(StateKind::Choice(Box::new(choice::read(fields)))),
        "Wait" => wait::read(fields).map(|wait| StateKind::Wait(Box::new(wait))),
        "Succeed" => Some(StateKind::Succeed(succeed::read(fields))),
        "Fail" => Some(StateKind::Fail(Box::new(fail::read(fields)))),
        "Parallel" => Some(StateKind::Parallel(Box::new(parallel::read(
            fields,
            &state.children,
        )))),
        "Map" => map::read(fields, outline, &state.children).map(|map| StateKind::Map(Box::new(map))),
        _ => None, // `of_state` knows these eight only
    }
}

/// Checks the state's own `QueryLanguage`.
fn check_language(
    object: &Map<String, Value>,
    state: &State<'_>,
    machine: QueryLanguage,
    findings: &mut Findings,
) {
    let names = BTreeMap::new();
    let around = Around {
        language: state.language,
        express: false,
        names: &names,
    };
    check_query_language(&mut Fields {
        object,
        at: state.at.clone(),
        around,
        findings,
    });
    let named = object.contains_key("QueryLanguage");
    if named && state.language == QueryLanguage::Jsonpath && machine == QueryLanguage::Jsonata {
        let message = "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine";
        findings.schema(&state.at, message);
    }
}

/// Reports a `QueryLanguage` that is none.
pub(crate) fn check_query_language(fields: &mut Fields<'_, '_>) {
    fields.read("QueryLanguage", |value| match string(value)? {
        "JSONPath" | "JSONata" => Ok(()),
        _ => Err("The field 'QueryLanguage' should have one of these values: [JSONPath, JSONata]".to_owned()),
    });
}
