//! RedriveExecution: what had failed runs again, also after the server was killed in between.

use crate::support::{DEADLINE, REGION, Server, event_types, history, output, pass, refusal, wait};
use aws_sdk_sfn::types::{ExecutionRedriveStatus, ExecutionStatus};
use serde_json::{Value, json};

const ACTIVITY: &str = "arn:aws:states:us-east-1:123456789012:activity:pick";

/// A state machine whose task is for a worker, in two branches beside one that succeeds at once.
fn branches() -> Value {
    let branch = |name: &str, state: Value| json!({ "StartAt": name, "States": { name: state } });
    let work = |input: u32| json!({ "Type": "Task", "Resource": ACTIVITY, "Parameters": { "n": input, "redrives.$": "$$.Execution.RedriveCount" }, "End": true });
    json!({ "StartAt": "Before", "States": {
        "Before": { "Type": "Pass", "Result": { "kept": true }, "ResultPath": "$.before", "Next": "P" },
        "P": { "Type": "Parallel", "End": true, "Branches": [
            branch("Done", json!({ "Type": "Pass", "Result": "done", "End": true })),
            branch("One", work(1)),
            branch("Two", work(2)),
        ] },
    } })
}

async fn server_with_activity() -> Server {
    let server = Server::start();
    server
        .client()
        .create_activity()
        .name("pick")
        .send()
        .await
        .unwrap();
    server
}

/// Takes a task; returns its token and its input.
async fn task(server: &Server) -> (String, Value) {
    loop {
        let poll = server.client().get_activity_task().activity_arn(ACTIVITY).send();
        let task = tokio::time::timeout(DEADLINE, poll)
            .await
            .expect("a task comes")
            .unwrap();
        if let (Some(token), Some(input)) = (task.task_token, task.input) {
            return (token, serde_json::from_str(&input).unwrap());
        }
    }
}

async fn refuse(server: &Server, token: &str) {
    let failure = server
        .client()
        .send_task_failure()
        .task_token(token)
        .error("Broken")
        .cause("it broke");
    failure.send().await.unwrap();
}

#[tokio::test]
async fn only_what_failed_or_was_aborted_runs_again_after_the_server_was_killed() {
    let mut server = server_with_activity().await;
    let machine = server.create("orders", &branches()).await;
    let run = server.run(&machine, "run", "{}").await;
    let (token, _) = task(&server).await;
    refuse(&server, &token).await;
    let failed = server.ended(&run).await;
    assert_eq!(failed.status, ExecutionStatus::Failed);
    assert_eq!(failed.redrive_status, Some(ExecutionRedriveStatus::Redrivable));

    server.kill();
    server.restart();
    let redriven = server
        .client()
        .redrive_execution()
        .execution_arn(&run)
        .send()
        .await
        .unwrap();
    let running = server.described(&run).await;
    assert_eq!(
        (running.status, running.redrive_count, running.redrive_date),
        (ExecutionStatus::Running, Some(1), Some(redriven.redrive_date))
    );
    assert_eq!(running.stop_date, None);
    assert_eq!((running.error, running.cause), (None, None));

    server.kill();
    server.restart();
    let mut inputs = Vec::new();
    for _ in 0..2 {
        let (token, input) = task(&server).await;
        let result = input["n"].to_string();
        let success = server.client().send_task_success().task_token(token);
        success.output(result).send().await.unwrap();
        inputs.push(input);
    }
    inputs.sort_by_key(|input| input["n"].as_u64());
    assert_eq!(
        inputs,
        [json!({ "n": 1, "redrives": 1 }), json!({ "n": 2, "redrives": 1 })]
    );
    assert_eq!(output(&server.ended(&run).await), json!(["done", 1, 2]));

    let events = history(&server, &run).await;
    let of = |kind: &str| {
        events
            .iter()
            .filter(|event| event.r#type.as_str() == kind)
            .count()
    };
    assert_eq!(
        [
            of("PassStateEntered"),
            of("ParallelStateStarted"),
            of("TaskStateEntered"),
            of("ActivityScheduled")
        ],
        [2, 1, 2, 4]
    );
    let ids: Vec<i64> = events.iter().map(|event| event.id).collect();
    assert!(ids.iter().zip(1..).all(|(id, number)| *id == number), "{ids:?}");
    let redrive = events
        .iter()
        .find(|event| event.r#type.as_str() == "ExecutionRedriven")
        .unwrap();
    assert_eq!(redrive.previous_event_id, redrive.id - 1);
    let details = redrive.execution_redriven_event_details.as_ref().unwrap();
    assert_eq!(details.redrive_count, Some(1));
    let scheduled = events
        .iter()
        .filter(|event| event.previous_event_id == redrive.id);
    assert_eq!(
        scheduled
            .filter(|event| event.r#type.as_str() == "ActivityScheduled")
            .count(),
        2
    );
}

#[tokio::test]
async fn a_redriven_execution_fails_again_and_is_redriven_again() {
    let server = server_with_activity().await;
    let definition = json!({ "StartAt": "T", "States": { "T": { "Type": "Task", "Resource": ACTIVITY, "End": true,
        "Retry": [{ "ErrorEquals": ["Broken"], "MaxAttempts": 1, "IntervalSeconds": 1 }] } } });
    let machine = server.create("orders", &definition).await;
    let run = server.run(&machine, "run", "{\"n\":1}").await;
    for count in 0..2 {
        // The retry is there again after each redrive.
        for _ in 0..2 {
            let (token, input) = task(&server).await;
            assert_eq!(input, json!({ "n": 1 }));
            refuse(&server, &token).await;
        }
        let failed = server.ended(&run).await;
        assert_eq!(
            (failed.status, failed.redrive_count),
            (ExecutionStatus::Failed, Some(count))
        );
        let redrive = server.client().redrive_execution().execution_arn(&run);
        redrive.send().await.unwrap();
    }
    let (token, _) = task(&server).await;
    let success = server.client().send_task_success().task_token(token).output("7");
    success.send().await.unwrap();
    assert_eq!(output(&server.ended(&run).await), json!(7));
    let types = event_types(&server, &run).await;
    assert_eq!(
        types.iter().filter(|kind| *kind == "ExecutionRedriven").count(),
        2
    );
    assert_eq!(types.iter().filter(|kind| *kind == "TaskStateEntered").count(), 1);
}

#[tokio::test]
async fn one_token_redrives_once() {
    let server = Server::start();
    let machine = server.create("orders", &wait(3600)).await;
    let run = server.run(&machine, "run", "{}").await;
    server
        .client()
        .stop_execution()
        .execution_arn(&run)
        .send()
        .await
        .unwrap();
    let redrive = || {
        server
            .client()
            .redrive_execution()
            .execution_arn(&run)
            .client_token("t")
            .send()
    };
    let first = redrive().await.unwrap();
    server
        .client()
        .stop_execution()
        .execution_arn(&run)
        .send()
        .await
        .unwrap();
    let again = redrive().await.unwrap();
    assert_eq!(again.redrive_date, first.redrive_date);
    let described = server.described(&run).await;
    assert_eq!(
        (described.status, described.redrive_count),
        (ExecutionStatus::Aborted, Some(1))
    );
}

#[tokio::test]
async fn a_parent_that_is_redriven_starts_its_child_again() {
    let server = server_with_activity().await;
    let child =
        json!({ "StartAt": "T", "States": { "T": { "Type": "Task", "Resource": ACTIVITY, "End": true } } });
    let child = server.create("child", &child).await;
    let parent = json!({ "StartAt": "C", "States": { "C": { "Type": "Task", "End": true, "OutputPath": "$.Output",
        "Resource": "arn:aws:states:::states:startExecution.sync:2", "Parameters": { "StateMachineArn": child } } } });
    let parent = server.create("parent", &parent).await;
    let run = server.run(&parent, "run", "{}").await;
    let (token, _) = task(&server).await;
    refuse(&server, &token).await;
    assert_eq!(server.ended(&run).await.status, ExecutionStatus::Failed);
    let redrive = server.client().redrive_execution().execution_arn(&run);
    redrive.send().await.unwrap();
    let (token, _) = task(&server).await;
    let success = server
        .client()
        .send_task_success()
        .task_token(token)
        .output("\"good\"");
    success.send().await.unwrap();
    assert_eq!(output(&server.ended(&run).await), json!("good"));
    let children = server.client().list_executions().state_machine_arn(&child);
    let mut statuses: Vec<String> = children
        .send()
        .await
        .unwrap()
        .executions
        .iter()
        .map(|row| row.status.as_str().to_owned())
        .collect();
    statuses.sort();
    assert_eq!(statuses, ["FAILED", "SUCCEEDED"]);
}

#[tokio::test]
async fn what_cannot_be_redriven_is_refused() {
    let server = Server::start();
    let redrive = |arn: &str| server.client().redrive_execution().execution_arn(arn).send();
    let waiting = server.create("waiting", &wait(3600)).await;
    let run = server.run(&waiting, "run", "{}").await;
    assert_eq!(
        refusal(redrive(&run).await),
        "ExecutionNotRedrivable: Execution Not Redrivable: 'Execution is RUNNING and cannot be redriven'"
    );
    let passing = server.create("passing", &pass()).await;
    let run = server.run(&passing, "run", "{}").await;
    server.ended(&run).await;
    assert_eq!(
        refusal(redrive(&run).await),
        "ExecutionNotRedrivable: Execution Not Redrivable: 'Execution is SUCCEEDED and cannot be redriven'"
    );
    let missing = format!("arn:aws:states:{REGION}:123456789012:execution:orders:none");
    assert_eq!(
        refusal(redrive(&missing).await),
        format!("ExecutionDoesNotExist: Execution Does Not Exist: '{missing}'")
    );
}
