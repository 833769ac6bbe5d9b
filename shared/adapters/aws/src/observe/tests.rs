//! What is told, from what happened: no network.

mod log;
mod notices;

use super::buffer::{Buffer, Change, Turn};
use super::log_level::{Level, Wanted};
use super::metrics::Metrics;
use super::status_events;
use engine::{
    Details, Event, ExecutionKey, ExecutionType, Identity, Payload, PayloadId, StateType, Status, Target,
    TaskType, Timestamp, Why,
};
use serde_json::{Value, json};
use std::sync::Arc;

const START: Timestamp = Timestamp(1_800_000_000_123);
const EXECUTION: &str = "arn:aws:states:us-east-1:123456789012:execution:Orders:one";
const MACHINE: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:Orders";
const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:ship";
const ACTIVITY: &str = "arn:aws:states:us-east-1:123456789012:activity:pack";

fn identity() -> Identity {
    Identity {
        key: ExecutionKey {
            machine: "us-east-1:123456789012:Orders".into(),
            name: "one".into(),
        },
        incarnation: "01".into(),
        arn: EXECUTION.into(),
        name: "one".into(),
        machine_arn: MACHINE.into(),
        machine_name: "Orders".into(),
        version_arn: None,
        alias_arn: None,
        role_arn: "arn:aws:iam::123456789012:role/r".into(),
        region: "us-east-1".into(),
        execution_type: ExecutionType::Standard,
        started: START,
        seed: "00".into(),
        revision: "1".into(),
        parent: None,
        trace_header: None,
        test_case: None,
        map: None,
    }
}

fn event(id: u64, details: Details) -> Event {
    Event {
        id,
        previous: id.saturating_sub(1),
        time: START.plus_seconds(id),
        details,
    }
}

fn id(index: u32) -> PayloadId {
    PayloadId::new(0, index)
}

fn why() -> Why {
    Why {
        error: Some("Broken".to_owned()),
        cause: Some("by \"design\"".to_owned()),
    }
}

fn started() -> Details {
    Details::ExecutionStarted {
        input: id(0),
        role_arn: "arn:aws:iam::123456789012:role/r".into(),
    }
}

fn entered(state: StateType) -> Details {
    Details::StateEntered {
        state,
        name: "S".into(),
        input: id(0),
    }
}

fn target(resource_type: &str, resource: &str) -> Target {
    Target {
        resource_type: resource_type.to_owned(),
        resource: resource.to_owned(),
    }
}

fn failed(task: TaskType, target: Target) -> Details {
    Details::Failed {
        task,
        target,
        why: why(),
    }
}

fn change(status: Status) -> Change {
    Change {
        identity: Arc::new(identity()),
        status,
        at: START.plus_seconds(2),
        input: Some("{\"a\":1}".into()),
        output: Some("7".into()).filter(|_| status == Status::Succeeded),
        error: None,
        cause: None,
        redrive_count: 0,
        redriven: None,
    }
}

#[test]
fn a_status_event_tells_of_redrives() {
    let failed = detail(&Change {
        redrive_count: 1,
        redriven: Some(START.plus_seconds(1)),
        ..change(Status::Failed)
    });
    assert_eq!(
        (&failed["redriveStatus"], &failed["redriveStatusReason"]),
        (&json!("REDRIVABLE"), &Value::Null)
    );
    assert_eq!(
        (&failed["redriveCount"], &failed["redriveDate"]),
        (&json!(1), &json!(START.plus_seconds(1).millis()))
    );
}

fn detail(change: &Change) -> Value {
    let entry = status_events::entry(change, "default");
    serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap()
}

#[test]
fn counters_are_summed_by_what_they_measure() {
    let mut metrics = Metrics::default();
    let sqs = || target("sqs", "sendMessage");
    for (number, details) in [
        started(),
        started(),
        entered(StateType::Task),
        Details::Started {
            task: TaskType::Task,
            target: sqs(),
        },
        failed(TaskType::Task, sqs()),
        failed(TaskType::LambdaFunction, target("", FUNCTION)),
        Details::TimedOut {
            task: TaskType::Activity,
            target: target("", ACTIVITY),
            why: why(),
        },
        Details::ExecutionFailed(why()),
    ]
    .into_iter()
    .enumerate()
    {
        metrics.note(&identity(), &event(number as u64 + 1, details));
    }
    metrics.activity_started(ACTIVITY);
    metrics.lost("Logs", 3);
    metrics.lost("Notices", 0);
    let lines: Vec<Value> = metrics
        .take_lines(Timestamp(5))
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let count = |name: &str| json!({ "Name": name, "Unit": "Count" });
    let line = |dimension: &str, metrics: Vec<Value>, values: Value| {
        let directive = json!({
            "Namespace": "Stepwell", "Dimensions": [[dimension]], "Metrics": metrics,
        });
        let mut line = json!({ "_aws": { "Timestamp": 5, "CloudWatchMetrics": [directive] } });
        line.as_object_mut()
            .unwrap()
            .append(&mut values.as_object().unwrap().clone());
        line
    };
    let expected = [
        line(
            "ActivityArn",
            vec![count("ActivitiesStarted"), count("ActivitiesTimedOut")],
            json!({ "ActivityArn": ACTIVITY, "ActivitiesStarted": 1, "ActivitiesTimedOut": 1 }),
        ),
        line(
            "Delivery",
            vec![count("DeliveriesFailed")],
            json!({ "Delivery": "Logs", "DeliveriesFailed": 3 }),
        ),
        line(
            "LambdaFunctionArn",
            vec![count("LambdaFunctionsFailed")],
            json!({ "LambdaFunctionArn": FUNCTION, "LambdaFunctionsFailed": 1 }),
        ),
        line(
            "ServiceIntegrationResourceArn",
            vec![
                count("ServiceIntegrationsFailed"),
                count("ServiceIntegrationsStarted"),
            ],
            json!({
                "ServiceIntegrationResourceArn": "arn:aws:states:::sqs:sendMessage",
                "ServiceIntegrationsFailed": 1, "ServiceIntegrationsStarted": 1,
            }),
        ),
        line(
            "StateMachineArn",
            vec![
                count("ExecutionsFailed"),
                count("ExecutionsStarted"),
                json!({ "Name": "ExecutionTime", "Unit": "Milliseconds" }),
            ],
            json!({
                "StateMachineArn": MACHINE, "ExecutionsFailed": 1, "ExecutionsStarted": 2,
                "ExecutionTime": [8000],
            }),
        ),
    ];
    assert_eq!(lines, expected);
    assert!(metrics.take_lines(Timestamp(6)).is_empty());
}

#[test]
fn a_line_takes_a_hundred_samples() {
    let mut metrics = Metrics::default();
    for _ in 0..150 {
        metrics.note(&identity(), &event(1, Details::ExecutionAborted(why())));
    }
    let lines = metrics.take_lines(Timestamp(5));
    let samples = |line: &String| -> usize {
        let line: Value = serde_json::from_str(line).unwrap();
        line["ExecutionTime"].as_array().unwrap().len()
    };
    assert_eq!(lines.iter().map(samples).collect::<Vec<_>>(), [100, 50]);
    assert_eq!(
        lines
            .iter()
            .filter(|line| line.contains("\"ExecutionsAborted\":150"))
            .count(),
        1
    );
}

#[test]
fn a_start_is_an_event_with_all_members_of_describe_execution() {
    let entry = status_events::entry(&change(Status::Running), "default");
    assert_eq!(entry["EventBusName"], "default");
    assert_eq!(entry["Source"], "stepwell.states");
    assert_eq!(entry["DetailType"], "Step Functions Execution Status Change");
    assert_eq!(entry["Resources"], json!([EXECUTION]));
    assert_eq!(entry["Time"], json!(1_800_000_002.123));
    assert_eq!(
        detail(&change(Status::Running)),
        json!({
            "executionArn": EXECUTION,
            "stateMachineArn": MACHINE,
            "name": "one",
            "status": "RUNNING",
            "startDate": 1_800_000_000_123_i64,
            "stopDate": null,
            "input": "{\"a\":1}",
            "output": null,
            "stateMachineVersionArn": null,
            "stateMachineAliasArn": null,
            "redriveCount": 0,
            "redriveDate": null,
            "redriveStatus": "NOT_REDRIVABLE",
            "redriveStatusReason": "Execution is RUNNING and cannot be redriven",
            "inputDetails": { "included": true },
            "outputDetails": null,
            "error": null,
            "cause": null,
        })
    );
}

#[test]
fn an_end_tells_output_or_error() {
    let end = detail(&change(Status::Succeeded));
    assert_eq!(end["status"], "SUCCEEDED");
    assert_eq!(end["stopDate"], 1_800_000_002_123_i64);
    assert_eq!(end["output"], "7");
    assert_eq!(end["outputDetails"], json!({ "included": true }));
    let end = detail(&Change {
        error: Some("Broken".to_owned()),
        cause: Some("c".to_owned()),
        ..change(Status::TimedOut)
    });
    assert_eq!(end["status"], "TIMED_OUT");
    assert_eq!((&end["error"], &end["cause"]), (&json!("Broken"), &json!("c")));
    assert_eq!(
        (&end["output"], &end["outputDetails"]),
        (&Value::Null, &Value::Null)
    );
}

#[test]
fn data_that_is_too_long_is_left_out_of_an_event() {
    let long = |bytes: usize| -> Option<Arc<str>> { Some("x".repeat(bytes).into()) };
    let shown = |input: usize, output: usize| {
        let detail = detail(&Change {
            input: long(input),
            output: long(output),
            ..change(Status::Succeeded)
        });
        let included = |member: &str| detail[member]["included"].as_bool().unwrap();
        assert_eq!(detail["input"].is_string(), included("inputDetails"));
        assert_eq!(detail["output"].is_string(), included("outputDetails"));
        (included("inputDetails"), included("outputDetails"))
    };
    let most = 248 * 1024;
    assert_eq!(shown(most / 2, most / 2), (true, true));
    assert_eq!(shown(most / 2, most / 2 + 1), (false, true));
    assert_eq!(shown(1, most), (false, true));
    assert_eq!(shown(1, most + 1), (false, false));
    // Quotes take two bytes each.
    let quotes: Arc<str> = "\"".repeat(most / 2 + 1).into();
    let quoted = detail(&Change {
        input: Some(quotes),
        ..change(Status::Running)
    });
    assert_eq!(quoted["inputDetails"], json!({ "included": false }));
    // A long cause besides a long input is more than EventBridge takes.
    let caused = detail(&Change {
        input: long(most - 10),
        cause: Some("x".repeat(32 * 1024)),
        ..change(Status::Failed)
    });
    assert_eq!(caused["inputDetails"], json!({ "included": false }));
    assert_eq!(caused["cause"].as_str().unwrap().len(), 32 * 1024);
}

#[test]
fn requests_to_the_bus_are_small_and_repeat_what_was_not_taken() {
    let entries = |input: usize, count: usize| -> Vec<Value> {
        let change = Change {
            input: Some("x".repeat(input).into()),
            ..change(Status::Running)
        };
        (0..count)
            .map(|_| status_events::entry(&change, "default"))
            .collect()
    };
    let sizes = |batches: Vec<Vec<Value>>| batches.iter().map(Vec::len).collect::<Vec<_>>();
    assert_eq!(sizes(status_events::batches(entries(10, 23))), [10, 10, 3]);
    assert_eq!(sizes(status_events::batches(entries(100_000, 5))), [2, 2, 1]);
    assert_eq!(sizes(status_events::batches(entries(250_000, 2))), [1, 1]);

    let answer = json!({ "FailedEntryCount": 1, "Entries": [
        { "EventId": "1" },
        { "ErrorCode": "ThrottlingException", "ErrorMessage": "slower" },
    ] });
    let (left, reason) = status_events::not_taken(vec![json!(1), json!(2)], &answer);
    assert_eq!(
        (left, reason.as_str()),
        (vec![json!(2)], "ThrottlingException: slower")
    );
}

#[test]
fn the_buffer_keeps_what_is_wanted() {
    let events = [
        event(1, started()),
        event(2, entered(StateType::Pass)),
        event(3, Details::ExecutionFailed(why())),
    ];
    let documents = [Payload {
        id: id(0),
        text: "{}".into(),
    }];
    let identity = identity();
    let turn = Turn {
        identity: &identity,
        events: &events,
        documents: &documents,
        output: None,
        redrive_count: 0,
        redriven: None,
    };
    let kept = |wanted: Wanted| {
        let mut buffer = Buffer::default();
        buffer.add(&turn, wanted);
        let statuses: Vec<Status> = buffer.changes.iter().map(|change| change.status).collect();
        assert_eq!(statuses, [Status::Running, Status::Failed]);
        assert_eq!(buffer.changes[0].input.as_deref(), Some("{}"));
        let told = buffer.told.into_values().next();
        told.map(|told| (told.events.len(), told.documents.len()))
    };
    assert_eq!(kept(Wanted::ALL), Some((3, 1)));
    let by = |level, data| Wanted {
        level: Some(level),
        data,
    };
    assert_eq!(kept(by(Level::Error, false)), Some((1, 0)));
    assert_eq!(kept(by(Level::Fatal, true)), Some((1, 1)));
    assert_eq!(kept(Wanted::by(None)), None);
}

#[test]
fn the_buffer_is_bounded_and_counts_what_it_loses() {
    let events: Vec<Event> = (0..25_000).map(|_| event(1, started())).collect();
    let identity = identity();
    let mut buffer = Buffer::default();
    buffer.add(
        &Turn {
            identity: &identity,
            events: &events,
            documents: &[],
            output: None,
            redrive_count: 0,
            redriven: None,
        },
        Wanted::ALL,
    );
    assert_eq!(
        buffer.told.values().map(|told| told.events.len()).sum::<usize>(),
        20_000
    );
    assert_eq!(buffer.changes.len(), 2_000);
    let lines = buffer.metrics.take_lines(START).join("\n");
    assert!(
        lines.contains("\"Delivery\":\"Logs\",\"DeliveriesFailed\":5000"),
        "{lines}"
    );
    assert!(
        lines.contains("\"Delivery\":\"StatusEvents\",\"DeliveriesFailed\":23000"),
        "{lines}"
    );
    assert!(lines.contains("\"ExecutionsStarted\":25000"), "{lines}");
}
