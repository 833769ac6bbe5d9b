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
        Effect::Poll { .. } => "poll",
        Effect::Watch(_) => "watch",
        Effect::Cancel(_) => "cancel",
        Effect::Call(_) | Effect::OfferActivity(_) | Effect::StartChild(_) => "call",
    };
    asides.iter().map(name).collect()
}

/// The time of the next poll, as whoever asked for the last one has it.
fn next_poll(play: &Play) -> Timestamp {
    let latest = play.asides.last().unwrap().call();
    latest.job.as_ref().unwrap().next_poll(play.now)
}

/// Lets the timer of the next poll fire, as many milliseconds late.
fn fire(play: &mut Play, late: i64) {
    let at = next_poll(play);
    play.now = Timestamp(at.millis() + late);
    play.asides.clear();
    assert!(play.tell(Message::Due { at }));
    assert!(matches!(play.asides[..], [Effect::Poll { again: true, .. }]));
}

fn age_millis(play: &Play) -> i64 {
    play.now.millis() - START.millis()
}

#[test]
fn a_job_is_watched_from_its_submission_and_asked_for_a_second_later() {
    let mut play = submitted(json!({}));
    let watched = play.asides[0].call().job.clone().unwrap();
    assert_eq!(watched.submission.value(), &json!({ "JobRunId": "jr_0" }));
    let first = watched.next_poll(play.now);
    assert_eq!((asides(&mut play), first), (vec!["watch"], START.plus_seconds(1)));
    play.now = first;
    play.tell(Message::Wake);
    play.tell(Message::Due {
        at: Timestamp(first.millis() + 1),
    });
    assert_eq!(asides(&mut play), [""; 0], "somebody else is asking");
    play.tell(Message::Due { at: first });
    assert_eq!(asides(&mut play), ["poll"]);
}

#[test]
fn the_pauses_grow_with_the_age_of_the_job_up_to_a_minute() {
    let mut play = submitted(json!({}));
    let mut ages = Vec::new();
    while ages.len() < 14 {
        // However late a timer fires, the times stay the same.
        fire(&mut play, 900);
        ages.push((age_millis(&play) - 900) / 1000);
    }
    assert_eq!(ages, [1, 2, 3, 4, 6, 10, 15, 22, 34, 51, 76, 115, 172, 232]);
    let job = play.asides[0].call().job.clone().unwrap();
    let late = START.plus_seconds(30 * 86_400);
    let next = job.next_poll(late);
    assert!(next > late && next <= late.plus_seconds(60));
    assert_eq!(job.next_poll(Timestamp(next.millis() - 1)), next);
    assert_eq!(job.next_poll(next), next.plus_seconds(60));
}

#[test]
fn polls_cost_an_entry_only_before_it_looks_as_if_nobody_asked_any_more() {
    let mut play = submitted(json!({}));
    let mut written_at = Vec::new();
    let mut polls = 0;
    while age_millis(&play) < 86_400_000 {
        let entries = play.image_bytes.len();
        fire(&mut play, 0);
        polls += 1;
        assert!(
            play.execution.overdue_from().unwrap() > play.now.plus_seconds(60),
            "no sweep is needed"
        );
        if play.image_bytes.len() > entries {
            written_at.push(age_millis(&play) / 60_000);
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
fn a_job_that_nobody_asks_for_any_more_is_found() {
    let mut play = submitted(json!({}));
    let overdue = play.execution.overdue_from().unwrap();
    assert_eq!(overdue, START.plus_seconds(600));
    assert!(
        play.execution.outstanding(&play.program).is_empty(),
        "nothing is called again"
    );
    assert_eq!(play.execution.jobs(&play.program).len(), 1);
    asides(&mut play);
    play.now = overdue;
    play.tell(Message::Wake);
    assert!(matches!(play.asides[..], [Effect::Poll { again: true, .. }]));
    assert!(play.execution.overdue_from().unwrap() > overdue);
}

#[test]
fn each_job_has_times_of_its_own() {
    let branch = |name: &str| json!({ "StartAt": name, "States": { name: job(json!({})) } });
    let state = json!({ "Type": "Parallel", "Branches": [branch("A"), branch("B")], "End": true });
    let mut play = play(json!({ "P": state }), json!({}));
    submit(&mut play);
    play.now = Timestamp(START.millis() + 100);
    submit(&mut play);
    asides(&mut play);
    let at = START.plus_seconds(1);
    play.now = START.plus_seconds(2);
    play.tell(Message::Due { at });
    assert_eq!(play.asides.len(), 1, "the other one has a timer, too");
    assert_eq!(play.asides[0].call().id, CallId(0));
}

#[test]
fn news_of_a_job_ask_at_once() {
    let mut play = submitted(json!({}));
    asides(&mut play);
    assert!(play.tell(Message::JobChanged { call: CallId(0) }));
    assert!(
        matches!(play.asides[..], [Effect::Poll { again: false, .. }]),
        "its timers go on"
    );
    asides(&mut play);
    assert!(!play.tell(Message::JobChanged { call: CallId(7) }));
    assert_eq!(asides(&mut play), [""; 0]);
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
    play.now = START.plus_seconds(1);
    play.tell(Message::Due { at: play.now });
    assert!(!play.tell(Message::JobChanged { call: CallId(0) }));
    assert_eq!(asides(&mut play), [""; 0]);
    let looked_for = START.plus_seconds(600);
    assert_eq!(
        play.execution.overdue_from(),
        Some(looked_for),
        "its report may be lost"
    );
    assert!(!play.execution.waits_for_jobs());
}
