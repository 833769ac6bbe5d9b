//! Distributed Maps, for the seeds that have them: those of a billion and more. What the others draw stays as it was.

use crate::dice::Dice;
use asl::MachineType;
use serde_json::{Value, json};

/// The first seed whose Map states are distributed.
pub(crate) const FIRST_SEED: u64 = 1_000_000_000;

/// Turns most Map states of a definition into distributed ones, as far as the language allows it.
pub(crate) fn distribute(definition: &str, dice: &mut Dice) -> String {
    let Ok(mut changed) = serde_json::from_str::<Value>(definition) else {
        return definition.to_owned();
    };
    walk(&mut changed, dice);
    let changed = changed.to_string();
    // A child does not see the variables around its Map.
    match asl::compile(&changed, MachineType::Standard).program {
        Some(_) => changed,
        None => definition.to_owned(),
    }
}

fn walk(machine: &mut Value, dice: &mut Dice) {
    let states = machine.get_mut("States").and_then(Value::as_object_mut);
    for state in states.into_iter().flat_map(|states| states.values_mut()) {
        for branch in state
            .get_mut("Branches")
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            walk(branch, dice);
        }
        if state["Type"] != "Map" {
            continue;
        }
        walk(&mut state["ItemProcessor"], dice);
        if dice.chance(800) {
            distribute_state(state, dice);
        }
    }
}

fn distribute_state(state: &mut Value, dice: &mut Dice) {
    let before = state.clone();
    let mut config = json!({ "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" });
    if dice.chance(300) {
        config["ExecutionType"] = "EXPRESS".into();
    }
    state["ItemProcessor"]["ProcessorConfig"] = config;
    if dice.chance(200) {
        state["ToleratedFailurePercentage"] = dice.between(1, 100).into();
    }
    let alone = |state: &Value| json!({ "StartAt": "M", "States": { "M": end(state) } }).to_string();
    // What may not stand in an Express child stands in a Standard one.
    let compiles = |state: &Value| {
        asl::compile(&alone(state), MachineType::Standard)
            .program
            .is_some()
    };
    if !compiles(state) {
        state["ItemProcessor"]["ProcessorConfig"]["ExecutionType"] = "STANDARD".into();
    }
    if !compiles(state) {
        *state = before;
    }
}

/// Returns the state as one that ends its machine.
fn end(state: &Value) -> Value {
    let mut state = state.clone();
    if let Some(fields) = state.as_object_mut() {
        fields.remove("Next");
        fields.remove("Catch");
        fields.insert("End".to_owned(), true.into());
    }
    state
}
