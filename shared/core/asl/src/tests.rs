//! Small definitions with what is found in them.

mod hostile;
mod programs;

use crate::{Compiled, MachineType, Severity, compile};
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

/// Checks a table of states of one language with what is found in them, each without the common code.
fn check(language: &str, table: &[(Value, &[&str])]) {
    for (state, wanted) in table {
        let compiled = one(language, state.clone());
        let found: Vec<String> = findings(&compiled)
            .iter()
            .map(|text| text.replace("SCHEMA_VALIDATION_FAILED: ", ""))
            .collect();
        assert_eq!(found, *wanted, "{state}");
        let errors = compiled
            .diagnostics
            .iter()
            .any(|finding| finding.severity == Severity::Error);
        assert_eq!(compiled.program.is_none(), errors, "{state}");
    }
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
fn fields_belong_to_their_type_and_language() {
    check(
        "JSONPath",
        &[
            (
                json!({"Type": "Nope"}),
                &[
                    "The field 'Type' should have one of these values: [Task, Wait, Pass, Succeed, Fail, Choice, Parallel, Map] at /States/A/Type",
                ],
            ),
            (
                json!({"Comment": "?"}),
                &["These fields are required: [Type] at /States/A"],
            ),
            (
                json!({"Type": "Pass", "Catch": []}),
                &["Field 'Catch' is not supported at /States/A"],
            ),
            (
                json!({"Type": "Pass", "Output": 1}),
                &[
                    "The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for the 'JSONata' QueryLanguage at /States/A",
                ],
            ),
            (
                json!({"Type": "Pass", "End": 1, "Next": 2}),
                &[
                    "Expected value of type Boolean but found Number at /States/A/End",
                    "Expected value of type String but found Number at /States/A/Next",
                ],
            ),
            (
                json!({"Type": "Pass", "End": true, "Next": "Z"}),
                &["There should only be one of the following fields: [Next, End] at /States/A"],
            ),
            (
                json!({"Type": "Pass", "InputPath": "nope", "ResultPath": "$.a[*]", "OutputPath": 5}),
                &[
                    "Value is not a valid JSONPath: expected `$` at character 1 at /States/A/InputPath",
                    "Value is not a Reference Path: `$.a[*]` may select several nodes at /States/A/ResultPath",
                    "Expected value of type String but found Number at /States/A/OutputPath",
                ],
            ),
        ],
    );
    check(
        "JSONata",
        &[
            (
                json!({"Type": "Pass", "ResultPath": null}),
                &[
                    "The QueryLanguage is set to 'JSONata', but field 'ResultPath' is only supported for the 'JSONPath' QueryLanguage at /States/A",
                ],
            ),
            (
                json!({"Type": "Pass", "QueryLanguage": "JSONPath"}),
                &[
                    "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine at /States/A",
                ],
            ),
        ],
    );
}

#[test]
fn templates_hold_paths_calls_and_expressions() {
    check(
        "JSONPath",
        &[
            (
                json!({"Type": "Pass", "Parameters": {"a.$": "b"}}),
                &[
                    "The value for the field 'a.$' must be a valid JSONPath or a valid intrinsic function call at /States/A/Parameters",
                ],
            ),
            (
                json!({"Type": "Pass", "Parameters": {"l": [{"a.$": 1}]}}),
                &[
                    "The value for the field 'a.$' must be a valid JSONPath or a valid intrinsic function call at /States/A/Parameters/l[0]",
                ],
            ),
            (
                json!({"Type": "Pass", "Assign": {"1x": 1, "states": 2}}),
                &[
                    "The variable name '1x' is not valid: it must be an identifier of letters, digits and '_' at /States/A/Assign",
                    "The variable name 'states' is reserved at /States/A/Assign",
                ],
            ),
            (
                json!({"Type": "Pass", "Parameters": {"a": "$.b"}}),
                &[
                    "NO_DOLLAR: The value for the field 'a' looks like a JSONPath or an intrinsic function call, but the field name does not end with '.$' at /States/A/Parameters/a",
                ],
            ),
            (
                json!({"Type": "Pass", "Result": {"a.$": "$.b"}}),
                &[
                    "PASS_RESULT_IS_STATIC: The field 'Result' is static: paths and intrinsic functions in it are not evaluated. Use 'Parameters' instead at /States/A/Result",
                ],
            ),
            // In JSONPath an expression is but a text.
            (json!({"Type": "Pass", "Parameters": {"a": "{% 1 + %}"}}), &[]),
        ],
    );
    check(
        "JSONata",
        &[
            (
                json!({"Type": "Pass", "Output": {"a": ["{% 1 + %}"]}}),
                &["INVALID_JSONATA_EXPRESSION: Unexpected end of expression at /States/A/Output/a[0]"],
            ),
            (
                json!({"Type": "Pass", "Output": "{% $states.input"}),
                &["A JSONata expression must start with '{%' and end with '%}' at /States/A/Output"],
            ),
            (
                json!({"Type": "Pass", "Output": "{% $states.result.x %}"}),
                &[
                    "UNSUPPORTED_JSONATA_EXPRESSION: Reference to '$states.result' is not supported in this field at /States/A/Output",
                ],
            ),
            (
                json!({"Type": "Task", "Resource": FUNCTION, "Output": "{% $states.errorOutput %}"}),
                &[
                    "UNSUPPORTED_JSONATA_EXPRESSION: Reference to '$states.errorOutput' is not supported in this field at /States/A/Output",
                ],
            ),
            (
                json!({"Type": "Task", "Resource": FUNCTION, "Output": "{% $states.result.x %}", "Catch": [{"ErrorEquals": ["E"], "Next": "Z", "Output": "{% $states.errorOutput %}"}]}),
                &[],
            ),
            // Leading space: a text.
            (json!({"Type": "Pass", "Output": " {% 1 + %} "}), &[]),
        ],
    );
}

#[test]
fn tasks_retries_and_catchers() {
    let task = |field: &str, value: Value| json!({"Type": "Task", "Resource": FUNCTION, field: value});
    check(
        "JSONPath",
        &[
            (
                json!({"Type": "Task"}),
                &["These fields are required: [Resource] at /States/A"],
            ),
            (
                task("TimeoutSeconds", json!("5")),
                &["Expected value of type Integer but found String at /States/A/TimeoutSeconds"],
            ),
            (
                task("TimeoutSeconds", json!(1.5)),
                &["Expected value of type Integer but found Number at /States/A/TimeoutSeconds"],
            ),
            (
                task("TimeoutSeconds", json!(100_000_000)),
                &["Maximum value is 99999999 at /States/A/TimeoutSeconds"],
            ),
            (
                json!({"Type": "Task", "Resource": FUNCTION, "TimeoutSeconds": 5, "HeartbeatSeconds": 5}),
                &[
                    "The value of 'HeartbeatSeconds' must be smaller than the value of 'TimeoutSeconds' at /States/A/HeartbeatSeconds",
                ],
            ),
            (
                json!({"Type": "Task", "Resource": FUNCTION, "TimeoutSeconds": 5, "TimeoutSecondsPath": "$.t"}),
                &[
                    "There should only be one of the following fields: [TimeoutSeconds, TimeoutSecondsPath] at /States/A",
                ],
            ),
            (
                task("Credentials", json!({})),
                &["The field 'RoleArn' is required but was missing at /States/A/Credentials"],
            ),
            (
                task("Credentials", json!({"RoleArn.$": "States.MathAdd(1, 2)"})),
                &[
                    "Value must be a valid JSONPath or a valid intrinsic function call that returns a string: this function does not return a string at /States/A/Credentials/RoleArn.$",
                ],
            ),
            (
                task(
                    "Retry",
                    json!([{"ErrorEquals": ["States.ALL", "E"]}, {"ErrorEquals": ["States.ALL"]}]),
                ),
                &["States.ALL must appear alone and at end of list at /States/A/Retry[0]/ErrorEquals[0]"],
            ),
            (
                task(
                    "Retry",
                    json!([{"ErrorEquals": [], "IntervalSeconds": 0, "MaxAttempts": -1, "BackoffRate": 0.5, "MaxDelaySeconds": 31_622_401, "JitterStrategy": "SOME"}]),
                ),
                &[
                    "The field 'JitterStrategy' should have one of these values: [FULL, NONE] at /States/A/Retry[0]/JitterStrategy",
                    "The field 'ErrorEquals' must not be empty at /States/A/Retry[0]/ErrorEquals",
                    "Minimum value is 1 at /States/A/Retry[0]/IntervalSeconds",
                    "Minimum value is 0 at /States/A/Retry[0]/MaxAttempts",
                    "Minimum value is 1.0 at /States/A/Retry[0]/BackoffRate",
                    "Maximum value is 31622400 at /States/A/Retry[0]/MaxDelaySeconds",
                ],
            ),
            (
                task("Catch", json!([{"Next": "Z"}, 7])),
                &[
                    "Expected value of type Object but found Number at /States/A/Catch[1]",
                    "These fields are required: [ErrorEquals] at /States/A/Catch[0]",
                ],
            ),
            (
                task("Catch", json!([{"ErrorEquals": ["E"], "Next": "Z", "Output": 1}])),
                &[
                    "The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for the 'JSONata' QueryLanguage at /States/A/Catch[0]",
                ],
            ),
        ],
    );
    let unknown = one("JSONPath", json!({"Type": "Task", "Resource": "arn:nope"}));
    assert!(
        findings(&unknown)[0].contains("The resource provided arn:nope is not recognized."),
        "{unknown:?}"
    );
}

#[test]
fn choices() {
    let rule = |rule: Value| json!({"Type": "Choice", "Choices": [rule]});
    check(
        "JSONPath",
        &[
            (
                json!({"Type": "Choice", "Default": "Z"}),
                &["These fields are required: [Choices] at /States/A"],
            ),
            (
                json!({"Type": "Choice", "Choices": [], "Default": "Z"}),
                &["The field 'Choices' must not be empty at /States/A/Choices"],
            ),
            (
                json!({"Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": true}], "Default": "Z"}),
                &["These fields are required: [Next] at /States/A/Choices[0]"],
            ),
            (
                rule(json!({"Variable": "$.a", "Next": "Z"})),
                &[
                    "A choice rule requires a comparison operator or one of: [And, Or, Not] at /States/A/Choices[0]",
                ],
            ),
            (
                rule(json!({"Variable": "$.a", "IsNull": true, "IsString": true, "Next": "Z"})),
                &[
                    "There should only be one of the following fields: [IsNull, IsString] at /States/A/Choices[0]",
                ],
            ),
            (
                rule(json!({"Variable": "$.a", "NumericEquals": "1", "Next": "Z"})),
                &["Expected value of type Number but found String at /States/A/Choices[0]/NumericEquals"],
            ),
            (
                rule(json!({"Variable": "$.a", "BooleanLessThan": true, "Next": "Z"})),
                &[
                    "Field 'BooleanLessThan' is not supported at /States/A/Choices[0]",
                    "A choice rule requires a comparison operator or one of: [And, Or, Not] at /States/A/Choices[0]",
                ],
            ),
            (
                rule(json!({"Not": {"Variable": "$.a", "IsNull": true, "Next": "Z"}, "Next": "Z"})),
                &["Field 'Next' is not supported at /States/A/Choices[0]/Not"],
            ),
            (
                rule(json!({"And": [{"Variable": "$.a", "IsNull": 1}, {"Or": []}], "Next": "Z"})),
                &[
                    "Expected value of type Boolean but found Number at /States/A/Choices[0]/And[0]/IsNull",
                    "The field 'Or' must not be empty at /States/A/Choices[0]/And[1]/Or",
                ],
            ),
            (
                rule(json!({"Condition": true, "Next": "Z"})),
                &[
                    "The QueryLanguage is set to 'JSONPath', but field 'Condition' is only supported for the 'JSONata' QueryLanguage at /States/A/Choices[0]",
                    "A choice rule requires a comparison operator or one of: [And, Or, Not] at /States/A/Choices[0]",
                ],
            ),
        ],
    );
    check(
        "JSONata",
        &[
            (
                rule(json!({"Condition": "yes", "Next": "Z"})),
                &["Value must be a JSONata expression or a Boolean at /States/A/Choices[0]/Condition"],
            ),
            (
                rule(json!({"Next": "Z"})),
                &["These fields are required: [Condition] at /States/A/Choices[0]"],
            ),
            (
                rule(
                    json!({"Condition": "{% $states.input.a > 1 %}", "Assign": {"x": "{% 1 %}"}, "Output": 1, "Next": "Z"}),
                ),
                &[],
            ),
        ],
    );
}

#[test]
fn waits_and_fails() {
    check(
        "JSONPath",
        &[
            (
                json!({"Type": "Wait"}),
                &[
                    "One of the following fields is required: [Seconds, SecondsPath, Timestamp, TimestampPath] at /States/A",
                ],
            ),
            (
                json!({"Type": "Wait", "Seconds": -1}),
                &["Minimum value is 0 at /States/A/Seconds"],
            ),
            (
                json!({"Type": "Wait", "Seconds": 1, "TimestampPath": "$.t"}),
                &[
                    "There should only be one of the following fields: [Seconds, SecondsPath, Timestamp, TimestampPath] at /States/A",
                ],
            ),
            (
                json!({"Type": "Wait", "Timestamp": "tomorrow"}),
                &[
                    "Value 'tomorrow' is not a timestamp: expected RFC 3339, such as '2016-03-14T01:59:00Z' at /States/A/Timestamp",
                ],
            ),
            (
                json!({"Type": "Fail", "Error": "E", "ErrorPath": "$.e"}),
                &["There should only be one of the following fields: [Error, ErrorPath] at /States/A"],
            ),
            (
                json!({"Type": "Fail", "Cause": "$.cause"}),
                &[
                    "NO_PATH: The value for the field 'Cause' looks like a path, but the field name does not end with 'Path' at /States/A/Cause",
                ],
            ),
            (
                json!({"Type": "Fail", "CausePath": "States.Format('{}', $.x)"}),
                &[],
            ),
        ],
    );
    check(
        "JSONata",
        &[
            (json!({"Type": "Wait", "Seconds": "{% $states.input.s %}"}), &[]),
            (
                json!({"Type": "Wait", "Seconds": "soon"}),
                &["Expected value of type Integer but found String at /States/A/Seconds"],
            ),
        ],
    );
}

#[test]
fn maps() {
    let processor = json!({"StartAt": "B", "States": {"B": {"Type": "Succeed"}}});
    let map = |field: &str, value: Value| json!({"Type": "Map", "ItemProcessor": processor, field: value});
    let mut distributed = processor.clone();
    distributed["ProcessorConfig"] = json!({"Mode": "DISTRIBUTED"});
    check(
        "JSONPath",
        &[
            (
                json!({"Type": "Map"}),
                &["These fields are required: [ItemProcessor] at /States/A"],
            ),
            (
                map("MaxConcurrency", json!(-1)),
                &["Minimum value is 0 at /States/A/MaxConcurrency"],
            ),
            (
                map("MaxConcurrencyPath", json!("$$.Execution.Input.n")),
                &["Value is not a Reference Path at /States/A/MaxConcurrencyPath"],
            ),
            (
                map("ToleratedFailurePercentage", json!(101)),
                &["Maximum value is 100.0 at /States/A/ToleratedFailurePercentage"],
            ),
            (
                map("Label", json!("l")),
                &[
                    "Field 'Label' is only supported when the 'Mode' of the Map state is 'DISTRIBUTED' at /States/A",
                ],
            ),
            (
                json!({"Type": "Map", "ItemProcessor": distributed, "Label": "a b"}),
                &[
                    "These fields are required: [ExecutionType] at /States/A/ItemProcessor/ProcessorConfig",
                    "INVALID_LABEL_NAME: The label 'a b' is not valid: it must have 1 to 40 characters, without white space, brackets, wildcards or special characters at /States/A/Label",
                ],
            ),
        ],
    );
    let both = one(
        "JSONPath",
        json!({"Type": "Map", "ItemProcessor": processor, "Iterator": {"StartAt": "C", "States": {"C": {"Type": "Succeed"}}}}),
    );
    assert_eq!(
        findings(&both),
        [
            "SCHEMA_VALIDATION_FAILED: There should only be one of the following fields: [ItemProcessor, Iterator] at /States/A"
        ]
    );
    check(
        "JSONata",
        &[(
            map("Items", json!(5)),
            &["Value must be an Array, an Object or a JSONata expression at /States/A/Items"],
        )],
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
