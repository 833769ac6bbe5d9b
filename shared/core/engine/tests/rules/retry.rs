//! Retry.

use crate::play::{FUNCTION, Play, START, TOKEN, play, with};
use engine::{Message, Status};
use serde_json::{Value, json};

/// No delay, because there is no other attempt.
const NEVER: [u64; 0] = [];

fn task(retry: Value, fields: Value) -> Play {
    let state = json!({ "Type": "Task", "Resource": FUNCTION, "Retry": retry, "End": true });
    play(json!({ "S": with(state, fields) }), json!({}))
}

/// The seconds until the next attempt; `None` when there is none.
fn delay(play: &mut Play) -> Option<u64> {
    let deadline = play.execution.next_deadline()?;
    let seconds = u64::try_from((deadline.millis() - play.now.millis()) / 1000).unwrap();
    play.pass(seconds);
    Some(seconds)
}

/// The delays before each new attempt, when every attempt fails with `error`.
fn delays(retry: Value, error: &str) -> Vec<u64> {
    let mut play = task(retry, json!({}));
    let mut delays = Vec::new();
    loop {
        play.refuse(error, "C");
        match delay(&mut play) {
            Some(seconds) => delays.push(seconds),
            None => return delays,
        }
    }
}

#[test]
fn three_attempts_one_second_doubling_by_default() {
    assert_eq!(delays(json!([{ "ErrorEquals": ["E"] }]), "E"), [1, 2, 4]);
}

#[test]
fn interval_rate_and_maximum_are_kept() {
    let retry = json!([{
        "ErrorEquals": ["E"], "IntervalSeconds": 2, "BackoffRate": 3, "MaxAttempts": 5, "MaxDelaySeconds": 20
    }]);
    assert_eq!(delays(retry, "E"), [2, 6, 18, 20, 20]);
}

#[test]
fn no_attempts_means_never() {
    assert_eq!(
        delays(json!([{ "ErrorEquals": ["E"], "MaxAttempts": 0 }]), "E"),
        NEVER
    );
}

#[test]
fn a_first_retrier_without_attempts_shields_its_error_from_the_next() {
    let retry = json!([{ "ErrorEquals": ["E"], "MaxAttempts": 0 }, { "ErrorEquals": ["States.ALL"], "MaxAttempts": 2 }]);
    assert_eq!(delays(retry.clone(), "E"), NEVER);
    assert_eq!(delays(retry, "Other"), [1, 2]);
}

#[test]
fn each_retrier_counts_for_itself() {
    let retry = json!([
        { "ErrorEquals": ["A"], "MaxAttempts": 2, "IntervalSeconds": 1 },
        { "ErrorEquals": ["B"], "MaxAttempts": 1, "IntervalSeconds": 10 },
    ]);
    let mut play = task(retry, json!({}));
    for (error, expected) in [("A", 1), ("B", 10), ("A", 2)] {
        play.refuse(error, "C");
        assert_eq!(delay(&mut play), Some(expected), "{error}");
    }
    play.refuse("B", "C");
    assert_eq!((play.status(), play.error().0), (Status::Failed, "B".into()));
}

#[test]
fn counts_begin_anew_when_the_state_is_entered_again() {
    let mut play = play(
        json!({
            "S": { "Type": "Task", "Resource": FUNCTION, "Retry": [{ "ErrorEquals": ["E"], "MaxAttempts": 1 }], "Next": "S2" },
            "S2": { "Type": "Choice", "Choices": [{ "Variable": "$.end", "IsPresent": true, "Next": "End" }], "Default": "S" },
            "End": { "Type": "Succeed" },
        }),
        json!({}),
    );
    for _ in 0..2 {
        play.refuse("E", "C");
        assert_eq!(delay(&mut play), Some(1));
        play.answer(json!({}));
    }
    assert_eq!(play.status(), Status::Running);
}

#[test]
fn jitter_stays_between_nothing_and_the_delay() {
    let retry = json!([{
        "ErrorEquals": ["E"], "IntervalSeconds": 100, "BackoffRate": 1, "MaxAttempts": 50, "JitterStrategy": "FULL"
    }]);
    let delays = delays(retry.clone(), "E");
    assert_eq!(delays.len(), 50);
    assert!(delays.iter().all(|seconds| *seconds <= 100), "{delays:?}");
    assert!(
        delays.iter().any(|seconds| *seconds < 50) && delays.iter().any(|seconds| *seconds > 50),
        "{delays:?}"
    );
    assert_eq!(
        delays,
        self::delays(retry, "E"),
        "the same execution waits the same times"
    );
}

#[test]
fn a_retry_is_a_new_call_and_no_new_state() {
    let mut play = task(json!([{ "ErrorEquals": ["E"] }]), json!({}));
    let first = play.calls[0].clone();
    play.refuse("E", "C");
    assert_eq!(
        play.probe(Message::CallSucceeded {
            call: first.id,
            output: "1".into()
        }),
        (false, false)
    );
    play.pass(1);
    assert_ne!(
        (first.id, &first.client_token),
        (play.calls[0].id, &play.calls[0].client_token)
    );
    play.answer(json!(1));
    assert_eq!(
        (
            play.count("TaskStateEntered"),
            play.count("LambdaFunctionScheduled")
        ),
        (1, 2)
    );
    assert_eq!(play.output(), json!(1));
}

#[test]
fn the_context_counts_retries() {
    let retry = json!([{ "ErrorEquals": ["A"] }, { "ErrorEquals": ["B"] }]);
    let mut play = task(retry, json!({ "Parameters": { "n.$": "$$.State.RetryCount" } }));
    for (number, error) in ["A", "B", "A"].into_iter().enumerate() {
        assert_eq!(play.calls[0].parameters.value(), &json!({ "n": number }));
        play.refuse(error, "C");
        delay(&mut play);
    }
    assert_eq!(play.calls[0].parameters.value(), &json!({ "n": 3 }));
}

#[test]
fn all_means_every_error_but_runtime() {
    let all = json!([{ "ErrorEquals": ["States.ALL"], "MaxAttempts": 1 }]);
    assert_eq!(delays(all.clone(), "Any"), [1]);
    assert_eq!(delays(all, "States.Runtime"), NEVER);
    let named = json!([{ "ErrorEquals": ["States.Runtime"], "MaxAttempts": 1 }]);
    assert_eq!(delays(named, "States.Runtime"), NEVER);
}

#[test]
fn task_failed_means_every_error_but_a_time_out() {
    let retry = json!([{ "ErrorEquals": ["States.TaskFailed"], "MaxAttempts": 1 }]);
    assert_eq!(delays(retry.clone(), "Any"), [1]);
    assert_eq!(delays(retry.clone(), "States.Timeout"), NEVER);
    let mut play = task(retry, json!({ "TimeoutSeconds": 5 }));
    play.pass(5);
    assert_eq!(play.error().0, "States.Timeout");
}

#[test]
fn a_missed_heartbeat_goes_by_two_names() {
    for name in ["States.HeartbeatTimeout", "States.Timeout"] {
        let state = json!({
            "Type": "Task", "Resource": TOKEN, "TimeoutSeconds": 60, "HeartbeatSeconds": 5,
            "Retry": [{ "ErrorEquals": [name] }], "End": true
        });
        let mut play = play(json!({ "S": state }), json!({}));
        play.pass(5);
        assert_eq!(play.status(), Status::Running, "{name}");
        assert_eq!(play.execution.next_deadline(), Some(START.plus_seconds(6)));
    }
}

#[test]
fn a_heartbeat_missed_before_the_time_out_is_what_happened_even_when_both_are_past() {
    let state = json!({
        "Type": "Task", "Resource": TOKEN, "TimeoutSeconds": 60, "HeartbeatSeconds": 5, "End": true,
        "Catch": [{ "ErrorEquals": ["States.HeartbeatTimeout"], "Next": "Heartbeat" }]
    });
    let mut play = play(
        json!({ "S": state, "Heartbeat": { "Type": "Succeed" } }),
        json!({}),
    );
    play.pass(600);
    assert_eq!(play.status(), Status::Succeeded);
}

#[test]
fn a_time_out_is_no_missed_heartbeat() {
    let mut play = task(
        json!([{ "ErrorEquals": ["States.HeartbeatTimeout"] }]),
        json!({ "TimeoutSeconds": 5 }),
    );
    play.pass(5);
    assert_eq!(play.status(), Status::Failed);
}

#[test]
fn what_fails_after_the_result_is_retried_too() {
    let state = json!({
        "Type": "Task", "Resource": FUNCTION, "ResultPath": "$.a", "End": true,
        "Retry": [{ "ErrorEquals": ["States.ResultPathMatchFailure"], "MaxAttempts": 1 }]
    });
    let mut play = play(json!({ "S": state }), json!(5));
    play.answer(json!(1));
    assert_eq!(delay(&mut play), Some(1));
    play.answer(json!(1));
    assert_eq!(play.error().0, "States.ResultPathMatchFailure");
    assert_eq!(play.count("LambdaFunctionSucceeded"), 2);
}
