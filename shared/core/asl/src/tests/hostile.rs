//! No text makes the compiler panic or run away.

use super::{compiled, findings};
use crate::{MachineType, compile};
use serde_json::{Value, json};

#[test]
fn deep_nesting_is_a_finding() {
    for text in [
        "[".repeat(10_000),
        "{\"a\":".repeat(10_000),
        format!("{{\"StartAt\": {}", "[".repeat(100_000)),
    ] {
        let found = compile(&text, MachineType::Standard);
        assert_eq!(found.diagnostics.len(), 1);
        assert_eq!(found.diagnostics[0].code, "TOO_DEEPLY_NESTED");
    }
}

#[test]
fn deep_nesting_inside_strings_is_a_finding() {
    for unit in ["(", "[", "{", "$f(", "-", "1+", "a.", "function($x){", "a[", "?:"] {
        let state = json!({"Type": "Pass", "QueryLanguage": "JSONata", "Output": format!("{{% {} %}}", unit.repeat(20_000)), "End": true});
        assert!(compiled(json!({"A": state})).program.is_none(), "{unit}");
    }
    for unit in ["$[?(", "States.Array(", "States.Format('", "$..", "$[?(@", "$[("] {
        let text = unit.repeat(20_000);
        let state = json!({"Type": "Pass", "InputPath": text, "Parameters": {"a.$": text}, "End": true});
        assert!(compiled(json!({"A": state})).program.is_none(), "{unit}");
    }
}

#[test]
fn deeply_nested_conditions_compile_up_to_the_bound() {
    let mut condition = json!({"Variable": "$.a", "IsNull": true});
    for _ in 0..100 {
        condition = json!({"Not": condition});
    }
    condition["Next"] = json!("Z");
    let states = json!({"A": {"Type": "Choice", "Choices": [condition]}, "Z": {"Type": "Succeed"}});
    assert_eq!(findings(&compiled(states)), Vec::<String>::new());
}

#[test]
fn wrong_types_everywhere_are_findings() {
    let wrong = [
        json!(null),
        json!(true),
        json!(1.7e300),
        json!(-5),
        json!(""),
        json!("{%"),
        json!("$"),
        json!("States."),
        json!([]),
        json!([[]]),
        json!({}),
    ];
    let types = [
        "Task", "Wait", "Pass", "Succeed", "Fail", "Choice", "Parallel", "Map", "Other",
    ];
    for kind in types {
        for language in ["JSONPath", "JSONata"] {
            for wrong in &wrong {
                let mut state = json!({"Type": kind, "QueryLanguage": language});
                for field in FIELDS {
                    state[*field] = wrong.clone();
                }
                for field in ["Retry", "Catch", "Choices", "Branches"] {
                    state[field] = json!([wrong, {"ErrorEquals": wrong, "Next": wrong, "And": wrong, "Not": wrong, "StartAt": wrong, "States": wrong}]);
                }
                let states = json!({"A": state});
                assert!(compiled(states.clone()).program.is_none(), "{states}");
            }
        }
    }
    for wrong in wrong {
        let definition = json!({"StartAt": wrong, "States": wrong, "QueryLanguage": wrong, "TimeoutSeconds": wrong, "Version": wrong});
        assert!(
            compile(&definition.to_string(), MachineType::Express)
                .program
                .is_none()
        );
        assert!(
            compile(
                &json!({"StartAt": "A", "States": {"A": wrong}}).to_string(),
                MachineType::Express
            )
            .program
            .is_none()
        );
    }
}

/// Takes a definition apart: every prefix of it is refused, every replaced part is survived.
#[test]
fn mutilated_definitions_never_panic() {
    let definition = json!({
        "QueryLanguage": "JSONPath",
        "StartAt": "A",
        "States": {
            "A": {"Type": "Parallel", "Next": "B", "Branches": [{"StartAt": "C", "States": {"C": {"Type": "Pass", "End": true}}}]},
            "B": {"Type": "Map", "QueryLanguage": "JSONata", "Items": "{% [1] %}", "End": true, "ItemProcessor": {"StartAt": "D", "States": {"D": {"Type": "Wait", "SecondsPath": "$.x", "End": true}}}},
        },
    });
    let text = definition.to_string();
    assert!(compile(&text, MachineType::Standard).program.is_some());
    for end in 0..text.len() {
        assert!(compile(&text[..end], MachineType::Standard).program.is_none());
    }
    let mut places = Vec::new();
    pointers(&definition, String::new(), &mut places);
    for place in places {
        for value in [json!(null), json!(3), json!("x"), json!([1]), json!({"x": {}})] {
            let mut broken = definition.clone();
            *broken.pointer_mut(&place).unwrap() = value;
            let found = compile(&broken.to_string(), MachineType::Standard);
            assert!(found.program.is_some() || !found.diagnostics.is_empty());
        }
    }
}

fn pointers(value: &Value, at: String, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => object
            .iter()
            .for_each(|(key, value)| pointers(value, format!("{at}/{key}"), found)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(i, value)| pointers(value, format!("{at}/{i}"), found)),
        _ => {}
    }
    found.push(at);
}

const FIELDS: &[&str] = &[
    "Comment",
    "Next",
    "End",
    "Assign",
    "InputPath",
    "OutputPath",
    "Parameters",
    "Result",
    "ResultPath",
    "ResultSelector",
    "Output",
    "Arguments",
    "Resource",
    "TimeoutSeconds",
    "TimeoutSecondsPath",
    "HeartbeatSeconds",
    "HeartbeatSecondsPath",
    "Credentials",
    "Default",
    "Seconds",
    "SecondsPath",
    "Timestamp",
    "TimestampPath",
    "Error",
    "ErrorPath",
    "Cause",
    "CausePath",
    "ItemProcessor",
    "Iterator",
    "ItemSelector",
    "MaxConcurrency",
    "MaxConcurrencyPath",
    "Items",
    "ItemsPath",
    "ToleratedFailureCount",
    "ToleratedFailureCountPath",
    "ToleratedFailurePercentage",
    "ToleratedFailurePercentagePath",
    "Label",
    "ItemReader",
    "ItemBatcher",
    "ResultWriter",
    "Unknown",
];

#[test]
fn a_long_chain_of_variables_is_not_followed_for_ever() {
    let count = 3000;
    let mut states = serde_json::Map::new();
    for number in 0..count {
        let (name, next) = (format!("S{number}"), format!("S{}", (number + 1) % count));
        states.insert(
            name,
            json!({
                "Type": "Task",
                "Resource": "arn:aws:lambda:us-east-1:111111111111:function:f",
                "Assign": {format!("v{number}.$"): format!("$v{}", number + 1)},
                "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "End"}],
                "Next": next,
            }),
        );
    }
    states.insert("End".to_owned(), json!({"Type": "Succeed"}));
    let definition = json!({"StartAt": "S0", "States": states});
    let found = compile(&definition.to_string(), MachineType::Standard);
    // In which order so many are assigned is not looked at, whether they are assigned at all is.
    assert_eq!(
        findings(&found),
        [
            "UNDEFINED_VARIABLE: The variable '$v3000' is not assigned in any state of this scope at /States/S2999/Assign/v2999.$"
        ]
    );
    assert!(found.program.is_some());
}
