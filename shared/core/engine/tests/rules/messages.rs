//! Stop, what comes after the end, and messages that nobody waits for.

use crate::play::{FUNCTION, Play, TOKEN, failure, play};
use engine::{CallId, Message, Status};
use serde_json::json;

fn waiting() -> Play {
    play(
        json!({ "S": { "Type": "Task", "Resource": TOKEN, "HeartbeatSeconds": 100, "End": true } }),
        json!({}),
    )
}

fn every_message(call: CallId) -> Vec<Message> {
    vec![
        Message::Start,
        Message::Wake,
        Message::CallSucceeded {
            call,
            output: "1".into(),
        },
        Message::CallFailed {
            call,
            failure: failure("E", "C"),
        },
        Message::CallUnknown { call, reason: None },
        Message::Callback {
            call,
            result: Ok("1".into()),
        },
        Message::JobDone {
            call,
            submission: "{}".into(),
            result: Ok("1".into()),
        },
        Message::Heartbeat { call },
        Message::ActivityStarted {
            call,
            worker_name: None,
        },
        Message::Stop {
            error: None,
            cause: None,
        },
        Message::Poison { cause: "x".into() },
    ]
}

#[test]
fn stop_ends_everything() {
    let branch = |name: &str| json!({ "StartAt": name, "States": { name: { "Type": "Task", "Resource": FUNCTION, "End": true } } });
    let mut play = play(
        json!({ "P": { "Type": "Parallel", "Branches": [branch("A"), branch("B")], "End": true } }),
        json!({}),
    );
    assert!(play.tell(Message::Stop {
        error: Some("E".into()),
        cause: Some("C".into())
    }));
    assert_eq!(
        (play.status(), play.error()),
        (Status::Aborted, ("E".into(), "C".into()))
    );
    assert_eq!(
        play.last("ExecutionAborted")["executionAbortedEventDetails"],
        json!({ "error": "E", "cause": "C" })
    );
    assert_eq!(play.count("TaskStateAborted"), 2);
    assert!(play.execution.outstanding(&play.program).is_empty());
    assert_eq!(play.execution.next_deadline(), None);
}

#[test]
fn stop_may_say_nothing() {
    let mut play = waiting();
    play.tell(Message::Stop {
        error: None,
        cause: None,
    });
    let closing = play.execution.closing.as_ref().unwrap();
    assert_eq!(
        (closing.status, &closing.error, &closing.cause),
        (Status::Aborted, &None, &None)
    );
}

#[test]
fn poison_fails_the_execution_and_says_why() {
    let mut play = waiting();
    assert!(play.tell(Message::Poison {
        cause: "the definition is gone".into()
    }));
    assert_eq!(
        play.error(),
        ("States.Runtime".into(), "the definition is gone".into())
    );
}

#[test]
fn nothing_reaches_an_execution_after_its_end() {
    let mut ended = waiting();
    let call = ended.calls[0].id;
    ended.report(Ok(json!(1)));
    for message in every_message(call) {
        assert_eq!(ended.probe(message.clone()), (false, false), "{message:?}");
    }
    let mut stopped = waiting();
    stopped.tell(Message::Stop {
        error: None,
        cause: None,
    });
    for message in every_message(call) {
        assert_eq!(stopped.probe(message.clone()), (false, false), "{message:?}");
    }
}

#[test]
fn messages_for_other_attempts_change_nothing() {
    let mut play = waiting();
    for message in every_message(CallId(99)) {
        if matches!(
            message,
            Message::Stop { .. } | Message::Poison { .. } | Message::Wake
        ) {
            continue;
        }
        assert_eq!(play.probe(message.clone()), (false, false), "{message:?}");
    }
}

#[test]
fn a_wake_up_without_a_reason_changes_nothing() {
    let mut play = waiting();
    assert_eq!(play.probe(Message::Wake), (true, false));
}

#[test]
fn a_message_nobody_waits_for_is_not_accepted_because_something_else_was_due() {
    let branch =
        json!({ "StartAt": "T", "States": { "T": { "Type": "Task", "Resource": TOKEN, "End": true } } });
    let wait = json!({ "StartAt": "W", "States": { "W": { "Type": "Wait", "Seconds": 5, "End": true } } });
    let mut play = play(
        json!({ "P": { "Type": "Parallel", "Branches": [branch, wait], "End": true } }),
        json!({}),
    );
    play.now = play.now.plus_seconds(5);
    assert_eq!(
        play.probe(Message::Callback {
            call: CallId(99),
            result: Ok("1".into())
        }),
        (false, true)
    );
}

#[test]
fn a_heartbeat_is_remembered() {
    let mut play = waiting();
    let call = play.calls[0].id;
    play.now = play.now.plus_seconds(50);
    assert!(play.tell(Message::Heartbeat { call }));
    assert_eq!(play.execution.next_deadline(), Some(play.now.plus_seconds(100)));
    assert_eq!(play.events.len(), 4, "without an event");
}

/// A driver that only answers clients leaves calls to another, which is woken.
#[test]
fn held_calls_are_left_to_the_driver_that_is_woken() {
    let states = json!({ "P": { "Type": "Pass", "Next": "S" }, "S": { "Type": "Task", "Resource": FUNCTION, "End": true } });
    let definition = json!({ "StartAt": "P", "States": states }).to_string();
    let mut play = Play::unstarted(
        engine::ExecutionType::Standard,
        &definition,
        "{}",
        engine::Limits::default(),
    )
    .unwrap();
    play.execution.holds_calls = true;
    let outcome = engine::apply(&play.program, &mut play.execution, Message::Start, play.now);
    assert!(outcome.unfinished && outcome.effects.is_empty());
    let names: Vec<String> = outcome
        .events
        .iter()
        .map(|event| event.details.event_type())
        .collect();
    assert_eq!(names, ["ExecutionStarted", "PassStateEntered", "PassStateExited"]);
    play.execution.holds_calls = false;
    let outcome = engine::apply(&play.program, &mut play.execution, Message::Wake, play.now);
    assert_eq!(outcome.effects.len(), 1);
    assert!(!outcome.unfinished);
}
