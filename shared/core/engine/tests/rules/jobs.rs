//! The jobs behind `.sync` tasks: when they are asked for, and when they are cancelled.

use crate::play::{Play, START, failure, play, with};
use engine::{CallId, Effect, Message, Status, Timestamp};
use serde_json::{Value, json};

const GLUE: &str = "arn:aws:states:::glue:startJobRun.sync";
const CHILD: &str = "arn:aws:states:::states:startExecution.sync:2";

fn job(fields: Value) -> Value {
    let state = json!({ "Type": "Task", "Resource": GLUE, "Parameters": { "JobName": "j" }, "End": true });
    with(state, fields)
}

/// An execution whose job is submitted.
fn submitted(fields: Value) -> Play {
    let mut play = play(json!({ "S": job(fields) }), json!({}));
    submit(&mut play);
    play
}

fn submit(play: &mut Play) {
    let call = play.calls.pop_front().unwrap().id;
    let output = json!({ "JobRunId": format!("jr_{}", call.0) }).to_string();
    assert!(play.tell(Message::CallSucceeded { call, output }));
}

/// Takes the names of what was asked for besides calls.
fn asides(play: &mut Play) -> Vec<&'static str> {
    let asides = std::mem::take(&mut play.asides);
    let name = |effect: &Effect| match effect {
        Effect::Poll(_) => "poll",
        Effect::Watch(_) => "watch",
        Effect::Cancel(_) => "cancel",
        Effect::Call(_) | Effect::OfferActivity(_) | Effect::StartChild(_) => "call",
    };
    asides.iter().map(name).collect()
}

fn millis_to_next(play: &Play) -> i64 {
    play.execution.next_deadline().unwrap().millis() - play.now.millis()
}

#[test]
fn a_job_is_watched_from_its_submission_and_asked_for_a_second_later() {
    let mut play = submitted(json!({}));
    let watched = play.asides[0].call();
    assert_eq!(
        watched.job.as_ref().unwrap().submission.value(),
        &json!({ "JobRunId": "jr_0" })
    );
    assert_eq!(asides(&mut play), ["watch"]);
    assert_eq!(play.execution.next_deadline(), Some(START.plus_seconds(1)));
    play.tell(Message::Wake);
    assert_eq!(asides(&mut play), [""; 0], "it is not time yet");
    play.pass(1);
    assert_eq!(asides(&mut play), ["poll"]);
}

#[test]
fn the_pauses_grow_with_the_age_of_the_job_up_to_a_minute() {
    let mut play = submitted(json!({}));
    let mut ages = Vec::new();
    let mut pauses = Vec::new();
    while pauses.last() != Some(&60_000) {
        play.now = play.execution.next_deadline().unwrap();
        play.tell(Message::Wake);
        ages.push((play.now.millis() - START.millis()) / 1000);
        pauses.push(millis_to_next(&play));
    }
    assert_eq!(ages, [1, 2, 3, 4, 6, 10, 15, 22, 34, 51, 76, 115, 172]);
    assert_eq!(pauses[..5], [1000, 1000, 1500, 2250, 3375]);
    play.now = START.plus_seconds(86_400);
    play.tell(Message::Wake);
    assert_eq!(millis_to_next(&play), 60_000);
}

#[test]
fn polls_cost_an_entry_only_before_it_looks_as_if_nobody_asked_any_more() {
    let mut play = submitted(json!({}));
    let mut written_at = Vec::new();
    let mut polls = 0;
    while play.now < START.plus_seconds(86_400) {
        play.now = play.execution.next_deadline().unwrap();
        let entries = play.image_bytes.len();
        assert!(
            play.execution.overdue_from().unwrap() > play.now,
            "a sweep finds nothing to do"
        );
        play.tell(Message::Wake);
        polls += 1;
        if play.image_bytes.len() > entries {
            written_at.push((play.now.millis() - START.millis()) / 60_000);
        }
    }
    assert_eq!(written_at[..5], [8, 16, 31, 61, 119]);
    assert!(
        (1400..1500).contains(&polls) && written_at.len() < 32,
        "{written_at:?}"
    );
    assert_eq!(play.types().len(), 5, "polls are no history");
}

#[test]
fn a_state_that_is_read_again_asks_at_once() {
    let mut play = submitted(json!({}));
    let stored = play.images.clone();
    play.pass(100);
    assert_eq!(asides(&mut play), ["watch", "poll"]);
    let texts = play.texts.clone();
    let identity = play.execution.identity.clone();
    let limits = play.execution.limits;
    play.execution =
        engine::Execution::restore(identity, stored, limits, &mut |id| texts.get(&id).cloned()).unwrap();
    assert!(
        play.execution.outstanding(&play.program).is_empty(),
        "nothing is called again"
    );
    play.tell(Message::Wake);
    assert_eq!(asides(&mut play), ["poll"]);
}

#[test]
fn news_of_a_job_ask_at_once() {
    let mut play = submitted(json!({}));
    asides(&mut play);
    assert!(play.tell(Message::JobChanged { call: CallId(0) }));
    assert_eq!(asides(&mut play), ["poll"]);
    assert!(!play.tell(Message::JobChanged { call: CallId(7) }));
    assert_eq!(asides(&mut play), [""; 0]);
}

#[test]
fn whoever_holds_calls_leaves_the_polls_to_the_next() {
    let mut play = submitted(json!({}));
    asides(&mut play);
    play.execution.holds_calls = true;
    play.pass(5);
    assert!(play.tell(Message::JobChanged { call: CallId(0) }));
    assert_eq!(asides(&mut play), [""; 0]);
    assert_eq!(play.execution.next_deadline(), Some(START.plus_seconds(1)));
    play.execution.holds_calls = false;
    play.tell(Message::Wake);
    assert_eq!(asides(&mut play), ["poll"]);
}

#[test]
fn the_end_of_a_job_is_the_end_of_the_task() {
    let done = |result| Message::JobDone {
        call: CallId(0),
        submission: "{}".into(),
        result,
    };
    let mut play = submitted(json!({}));
    assert!(play.tell(done(Ok("{\"JobRunState\":\"SUCCEEDED\"}".into()))));
    assert_eq!(play.output(), json!({ "JobRunState": "SUCCEEDED" }));
    assert_eq!(play.count("TaskSubmitted"), 1);
    assert_eq!(asides(&mut play), ["watch"], "what has ended is not cancelled");
    let mut play = submitted(json!({}));
    play.tell(done(Err(failure("States.TaskFailed", "{}"))));
    assert_eq!(play.error(), ("States.TaskFailed".into(), "{}".into()));
    assert_eq!(asides(&mut play), ["watch"]);
}

#[test]
fn a_job_that_nobody_waits_for_any_more_is_cancelled() {
    let stop = || Message::Stop {
        error: None,
        cause: None,
    };
    let mut play = submitted(json!({}));
    play.tell(stop());
    assert_eq!(
        (play.status(), asides(&mut play)),
        (Status::Aborted, vec!["watch", "cancel"])
    );
    let mut play = submitted(json!({ "TimeoutSeconds": 30 }));
    play.pass(30);
    assert_eq!(
        (play.status(), asides(&mut play)),
        (Status::Failed, vec!["watch", "cancel"])
    );
    // A retry after a time-out submits another job.
    let retry = json!([{ "ErrorEquals": ["States.ALL"], "IntervalSeconds": 1 }]);
    let mut play = submitted(json!({ "TimeoutSeconds": 30, "Retry": retry }));
    play.pass(30);
    play.pass(1);
    assert_eq!(
        (play.calls.len(), asides(&mut play)),
        (1, vec!["watch", "cancel"])
    );
}

#[test]
fn the_jobs_of_branches_are_cancelled_with_them() {
    let branch = |name: &str, state: Value| json!({ "StartAt": name, "States": { name: state } });
    let other =
        json!({ "Type": "Task", "Resource": CHILD, "Parameters": { "StateMachineArn": "m" }, "End": true });
    let branches = json!([
        branch("A", job(json!({}))),
        branch("B", other),
        branch("C", job(json!({})))
    ]);
    let mut play = play(
        json!({ "P": { "Type": "Parallel", "Branches": branches, "End": true } }),
        json!({}),
    );
    submit(&mut play);
    submit(&mut play);
    let call = play.calls.pop_front().unwrap().id;
    assert_eq!(asides(&mut play), ["watch"], "a child reports its end itself");
    play.tell(Message::CallFailed {
        call,
        failure: failure("E", "C"),
    });
    assert_eq!(
        (play.status(), asides(&mut play)),
        (Status::Failed, vec!["cancel", "cancel"])
    );
}

#[test]
fn a_child_is_never_asked_for() {
    let state =
        json!({ "Type": "Task", "Resource": CHILD, "Parameters": { "StateMachineArn": "m" }, "End": true });
    let mut play = play(json!({ "S": state }), json!({}));
    submit(&mut play);
    play.pass(1000);
    assert!(!play.tell(Message::JobChanged { call: CallId(0) }));
    assert_eq!(asides(&mut play), [""; 0]);
    assert!(play.execution.next_deadline() > Some(Timestamp(START.millis() + 1_000_000)));
}
