//! What is found in the fields of single states.

use super::{FUNCTION, compiled, findings, one};
use crate::{MachineType, Severity, compile};
use serde_json::{Value, json};

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
fn paths_are_paths() {
    let broken = json!({"Type": "Pass", "InputPath": "nope", "ResultPath": "$.a[*]", "OutputPath": 5, "Parameters": {}});
    let found = findings(&one("JSONPath", broken));
    assert!(
        found[0].starts_with("SCHEMA_VALIDATION_FAILED: Value is not a valid JSONPath: "),
        "{found:?}"
    );
    assert!(found[0].ends_with(" at /States/A/InputPath"), "{found:?}");
    assert!(
        found[1].starts_with("SCHEMA_VALIDATION_FAILED: Value is not a Reference Path: "),
        "{found:?}"
    );
    assert!(found[1].ends_with(" at /States/A/ResultPath"), "{found:?}");
    let wanted =
        "SCHEMA_VALIDATION_FAILED: Expected value of type String but found Number at /States/A/OutputPath";
    assert_eq!(found[2..], [wanted]);
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
            (
                json!({"Type": "Pass", "Parameters": {"a": "{% 1 + %}"}}),
                &[
                    "WRONG_QUERY_LANGUAGE: Value looks like a JSONata expression, but the query language is 'JSONPath' at /States/A/Parameters/a",
                ],
            ),
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
            (
                json!({"Type": "Pass", "Output": " {% 1 + %} "}),
                &[
                    "NO_EXPRESSION: Value looks like a JSONata expression, but does not start with '{%' and end with '%}' at /States/A/Output",
                ],
            ),
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
fn distributed_maps() {
    let processor = json!({
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "B",
        "States": {"B": {"Type": "Succeed"}},
    });
    let map = |field: &str, value: Value| json!({"Type": "Map", "ItemProcessor": processor, field: value});
    check(
        "JSONPath",
        &[
            (
                map(
                    "ItemReader",
                    json!({"ReaderConfig": {"MaxItems": 5, "MaxItemsPath": "$.n"}, "Parameters": {"Bucket.$": "b"}}),
                ),
                &[
                    "These fields are required: [Resource] at /States/A/ItemReader",
                    "There should only be one of the following fields: [MaxItems, MaxItemsPath] at /States/A/ItemReader/ReaderConfig",
                    "The value for the field 'Bucket.$' must be a valid JSONPath or a valid intrinsic function call at /States/A/ItemReader/Parameters",
                ],
            ),
            (
                map(
                    "ItemBatcher",
                    json!({"MaxItemsPerBatch": -1, "BatchInput": {"a.$": "$.a"}}),
                ),
                &["Minimum value is 0 at /States/A/ItemBatcher/MaxItemsPerBatch"],
            ),
            (
                map("ResultWriter", json!({"Arguments": {}})),
                &[
                    "The QueryLanguage is set to 'JSONPath', but field 'Arguments' is only supported for the 'JSONata' QueryLanguage at /States/A/ResultWriter",
                ],
            ),
        ],
    );
    check(
        "JSONata",
        &[
            (
                map(
                    "ItemReader",
                    json!({"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"MaxItemsPath": "$.n"}}),
                ),
                &[
                    "The QueryLanguage is set to 'JSONata', but field 'MaxItemsPath' is only supported for the 'JSONPath' QueryLanguage at /States/A/ItemReader/ReaderConfig",
                ],
            ),
            (
                map(
                    "ItemBatcher",
                    json!({"MaxItemsPerBatch": "{% 5 %}", "BatchInput": {"a": "{% 1 + %}"}}),
                ),
                &[
                    "INVALID_JSONATA_EXPRESSION: Unexpected end of expression at /States/A/ItemBatcher/BatchInput/a",
                ],
            ),
        ],
    );
    let states = json!({"A": map("End", json!(true)), });
    let definition = json!({"StartAt": "A", "States": states}).to_string();
    assert_eq!(
        findings(&compile(&definition, MachineType::Express)),
        [
            "SCHEMA_VALIDATION_FAILED: Express state machine does not support Map state in 'DISTRIBUTED' mode at /States/A"
        ]
    );
    let label = |next: &str| json!({"Type": "Map", "Label": "L", "ItemProcessor": processor, "Next": next});
    let mut second = label("Z");
    second["ItemProcessor"]["StartAt"] = json!("C");
    second["ItemProcessor"]["States"] = json!({"C": {"Type": "Succeed"}});
    assert_eq!(
        findings(&compiled(
            json!({"A": label("D"), "D": second, "Z": {"Type": "Succeed"}})
        )),
        ["DUPLICATE_LABEL_NAME: Duplicate label name: L at /States/D/Label"]
    );
}
