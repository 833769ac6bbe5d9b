//! What is logged, and how.

use super::*;
use crate::observe::log_events::{batches as log_batches, stream_name};
use crate::observe::log_level::{Logging, gravity};
use crate::observe::log_line::{Documents, line};

#[test]
fn levels_are_those_of_the_developer_guide() {
    let fatal = [
        Details::ExecutionFailed(why()),
        Details::ExecutionAborted(why()),
        Details::ExecutionTimedOut(why()),
    ];
    let error = [
        entered(StateType::Fail),
        Details::StateAborted {
            state: StateType::Wait,
        },
        Details::MapStateFailed,
        Details::ParallelStateFailed,
        failed(TaskType::LambdaFunction, target("", FUNCTION)),
        Details::TimedOut {
            task: TaskType::Task,
            target: target("sqs", "sendMessage"),
            why: why(),
        },
        Details::TaskSubmitFailed {
            target: target("sqs", "sendMessage"),
            why: why(),
        },
    ];
    let all = [
        started(),
        entered(StateType::Task),
        Details::ExecutionSucceeded { output: id(0) },
        Details::ExecutionRedriven { redrive_count: 1 },
        Details::MapStateSucceeded,
    ];
    let taken = |level: Option<Level>, details: &Details| Wanted { level, data: false }.takes(details);
    for (level, events) in [
        (Level::Fatal, &fatal[..]),
        (Level::Error, &error[..]),
        (Level::All, &all[..]),
    ] {
        for details in events {
            assert_eq!(gravity(details), level, "{}", details.event_type());
            assert_eq!(taken(Some(Level::Fatal), details), level == Level::Fatal);
            assert_eq!(taken(Some(Level::Error), details), level != Level::All);
            assert!(taken(Some(Level::All), details));
            assert!(!taken(None, details));
        }
    }
}

#[test]
fn a_configuration_that_is_off_logs_nothing() {
    let configuration = |level: &str| {
        json!({
            "level": level,
            "includeExecutionData": true,
            "destinations": [{ "cloudWatchLogsLogGroup": {
                "logGroupArn": "arn:aws:logs:us-east-1:123456789012:log-group:/aws/vendedlogs/states/orders:*",
            } }],
        })
    };
    let read = Logging::read(Some(&configuration("ERROR"))).unwrap();
    assert_eq!(
        (read.level, read.data, &*read.group),
        (Level::Error, true, "/aws/vendedlogs/states/orders")
    );
    assert_eq!(Logging::read(Some(&configuration("OFF"))), None);
    assert_eq!(Logging::read(Some(&json!({ "level": "ALL" }))), None);
    assert_eq!(Logging::read(None), None);
}

#[test]
fn a_log_line_has_the_form_of_step_functions() {
    let documents = Documents::from([(id(0), "{\"a\":1}".into()), (id(1), "7".into())]);
    let shown = |number: u64, details: Details, documents: Option<&Documents>| -> Value {
        serde_json::from_str(&line(&identity(), &event(number, details), 0, documents)).unwrap()
    };
    assert_eq!(
        line(&identity(), &event(1, started()), 0, Some(&documents)),
        json!({
            "id": "1",
            "type": "ExecutionStarted",
            "details": {
                "input": "{\"a\":1}",
                "inputDetails": { "truncated": false },
                "roleArn": "arn:aws:iam::123456789012:role/r",
            },
            "previous_event_id": "0",
            "event_timestamp": "1800000001123",
            "execution_arn": EXECUTION,
            "redrive_count": "0",
        })
        .to_string()
    );
    assert_eq!(
        shown(2, entered(StateType::Pass), None)["details"],
        json!({ "name": "S" })
    );
    let exited = Details::StateExited {
        state: StateType::Pass,
        name: "S".into(),
        output: id(1),
        assigned: vec![("v".to_owned(), id(0))],
    };
    assert_eq!(
        shown(3, exited.clone(), Some(&documents))["details"],
        json!({
            "name": "S",
            "output": "7",
            "outputDetails": { "truncated": false },
            "assignedVariables": { "v": "{\"a\":1}" },
            "assignedVariablesDetails": { "truncated": false },
        })
    );
    assert_eq!(shown(3, exited, None)["details"], json!({ "name": "S" }));
    let scheduled = |task, target| Details::Scheduled {
        task,
        target,
        region: "us-east-1".into(),
        parameters: id(1),
        timeout_seconds: Some(5),
        heartbeat_seconds: Some(2),
        role_arn: None,
    };
    assert_eq!(
        shown(
            4,
            scheduled(TaskType::Task, target("sqs", "sendMessage")),
            Some(&documents)
        )["details"],
        json!({
            "parameters": "7", "region": "us-east-1", "resourceType": "sqs", "resource": "sendMessage",
            "timeoutInSeconds": 5, "heartbeatInSeconds": 2,
        })
    );
    assert_eq!(
        shown(
            4,
            scheduled(TaskType::LambdaFunction, target("", FUNCTION)),
            Some(&documents)
        )["details"],
        json!({
            "input": "7", "inputDetails": { "truncated": false }, "resource": FUNCTION, "timeoutInSeconds": 5,
        })
    );
    assert_eq!(
        shown(5, failed(TaskType::LambdaFunction, target("", FUNCTION)), None)["details"],
        json!({ "error": "Broken", "cause": "by \"design\"" })
    );
}

#[test]
fn documents_are_cut_and_those_that_are_gone_say_so() {
    let documents = Documents::from([(id(0), "x".repeat(300 * 1024).into())]);
    let shown = |documents: &Documents| -> Value {
        let event = event(2, entered(StateType::Pass));
        serde_json::from_str(&line(&identity(), &event, 0, Some(documents))).unwrap()
    };
    let details = &shown(&documents)["details"];
    assert_eq!(details["input"].as_str().unwrap().len(), 248 * 1024);
    assert_eq!(details["inputDetails"], json!({ "truncated": true }));
    assert_eq!(
        shown(&Documents::new())["details"],
        json!({ "inputDetails": { "truncated": true }, "name": "S" })
    );
    // Six variables of 200 KiB are more than one event takes.
    let documents: Documents = (0..7).map(|n| (id(n), "x".repeat(200 * 1024).into())).collect();
    let exited = Details::StateExited {
        state: StateType::Pass,
        name: "S".into(),
        output: id(0),
        assigned: (1..7).map(|n| (format!("v{n}"), id(n))).collect(),
    };
    let text = line(&identity(), &event(3, exited), 0, Some(&documents));
    assert!(text.len() < 1024, "{}", text.len());
    assert!(
        text.contains("\"assignedVariablesDetails\":{\"truncated\":true}"),
        "{text}"
    );
}

#[test]
fn log_requests_are_in_order_and_small() {
    let line = |second: u64, bytes: usize| (START.plus_seconds(second), "x".repeat(bytes));
    let sizes = |lines| log_batches(lines).iter().map(Vec::len).collect::<Vec<_>>();
    let batches = log_batches(vec![line(2, 1), line(1, 1), line(3, 1)]);
    let times: Vec<_> = batches[0].iter().map(|(time, _)| *time).collect();
    assert_eq!(times, [1, 2, 3].map(|second| START.plus_seconds(second)));
    assert_eq!(sizes(vec![line(0, 1); 10_001]), [10_000, 1]);
    assert_eq!(sizes(vec![line(0, 500_000); 5]), [2, 2, 1]);
    assert_eq!(sizes(vec![line(0, 1), line(86_399, 1), line(86_400, 1)]), [2, 1]);
    assert!(log_batches(Vec::new()).is_empty());
    assert_eq!(
        stream_name(
            "Orders",
            Timestamp::parse("2026-11-22T10:09:59Z").unwrap(),
            "5c1d4f7a"
        ),
        "states/Orders/2026-11-22-10-05/5c1d4f7a"
    );
}
