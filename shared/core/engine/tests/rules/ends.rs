//! Succeed and Fail.

use crate::play::{play, run, run_jsonata};
use engine::Status;
use serde_json::json;

#[test]
fn succeed_ends_with_what_it_selects() {
    let state = json!({ "Type": "Succeed", "InputPath": "$.a", "OutputPath": "$.b" });
    let play = run(state, json!({ "a": { "b": 1 } }));
    assert_eq!(play.output(), json!(1));
    assert_eq!(
        play.types()[1..],
        ["SucceedStateEntered", "SucceedStateExited", "ExecutionSucceeded"]
    );
}

#[test]
fn succeed_ends_a_branch_not_the_execution() {
    let branch = json!({ "StartAt": "A", "States": { "A": { "Type": "Succeed" } } });
    let play = play(
        json!({
            "P": { "Type": "Parallel", "Branches": [branch], "Next": "After" },
            "After": { "Type": "Pass", "End": true },
        }),
        json!(1),
    );
    assert_eq!(play.output(), json!([1]));
}

#[test]
fn fail_ends_with_error_and_cause() {
    let play = run(json!({ "Type": "Fail", "Error": "E", "Cause": "C" }), json!({}));
    assert_eq!(
        (play.status(), play.error()),
        (Status::Failed, ("E".into(), "C".into()))
    );
    assert_eq!(play.story()[1..], ["2<0 FailStateEntered", "3<2 ExecutionFailed"]);
}

#[test]
fn fail_may_leave_out_error_and_cause() {
    let play = run(json!({ "Type": "Fail" }), json!({}));
    let closing = play.execution.closing.as_ref().unwrap();
    assert_eq!((&closing.error, &closing.cause), (&None, &None));
}

#[test]
fn fail_reads_paths_and_intrinsic_functions() {
    let state =
        json!({ "Type": "Fail", "ErrorPath": "$.e", "CausePath": "States.Format('{} of {}', $.a, $.b)" });
    assert_eq!(
        run(state, json!({ "e": "E", "a": 1, "b": 2 })).error(),
        ("E".into(), "1 of 2".into())
    );
}

#[test]
fn fail_with_a_path_to_no_string_fails_otherwise() {
    for input in [json!({}), json!({ "e": 5 })] {
        assert_eq!(
            run(json!({ "Type": "Fail", "ErrorPath": "$.e" }), input)
                .error()
                .0,
            "States.Runtime"
        );
    }
}

#[test]
fn fail_reads_expressions() {
    let state = json!({ "Type": "Fail", "Error": "{% 'E' & $states.input.n %}", "Cause": "C" });
    assert_eq!(
        run_jsonata(state, json!({ "n": 1 })).error(),
        ("E1".into(), "C".into())
    );
    let state = json!({ "Type": "Fail", "Error": "{% 5 %}", "Cause": "C" });
    assert_eq!(
        run_jsonata(state, json!({})).error().0,
        "States.QueryEvaluationError"
    );
}

#[test]
fn the_failure_of_a_branch_can_be_caught() {
    let branch = json!({ "StartAt": "A", "States": { "A": { "Type": "Fail", "Error": "E", "Cause": "C" } } });
    let play = play(
        json!({
            "P": {
                "Type": "Parallel", "Branches": [branch], "End": true,
                "Catch": [{ "ErrorEquals": ["E"], "Next": "Caught" }],
            },
            "Caught": { "Type": "Pass", "End": true },
        }),
        json!({}),
    );
    assert_eq!(play.output(), json!({ "Error": "E", "Cause": "C" }));
}
