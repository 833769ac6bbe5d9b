//! Map, inline.

use crate::play::{FUNCTION, Play, play, play_jsonata, with, with_caught};
use engine::{Message, Status};
use serde_json::{Value, json};

fn call() -> Value {
    json!({ "StartAt": "I", "States": { "I": { "Type": "Task", "Resource": FUNCTION, "End": true } } })
}

fn pass() -> Value {
    json!({ "StartAt": "I", "States": { "I": { "Type": "Pass", "End": true } } })
}

fn map(processor: Value, fields: Value, input: Value) -> Play {
    let state = with(
        json!({ "Type": "Map", "ItemProcessor": processor, "End": true }),
        fields,
    );
    play(with_caught("M", state), input)
}

fn map_jsonata(processor: Value, fields: Value, input: Value) -> Play {
    let state = with(
        json!({ "Type": "Map", "ItemProcessor": processor, "End": true }),
        fields,
    );
    play_jsonata(with_caught("M", state), input)
}

#[test]
fn results_stand_in_the_order_of_the_items() {
    let mut play = map(call(), json!({}), json!([1, 2, 3]));
    assert_eq!(
        play.calls
            .iter()
            .map(|call| call.parameters.value().clone())
            .collect::<Vec<_>>(),
        [1, 2, 3]
    );
    play.calls.rotate_left(2);
    for result in ["c", "a", "b"] {
        play.answer(json!(result));
    }
    assert_eq!(play.output(), json!(["a", "b", "c"]));
}

#[test]
fn no_items_no_iterations() {
    let play = map(pass(), json!({}), json!([]));
    assert_eq!(play.output(), json!([]));
    assert_eq!(
        play.types()[1..5],
        [
            "MapStateEntered",
            "MapStateStarted",
            "MapStateSucceeded",
            "MapStateExited"
        ]
    );
}

#[test]
fn no_more_run_at_once_than_allowed() {
    let mut play = map(call(), json!({ "MaxConcurrency": 2 }), json!([1, 2, 3, 4, 5]));
    for left in [2, 2, 2, 2, 1] {
        assert_eq!(play.calls.len(), left);
        play.answer(json!(0));
    }
    assert_eq!(play.status(), Status::Succeeded);
}

#[test]
fn forty_run_at_once_when_no_number_is_named_or_a_larger_one() {
    let items: Vec<u32> = (0..100).collect();
    for fields in [
        json!({}),
        json!({ "MaxConcurrency": 0 }),
        json!({ "MaxConcurrency": 1000 }),
    ] {
        assert_eq!(map(call(), fields, json!(items)).calls.len(), 40);
    }
    let by_path = map(
        call(),
        json!({ "MaxConcurrencyPath": "$.n", "ItemsPath": "$.items" }),
        json!({ "n": 3, "items": items }),
    );
    assert_eq!(by_path.calls.len(), 3);
}

#[test]
fn item_selector_sees_input_and_item() {
    let fields = json!({
        "ItemsPath": "$.items",
        "ItemSelector": { "all.$": "$.k", "item.$": "$$.Map.Item.Value", "number.$": "$$.Map.Item.Index" },
    });
    let play = map(pass(), fields, json!({ "k": "k", "items": ["a", "b"] }));
    assert_eq!(
        play.output(),
        json!([{ "all": "k", "item": "a", "number": 0 }, { "all": "k", "item": "b", "number": 1 }])
    );
}

#[test]
fn selecting_items_does_not_store_the_input_again() {
    let items: Vec<u32> = (0..30).collect();
    let fields = json!({
        "InputPath": "$.in", "ItemsPath": "$.items", "ItemSelector": { "item.$": "$$.Map.Item.Value" },
    });
    let play = map(
        pass(),
        fields,
        json!({ "in": { "items": items, "large": "x".repeat(1000) } }),
    );
    let bytes: usize = play.texts.values().map(|text| text.len()).sum();
    assert!(bytes < 12_000, "{bytes} bytes of documents");
    assert_eq!(play.status(), Status::Succeeded);
}

#[test]
fn objects_have_keys() {
    let fields = json!({
        "Items": "{% $states.input %}",
        "ItemSelector": { "k": "{% $states.context.Map.Item.Key %}", "v": "{% $states.context.Map.Item.Value %}" },
    });
    let play = map_jsonata(pass(), fields, json!({ "b": 1, "a": 2 }));
    assert_eq!(play.output(), json!([{ "k": "b", "v": 1 }, { "k": "a", "v": 2 }]));
}

#[test]
fn items_may_be_a_literal_with_expressions() {
    let play = map_jsonata(
        pass(),
        json!({ "Items": [1, "{% $states.input.n %}"] }),
        json!({ "n": 2 }),
    );
    assert_eq!(play.output(), json!([1, 2]));
}

#[test]
fn items_that_are_no_list_fail_the_execution() {
    assert_eq!(
        map(pass(), json!({ "ItemsPath": "$.n" }), json!({ "n": 5 }))
            .error()
            .0,
        "States.Runtime"
    );
    let play = map_jsonata(pass(), json!({ "Items": "{% 5 %}" }), json!({}));
    assert_eq!(play.error().0, "States.QueryEvaluationError");
}

#[test]
fn the_first_failure_aborts_the_others() {
    let mut play = map(call(), json!({ "MaxConcurrency": 2 }), json!([1, 2, 3]));
    play.refuse("E", "C");
    assert_eq!(play.error().0, "E");
    let tail = play.types().split_off(play.types().len() - 6);
    assert_eq!(
        tail,
        [
            "LambdaFunctionFailed",
            "MapIterationFailed",
            "TaskStateAborted",
            "MapIterationAborted",
            "MapStateFailed",
            "ExecutionFailed"
        ]
    );
    assert_eq!(play.count("MapIterationStarted"), 2, "the third never began");
}

#[test]
fn a_tolerated_failure_leaves_the_others_alone() {
    let mut play = map(call(), json!({ "ToleratedFailureCount": 1 }), json!([1, 2, 3]));
    play.answer(json!("a"));
    play.refuse("E", "C");
    play.answer(json!("c"));
    assert_eq!(play.output(), json!(["a", "c"]));
    assert_eq!(
        (
            play.count("MapIterationFailed"),
            play.count("MapIterationSucceeded")
        ),
        (1, 2)
    );
}

#[test]
fn one_failure_too_many_has_its_own_name() {
    let mut play = map(
        call(),
        json!({ "ToleratedFailurePercentage": 50 }),
        json!([1, 2, 3]),
    );
    play.refuse("E", "C");
    assert_eq!(play.status(), Status::Running);
    play.refuse("E", "C");
    assert_eq!(play.error().0, "States.ExceedToleratedFailureThreshold");
}

#[test]
fn a_retry_runs_all_iterations_again() {
    let mut play = map(
        call(),
        json!({ "Retry": [{ "ErrorEquals": ["E"] }] }),
        json!([1, 2]),
    );
    play.answer(json!("lost"));
    play.refuse("E", "C");
    play.pass(1);
    assert_eq!(play.calls.len(), 2);
    play.answer(json!("a"));
    play.answer(json!("b"));
    assert_eq!(
        (
            play.output(),
            play.count("MapStateStarted"),
            play.count("MapStateFailed")
        ),
        (json!(["a", "b"]), 2, 0)
    );
}

#[test]
fn iterations_that_began_end_with_a_state_that_cannot_begin_another() {
    let fields = json!({
        "ItemSelector": { "x.$": "States.MathAdd($$.Map.Item.Value, 1)" },
        "Catch": [{ "ErrorEquals": ["States.IntrinsicFailure"], "Next": "Caught" }],
    });
    let play = map(call(), fields, json!([1, "two", 3]));
    assert_eq!(play.output()["Error"], "States.IntrinsicFailure");
    assert!(play.calls.is_empty(), "the first iteration is not left behind");
    assert_eq!(
        (
            play.count("MapIterationStarted"),
            play.count("MapIterationAborted"),
            play.count("MapStateFailed")
        ),
        (1, 1, 1)
    );
}

#[test]
fn iterations_that_began_later_end_with_it_too() {
    let fields = json!({
        "MaxConcurrency": 1,
        "ItemSelector": { "x.$": "States.MathAdd($$.Map.Item.Value, 1)" },
        "Retry": [{ "ErrorEquals": ["States.IntrinsicFailure"], "MaxAttempts": 1 }],
    });
    let mut play = map(call(), fields, json!([1, "two"]));
    for _ in 0..2 {
        play.answer(json!({}));
        play.pass(1);
    }
    assert_eq!(play.error().0, "States.IntrinsicFailure");
    assert_eq!(play.count("MapStateStarted"), 2);
}

#[test]
fn a_map_in_a_parallel_in_a_map() {
    let inner = json!({ "Type": "Map", "ItemProcessor": {
        "StartAt": "Show",
        "States": { "Show": { "Type": "Pass", "Parameters": { "n.$": "$$.Map.Item.Index" }, "End": true } },
    }, "End": true });
    let parallel = json!({ "Type": "Parallel", "Branches": [{ "StartAt": "Inner", "States": { "Inner": inner } }], "End": true });
    let play = map(
        json!({ "StartAt": "P", "States": { "P": parallel } }),
        json!({}),
        json!([["a"], ["b", "c"]]),
    );
    assert_eq!(play.output(), json!([[[{ "n": 0 }]], [[{ "n": 0 }, { "n": 1 }]]]));
}

#[test]
fn the_innermost_item_is_the_one_that_is_seen() {
    let parallel = json!({ "Type": "Parallel", "End": true, "Branches": [{ "StartAt": "Show", "States": {
        "Show": { "Type": "Pass", "Parameters": { "v.$": "$$.Map.Item.Value" }, "End": true },
    } }] });
    let play = map(
        json!({ "StartAt": "P", "States": { "P": parallel } }),
        json!({}),
        json!(["a"]),
    );
    assert_eq!(play.output(), json!([[{ "v": "a" }]]), "through a Parallel state");
}

#[test]
fn late_answers_of_an_ended_map_change_nothing() {
    let mut play = map(
        call(),
        json!({ "Catch": [{ "ErrorEquals": ["E"], "Next": "Caught" }] }),
        json!([1, 2]),
    );
    let other = play.calls[1].id;
    play.refuse("E", "C");
    assert_eq!(
        play.probe(Message::CallSucceeded {
            call: other,
            output: "1".into()
        }),
        (false, false)
    );
}
