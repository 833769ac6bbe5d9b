//! Task: functions, services, activities and tasks that a client ends.

use crate::play::{ACTIVITY, FUNCTION, Play, SERVICE, START, TOKEN, failure, play, with};
use engine::{CallId, Message, Status};
use integrations::EffectClass;
use serde_json::{Value, json};

fn task(resource: &str, fields: Value) -> Play {
    let state = with(
        json!({ "Type": "Task", "Resource": resource, "End": true }),
        fields,
    );
    play(json!({ "S": state }), json!({ "in": 1 }))
}

fn middle(play: &Play) -> Vec<String> {
    play.types().split_off(2)
}

#[test]
fn a_function_is_called_with_the_input_and_gives_the_output() {
    let mut play = task(FUNCTION, json!({}));
    assert_eq!(play.calls[0].parameters.value(), &json!({ "in": 1 }));
    assert_eq!(
        (play.calls[0].token.as_deref(), play.calls[0].deadline),
        (None, START.plus_seconds(99_999_999))
    );
    assert!(play.answer(json!([1])));
    assert_eq!(play.output(), json!([1]));
    assert_eq!(
        middle(&play),
        [
            "LambdaFunctionScheduled",
            "LambdaFunctionStarted",
            "LambdaFunctionSucceeded",
            "TaskStateExited",
            "ExecutionSucceeded"
        ]
    );
    assert_eq!(
        play.last("LambdaFunctionScheduled")["lambdaFunctionScheduledEventDetails"],
        json!({ "resource": FUNCTION, "input": { "in": 1 } })
    );
}

#[test]
fn a_service_is_called_with_the_parameters() {
    let mut play = task(
        SERVICE,
        json!({ "Parameters": { "QueueUrl": "q", "MessageBody.$": "$.in" } }),
    );
    assert_eq!(
        play.calls[0].parameters.value(),
        &json!({ "QueueUrl": "q", "MessageBody": 1 })
    );
    play.answer(json!({ "MessageId": "m" }));
    assert_eq!(
        middle(&play),
        [
            "TaskScheduled",
            "TaskStarted",
            "TaskSucceeded",
            "TaskStateExited",
            "ExecutionSucceeded"
        ]
    );
}

#[test]
fn the_result_passes_through_selector_and_paths() {
    let fields = json!({ "ResultSelector": { "id.$": "$.MessageId" }, "ResultPath": "$.sent", "OutputPath": "$.sent" });
    let mut play = task(SERVICE, fields);
    play.answer(json!({ "MessageId": "m", "Other": 1 }));
    assert_eq!(play.output(), json!({ "id": "m" }));
}

#[test]
fn an_activity_waits_for_a_worker() {
    let mut play = task(ACTIVITY, json!({}));
    let call = play.calls[0].id;
    assert!(play.calls[0].token.is_some());
    assert!(play.tell(Message::ActivityStarted {
        call,
        worker_name: Some("w".into())
    }));
    assert!(
        !play.tell(Message::ActivityStarted {
            call,
            worker_name: Some("other".into())
        }),
        "taken once"
    );
    assert!(play.report(Ok(json!(2))));
    assert_eq!(play.output(), json!(2));
    assert_eq!(
        middle(&play),
        [
            "ActivityScheduled",
            "ActivityStarted",
            "ActivitySucceeded",
            "TaskStateExited",
            "ExecutionSucceeded"
        ]
    );
}

#[test]
fn the_clock_of_an_activity_starts_when_a_worker_takes_it() {
    let mut play = task(ACTIVITY, json!({ "TimeoutSeconds": 10, "HeartbeatSeconds": 5 }));
    let call = play.calls[0].id;
    play.pass(1_000);
    assert_eq!(play.status(), Status::Running);
    play.tell(Message::ActivityStarted {
        call,
        worker_name: None,
    });
    play.pass(4);
    assert!(play.tell(Message::Heartbeat { call }));
    play.pass(4);
    assert!(play.tell(Message::Heartbeat { call }));
    play.pass(1);
    assert_eq!(play.status(), Status::Running);
    play.pass(1);
    assert_eq!(play.error().0, "States.Timeout");
    assert_eq!(play.count("ActivityTimedOut"), 1);
}

#[test]
fn an_agent_has_15_minutes_at_most() {
    let harness = "arn:aws:states:::bedrockagentcore:invokeHarness";
    for (fields, seconds) in [
        (json!({}), 900),
        (json!({ "TimeoutSeconds": 5_000 }), 900),
        (json!({ "TimeoutSeconds": 20 }), 20),
    ] {
        let mut play = task(harness, fields);
        play.pass(seconds - 1);
        assert_eq!(play.status(), Status::Running);
        play.pass(1);
        assert_eq!(play.error().0, "States.Timeout");
        assert_eq!(play.count("TaskTimedOut"), 1);
    }
}

#[test]
fn a_task_with_a_token_is_ended_by_a_client() {
    let fields = json!({ "Parameters": { "MessageBody.$": "$$.Task.Token" } });
    let mut play = task(TOKEN, fields);
    let call = play.calls[0].clone();
    assert_eq!(
        Some(call.parameters.value()["MessageBody"].as_str().unwrap()),
        call.token.as_deref()
    );
    assert!(play.tell(Message::CallSucceeded {
        call: call.id,
        output: "{}".into()
    }));
    assert_eq!(play.status(), Status::Running, "the submission is not the end");
    assert!(play.report(Ok(json!("done"))));
    assert_eq!(play.output(), json!("done"));
    assert_eq!(
        middle(&play),
        [
            "TaskScheduled",
            "TaskStarted",
            "TaskSubmitted",
            "TaskSucceeded",
            "TaskStateExited",
            "ExecutionSucceeded"
        ]
    );
}

#[test]
fn the_client_may_be_faster_than_the_answer_to_the_submission() {
    let mut play = task(TOKEN, json!({}));
    let call = play.calls[0].id;
    assert!(play.report(Ok(json!("done"))));
    assert_eq!(play.status(), Status::Succeeded);
    assert!(!play.tell(Message::CallSucceeded {
        call,
        output: "{}".into()
    }));
}

#[test]
fn a_job_that_is_done_before_its_submission_is_known_says_both() {
    let mut play = task(
        "arn:aws:states:::states:startExecution.sync",
        json!({ "Parameters": { "StateMachineArn": "m" } }),
    );
    let call = play.calls[0].id;
    assert!(play.tell(Message::JobDone {
        call,
        submission: "{\"ExecutionArn\":\"e\"}".into(),
        result: Ok("{}".into())
    }));
    assert_eq!((play.count("TaskSubmitted"), play.count("TaskSucceeded")), (1, 1));
    let mut play = task(
        "arn:aws:states:::states:startExecution.sync",
        json!({ "Parameters": { "StateMachineArn": "m" } }),
    );
    let call = play.calls[0].id;
    play.tell(Message::CallSucceeded {
        call,
        output: "{}".into(),
    });
    assert!(play.tell(Message::JobDone {
        call,
        submission: "{}".into(),
        result: Err(failure("E", "C"))
    }));
    assert_eq!((play.count("TaskSubmitted"), play.error().0), (1, "E".into()));
}

#[test]
fn failures_end_the_execution_in_every_kind() {
    for (resource, event) in [
        (FUNCTION, "LambdaFunctionFailed"),
        (SERVICE, "TaskFailed"),
        (TOKEN, "TaskFailed"),
        (ACTIVITY, "ActivityFailed"),
    ] {
        let mut play = task(resource, json!({}));
        assert!(play.refuse("E", "C"));
        assert_eq!(
            (play.status(), play.error(), play.count(event)),
            (Status::Failed, ("E".into(), "C".into()), 1),
            "{resource}"
        );
    }
    for resource in [TOKEN, ACTIVITY] {
        let mut play = task(resource, json!({}));
        assert!(play.report(Err(("E", "C"))));
        assert_eq!(play.error(), ("E".into(), "C".into()), "{resource}");
    }
}

#[test]
fn time_outs_have_one_name_in_every_kind() {
    for (resource, event) in [
        (FUNCTION, "LambdaFunctionTimedOut"),
        (SERVICE, "TaskTimedOut"),
        (TOKEN, "TaskTimedOut"),
    ] {
        let mut play = task(resource, json!({ "TimeoutSeconds": 3 }));
        play.pass(2);
        assert_eq!(play.status(), Status::Running);
        play.pass(1);
        assert_eq!(
            (play.error(), play.count(event)),
            (("States.Timeout".into(), String::new()), 1),
            "{resource}"
        );
    }
}

#[test]
fn time_outs_may_be_paths() {
    let mut play = play(
        json!({ "S": {
            "Type": "Task", "Resource": TOKEN, "TimeoutSecondsPath": "$.t", "HeartbeatSecondsPath": "$.h", "End": true
        } }),
        json!({ "t": 30, "h": 4 }),
    );
    let shown = play.last("TaskScheduled")["taskScheduledEventDetails"].clone();
    assert_eq!(
        (
            shown["timeoutInSeconds"].clone(),
            shown["heartbeatInSeconds"].clone()
        ),
        (json!(30), json!(4))
    );
    play.pass(4);
    assert_eq!(play.error().0, "States.Timeout");
    for bad in [json!(0), json!(-1), json!("3"), json!(1.5)] {
        let state = json!({ "Type": "Task", "Resource": TOKEN, "TimeoutSecondsPath": "$.t", "End": true });
        assert_eq!(
            crate::play::play(json!({ "S": state }), json!({ "t": bad }))
                .error()
                .0,
            "States.Runtime"
        );
    }
}

#[test]
fn heartbeats_put_the_end_off_but_not_the_time_out() {
    let mut play = task(TOKEN, json!({ "TimeoutSeconds": 10, "HeartbeatSeconds": 4 }));
    let call = play.calls[0].id;
    play.tell(Message::CallSucceeded {
        call,
        output: "{}".into(),
    });
    for _ in 0..3 {
        play.pass(3);
        assert!(play.tell(Message::Heartbeat { call }));
    }
    assert_eq!(play.status(), Status::Running);
    play.pass(1);
    assert_eq!(play.error().0, "States.Timeout");
}

#[test]
fn a_missed_heartbeat_ends_the_task() {
    let mut play = task(TOKEN, json!({ "HeartbeatSeconds": 4 }));
    let call = play.calls[0].id;
    play.pass(3);
    play.tell(Message::CallSucceeded {
        call,
        output: "{}".into(),
    });
    play.pass(3);
    assert_eq!(play.status(), Status::Running, "the submission is a sign of life");
    play.pass(1);
    assert_eq!(play.error().0, "States.Timeout");
}

#[test]
fn an_answer_after_the_time_out_is_late_even_when_nobody_noticed_it() {
    let mut play = task(FUNCTION, json!({ "TimeoutSeconds": 3 }));
    play.now = START.plus_seconds(3);
    assert!(!play.answer(json!(1)));
    assert_eq!(play.error().0, "States.Timeout");
}

#[test]
fn a_doubled_answer_changes_nothing() {
    let mut play = play(
        json!({
            "A": { "Type": "Task", "Resource": FUNCTION, "Next": "B" },
            "B": { "Type": "Task", "Resource": FUNCTION, "End": true },
        }),
        json!({}),
    );
    let first = play.calls[0].id;
    play.answer(json!(1));
    assert_eq!(
        play.probe(Message::CallSucceeded {
            call: first,
            output: "2".into()
        }),
        (false, false)
    );
    assert_eq!(
        play.probe(Message::CallFailed {
            call: first,
            failure: failure("E", "C")
        }),
        (false, false)
    );
    assert_eq!(
        play.probe(Message::CallUnknown {
            call: first,
            reason: None
        }),
        (false, false)
    );
    play.answer(json!(3));
    assert_eq!(play.output(), json!(3));
}

#[test]
fn the_submission_is_answered_once() {
    let mut play = task(TOKEN, json!({}));
    let call = play.calls[0].id;
    play.tell(Message::CallSucceeded {
        call,
        output: "{}".into(),
    });
    assert_eq!(
        play.probe(Message::CallSucceeded {
            call,
            output: "{}".into()
        }),
        (false, false)
    );
    assert_eq!(
        play.probe(Message::CallFailed {
            call,
            failure: failure("E", "C")
        }),
        (false, false)
    );
    assert_eq!(
        play.probe(Message::CallUnknown { call, reason: None }),
        (false, false)
    );
}

#[test]
fn only_tasks_that_a_client_ends_take_callbacks_and_heartbeats() {
    let mut play = task(FUNCTION, json!({}));
    let call = play.calls[0].id;
    assert_eq!(
        play.probe(Message::Callback {
            call,
            result: Ok("1".into())
        }),
        (false, false)
    );
    assert_eq!(play.probe(Message::Heartbeat { call }), (false, false));
    assert_eq!(
        play.probe(Message::ActivityStarted {
            call,
            worker_name: None
        }),
        (false, false)
    );
    assert_eq!(
        play.probe(Message::CallSucceeded {
            call: CallId(77),
            output: "1".into()
        }),
        (false, false)
    );
}

#[test]
fn a_call_of_unknown_outcome_fails_the_task() {
    let mut play = task(FUNCTION, json!({}));
    let call = play.calls[0].id;
    assert!(play.tell(Message::CallUnknown { call, reason: None }));
    let (error, cause) = play.error();
    assert_eq!(error, "States.TaskFailed");
    assert!(
        cause.starts_with("the outcome of this call is unknown: its process ended"),
        "{cause}"
    );
    let mut play = task(FUNCTION, json!({}));
    let call = play.calls[0].id;
    let reason = Some("no answer within 120 seconds".to_owned());
    assert!(play.tell(Message::CallUnknown { call, reason }));
    assert_eq!(
        play.error().1,
        "the outcome of this call is unknown: no answer within 120 seconds"
    );
}

#[test]
fn a_comment_says_whether_a_call_may_be_repeated() {
    let class = |resource: &str, comment: &str| {
        let state = json!({ "Type": "Task", "Resource": resource, "Comment": comment, "End": true });
        play(json!({ "S": state }), json!({})).calls[0].class.clone()
    };
    assert_eq!(class(FUNCTION, "no mark"), EffectClass::Once);
    assert_eq!(
        class(FUNCTION, "adds nothing twice (stepwell:effect=repeatable)."),
        EffectClass::Repeatable
    );
    let reads = "arn:aws:states:::dynamodb:getItem";
    assert_eq!(class(reads, ""), EffectClass::Repeatable);
    assert_eq!(class(reads, "stepwell:effect=once"), EffectClass::Once);
}

#[test]
fn calls_of_a_state_are_numbered_over_the_whole_execution() {
    let mut play = play(
        json!({
            "S": { "Type": "Task", "Resource": FUNCTION, "Next": "C", "Retry": [{ "ErrorEquals": ["E"] }] },
            "C": { "Type": "Choice", "Choices": [{ "Variable": "$", "BooleanEquals": true, "Next": "End" }], "Default": "S" },
            "End": { "Type": "Succeed" },
        }),
        json!({}),
    );
    assert_eq!(play.calls[0].number, 0);
    play.refuse("E", "C");
    play.pass(1);
    assert_eq!(play.calls[0].number, 1);
    play.answer(json!(false));
    assert_eq!(play.calls[0].number, 2);
}

#[test]
fn what_is_outstanding_is_known_after_a_restart() {
    let mut play = task(TOKEN, json!({}));
    let outstanding = play.execution.outstanding(&play.program);
    assert_eq!(outstanding.len(), 1);
    let call = outstanding[0].0.call();
    assert_eq!(
        (call.id, &call.token, &call.client_token),
        (
            play.calls[0].id,
            &play.calls[0].token,
            &play.calls[0].client_token
        )
    );
    let id = call.id;
    play.tell(Message::CallSucceeded {
        call: id,
        output: "{}".into(),
    });
    assert!(
        play.execution.outstanding(&play.program).is_empty(),
        "a client will end it"
    );
    assert!(play.execution.waits_for(id));
}

#[test]
fn credentials_are_evaluated() {
    let mut play = play(
        json!({ "S": {
            "Type": "Task", "Resource": FUNCTION, "Credentials": { "RoleArn.$": "$.role" }, "End": true
        } }),
        json!({ "role": "arn:aws:iam::111111111111:role/other" }),
    );
    assert_eq!(
        play.calls[0].role_arn.as_deref(),
        Some("arn:aws:iam::111111111111:role/other")
    );
    assert!(play.answer(json!({})));
}
