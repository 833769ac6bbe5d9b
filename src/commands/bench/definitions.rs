//! The state machines that are measured.

use crate::config::{ACCOUNT, REGION};
use engine::{ExecutionType, Timestamp};
use ports::{Machine, MachineStatus, Owner, Revision};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Transitions of one execution of [`chain`]: states entered.
pub(crate) const CHAIN_TRANSITIONS: u64 = 10;
/// The input of [`chain`].
pub(crate) const CHAIN_INPUT: &str = r#"{"order":"A-1234","customer":"C-77","lines":3,"total":129.5}"#;
/// The role of every state machine here; nothing looks at it.
pub(crate) const ROLE: &str = "arn:aws:iam::123456789012:role/bench";

/// Returns a chain of ten states, Pass and Choice in turns.
pub(crate) fn chain() -> String {
    let mut states = Map::new();
    for number in (0..CHAIN_TRANSITIONS).step_by(2) {
        let (choice, next) = (format!("Is{number}Small"), format!("Mark{}", number + 2));
        states.insert(
            format!("Mark{number}"),
            json!({ "Type": "Pass", "Result": number, "ResultPath": "$.mark", "Next": choice }),
        );
        let rule = json!({ "Variable": "$.total", "NumericLessThan": 1000, "Next": next });
        states.insert(
            choice,
            json!({ "Type": "Choice", "Choices": [rule], "Default": next }),
        );
    }
    // The last Choice has nowhere to go but to an end: the tenth state is a Pass.
    states.retain(|name, _| *name != format!("Is{}Small", CHAIN_TRANSITIONS - 2));
    let last = format!("Mark{}", CHAIN_TRANSITIONS - 2);
    states[&last]["Next"] = json!("Done");
    states.insert("Done".to_owned(), json!({ "Type": "Pass", "End": true }));
    json!({ "StartAt": "Mark0", "States": states }).to_string()
}

/// Returns a loop of a Pass that counts and a Choice that ends it: `2 * rounds + 1` transitions.
pub(crate) fn counting(rounds: u64) -> String {
    json!({
        "StartAt": "Count",
        "States": {
            "Count": {
                "Type": "Pass",
                "Parameters": { "count.$": "States.MathAdd($.count, 1)" },
                "Next": "IsDone",
            },
            "IsDone": {
                "Type": "Choice",
                "Choices": [{ "Variable": "$.count", "NumericGreaterThanEquals": rounds, "Next": "Done" }],
                "Default": "Count",
            },
            "Done": { "Type": "Succeed" },
        },
    })
    .to_string()
}

/// Returns an inline Map over `$.items` with this state as its body.
pub(crate) fn map(body: &Value) -> String {
    json!({
        "StartAt": "EachItem",
        "States": { "EachItem": {
            "Type": "Map",
            "ItemsPath": "$.items",
            "ItemProcessor": { "StartAt": "Item", "States": { "Item": body } },
            "End": true,
        } },
    })
    .to_string()
}

/// Returns a state machine, as the registry would.
pub(crate) fn machine(name: &str, definition: &str, now: Timestamp) -> Machine {
    Machine {
        arn: format!("arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{name}"),
        name: name.to_owned(),
        machine_type: ExecutionType::Standard,
        status: MachineStatus::Active,
        created: now,
        updated: now,
        revision: Revision {
            id: "1".to_owned(),
            definition: definition.into(),
            role_arn: ROLE.into(),
            logging: None,
            tracing: None,
            encryption: None,
            created: now,
        },
        tags: BTreeMap::new(),
        published: Arc::default(),
        edits: 0,
        owner: Owner {
            region: REGION.into(),
            account: ACCOUNT.into(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::{CHAIN_TRANSITIONS, chain, counting, map};
    use asl::{MachineType, Severity};
    use serde_json::{Value, json};

    #[test]
    fn every_definition_compiles_without_an_error() {
        let body = json!({ "Type": "Pass", "End": true });
        for definition in [chain(), counting(10), map(&body)] {
            let compiled = asl::compile(&definition, MachineType::Standard);
            assert!(
                compiled.program.is_some(),
                "{definition}: {:?}",
                compiled.diagnostics
            );
            assert!(
                compiled
                    .diagnostics
                    .iter()
                    .all(|finding| finding.severity != Severity::Error)
            );
        }
    }

    #[test]
    fn the_chain_has_the_states_it_claims() {
        let chain: Value = serde_json::from_str(&chain()).unwrap();
        assert_eq!(
            chain["States"].as_object().unwrap().len() as u64,
            CHAIN_TRANSITIONS
        );
    }
}
