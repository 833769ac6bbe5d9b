//! Catch.

use crate::play::{FUNCTION, Play, play, play_jsonata, with};
use serde_json::{Value, json};

/// A task that fails with `error`, and a state that shows its input and what was assigned.
fn caught(catch: Value, error: &str) -> Play {
    let state = json!({ "Type": "Task", "Resource": FUNCTION, "Catch": [with(catch, json!({ "Next": "Caught" }))], "End": true });
    let mut play = play(
        json!({ "S": state, "Caught": { "Type": "Pass", "End": true } }),
        json!({ "in": 1 }),
    );
    play.refuse(error, "C");
    play
}

#[test]
fn the_error_replaces_the_input_or_goes_where_result_path_says() {
    assert_eq!(
        caught(json!({ "ErrorEquals": ["E"] }), "E").output(),
        json!({ "Error": "E", "Cause": "C" })
    );
    let at = json!({ "ErrorEquals": ["E"], "ResultPath": "$.error" });
    assert_eq!(
        caught(at, "E").output(),
        json!({ "in": 1, "error": { "Error": "E", "Cause": "C" } })
    );
    let dropped = json!({ "ErrorEquals": ["E"], "ResultPath": null });
    assert_eq!(caught(dropped, "E").output(), json!({ "in": 1 }));
}

#[test]
fn the_state_is_left_by_its_exit_event() {
    let play = caught(json!({ "ErrorEquals": ["E"] }), "E");
    assert_eq!(
        play.types()[4..7],
        ["LambdaFunctionFailed", "TaskStateExited", "PassStateEntered"]
    );
}

#[test]
fn names_are_compared_exactly() {
    assert_eq!(
        caught(json!({ "ErrorEquals": ["Other", "E2"] }), "E").error().0,
        "E"
    );
    assert_eq!(
        caught(json!({ "ErrorEquals": ["States.TaskFailed"] }), "E").output()["Error"],
        "E"
    );
    assert_eq!(
        caught(json!({ "ErrorEquals": ["States.TaskFailed"] }), "States.Timeout")
            .error()
            .0,
        "States.Timeout"
    );
    assert_eq!(
        caught(json!({ "ErrorEquals": ["States.ALL"] }), "States.Timeout").output()["Error"],
        "States.Timeout"
    );
    assert_eq!(
        caught(json!({ "ErrorEquals": ["States.ALL"] }), "States.Runtime")
            .error()
            .0,
        "States.Runtime"
    );
    assert_eq!(
        caught(
            json!({ "ErrorEquals": ["States.ALL"] }),
            "States.DataLimitExceeded"
        )
        .output()["Error"],
        "States.DataLimitExceeded"
    );
}

#[test]
fn the_first_catcher_that_fits_is_taken() {
    let state = json!({ "Type": "Task", "Resource": FUNCTION, "End": true, "Catch": [
        { "ErrorEquals": ["A"], "Next": "First" },
        { "ErrorEquals": ["States.ALL"], "Next": "Second" },
    ] });
    for (error, expected) in [("A", 1), ("B", 2)] {
        let mut play = play(
            json!({
                "S": state,
                "First": { "Type": "Pass", "Result": 1, "End": true },
                "Second": { "Type": "Pass", "Result": 2, "End": true },
            }),
            json!({}),
        );
        play.refuse(error, "C");
        assert_eq!(play.output(), json!(expected));
    }
}

#[test]
fn retries_come_before_catchers() {
    let state = json!({
        "Type": "Task", "Resource": FUNCTION, "End": true,
        "Retry": [{ "ErrorEquals": ["E"], "MaxAttempts": 1 }],
        "Catch": [{ "ErrorEquals": ["E"], "Next": "Caught" }],
    });
    let mut play = play(json!({ "S": state, "Caught": { "Type": "Succeed" } }), json!({}));
    play.refuse("E", "first");
    play.pass(1);
    play.refuse("E", "second");
    assert_eq!(play.output(), json!({ "Error": "E", "Cause": "second" }));
}

#[test]
fn a_catchers_assign_runs_in_the_place_of_the_states() {
    let state = json!({
        "Type": "Task", "Resource": FUNCTION, "Assign": { "by": "state" }, "Next": "Show",
        "Catch": [{ "ErrorEquals": ["E"], "Assign": { "by.$": "$.Error", "state.$": "$$.State.Name" }, "Next": "Show" }],
    });
    let show = json!({ "Type": "Pass", "Parameters": { "by.$": "$by" }, "End": true });
    let mut play = play(json!({ "S": state, "Show": show }), json!({}));
    play.refuse("E", "C");
    assert_eq!(play.output(), json!({ "by": "E" }));
}

#[test]
fn an_error_without_a_cause_has_an_empty_one() {
    let state = json!({
        "Type": "Task", "Resource": FUNCTION, "TimeoutSeconds": 1, "End": true,
        "Catch": [{ "ErrorEquals": ["States.Timeout"], "Next": "Caught" }],
    });
    let mut play = play(json!({ "S": state, "Caught": { "Type": "Succeed" } }), json!({}));
    play.pass(1);
    assert_eq!(play.output(), json!({ "Error": "States.Timeout", "Cause": "" }));
}

fn caught_jsonata(catcher: Value) -> Play {
    let state = json!({
        "Type": "Task", "Resource": FUNCTION, "End": true,
        "Catch": [with(catcher, json!({ "ErrorEquals": ["E"], "Next": "Show" }))],
    });
    let show = json!({ "Type": "Pass", "Output": { "input": "{% $states.input %}", "v": "{% $exists($v) ? $v : null %}" }, "End": true });
    let mut play = play_jsonata(json!({ "S": state, "Show": show }), json!({ "in": 1 }));
    play.refuse("E", "C");
    play
}

#[test]
fn jsonata_reads_the_error_in_output_and_assign() {
    let catcher = json!({
        "Output": { "was": "{% $states.errorOutput.Error %}", "in": "{% $states.input.in %}" },
        "Assign": { "v": "{% $states.errorOutput.Cause %}" },
    });
    assert_eq!(
        caught_jsonata(catcher).output(),
        json!({ "input": { "was": "E", "in": 1 }, "v": "C" })
    );
    assert_eq!(
        caught_jsonata(json!({})).output()["input"],
        json!({ "Error": "E", "Cause": "C" })
    );
}

#[test]
fn an_expression_that_fails_in_a_catcher_is_noted_and_not_caught_by_it() {
    let play = caught_jsonata(json!({ "Output": "{% $states.input.none %}" }));
    assert_eq!(play.error().0, "States.QueryEvaluationError");
    assert_eq!(
        (play.count("EvaluationFailed"), play.count("TaskStateExited")),
        (1, 0)
    );
}

#[test]
fn what_fails_after_the_result_is_caught_too() {
    let state = json!({
        "Type": "Task", "Resource": FUNCTION, "ResultPath": "$.a", "End": true,
        "Catch": [{ "ErrorEquals": ["States.ResultPathMatchFailure"], "Next": "Caught" }],
    });
    let mut play = play(json!({ "S": state, "Caught": { "Type": "Succeed" } }), json!(5));
    play.answer(json!(1));
    assert_eq!(play.output()["Error"], "States.ResultPathMatchFailure");
}
