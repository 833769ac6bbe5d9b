//! Wait.

use crate::play::{START, play, play_jsonata, run};
use engine::{Message, Status};
use serde_json::{Value, json};

fn waits_until(fields: Value, input: Value) -> i64 {
    let state = crate::play::with(json!({ "Type": "Wait", "End": true }), fields);
    let mut play = play(json!({ "S": state }), input);
    let until = play.execution.next_deadline().expect("a deadline");
    play.now = engine::Timestamp(until.millis() - 1);
    play.tell(Message::Wake);
    assert_eq!(play.status(), Status::Running, "a millisecond too early");
    play.run_to_the_end().unwrap();
    assert_eq!(play.types()[1..3], ["WaitStateEntered", "WaitStateExited"]);
    until.millis() - START.millis()
}

#[test]
fn waits_to_the_second() {
    assert_eq!(waits_until(json!({ "Seconds": 5 }), json!({})), 5_000);
    assert_eq!(
        waits_until(json!({ "SecondsPath": "$.s" }), json!({ "s": 7 })),
        7_000
    );
}

#[test]
fn waits_until_a_moment() {
    // The play starts at 2023-11-14T22:13:20Z.
    assert_eq!(
        waits_until(json!({ "Timestamp": "2023-11-14T22:14:20Z" }), json!({})),
        60_000
    );
    assert_eq!(
        waits_until(
            json!({ "TimestampPath": "$.t" }),
            json!({ "t": "2023-11-14T22:13:21+00:00" })
        ),
        1_000
    );
}

#[test]
fn a_moment_in_the_past_and_no_seconds_do_not_wait() {
    for fields in [
        json!({ "Timestamp": "2001-01-01T00:00:00Z" }),
        json!({ "Seconds": 0 }),
    ] {
        let play = play(
            json!({ "S": crate::play::with(json!({ "Type": "Wait", "End": true }), fields) }),
            json!({}),
        );
        assert_eq!(play.status(), Status::Succeeded);
    }
}

#[test]
fn hands_its_input_on() {
    let state = json!({ "Type": "Wait", "Seconds": 1, "InputPath": "$.a", "OutputPath": "$.b", "End": true });
    assert_eq!(run(state, json!({ "a": { "b": 1 } })).output(), json!(1));
}

#[test]
fn values_that_are_no_time_fail_the_execution() {
    for (fields, input) in [
        (json!({ "SecondsPath": "$.v" }), json!({ "v": -1 })),
        (json!({ "SecondsPath": "$.v" }), json!({ "v": "soon" })),
        (json!({ "SecondsPath": "$.v" }), json!({ "v": 1.5 })),
        (json!({ "SecondsPath": "$.v" }), json!({})),
        (json!({ "TimestampPath": "$.v" }), json!({ "v": "tomorrow" })),
        (json!({ "TimestampPath": "$.v" }), json!({ "v": 5 })),
    ] {
        let state = crate::play::with(json!({ "Type": "Wait", "End": true }), fields.clone());
        let play = play(json!({ "S": state }), input.clone());
        assert_eq!(play.error().0, "States.Runtime", "{fields} {input}");
    }
}

#[test]
fn jsonata_gives_seconds_and_moments() {
    let wait = |fields: Value| {
        play_jsonata(
            json!({ "S": crate::play::with(json!({ "Type": "Wait", "End": true }), fields) }),
            json!({ "s": 3 }),
        )
    };
    let play = wait(json!({ "Seconds": "{% $states.input.s * 2 %}" }));
    assert_eq!(play.execution.next_deadline(), Some(START.plus_seconds(6)));
    let play = wait(json!({ "Timestamp": "{% '2023-11-14T22:13:' & '29Z' %}" }));
    assert_eq!(play.execution.next_deadline(), Some(START.plus_seconds(9)));
    let play = wait(json!({ "Seconds": "{% 'long' %}" }));
    assert_eq!(play.error().0, "States.QueryEvaluationError");
}

#[test]
fn a_clock_that_went_back_does_not_take_history_back() {
    let mut play = play(
        json!({ "S": { "Type": "Wait", "Seconds": 1, "Next": "P" }, "P": { "Type": "Wait", "Seconds": 1, "End": true } }),
        json!({}),
    );
    play.pass(1);
    play.now = START;
    play.tell(Message::Wake);
    assert_eq!(play.execution.next_deadline(), Some(START.plus_seconds(2)));
    play.pass(2);
    assert!(play.events.windows(2).all(|pair| pair[0].time <= pair[1].time));
    assert_eq!(play.status(), Status::Succeeded);
}
