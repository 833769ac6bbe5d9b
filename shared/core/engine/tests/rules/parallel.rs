//! Parallel.

use crate::play::{FUNCTION, Play, TOKEN, play, play_jsonata, with, with_caught};
use engine::{Message, Status};
use serde_json::{Value, json};

fn branch(name: &str, state: Value) -> Value {
    json!({ "StartAt": name, "States": { name: with(state, json!({ "End": true })) } })
}

fn call(name: &str) -> Value {
    branch(name, json!({ "Type": "Task", "Resource": FUNCTION }))
}

fn parallel(branches: Value, fields: Value) -> Play {
    let state = with(
        json!({ "Type": "Parallel", "Branches": branches, "End": true }),
        fields,
    );
    play(with_caught("P", state), json!({ "in": 1 }))
}

#[test]
fn results_stand_in_the_order_of_the_branches() {
    let mut play = parallel(json!([call("A"), call("B"), call("C")]), json!({}));
    play.calls.rotate_left(1);
    for result in ["b", "c", "a"] {
        play.answer(json!(result));
    }
    assert_eq!(play.output(), json!(["a", "b", "c"]));
    assert_eq!(
        (
            play.count("ParallelStateStarted"),
            play.count("ParallelStateSucceeded"),
            play.count("ParallelStateExited")
        ),
        (1, 1, 1)
    );
}

#[test]
fn branches_get_the_parameters_and_the_result_goes_where_it_is_sent() {
    let play = parallel(
        json!([
            branch("A", json!({ "Type": "Pass" })),
            branch("B", json!({ "Type": "Pass", "Result": 2 }))
        ]),
        json!({ "Parameters": { "x.$": "$.in" }, "ResultSelector": { "first.$": "$[0].x" }, "ResultPath": "$.out" }),
    );
    assert_eq!(play.output(), json!({ "in": 1, "out": { "first": 1 } }));
}

#[test]
fn the_first_failure_aborts_the_others() {
    let mut play = parallel(
        json!([
            call("A"),
            branch("W", json!({ "Type": "Wait", "Seconds": 9 })),
            call("B")
        ]),
        json!({}),
    );
    let other = play.calls[1].id;
    play.refuse("E", "C");
    assert_eq!(play.error(), ("E".into(), "C".into()));
    assert_eq!(
        (
            play.count("WaitStateAborted"),
            play.count("TaskStateAborted"),
            play.count("ParallelStateFailed")
        ),
        (1, 1, 1)
    );
    assert_eq!(
        play.probe(Message::CallSucceeded {
            call: other,
            output: "1".into()
        }),
        (false, false)
    );
    assert_eq!(play.types().last().map(String::as_str), Some("ExecutionFailed"));
}

#[test]
fn branches_that_are_through_are_not_aborted() {
    let mut play = parallel(
        json!([branch("A", json!({ "Type": "Pass" })), call("B")]),
        json!({}),
    );
    play.refuse("E", "C");
    assert!(play.types().iter().all(|name| !name.ends_with("Aborted")));
}

#[test]
fn a_caught_failure_goes_on_and_the_aborted_calls_are_forgotten() {
    let mut play = parallel(
        json!([call("A"), call("B")]),
        json!({ "Catch": [{ "ErrorEquals": ["E"], "Next": "Caught" }] }),
    );
    play.refuse("E", "C");
    assert_eq!(play.output(), json!({ "Error": "E", "Cause": "C" }));
    assert!(play.execution.outstanding(&play.program).is_empty());
    assert_eq!(
        (
            play.count("ParallelStateFailed"),
            play.count("ParallelStateExited")
        ),
        (1, 1)
    );
}

#[test]
fn a_call_of_a_branch_that_is_aborted_in_the_same_turn_is_never_asked_for() {
    let play = parallel(
        json!([
            call("A"),
            branch("F", json!({ "Type": "Pass", "InputPath": "$.in" })),
            branch(
                "X",
                json!({ "Type": "Task", "Resource": FUNCTION, "TimeoutSecondsPath": "$.none" })
            )
        ]),
        json!({ "Catch": [{ "ErrorEquals": ["States.ALL"], "Next": "Caught" }] }),
    );
    assert!(play.calls.is_empty());
    let failing = json!({ "StartAt": "F", "States": { "F": { "Type": "Fail", "Error": "E" } } });
    let play = parallel(
        json!([call("A"), failing]),
        json!({ "Catch": [{ "ErrorEquals": ["E"], "Next": "Caught" }] }),
    );
    assert!(play.calls.is_empty());
    assert_eq!(play.status(), Status::Succeeded);
}

#[test]
fn a_retry_runs_all_branches_again() {
    let mut play = parallel(
        json!([call("A"), call("B")]),
        json!({ "Retry": [{ "ErrorEquals": ["E"], "MaxAttempts": 1 }] }),
    );
    play.answer(json!("lost"));
    play.refuse("E", "C");
    assert_eq!(play.count("ParallelStateFailed"), 0);
    play.pass(1);
    assert_eq!(play.calls.len(), 2);
    play.answer(json!(1));
    play.answer(json!(2));
    assert_eq!(
        (
            play.output(),
            play.count("ParallelStateStarted"),
            play.count("ParallelStateEntered")
        ),
        (json!([1, 2]), 2, 1)
    );
}

#[test]
fn parallels_nest() {
    let inner = branch(
        "Inner",
        json!({ "Type": "Parallel", "Branches": [call("A"), call("B")] }),
    );
    let mut play = parallel(json!([inner, call("C")]), json!({}));
    while let Some(call) = play.calls.front() {
        let name = call.state.to_lowercase();
        play.answer(json!(name));
    }
    assert_eq!(play.output(), json!([["a", "b"], "c"]));
}

#[test]
fn nested_branches_are_aborted_from_the_inside_out() {
    let inner = branch(
        "Inner",
        json!({ "Type": "Parallel", "Branches": [call("A"), branch("T", json!({ "Type": "Task", "Resource": TOKEN }))] }),
    );
    let mut play = parallel(json!([inner, call("C")]), json!({}));
    assert_eq!(&*play.calls[0].state, "C");
    play.refuse("E", "C");
    let aborts: Vec<String> = play
        .types()
        .into_iter()
        .filter(|name| name.ends_with("Aborted"))
        .collect();
    assert_eq!(
        aborts,
        ["TaskStateAborted", "TaskStateAborted", "ParallelStateAborted"]
    );
    assert_eq!(play.error().0, "E");
}

#[test]
fn a_failed_expression_in_a_branch_is_noted_once() {
    let bad = branch("A", json!({ "Type": "Pass", "Output": "{% $none %}" }));
    let play = play_jsonata(
        json!({ "P": { "Type": "Parallel", "Branches": [bad], "End": true } }),
        json!({}),
    );
    assert_eq!(play.count("EvaluationFailed"), 1);
    assert_eq!(
        play.last("EvaluationFailed")["evaluationFailedEventDetails"]["state"],
        "A"
    );
    assert_eq!(play.error().0, "States.QueryEvaluationError");
}

#[test]
fn what_fails_after_the_join_is_retried_without_a_failed_event() {
    let mut play = parallel(
        json!([call("A")]),
        json!({
            "ResultSelector": { "x.$": "States.ArrayGetItem($, 5)" },
            "Catch": [{ "ErrorEquals": ["States.IntrinsicFailure"], "Next": "Caught" }],
        }),
    );
    play.answer(json!(1));
    assert_eq!(play.output()["Error"], "States.IntrinsicFailure");
    assert_eq!(
        (
            play.count("ParallelStateSucceeded"),
            play.count("ParallelStateFailed")
        ),
        (1, 0)
    );
}
