//! Redrive: what had not succeeded runs again.

use crate::play::{FUNCTION, Play, TOKEN, identity, play, with};
use engine::limits::{REDRIVABLE_SECONDS, STANDARD_SECONDS_MAX};
use engine::{CallId, Execution, ExecutionType, Limits, Message, NotRedrivable, Status, apply};
use serde_json::{Value, json};

fn redrive(play: &mut Play) -> bool {
    play.tell(Message::Redrive { client_token: None })
}

fn redrive_with(play: &mut Play, token: &str) -> bool {
    play.tell(Message::Redrive {
        client_token: Some(token.into()),
    })
}

fn call(fields: Value) -> Value {
    with(
        json!({ "Type": "Task", "Resource": FUNCTION, "End": true }),
        fields,
    )
}

fn branch(states: Value) -> Value {
    crate::play::machine(states)
}

/// The events behind the latest redrive, one line each.
fn since_redrive(play: &Play) -> Vec<String> {
    let story = play.story();
    let at = story
        .iter()
        .rposition(|line| line.ends_with("ExecutionRedriven"))
        .unwrap();
    story[at..].to_vec()
}

#[test]
fn a_task_that_failed_is_scheduled_again_with_its_input_and_nothing_before_it_runs_again() {
    let mut play = play(
        json!({
            "First": { "Type": "Pass", "Result": { "a": 1 }, "Assign": { "kept": 7 }, "Next": "Work" },
            "Work": call(json!({ "Parameters": { "a.$": "$.a", "n.$": "$$.Execution.RedriveCount", "kept.$": "$kept" } })),
        }),
        json!({}),
    );
    let before = play.scheduled.values().next().unwrap().parameters.value().clone();
    assert_eq!(before, json!({ "a": 1, "n": 0, "kept": 7 }));
    play.refuse("E", "C");
    assert_eq!(play.status(), Status::Failed);
    let events = play.events.len();
    assert!(redrive(&mut play));
    assert_eq!(play.status(), Status::Running);
    assert!(play.execution.closing.is_none());
    assert_eq!(
        play.last("ExecutionRedriven")["executionRedrivenEventDetails"],
        json!({ "redriveCount": 1 })
    );
    let number = events as u64;
    assert_eq!(
        since_redrive(&play),
        [
            format!("{}<{number} ExecutionRedriven", number + 1),
            format!("{}<{} LambdaFunctionScheduled", number + 2, number + 1),
            format!("{}<{} LambdaFunctionStarted", number + 3, number + 2),
        ]
    );
    assert_eq!(
        play.calls[0].parameters.value(),
        &json!({ "a": 1, "n": 1, "kept": 7 })
    );
    play.answer(json!("done"));
    assert_eq!((play.status(), play.output()), (Status::Succeeded, json!("done")));
    assert_eq!(
        (play.count("PassStateEntered"), play.count("TaskStateEntered")),
        (1, 1)
    );
}

#[test]
fn the_time_of_entry_stays_and_the_time_of_the_redrive_is_in_the_context() {
    let mut play = play(
        json!({ "Work": call(json!({ "Parameters": { "at.$": "$$.State.EnteredTime", "execution.$": "$$.Execution" } })) }),
        json!({}),
    );
    let entered = play.calls[0].parameters.value()["at"].clone();
    assert!(
        play.calls[0].parameters.value()["execution"]
            .get("RedriveTime")
            .is_none()
    );
    play.refuse("E", "C");
    play.now = play.now.plus_seconds(60);
    redrive(&mut play);
    let parameters = play.calls[0].parameters.value();
    assert_eq!(parameters["at"], entered);
    assert_eq!(parameters["execution"]["RedriveTime"], play.now.to_string());
}

#[test]
fn retries_begin_anew() {
    let retry = json!({ "Retry": [{ "ErrorEquals": ["E"], "MaxAttempts": 1, "IntervalSeconds": 1 }],
        "Parameters": { "n.$": "$$.State.RetryCount" } });
    let mut play = play(json!({ "Work": call(retry) }), json!({}));
    play.refuse("E", "C");
    play.pass(1);
    play.refuse("E", "C");
    assert_eq!(play.status(), Status::Failed);
    redrive(&mut play);
    assert_eq!(play.calls[0].parameters.value(), &json!({ "n": 0 }));
    play.refuse("E", "C");
    assert_eq!(play.status(), Status::Running);
    play.pass(1);
    assert_eq!(play.calls[0].parameters.value(), &json!({ "n": 1 }));
    play.answer(json!(1));
    assert_eq!(play.status(), Status::Succeeded);
}

#[test]
fn a_fail_state_is_entered_again_and_fails_again() {
    let mut play = play(
        json!({ "F": { "Type": "Fail", "Error": "E", "Cause": "C" } }),
        json!({}),
    );
    for count in 1..=3 {
        assert!(redrive(&mut play));
        assert_eq!(play.status(), Status::Failed);
        assert_eq!(play.count("FailStateEntered"), count + 1);
        assert_eq!(play.error(), ("E".into(), "C".into()));
    }
    assert_eq!(
        play.last("ExecutionRedriven")["executionRedrivenEventDetails"]["redriveCount"],
        3
    );
}

#[test]
fn a_choice_without_a_match_is_decided_again() {
    let choice =
        json!({ "Type": "Choice", "Choices": [{ "Variable": "$.x", "NumericEquals": 1, "Next": "S" }] });
    let mut play = play(
        json!({ "C": choice, "S": { "Type": "Succeed" } }),
        json!({ "x": 2 }),
    );
    assert_eq!(play.error().0, "States.NoChoiceMatched");
    redrive(&mut play);
    assert_eq!(play.error().0, "States.NoChoiceMatched");
    assert_eq!(
        (play.count("ChoiceStateEntered"), play.count("ExecutionFailed")),
        (1, 2)
    );
}

#[test]
fn only_the_branches_that_failed_or_were_aborted_run_again() {
    let mut play = play(
        json!({ "P": { "Type": "Parallel", "End": true, "Branches": [
            branch(json!({ "Done": { "Type": "Pass", "Result": "done", "End": true } })),
            branch(json!({ "Before": { "Type": "Pass", "Result": { "b": 1 }, "Next": "Broken" }, "Broken": call(json!({})) })),
            branch(json!({ "Slow": call(json!({})) })),
            branch(json!({ "Wait": { "Type": "Wait", "Seconds": 5, "End": true } })),
        ] } }),
        json!({}),
    );
    play.refuse("E", "C");
    assert_eq!(play.status(), Status::Failed);
    assert_eq!(play.count("TaskStateAborted"), 1);
    // The aborted call is not waited for any more.
    play.calls.clear();
    redrive(&mut play);
    let states: Vec<&str> = play.calls.iter().map(|call| &*call.state).collect();
    assert_eq!(states, ["Broken", "Slow"]);
    assert_eq!(play.calls[0].parameters.value(), &json!({ "b": 1 }));
    let event = play
        .events
        .iter()
        .rev()
        .find(|event| event.details.event_type() == "ExecutionRedriven")
        .unwrap()
        .id;
    let schedules = since_redrive(&play)
        .iter()
        .filter(|line| line.ends_with("LambdaFunctionScheduled"))
        .all(|line| line.contains(&format!("<{event} ")));
    assert!(schedules, "{:?}", since_redrive(&play));
    play.answer(json!("b"));
    play.answer(json!("s"));
    play.pass(5);
    assert_eq!(play.output()[0], json!("done"));
    assert_eq!(
        (play.output()[1].clone(), play.output()[2].clone()),
        (json!("b"), json!("s"))
    );
    assert_eq!(
        (
            play.count("PassStateEntered"),
            play.count("ParallelStateStarted"),
            play.count("ParallelStateSucceeded")
        ),
        (2, 1, 1)
    );
}

#[test]
fn only_the_iterations_that_failed_were_aborted_or_had_not_begun_run_again() {
    let map = json!({ "Type": "Map", "MaxConcurrency": 2, "End": true,
        "ItemProcessor": branch(json!({ "Work": call(json!({})) })) });
    let mut play = play(json!({ "M": map }), json!([0, 1, 2, 3]));
    play.answer(json!("a"));
    // 1 and 2 are at work.
    play.refuse("E", "C");
    assert_eq!(play.status(), Status::Failed);
    play.calls.clear();
    redrive(&mut play);
    let inputs = |play: &Play| -> Vec<Value> {
        play.calls
            .iter()
            .map(|call| call.parameters.value().clone())
            .collect()
    };
    assert_eq!(inputs(&play), [json!(1), json!(2)]);
    play.answer(json!("b"));
    play.answer(json!("c"));
    assert_eq!(inputs(&play), [json!(3)]);
    play.answer(json!("d"));
    assert_eq!(play.output(), json!(["a", "b", "c", "d"]));
    assert_eq!(
        (play.count("MapIterationStarted"), play.count("MapStateStarted")),
        (4, 1)
    );
}

#[test]
fn tolerated_failures_run_again_when_the_map_failed() {
    let map = json!({ "Type": "Map", "ToleratedFailureCount": 1, "End": true,
        "ItemProcessor": branch(json!({ "Work": call(json!({})) })) });
    let mut play = play(json!({ "M": map }), json!([0, 1, 2]));
    play.refuse("E", "C");
    assert_eq!(play.status(), Status::Running);
    play.refuse("E", "C");
    assert_eq!(play.error().0, "States.ExceedToleratedFailureThreshold");
    play.calls.clear();
    redrive(&mut play);
    assert_eq!(play.calls.len(), 3);
    play.refuse("E", "C");
    assert_eq!(play.status(), Status::Running, "the tolerance begins anew");
    play.answer(json!("b"));
    play.answer(json!("c"));
    assert_eq!(play.output(), json!(["b", "c"]));
}

#[test]
fn nested_branches_keep_what_succeeded_at_every_level() {
    let inner =
        json!({ "Type": "Map", "End": true, "ItemProcessor": branch(json!({ "Work": call(json!({})) })) });
    let mut play = play(
        json!({ "P": { "Type": "Parallel", "End": true, "Branches": [
            branch(json!({ "M": inner })),
            branch(json!({ "Done": { "Type": "Pass", "Result": 9, "End": true } })),
        ] } }),
        json!([0, 1]),
    );
    play.answer(json!("a"));
    play.refuse("E", "C");
    assert_eq!(play.status(), Status::Failed);
    redrive(&mut play);
    assert_eq!(play.calls.len(), 1);
    play.answer(json!("b"));
    assert_eq!(play.output(), json!([["a", "b"], 9]));
}

#[test]
fn a_state_whose_own_result_failed_runs_again_as_a_whole() {
    let mut play = play(
        json!({ "P": { "Type": "Parallel", "End": true, "ResultSelector": { "x.$": "$[0].none" },
            "Branches": [branch(json!({ "A": call(json!({})) }))] } }),
        json!({}),
    );
    play.answer(json!({}));
    assert_eq!(play.status(), Status::Failed);
    redrive(&mut play);
    assert_eq!(play.count("ParallelStateStarted"), 2);
    play.answer(json!({ "none": 1 }));
    assert_eq!(play.output(), json!({ "x": 1 }));
}

#[test]
fn a_failure_that_was_caught_leaves_nothing_to_redrive_in_its_branches() {
    let mut play = play(
        json!({
            "P": { "Type": "Parallel", "Branches": [branch(json!({ "A": call(json!({})) })), branch(json!({ "B": call(json!({})) }))],
                "Catch": [{ "ErrorEquals": ["States.ALL"], "Next": "After" }], "End": true },
            "After": { "Type": "Fail", "Error": "X" },
        }),
        json!({}),
    );
    play.refuse("E", "C");
    assert_eq!(play.status(), Status::Failed);
    play.calls.clear();
    redrive(&mut play);
    assert!(play.calls.is_empty());
    assert_eq!(
        (play.status(), play.count("FailStateEntered")),
        (Status::Failed, 2)
    );
}

#[test]
fn a_stopped_execution_goes_on_and_an_old_answer_is_not_taken() {
    let mut play = play(json!({ "Work": call(json!({})) }), json!({}));
    let old = play.calls.pop_front().unwrap().id;
    play.tell(Message::Stop {
        error: None,
        cause: None,
    });
    assert_eq!(play.status(), Status::Aborted);
    assert!(redrive(&mut play));
    let answer = |call: CallId| Message::CallSucceeded {
        call,
        output: "1".into(),
    };
    assert_eq!(play.probe(answer(old)), (false, false));
    let new = play.calls[0].id;
    assert_ne!(old, new);
    assert!(play.tell(answer(new)));
    assert_eq!(play.status(), Status::Succeeded);
}

#[test]
fn a_token_is_issued_anew() {
    let state = json!({ "Type": "Task", "Resource": TOKEN, "TimeoutSeconds": 9, "End": true,
        "Parameters": { "MessageBody.$": "$$.Task.Token" } });
    let mut play = play(json!({ "Work": state }), json!({}));
    let first = play.calls.pop_front().unwrap();
    play.pass(9);
    assert_eq!(play.status(), Status::Failed);
    redrive(&mut play);
    assert_ne!(play.calls[0].token, first.token);
    assert_eq!(play.calls[0].deadline, play.now.plus_seconds(9));
    assert!(play.report(Ok(json!("r"))));
    assert_eq!(play.output(), json!("r"));
}

#[test]
fn the_time_out_of_the_definition_is_measured_anew() {
    let definition = json!({ "StartAt": "W", "TimeoutSeconds": 10,
        "States": { "W": { "Type": "Wait", "Seconds": 12, "End": true } } });
    let mut play = Play::new(&definition.to_string(), "{}").unwrap();
    play.pass(10);
    assert_eq!(play.status(), Status::TimedOut);
    play.now = play.now.plus_seconds(100);
    redrive(&mut play);
    play.pass(9);
    assert_eq!(play.status(), Status::Running);
    play.pass(1);
    assert_eq!(play.status(), Status::TimedOut);
}

#[test]
fn a_wait_for_a_moment_that_has_passed_is_over_at_once() {
    let until = crate::play::START.plus_seconds(50).to_string();
    let mut play = play(
        json!({ "W": { "Type": "Wait", "Timestamp": until, "End": true } }),
        json!({ "k": 1 }),
    );
    play.tell(Message::Stop {
        error: None,
        cause: None,
    });
    play.now = play.now.plus_seconds(60);
    redrive(&mut play);
    assert_eq!(play.output(), json!({ "k": 1 }));
}

#[test]
fn a_request_that_is_repeated_with_its_token_is_recognised_for_a_while() {
    let mut play = play(json!({ "Work": call(json!({})) }), json!({}));
    play.refuse("E", "C");
    play.calls.clear();
    assert!(redrive_with(&mut play, "t"));
    let at = play.now;
    assert!(!redrive_with(&mut play, "t"));
    // It has failed again meanwhile: the request is still the same.
    play.refuse("E", "C");
    assert!(!redrive_with(&mut play, "t"));
    assert!(redrive(&mut play));
    let known = |play: &Play, seconds| play.execution.redriven_by("t", at.plus_seconds(seconds));
    assert_eq!((known(&play, 899), known(&play, 900)), (Some(at), None));
    assert_eq!(play.execution.redriven_by("u", at), None);
    // Ten others later it is forgotten.
    for number in 0..10 {
        play.refuse("E", "C");
        assert!(redrive_with(&mut play, &number.to_string()));
    }
    assert_eq!(known(&play, 1), None);
    assert_eq!(play.execution.redriven_by("0", at), Some(at));
}

#[test]
fn what_cannot_be_redriven_is_left_alone() {
    let mut running = play(json!({ "Work": call(json!({})) }), json!({}));
    let redrive = || Message::Redrive { client_token: None };
    assert_eq!(running.probe(redrive()), (false, false));
    assert_eq!(
        running.execution.not_redrivable(running.now),
        Some(NotRedrivable::Status(Status::Running))
    );
    running.answer(json!(1));
    assert_eq!(running.probe(redrive()), (false, false));
    let refusal = running.execution.not_redrivable(running.now).unwrap();
    assert_eq!(
        refusal.to_string(),
        "Execution is SUCCEEDED and cannot be redriven"
    );

    let fail = json!({ "F": { "Type": "Fail" } });
    let mut late = play(fail.clone(), json!({}));
    late.now = late.now.plus_seconds(REDRIVABLE_SECONDS + 1);
    assert_eq!(late.probe(redrive()), (false, false));
    assert_eq!(
        late.execution.not_redrivable(late.now),
        Some(NotRedrivable::PeriodExceeded)
    );

    let definition = json!({ "StartAt": "W", "States": { "W": { "Type": "Wait", "Seconds": STANDARD_SECONDS_MAX - 100, "Next": "F" }, "F": { "Type": "Fail" } } });
    let mut old = Play::new(&definition.to_string(), "{}").unwrap();
    old.pass(STANDARD_SECONDS_MAX - 100);
    old.now = old.now.plus_seconds(100);
    assert_eq!(old.execution.not_redrivable(old.now), Some(NotRedrivable::TooOld));
}

#[test]
fn an_execution_is_redriven_a_thousand_times_at_most() {
    let mut play = play(json!({ "F": { "Type": "Fail" } }), json!({}));
    for _ in 0..1_000 {
        assert!(redrive(&mut play));
    }
    assert_eq!(play.status(), Status::Failed);
    assert_eq!(
        play.execution.not_redrivable(play.now),
        Some(NotRedrivable::TooOften)
    );
}

#[test]
fn a_history_needs_room_for_the_redrive_and_one_event_more() {
    let definition = crate::play::machine(json!({ "F": { "Type": "Fail" } })).to_string();
    let refusal = |history_events| {
        let limits = Limits {
            history_events,
            ..Limits::default()
        };
        let play = Play::with_limits(&definition, "{}", limits).unwrap();
        assert_eq!(play.events.len(), 3);
        play.execution.not_redrivable(play.now)
    };
    assert_eq!(refusal(5), None);
    assert_eq!(refusal(4), Some(NotRedrivable::HistoryFull));
}

#[test]
fn express_executions_are_not_redriven() {
    let definition = crate::play::machine(json!({ "F": { "Type": "Fail" } })).to_string();
    let play = Play::of_type(ExecutionType::Express, &definition, "{}", Limits::default()).unwrap();
    assert_eq!(
        play.execution.not_redrivable(play.now),
        Some(NotRedrivable::Express)
    );
}

#[test]
fn an_execution_of_an_earlier_version_whose_branches_are_lost_runs_the_whole_state_again() {
    let mut play = play(
        json!({ "P": { "Type": "Parallel", "End": true, "Branches": [
            branch(json!({ "A": { "Type": "Pass", "End": true } })), branch(json!({ "B": call(json!({})) }))] } }),
        json!({}),
    );
    play.refuse("E", "C");
    for (_, image) in &mut play.images {
        image.threads.truncate(1);
    }
    let texts = play.texts.clone();
    let identity = std::sync::Arc::new(identity());
    play.execution = Execution::restore(identity, play.images.clone(), Limits::default(), &mut |id| {
        texts.get(&id).cloned()
    })
    .unwrap();
    let outcome = apply(
        &play.program,
        &mut play.execution,
        Message::Redrive { client_token: None },
        play.now,
    );
    assert!(outcome.accepted);
    let types: Vec<String> = outcome
        .events
        .iter()
        .map(|event| event.details.event_type())
        .collect();
    assert_eq!(types[..2], ["ExecutionRedriven", "ParallelStateStarted"]);
    assert_eq!(outcome.effects.len(), 1);
}
