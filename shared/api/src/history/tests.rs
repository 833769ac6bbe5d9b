use super::*;
use engine::{ExecutionKey, ExecutionType, StateType, Timestamp};
use serde_json::json;

fn identity() -> Identity {
    serde_json::from_value(json!({
        "key": ExecutionKey { machine: "us-east-1:123456789012:orders".into(), name: "run".into() },
        "incarnation": "01", "arn": "arn:e", "name": "run", "machine_arn": "arn:m", "machine_name": "orders",
        "role_arn": "arn:role", "region": "us-east-1", "execution_type": ExecutionType::Standard,
        "started": Timestamp(0), "seed": "00", "revision": "1",
    }))
    .unwrap()
}

/// Renders an event with documents 0, 1, 2 ... of entry 0 being `texts`.
fn render(details: Details, texts: &[&str]) -> Value {
    let text = |id: PayloadId| {
        let at = (0..texts.len()).find(|at| PayloadId::new(0, u32::try_from(*at).unwrap()) == id);
        at.map(|at| Arc::from(texts[at]))
    };
    let identity = identity();
    Renderer {
        identity: &identity,
        text: Some(&text),
    }
    .event(&event(details))
}

fn event(details: Details) -> Event {
    Event {
        id: 7,
        previous: 6,
        time: Timestamp(1_700_000_000_123),
        details,
    }
}

fn document(index: u32) -> PayloadId {
    PayloadId::new(0, index)
}

fn why(error: &str, cause: &str) -> Why {
    Why {
        error: Some(error.to_owned()),
        cause: Some(cause.to_owned()),
    }
}

fn sqs() -> Target {
    Target {
        resource_type: "sqs".to_owned(),
        resource: "sendMessage.waitForTaskToken".to_owned(),
    }
}

fn function() -> Target {
    Target {
        resource_type: String::new(),
        resource: "arn:aws:lambda:us-east-1:123456789012:function:f".to_owned(),
    }
}

#[test]
fn the_start_of_an_execution() {
    let details = Details::ExecutionStarted {
        input: document(0),
        role_arn: "arn:role".into(),
    };
    assert_eq!(
        render(details, &["{ \"a\": 1.0 }"]),
        json!({
            "timestamp": 1_700_000_000.123, "type": "ExecutionStarted", "id": 7, "previousEventId": 6,
            "executionStartedEventDetails": {
                "input": "{ \"a\": 1.0 }", "inputDetails": { "truncated": false }, "roleArn": "arn:role"
            }
        })
    );
}

#[test]
fn states_show_assigned_variables_as_json_texts() {
    let details = Details::StateExited {
        state: StateType::Choice,
        name: "Check".into(),
        output: document(0),
        assigned: vec![("guess".to_owned(), document(1))],
    };
    let rendered = render(details, &["{}", "\"42\""]);
    assert_eq!(rendered["type"], "ChoiceStateExited");
    assert_eq!(
        rendered["stateExitedEventDetails"],
        json!({
            "name": "Check", "output": "{}", "outputDetails": { "truncated": false },
            "assignedVariables": { "guess": "\"42\"" }, "assignedVariablesDetails": { "truncated": false }
        })
    );
}

#[test]
fn a_scheduled_service_task() {
    let details = Details::Scheduled {
        task: TaskType::Task,
        target: sqs(),
        region: "us-east-1".into(),
        parameters: document(0),
        timeout_seconds: Some(600),
        heartbeat_seconds: Some(60),
        role_arn: Some("arn:other".to_owned()),
    };
    assert_eq!(
        render(details, &["{}"])["taskScheduledEventDetails"],
        json!({
            "resourceType": "sqs", "resource": "sendMessage.waitForTaskToken", "region": "us-east-1",
            "parameters": "{}", "timeoutInSeconds": 600, "heartbeatInSeconds": 60,
            "taskCredentials": { "roleArn": "arn:other" }
        })
    );
}

#[test]
fn functions_and_activities_show_an_input() {
    let scheduled = |task| Details::Scheduled {
        task,
        target: function(),
        region: "us-east-1".into(),
        parameters: document(0),
        timeout_seconds: None,
        heartbeat_seconds: None,
        role_arn: None,
    };
    let shown =
        json!({ "resource": function().resource, "input": "{}", "inputDetails": { "truncated": false } });
    let rendered = render(scheduled(TaskType::LambdaFunction), &["{}"]);
    assert_eq!(rendered["lambdaFunctionScheduledEventDetails"], shown);
    assert_eq!(
        render(scheduled(TaskType::Activity), &["{}"])["activityScheduledEventDetails"],
        shown
    );
    let failed = Details::Failed {
        task: TaskType::LambdaFunction,
        target: function(),
        why: why("E", "c"),
    };
    assert_eq!(
        render(failed, &[])["lambdaFunctionFailedEventDetails"],
        json!({ "error": "E", "cause": "c" })
    );
    let succeeded = Details::Succeeded {
        task: TaskType::Activity,
        target: function(),
        output: document(0),
    };
    assert_eq!(
        render(succeeded, &["1"])["activitySucceededEventDetails"],
        json!({ "output": "1", "outputDetails": { "truncated": false } })
    );
    let started = Details::ActivityStarted { worker_name: None };
    assert_eq!(render(started, &[])["activityStartedEventDetails"], json!({}));
}

#[test]
fn events_of_service_tasks_name_the_service() {
    let timed_out = Details::TimedOut {
        task: TaskType::Task,
        target: sqs(),
        why: Why {
            error: Some("States.Timeout".to_owned()),
            cause: None,
        },
    };
    assert_eq!(
        render(timed_out, &[])["taskTimedOutEventDetails"],
        json!({ "resourceType": "sqs", "resource": "sendMessage.waitForTaskToken", "error": "States.Timeout" })
    );
    let submitted = Details::TaskSubmitted {
        target: sqs(),
        output: document(0),
    };
    assert_eq!(
        render(submitted, &["{}"])["taskSubmittedEventDetails"]["output"],
        "{}"
    );
}

#[test]
fn events_without_details_have_none() {
    for (details, name) in [
        (
            Details::Started {
                task: TaskType::LambdaFunction,
                target: function(),
            },
            "LambdaFunctionStarted",
        ),
        (Details::ParallelStateStarted, "ParallelStateStarted"),
        (Details::MapStateSucceeded, "MapStateSucceeded"),
        (
            Details::StateAborted {
                state: StateType::Task,
            },
            "TaskStateAborted",
        ),
    ] {
        assert_eq!(
            render(details, &[]),
            json!({ "timestamp": 1_700_000_000.123, "type": name, "id": 7, "previousEventId": 6 })
        );
    }
}

#[test]
fn maps_and_failures() {
    let rendered = render(
        Details::MapIterationStarted {
            name: "Items".into(),
            index: 0,
        },
        &[],
    );
    assert_eq!(
        rendered["mapIterationStartedEventDetails"],
        json!({ "name": "Items", "index": 0 })
    );
    assert_eq!(
        render(Details::MapStateStarted { length: 3 }, &[])["mapStateStartedEventDetails"]["length"],
        3
    );
    let failed = Details::EvaluationFailed {
        why: why("States.QueryEvaluationError", "c"),
        location: "Output/error".to_owned(),
        state: "Fallback".into(),
    };
    assert_eq!(
        render(failed, &[])["evaluationFailedEventDetails"],
        json!({
            "error": "States.QueryEvaluationError", "cause": "c", "location": "Output/error", "state": "Fallback"
        })
    );
}

#[test]
fn without_execution_data_names_and_causes_stay() {
    let identity = identity();
    let renderer = Renderer {
        identity: &identity,
        text: None,
    };
    let exited = Details::StateExited {
        state: StateType::Pass,
        name: "P".into(),
        output: document(0),
        assigned: vec![("x".to_owned(), document(1))],
    };
    assert_eq!(
        renderer.event(&event(exited))["stateExitedEventDetails"],
        json!({ "name": "P" })
    );
    let failed = Details::ExecutionFailed(why("E", "c"));
    assert_eq!(
        renderer.event(&event(failed))["executionFailedEventDetails"],
        json!({ "error": "E", "cause": "c" })
    );
}

#[test]
fn every_document_that_is_shown_is_asked_for() {
    let exited = Details::StateExited {
        state: StateType::Pass,
        name: "P".into(),
        output: document(0),
        assigned: vec![("x".to_owned(), document(1))],
    };
    assert_eq!(documents(&exited), [document(0), document(1)]);
    assert_eq!(documents(&Details::MapStateFailed), []);
}
