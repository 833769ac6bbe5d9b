//! One state under test.

use crate::play::{FUNCTION, START, TOKEN, failure, identity};
use engine::{Effect, Expected, Handled, Limits, Message, Mock, Progress, Trial, TrialStatus, Verdict};
use serde_json::{Value, json};
use std::sync::Arc;

fn alone(state: &Value, input: &Value, expected: Expected) -> Trial {
    let compiled = asl::compile_state(&state.to_string(), "S");
    let program = Arc::new(compiled.program.expect("the state compiles"));
    let limits = Limits::default();
    Trial::new(
        program,
        identity(),
        "S",
        input.to_string().into(),
        expected,
        limits,
    )
    .unwrap()
}

/// Tests a state that makes no call, or whose work is mocked.
fn verdict(state: Value, input: Value, expected: Expected) -> Verdict {
    let mut trial = alone(&state, &input, expected);
    assert!(matches!(trial.begin(START), Progress::Ended));
    trial.verdict()
}

fn result(value: Value) -> Expected {
    Expected {
        mock: Some(Mock::Result(value.to_string())),
        ..Expected::default()
    }
}

fn error(name: &str) -> Expected {
    Expected {
        mock: Some(Mock::Failure(failure(name, "C"))),
        ..Expected::default()
    }
}

fn output(verdict: &Verdict) -> Value {
    serde_json::from_str(verdict.output.as_deref().expect("an output")).unwrap()
}

#[test]
fn every_step_of_a_pass_state_is_seen() {
    // AWS developer guide: TestState, the example of the inspection level DEBUG.
    let state = json!({ "Type": "Pass", "InputPath": "$.payload", "Parameters": { "data": 1 },
        "ResultPath": "$.result", "OutputPath": "$.result.data", "Next": "Another State" });
    let verdict = verdict(state, json!({ "payload": { "foo": "bar" } }), Expected::default());
    assert_eq!(verdict.status, TrialStatus::Succeeded);
    assert_eq!(
        (output(&verdict), verdict.next_state.as_deref()),
        (json!(1), Some("Another State"))
    );
    let trace = &verdict.trace;
    assert_eq!(trace.after_input_path, Some(json!({ "foo": "bar" })));
    assert_eq!(trace.after_arguments, Some(json!({ "data": 1 })));
    assert_eq!(trace.after_result_selector, Some(json!({ "data": 1 })));
    assert_eq!(
        trace.after_result_path,
        Some(json!({ "payload": { "foo": "bar" }, "result": { "data": 1 } }))
    );
}

#[test]
fn a_choice_names_the_next_state_and_a_last_state_names_none() {
    let choice = json!({ "Type": "Choice", "Default": "No Match", "Choices": [
        { "Variable": "$.number", "NumericEquals": 1, "Next": "Equals 1" },
        { "Variable": "$.number", "NumericEquals": 2, "Next": "Equals 2" } ] });
    let chosen = verdict(choice.clone(), json!({ "number": 2 }), Expected::default());
    assert_eq!(chosen.next_state.as_deref(), Some("Equals 2"));
    let other = verdict(choice, json!({ "number": 3 }), Expected::default());
    assert_eq!(other.next_state.as_deref(), Some("No Match"));
    let last = verdict(
        json!({ "Type": "Succeed" }),
        json!({ "a": 1 }),
        Expected::default(),
    );
    assert_eq!((output(&last), last.next_state), (json!({ "a": 1 }), None));
}

#[test]
fn a_fail_state_fails() {
    let verdict = verdict(
        json!({ "Type": "Fail", "Error": "E", "Cause": "C" }),
        json!({}),
        Expected::default(),
    );
    assert_eq!(verdict.status, TrialStatus::Failed);
    assert_eq!(
        (verdict.error.as_deref(), verdict.cause.as_deref()),
        (Some("E"), Some("C"))
    );
    assert_eq!(verdict.output, None);
}

#[test]
fn an_expression_that_fails_is_told_with_what_was_seen_before() {
    let state = json!({ "Type": "Pass", "InputPath": "$.a", "Parameters": { "x.$": "$.none" }, "End": true });
    let verdict = verdict(state, json!({ "a": { "b": 1 } }), Expected::default());
    assert_eq!(
        (verdict.status, verdict.error.as_deref()),
        (TrialStatus::Failed, Some("States.Runtime"))
    );
    assert_eq!(verdict.trace.after_input_path, Some(json!({ "b": 1 })));
    assert_eq!(verdict.trace.after_arguments, None);
}

#[test]
fn a_call_is_asked_for_and_its_result_passes_through_the_state() {
    let state = json!({ "Type": "Task", "Resource": FUNCTION, "Parameters": { "n.$": "$.n" },
        "ResultSelector": { "r.$": "$.raw" }, "ResultPath": "$.out", "Next": "Then" });
    let mut trial = alone(&state, &json!({ "n": 1 }), Expected::default());
    let Progress::Asks(effect) = trial.begin(START) else {
        panic!("it calls the function");
    };
    assert!(matches!(*effect, Effect::Call(_)));
    assert_eq!(effect.call().parameters.value(), &json!({ "n": 1 }));
    let message = Message::CallSucceeded {
        call: effect.call().id,
        output: r#"{ "raw": 7 }"#.into(),
    };
    assert!(matches!(trial.tell(message, START), Progress::Ended));
    let verdict = trial.verdict();
    assert_eq!(output(&verdict), json!({ "n": 1, "out": { "r": 7 } }));
    assert_eq!(verdict.trace.result.as_deref(), Some(r#"{ "raw": 7 }"#));
    assert_eq!(verdict.trace.after_result_selector, Some(json!({ "r": 7 })));
}

#[test]
fn a_call_that_takes_too_long_times_out_and_can_be_caught() {
    let state = json!({ "Type": "Task", "Resource": FUNCTION, "End": true,
        "Catch": [{ "ErrorEquals": ["States.Timeout"], "Next": "Late" }] });
    let mut trial = alone(&state, &json!({}), Expected::default());
    assert!(matches!(trial.begin(START), Progress::Asks(_)));
    assert!(matches!(trial.time_out(START.plus_seconds(300)), Progress::Ended));
    let verdict = trial.verdict();
    assert_eq!(
        (verdict.status, verdict.next_state.as_deref()),
        (TrialStatus::CaughtError, Some("Late"))
    );
    assert_eq!(verdict.error.as_deref(), Some("States.Timeout"));
}

#[test]
fn a_wait_waits_and_goes_on() {
    let mut trial = alone(
        &json!({ "Type": "Wait", "Seconds": 5, "Next": "Then" }),
        &json!(1),
        Expected::default(),
    );
    let Progress::Waits(until) = trial.begin(START) else {
        panic!("it waits");
    };
    assert_eq!(until, START.plus_seconds(5));
    assert!(matches!(trial.tell(Message::Wake, until), Progress::Ended));
    let verdict = trial.verdict();
    assert_eq!(
        (output(&verdict), verdict.next_state.as_deref()),
        (json!(1), Some("Then"))
    );
    let mut late = alone(
        &json!({ "Type": "Wait", "Seconds": 5000, "Next": "Then" }),
        &json!(1),
        Expected::default(),
    );
    late.begin(START);
    late.time_out(START);
    assert_eq!(late.verdict().error.as_deref(), Some("States.Timeout"));
}

/// A state with the retrier and the catcher of AWS's examples.
fn guarded() -> Value {
    json!({ "Type": "Task", "Resource": FUNCTION, "Next": "Success",
        "Retry": [
            { "ErrorEquals": ["Other"], "MaxAttempts": 9 },
            { "ErrorEquals": ["Lambda.ServiceException"], "IntervalSeconds": 2, "MaxAttempts": 3, "BackoffRate": 2.0 },
        ],
        "Catch": [{ "ErrorEquals": ["Lambda.TooManyRequestsException", "Lambda.ServiceException"],
            "ResultPath": "$.error", "Next": "HandleThrottling" }] })
}

#[test]
fn an_error_is_retried_until_the_attempts_are_used_up_and_then_caught() {
    let tried = |retries| {
        let expected = Expected {
            retries,
            ..error("Lambda.ServiceException")
        };
        verdict(guarded(), json!({ "data": "value" }), expected)
    };
    let retried = tried(1);
    assert_eq!(
        (retried.status, retried.output.clone()),
        (TrialStatus::Retriable, None)
    );
    assert_eq!(retried.error.as_deref(), Some("Lambda.ServiceException"));
    // AWS developer guide: the backoff is 4 seconds (2 × 2.0^1).
    assert_eq!(
        retried.trace.handled,
        Some(Handled::Retry {
            index: 1,
            delay_seconds: 4
        })
    );
    let caught = tried(3);
    assert_eq!(caught.status, TrialStatus::CaughtError);
    assert_eq!(caught.trace.handled, Some(Handled::Catch { index: 0 }));
    assert_eq!(caught.next_state.as_deref(), Some("HandleThrottling"));
    assert_eq!(
        output(&caught),
        json!({ "data": "value", "error": { "Error": "Lambda.ServiceException", "Cause": "C" } })
    );
    let failed = verdict(guarded(), json!({}), error("Unknown"));
    assert_eq!((failed.status, failed.trace.handled), (TrialStatus::Failed, None));
}

#[test]
fn a_catcher_that_fails_fails_the_state() {
    let state = json!({ "Type": "Task", "QueryLanguage": "JSONata", "Resource": FUNCTION, "End": true,
        "Catch": [{ "ErrorEquals": ["States.ALL"], "Output": "{% $none %}", "Next": "N" }] });
    let verdict = verdict(state, json!({}), error("E"));
    assert_eq!(
        (verdict.status, verdict.error.as_deref()),
        (TrialStatus::Failed, Some("States.QueryEvaluationError"))
    );
}

#[test]
fn callbacks_and_activities_are_mocked_as_a_whole() {
    let state = json!({ "Type": "Task", "Resource": TOKEN, "HeartbeatSeconds": 9, "End": true,
        "Parameters": { "MessageBody": { "token.$": "$$.Task.Token" } } });
    let mocked = verdict(state.clone(), json!({}), result(json!({ "ok": true })));
    assert_eq!(output(&mocked), json!({ "ok": true }));
    assert_eq!(verdict(state, json!({}), error("E")).error.as_deref(), Some("E"));
    let job = json!({ "Type": "Task", "Resource": "arn:aws:states:::glue:startJobRun.sync", "End": true,
        "Parameters": { "JobName": "j" } });
    let ended = verdict(job, json!({}), result(json!({ "JobRunState": "SUCCEEDED" })));
    assert_eq!(output(&ended), json!({ "JobRunState": "SUCCEEDED" }));
}

#[test]
fn variables_are_given_and_assigned() {
    let state = json!({ "Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $x + 1 %}",
        "Assign": { "y": "{% $x * 2 %}" }, "End": true });
    let expected = Expected {
        variables: json!({ "x": 20 }).as_object().cloned().unwrap(),
        ..Expected::default()
    };
    let verdict = verdict(state, json!({}), expected);
    assert_eq!(output(&verdict), json!(21));
    assert_eq!(Value::Object(verdict.variables), json!({ "x": 20, "y": 40 }));
}

#[test]
fn a_given_context_takes_the_place_of_the_made_up_one() {
    let state = json!({ "Type": "Task", "Resource": FUNCTION, "End": true,
        "Parameters": { "id.$": "$$.Execution.Id", "count.$": "$$.State.RetryCount" } });
    let made_up = verdict(state.clone(), json!({}), result(json!(1)));
    assert_eq!(
        made_up.trace.after_arguments,
        Some(json!({ "id": &*identity().arn, "count": 0 }))
    );
    let expected = Expected {
        context: Some(json!({ "Execution": { "Id": "mine" }, "State": { "RetryCount": 5 } })),
        ..result(json!(1))
    };
    let given = verdict(state, json!({}), expected);
    assert_eq!(
        given.trace.after_arguments,
        Some(json!({ "id": "mine", "count": 5 }))
    );
}

fn map(fields: Value) -> Value {
    let state = json!({ "Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": 3, "End": true,
        "ItemSelector": { "value.$": "$$.Map.Item.Value", "index.$": "$$.Map.Item.Index" },
        "ItemProcessor": { "StartAt": "Work", "States": { "Work": { "Type": "Task", "Resource": FUNCTION, "End": true } } } });
    crate::play::with(state, fields)
}

#[test]
fn a_map_shows_its_items_and_their_inputs_and_runs_none_of_them() {
    let verdict = verdict(
        map(json!({ "ResultPath": "$.out", "ToleratedFailurePercentage": 50 })),
        json!({ "items": [1, 2] }),
        result(json!([10, 20])),
    );
    assert_eq!(output(&verdict), json!({ "items": [1, 2], "out": [10, 20] }));
    let trace = verdict.trace;
    assert_eq!(trace.after_items_path, Some(json!([1, 2])));
    assert_eq!(
        trace.after_item_selector,
        Some(vec![
            json!({ "value": 1, "index": 0 }),
            json!({ "value": 2, "index": 1 })
        ])
    );
    assert_eq!(
        (trace.max_concurrency, trace.tolerated_failure_percentage),
        (Some(3), Some(50.0))
    );
    assert_eq!(trace.result.as_deref(), Some("[10,20]"));
}

#[test]
fn too_many_failed_iterations_fail_a_map() {
    let tried = |failed| {
        let expected = Expected {
            failed_iterations: Some(failed),
            ..result(json!([]))
        };
        let state = map(json!({ "ToleratedFailureCount": 1 }));
        verdict(state, json!({ "items": [1, 2, 3] }), expected)
    };
    assert_eq!(tried(1).status, TrialStatus::Succeeded);
    assert_eq!(
        tried(2).error.as_deref(),
        Some("States.ExceedToleratedFailureThreshold")
    );
}

#[test]
fn a_distributed_map_is_tested_with_the_items_that_its_reader_has_read() {
    let processor = json!({ "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
        "StartAt": "Work", "States": { "Work": { "Type": "Pass", "End": true } } });
    let reader = json!({ "Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": { "InputType": "JSON" },
        "Parameters": { "Bucket": "b", "Key": "k" } });
    let state = json!({ "Type": "Map", "ItemProcessor": processor, "ItemReader": reader, "End": true });
    let expected = Expected {
        items_read: Some(json!(["a", "b"])),
        ..result(json!([1, 2]))
    };
    let verdict = verdict(state, json!({}), expected);
    assert_eq!(verdict.trace.after_items_path, Some(json!(["a", "b"])));
    assert_eq!(output(&verdict), json!([1, 2]));
}

#[test]
fn a_parallel_state_is_tested_without_its_branches() {
    let branch =
        json!({ "StartAt": "W", "States": { "W": { "Type": "Task", "Resource": FUNCTION, "End": true } } });
    let state = json!({ "Type": "Parallel", "Branches": [branch], "Parameters": { "p": 1 }, "End": true,
        "Catch": [{ "ErrorEquals": ["States.TaskFailed"], "Next": "Caught" }] });
    let succeeded = verdict(state.clone(), json!({}), result(json!([7])));
    assert_eq!(output(&succeeded), json!([7]));
    assert_eq!(succeeded.trace.after_arguments, Some(json!({ "p": 1 })));
    let caught = verdict(state.clone(), json!({}), error("E"));
    assert_eq!(
        (caught.status, caught.next_state.as_deref()),
        (TrialStatus::CaughtError, Some("Caught"))
    );
    let trial = alone(&state, &json!({}), Expected::default());
    assert!(trial.contains("W") && !trial.contains("S"));
}

#[test]
fn a_state_within_a_map_of_a_whole_definition_has_the_input_for_its_item() {
    let definition = json!({ "StartAt": "M", "States": {
        "M": { "Type": "Map", "Next": "After", "ItemProcessor": { "StartAt": "In", "States": {
            "In": { "Type": "Pass", "Parameters": { "i.$": "$$.Map.Item.Index", "v.$": "$$.Map.Item.Value" }, "End": true } } } },
        "After": { "Type": "Pass", "Parameters": { "x.$": "$$.Map.Item.Index" }, "End": true },
    } });
    let program = Arc::new(
        asl::compile(&definition.to_string(), asl::MachineType::Standard)
            .program
            .unwrap(),
    );
    let trial = |name: &str| {
        let limits = Limits::default();
        let input = "\"item\"".into();
        Trial::new(
            Arc::clone(&program),
            identity(),
            name,
            input,
            Expected::default(),
            limits,
        )
    };
    let mut inside = trial("In").unwrap();
    inside.begin(START);
    assert_eq!(output(&inside.verdict()), json!({ "i": 0, "v": "item" }));
    let mut after = trial("After").unwrap();
    after.begin(START);
    assert_eq!(after.verdict().status, TrialStatus::Failed);
    assert!(trial("Nowhere").is_none());
}
