//! Pass.

use crate::play::{play, run};
use serde_json::{Value, json};

fn output(state: Value, input: Value) -> Value {
    run(state, input).output()
}

#[test]
fn hands_its_input_on() {
    let play = run(json!({ "Type": "Pass", "End": true }), json!({ "a": 1 }));
    assert_eq!(play.output(), json!({ "a": 1 }));
    assert_eq!(
        play.story(),
        [
            "1<0 ExecutionStarted",
            "2<0 PassStateEntered",
            "3<2 PassStateExited",
            "4<3 ExecutionSucceeded"
        ]
    );
}

#[test]
fn keeps_the_text_of_its_input_to_the_letter() {
    let definition = r#"{"StartAt":"S","States":{"S":{"Type":"Pass","End":true}}}"#;
    let play = crate::play::Play::new(definition, "{ \"a\" : 1.0, \"b\": [ ] }").unwrap();
    let closing = play.execution.closing.as_ref().unwrap();
    assert_eq!(
        &**closing.output.as_ref().unwrap().text(),
        "{ \"a\" : 1.0, \"b\": [ ] }"
    );
}

#[test]
fn result_replaces_the_input_or_goes_where_result_path_says() {
    assert_eq!(
        output(
            json!({ "Type": "Pass", "Result": [1], "End": true }),
            json!({ "a": 1 })
        ),
        json!([1])
    );
    let at = json!({ "Type": "Pass", "Result": 2, "ResultPath": "$.b.c", "End": true });
    assert_eq!(output(at, json!({ "a": 1 })), json!({ "a": 1, "b": { "c": 2 } }));
    let dropped = json!({ "Type": "Pass", "Result": 2, "ResultPath": null, "End": true });
    assert_eq!(output(dropped, json!({ "a": 1 })), json!({ "a": 1 }));
}

#[test]
fn result_path_into_a_plain_value_fails_by_name() {
    let play = run(
        json!({ "Type": "Pass", "Result": 2, "ResultPath": "$.a", "End": true }),
        json!(5),
    );
    let (error, cause) = play.error();
    assert_eq!(error, "States.ResultPathMatchFailure");
    assert!(cause.contains("Unable to apply step \"a\" to input 5"), "{cause}");
}

#[test]
fn parameters_see_the_effective_input() {
    let state = json!({
        "Type": "Pass", "InputPath": "$.in", "Parameters": { "x.$": "$.a", "fixed": true }, "End": true
    });
    assert_eq!(
        output(state, json!({ "in": { "a": 7 } })),
        json!({ "x": 7, "fixed": true })
    );
}

#[test]
fn null_paths_stand_for_an_empty_object() {
    assert_eq!(
        output(
            json!({ "Type": "Pass", "InputPath": null, "End": true }),
            json!({ "a": 1 })
        ),
        json!({})
    );
    assert_eq!(
        output(
            json!({ "Type": "Pass", "OutputPath": null, "End": true }),
            json!({ "a": 1 })
        ),
        json!({})
    );
}

#[test]
fn output_path_selects_last() {
    let state = json!({ "Type": "Pass", "Result": 2, "ResultPath": "$.b", "OutputPath": "$.b", "End": true });
    assert_eq!(output(state, json!({ "a": 1 })), json!(2));
}

#[test]
fn a_path_that_leads_nowhere_fails_the_execution() {
    let play = run(
        json!({ "Type": "Pass", "InputPath": "$.none", "End": true }),
        json!({}),
    );
    assert_eq!(play.error().0, "States.Runtime");
    assert_eq!(
        play.types(),
        ["ExecutionStarted", "PassStateEntered", "ExecutionFailed"]
    );
}

#[test]
fn each_state_gets_the_output_of_the_one_before() {
    let play = play(
        json!({
            "A": { "Type": "Pass", "Result": 1, "ResultPath": "$.a", "Next": "B" },
            "B": { "Type": "Pass", "Parameters": { "b.$": "$.a" }, "End": true },
        }),
        json!({}),
    );
    assert_eq!(play.output(), json!({ "b": 1 }));
}
