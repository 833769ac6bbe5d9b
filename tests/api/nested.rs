//! Executions that start executions.

use crate::support::{Server, event_types, output, pass, task, wait};
use aws_sdk_sfn::types::ExecutionStatus;
use serde_json::{Value, json};

const START: &str = "arn:aws:states:::states:startExecution";

/// A definition that starts a state machine with its own input.
fn start(pattern: &str, machine: &str) -> Value {
    task(json!({
        "Resource": format!("{START}{pattern}"),
        "Parameters": { "StateMachineArn": machine, "Input.$": "$" }
    }))
}

#[tokio::test]
async fn a_parent_waits_for_its_child_and_takes_its_output() {
    let server = Server::start();
    let child = server.create("child", &pass()).await;
    let parent = server.create("as-json", &start(".sync:2", &child)).await;
    let run = server.run(&parent, "run", r#"{"n":1}"#).await;
    let result = output(&server.ended(&run).await);
    assert_eq!(
        (&result["Status"], &result["Output"], &result["Input"]),
        (&json!("SUCCEEDED"), &json!({ "n": 1 }), &json!({ "n": 1 }))
    );
    let child_arn = result["ExecutionArn"].as_str().unwrap();
    assert_eq!(output(&server.ended(child_arn).await), json!({ "n": 1 }));
    assert_eq!(
        event_types(&server, &run).await,
        [
            "ExecutionStarted",
            "TaskStateEntered",
            "TaskScheduled",
            "TaskStarted",
            "TaskSubmitted",
            "TaskSucceeded",
            "TaskStateExited",
            "ExecutionSucceeded"
        ]
    );

    let parent = server.create("as-text", &start(".sync", &child)).await;
    let result = output(
        &server
            .ended(&server.run(&parent, "run", r#"{"n":2}"#).await)
            .await,
    );
    assert_eq!(
        (&result["Output"], &result["Input"]),
        (&json!(r#"{"n":2}"#), &json!(r#"{"n":2}"#))
    );
}

#[tokio::test]
async fn a_parent_that_does_not_wait_goes_on() {
    let server = Server::start();
    let child = server.create("child", &wait(3600)).await;
    let parent = server.create("parent", &start("", &child)).await;
    let result = output(&server.ended(&server.run(&parent, "run", "{}").await).await);
    let child_arn = result["ExecutionArn"].as_str().unwrap();
    assert!(result["StartDate"].is_number(), "{result}");
    assert_eq!(result.get("Output"), None);
    assert_eq!(server.described(child_arn).await.status, ExecutionStatus::Running);
}

#[tokio::test]
async fn the_failure_of_a_child_is_the_failure_of_its_task() {
    let server = Server::start();
    let failing =
        json!({ "StartAt": "F", "States": { "F": { "Type": "Fail", "Error": "E", "Cause": "c" } } });
    let child = server.create("child", &failing).await;
    let parent = server.create("parent", &start(".sync:2", &child)).await;
    let ended = server.ended(&server.run(&parent, "run", "{}").await).await;
    assert_eq!(
        (ended.status, ended.error.as_deref()),
        (ExecutionStatus::Failed, Some("States.TaskFailed"))
    );
    let cause: Value = serde_json::from_str(ended.cause.as_deref().unwrap()).unwrap();
    assert_eq!(
        (&cause["Status"], &cause["Error"], &cause["Cause"]),
        (&json!("FAILED"), &json!("E"), &json!("c"))
    );
}

#[tokio::test]
async fn the_stop_of_a_child_is_the_failure_of_its_task() {
    let server = Server::start();
    let child = server.create("child", &wait(3600)).await;
    let parent = server.create("parent", &start(".sync", &child)).await;
    let run = server.run(&parent, "run", "{}").await;
    server.reached(&run, "TaskSubmitted").await;
    let children = server
        .client()
        .list_executions()
        .state_machine_arn(&child)
        .send()
        .await
        .unwrap()
        .executions;
    assert_eq!(children.len(), 1);
    server
        .client()
        .stop_execution()
        .execution_arn(&children[0].execution_arn)
        .send()
        .await
        .unwrap();
    let ended = server.ended(&run).await;
    assert_eq!(
        (ended.status, ended.error.as_deref()),
        (ExecutionStatus::Failed, Some("States.TaskFailed"))
    );
}

#[tokio::test]
async fn a_child_that_cannot_start_fails_its_task() {
    let server = Server::start();
    let missing = "arn:aws:states:us-east-1:123456789012:stateMachine:missing";
    for (name, pattern) in [("waits", ".sync"), ("waits-2", ".sync:2"), ("goes-on", "")] {
        let parent = server.create(name, &start(pattern, missing)).await;
        let ended = server.ended(&server.run(&parent, "run", "{}").await).await;
        assert_eq!(ended.status, ExecutionStatus::Failed);
        assert_eq!(
            ended.error.as_deref(),
            Some("StepFunctions.StateMachineDoesNotExistException"),
            "{pattern}"
        );
        assert!(
            ended
                .cause
                .unwrap()
                .starts_with(&format!("State Machine Does Not Exist: '{missing}'"))
        );
    }
}

#[tokio::test]
async fn a_parent_still_waits_after_a_restart() {
    let mut server = Server::start();
    let child = server.create("child", &wait(2)).await;
    let parent = server.create("parent", &start(".sync:2", &child)).await;
    let run = server.run(&parent, "run", r#"{"n":1}"#).await;
    server.reached(&run, "TaskSubmitted").await;
    server.kill();
    server.restart();
    assert_eq!(output(&server.ended(&run).await)["Output"], json!({ "n": 1 }));
    let children = server
        .client()
        .list_executions()
        .state_machine_arn(&child)
        .send()
        .await
        .unwrap()
        .executions;
    assert_eq!(children.len(), 1, "the child was started once");
}
