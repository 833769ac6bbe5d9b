//! JSONata states.

use crate::play::{FUNCTION, play, play_jsonata, run_jsonata};
use serde_json::json;

#[test]
fn arguments_are_what_is_called_with_and_output_reads_the_result() {
    let state = json!({
        "Type": "Task", "Resource": FUNCTION, "End": true,
        "Arguments": { "n": "{% $states.input.n + 1 %}", "text": "plain" },
        "Output": { "in": "{% $states.input.n %}", "out": "{% $states.result.r %}" },
    });
    let mut play = play_jsonata(json!({ "S": state }), json!({ "n": 1 }));
    assert_eq!(
        play.calls[0].parameters.value(),
        &json!({ "n": 2, "text": "plain" })
    );
    play.answer(json!({ "r": 5 }));
    assert_eq!(play.output(), json!({ "in": 1, "out": 5 }));
}

#[test]
fn without_output_the_result_is_the_output() {
    let mut play = play_jsonata(
        json!({ "S": { "Type": "Task", "Resource": FUNCTION, "End": true } }),
        json!({ "n": 1 }),
    );
    assert_eq!(play.calls[0].parameters.value(), &json!({ "n": 1 }));
    play.answer(json!([1]));
    assert_eq!(play.output(), json!([1]));
}

#[test]
fn an_expression_without_a_value_fails_and_is_noted_with_its_place() {
    let play = run_jsonata(
        json!({ "Type": "Pass", "Output": { "v": "{% $states.input.none %}" }, "End": true }),
        json!({}),
    );
    assert_eq!(play.types()[2..], ["EvaluationFailed", "ExecutionFailed"]);
    assert_eq!(
        play.last("EvaluationFailed")["evaluationFailedEventDetails"]["location"],
        "Output/v"
    );
    let (error, cause) = play.error();
    assert_eq!(error, "States.QueryEvaluationError");
    assert!(
        cause.contains("'{%") || cause.contains("$states.input.none"),
        "{cause}"
    );
    assert!(
        cause.ends_with("specified for the field 'Output/v' returned nothing (undefined)."),
        "{cause}"
    );
}

#[test]
fn arguments_that_fail_can_be_caught_and_retried() {
    let state = json!({
        "Type": "Task", "Resource": FUNCTION, "Arguments": "{% $states.input.none %}", "End": true,
        "Retry": [{ "ErrorEquals": ["States.QueryEvaluationError"], "MaxAttempts": 1 }],
        "Catch": [{ "ErrorEquals": ["States.QueryEvaluationError"], "Output": "caught", "Next": "Caught" }],
    });
    let mut play = play_jsonata(json!({ "S": state, "Caught": { "Type": "Succeed" } }), json!({}));
    play.pass(1);
    assert_eq!(
        (play.output(), play.count("EvaluationFailed")),
        (json!("caught"), 2)
    );
}

#[test]
fn the_context_is_at_hand() {
    let play = run_jsonata(
        json!({ "Type": "Pass", "Output": "{% $states.context.State.Name %}", "End": true }),
        json!({}),
    );
    assert_eq!(play.output(), json!("S"));
}

#[test]
fn a_jsonpath_machine_may_hold_jsonata_states() {
    let play = play(
        json!({
            "A": { "Type": "Pass", "QueryLanguage": "JSONata", "Output": { "n": "{% $states.input.n * 2 %}" }, "Assign": { "v": "{% $states.input.n %}" }, "Next": "B" },
            "B": { "Type": "Pass", "Parameters": { "n.$": "$.n", "v.$": "$v" }, "End": true },
        }),
        json!({ "n": 2 }),
    );
    assert_eq!(play.output(), json!({ "n": 4, "v": 2 }));
}

#[test]
fn time_and_chance_are_those_of_the_execution() {
    let state = json!({ "Type": "Pass", "Output": { "now": "{% $millis() %}", "a": "{% $random() %}", "b": "{% $random() %}", "id": "{% $uuid() %}" }, "End": true });
    let first = run_jsonata(state.clone(), json!({})).output();
    assert_eq!(first["now"], json!(crate::play::START.millis()));
    assert_ne!(first["a"], first["b"]);
    assert_eq!(first, run_jsonata(state, json!({})).output());
}

#[test]
fn a_draw_counts_even_when_the_evaluation_fails_after_it() {
    let state = json!({
        "Type": "Task", "Resource": FUNCTION, "Arguments": { "a": "{% $random() %}", "b": "{% $states.input.none %}" }, "End": true,
        "Catch": [{ "ErrorEquals": ["States.ALL"], "Output": "{% $random() %}", "Next": "Caught" }],
    });
    let caught = play_jsonata(json!({ "S": state, "Caught": { "Type": "Succeed" } }), json!({})).output();
    let first = run_jsonata(
        json!({ "Type": "Pass", "Output": "{% $random() %}", "End": true }),
        json!({}),
    )
    .output();
    assert_ne!(caught, first);
}
