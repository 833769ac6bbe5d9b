//! Small definitions with what is found in them.

mod hostile;
mod programs;
mod states;

use crate::{Compiled, MachineType, compile};
use serde_json::{Value, json};

/// Compiles a definition of the states `states`, which starts at the first of them.
fn compiled(states: Value) -> Compiled {
    let start = states.as_object().unwrap().keys().next().unwrap().clone();
    compile(
        &json!({"StartAt": start, "States": states}).to_string(),
        MachineType::Standard,
    )
}

/// Compiles a definition of the one state `A`, after giving it an end.
fn one(language: &str, mut state: Value) -> Compiled {
    let kind = state["Type"].as_str().unwrap_or_default().to_owned();
    if !matches!(kind.as_str(), "Choice" | "Succeed" | "Fail")
        && state.get("Next").is_none()
        && state.get("End").is_none()
    {
        state["End"] = json!(true);
    }
    let mut states = json!({"A": state});
    if states.to_string().contains("\"Z\"") {
        states["Z"] = json!({"Type": "Succeed"});
    }
    compile(
        &json!({"QueryLanguage": language, "StartAt": "A", "States": states}).to_string(),
        MachineType::Standard,
    )
}

/// Returns the findings as `CODE: message at place`.
fn findings(compiled: &Compiled) -> Vec<String> {
    compiled.diagnostics.iter().map(ToString::to_string).collect()
}

const FUNCTION: &str = "arn:aws:lambda:us-east-1:111111111111:function:f";

#[test]
fn json_is_strict() {
    for (text, wanted) in [
        ("", "MISSING_DESCRIPTION: The definition is empty at null"),
        (
            "{\n \"a\" 1}",
            "INVALID_JSON_DESCRIPTION: expected `:` at line 2 column 6 at null",
        ),
        (
            "{\"a\": 1e999}",
            "INVALID_JSON_DESCRIPTION: number out of range at line 1 column 11 at null",
        ),
        (
            "{} {}",
            "INVALID_JSON_DESCRIPTION: trailing characters at line 1 column 4 at null",
        ),
        (
            "[]",
            "SCHEMA_VALIDATION_FAILED: Expected value of type Object but found Array at /",
        ),
    ] {
        assert_eq!(
            findings(&compile(text, MachineType::Standard)),
            [wanted],
            "{text}"
        );
    }
}

#[test]
fn machines_have_a_start_and_states() {
    for (definition, wanted) in [
        (
            json!({}),
            vec!["These fields are required: [StartAt, States] at /"],
        ),
        (
            json!({"StartAt": "A", "States": {}}),
            vec!["The field 'States' must not be empty at /States"],
        ),
        (
            json!({"States": {"A": {"Type": "Succeed"}}}),
            vec!["These fields are required: [StartAt] at /"],
        ),
        (
            json!({"StartAt": 1, "Extra": 1, "TimeoutSeconds": 0, "Version": "2", "QueryLanguage": "XPath", "States": {"A": {"Type": "Succeed"}}}),
            vec![
                "Field 'Extra' is not supported at /",
                "Expected value of type String but found Number at /StartAt",
                "The field 'QueryLanguage' should have one of these values: [JSONPath, JSONata] at /QueryLanguage",
                "Minimum value is 1 at /TimeoutSeconds",
                "The field 'Version' should have one of these values: [1.0] at /Version",
            ],
        ),
        (
            json!({"StartAt": "M", "States": {"M": {"Type": "Map", "End": true, "ItemProcessor": {"QueryLanguage": "JSONata", "StartAt": "B", "States": {"B": {"Type": "Pass"}}}}}}),
            vec![
                "Field 'QueryLanguage' is not supported at /States/M/ItemProcessor",
                "One of the following fields is required: [Next, End] at /States/M/ItemProcessor/States/B",
            ],
        ),
    ] {
        let found: Vec<String> = findings(&compile(&definition.to_string(), MachineType::Standard))
            .iter()
            .map(|text| text.replace("SCHEMA_VALIDATION_FAILED: ", ""))
            .collect();
        assert_eq!(found, wanted, "{definition}");
    }
}

#[test]
fn transitions_lead_somewhere() {
    let pass = |next: &str| json!({"Type": "Pass", "Next": next});
    let end = json!({"Type": "Pass", "End": true});
    for (states, wanted) in [
        (
            json!({"A": pass("B"), "B": pass("A")}),
            vec!["MISSING_END_STATE: Workflow has no terminal state at null"],
        ),
        (
            json!({"A": pass("B"), "B": pass("A"), "C": end}),
            vec!["MISSING_TRANSITION_TARGET: State \"C\" is not reachable. at /States/C"],
        ),
        (
            json!({"A": pass("X")}),
            vec![
                "MISSING_TRANSITION_TARGET: Missing 'Next' target: X at /States/A/Next",
                "MISSING_END_STATE: Workflow has no terminal state at null",
            ],
        ),
        (
            json!({
                "C": {"Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": true, "Next": "X"}], "Default": "T"},
                "T": {"Type": "Task", "Resource": FUNCTION, "End": true, "Catch": [{"ErrorEquals": ["E"], "Next": "Y"}]},
            }),
            vec![
                "MISSING_TRANSITION_TARGET: Missing 'Next' target: X at /States/C/Choices[0]/Next",
                "MISSING_TRANSITION_TARGET: Missing 'Next' target: Y at /States/T/Catch[0]/Next",
            ],
        ),
        // A branch is a world of its own: `A` cannot be reached from inside.
        (
            json!({"A": {"Type": "Parallel", "End": true, "Branches": [{"StartAt": "B", "States": {"B": pass("A")}}]}}),
            vec![
                "MISSING_TRANSITION_TARGET: Missing 'Next' target: A at /States/A/Branches[0]/States/B/Next",
                "MISSING_END_STATE: Workflow has no terminal state at /States/A/Branches[0]",
            ],
        ),
    ] {
        assert_eq!(findings(&compiled(states.clone())), wanted, "{states}");
    }
}

#[test]
fn names_are_unique_and_short() {
    let long = "n".repeat(81);
    assert_eq!(
        findings(&compiled(json!({&long: {"Type": "Succeed"}}))),
        [format!(
            "INVALID_STATE_NAME: State name must have 1 to 80 characters at /States/{long}"
        )]
    );
    let nested = json!({"A": {"Type": "Parallel", "End": true, "Branches": [{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}]}});
    assert_eq!(
        findings(&compiled(nested)),
        ["DUPLICATE_STATE_NAME: Duplicate State name: A at /States/A/Branches[0]/States/A"]
    );
    let twice =
        r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}, "A": {"Type": "Succeed"}}}"#;
    assert_eq!(
        findings(&compile(twice, MachineType::Standard)),
        ["DUPLICATE_STATE_NAME: Duplicate State name: A at /States/A"]
    );
}

#[test]
fn express_machines_cannot_wait_for_others() {
    let machine = |resource: &str| {
        json!({"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": resource, "End": true}}})
            .to_string()
    };
    for (resource, wanted) in [
        (
            "arn:aws:states:::states:startExecution.sync:2",
            "Express state machine does not support '.sync' service integration at /States/A/Resource",
        ),
        (
            "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "Express state machine does not support '.waitForTaskToken' service integration  at /States/A/Resource",
        ),
        (
            "arn:aws:states:us-east-1:111111111111:activity:a",
            "Express state machine does not support Activity ARN at /States/A/Resource",
        ),
    ] {
        assert_eq!(
            findings(&compile(&machine(resource), MachineType::Express)),
            [format!("SCHEMA_VALIDATION_FAILED: {wanted}")]
        );
        assert!(
            compile(&machine(resource), MachineType::Standard)
                .program
                .is_some()
        );
    }
}

#[test]
fn express_children_cannot_wait_for_others_either() {
    for (execution_type, found) in [("EXPRESS", 1), ("STANDARD", 0)] {
        let resource = "arn:aws:states:::states:startExecution.sync:2";
        let states = json!({"A": {"Type": "Map", "End": true, "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": execution_type},
            "StartAt": "B",
            "States": {"B": {"Type": "Task", "Resource": resource, "End": true}},
        }}});
        assert_eq!(findings(&compiled(states)).len(), found, "{execution_type}");
    }
}

#[test]
fn variables_that_no_state_assigns_are_warned_of() {
    let states = json!({
        "A": {"Type": "Pass", "Assign": {"x": 1}, "Next": "P"},
        "P": {"Type": "Parallel", "End": true, "Branches": [{"StartAt": "B", "States": {
            "B": {"Type": "Pass", "Parameters": {"x.$": "$x", "y.$": "States.Format('{}', $y.a)"}, "End": true},
        }}]},
    });
    let compiled = compiled(states);
    assert!(compiled.program.is_some());
    assert_eq!(
        findings(&compiled),
        [
            "UNDEFINED_VARIABLE: The variable '$y' is not assigned in any state of this scope at /States/P/Branches[0]/States/B/Parameters/y.$"
        ]
    );
}

#[test]
fn inner_scopes_do_not_assign_outer_variables() {
    let states = |mode: &str| {
        json!({
            "A": {"Type": "Pass", "Assign": {"x.$": "$.a", "y": 1}, "Next": "M"},
            "M": {"Type": "Map", "End": true, "ItemProcessor": {
                "ProcessorConfig": {"Mode": mode, "ExecutionType": "STANDARD"},
                "StartAt": "B",
                "States": {"B": {"Type": "Pass", "Assign": {"x": 2, "z": 3}, "End": true}},
            }},
        })
    };
    assert_eq!(
        findings(&compiled(states("INLINE"))),
        [
            "SCHEMA_VALIDATION_FAILED: The variable 'x' is assigned in an outer scope and can not be assigned here at /States/M/ItemProcessor/States/B/Assign/x"
        ]
    );
    // The children of a distributed Map do not see the variables of the parent at all.
    assert!(compiled(states("DISTRIBUTED")).program.is_some());
}
