//! `aws-sdk:sfn` tasks: the server answers them itself, without credentials, and they see its own executions.

use crate::support::{Server, event_types, output, pass, task, wait};
use aws_sdk_sfn::types::ExecutionStatus;
use serde_json::{Value, json};

/// Returns a definition of one task.
fn calling(action: &str, parameters: Value) -> Value {
    task(json!({ "Resource": format!("arn:aws:states:::aws-sdk:sfn:{action}"), "Parameters": parameters }))
}

#[tokio::test]
async fn executions_are_started_described_and_listed() {
    let server = Server::start();
    let child = server.create("child", &pass()).await;
    let starting = calling(
        "startExecution",
        json!({ "StateMachineArn": child, "Name": "one", "Input.$": "States.JsonToString($)" }),
    );
    let parent = server.create("parent", &starting).await;
    let run = server.run(&parent, "run", r#"{"n":1}"#).await;
    let started: Value = output(&server.ended(&run).await);
    let arn = started["ExecutionArn"].as_str().unwrap();
    assert_eq!(arn, child.replace(":stateMachine:", ":execution:") + ":one");
    let date = started["StartDate"].as_str().unwrap();
    assert!(date.ends_with('Z') && date.starts_with("20"), "{date}");
    assert_eq!(server.ended(arn).await.status, ExecutionStatus::Succeeded);

    let describing = calling("describeExecution", json!({ "ExecutionArn.$": "$.arn" }));
    let parent = server.create("describing", &describing).await;
    let run = server
        .run(&parent, "run", &json!({ "arn": arn }).to_string())
        .await;
    let described: Value = output(&server.ended(&run).await);
    assert_eq!(
        (&described["Status"], &described["Input"], &described["Output"]),
        (&json!("SUCCEEDED"), &json!(r#"{"n":1}"#), &json!(r#"{"n":1}"#))
    );

    let listing = calling(
        "listExecutions",
        json!({ "StateMachineArn": child, "StatusFilter": "SUCCEEDED" }),
    );
    let parent = server.create("listing", &listing).await;
    let run = server.run(&parent, "run", "{}").await;
    let listed: Value = output(&server.ended(&run).await);
    assert_eq!(listed["Executions"][0]["ExecutionArn"], arn);
    assert_eq!(listed["Executions"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_branch_reports_for_the_task_of_another_execution() {
    let server = Server::start();
    let reporting = calling(
        "sendTaskSuccess",
        json!({ "TaskToken.$": "$.token", "Output": { "approved": true } }),
    );
    let reporter = server.create("reporter", &reporting).await;
    let asking = task(json!({
        "Resource": "arn:aws:states:::states:startExecution.waitForTaskToken",
        "Parameters": { "StateMachineArn": reporter, "Input": { "token.$": "$$.Task.Token" } }
    }));
    let machine = server.create("asking", &asking).await;
    let run = server.run(&machine, "run", "{}").await;
    let ended = server.ended(&run).await;
    assert_eq!(ended.status, ExecutionStatus::Succeeded, "{ended:?}");
    assert_eq!(output(&ended), json!({ "approved": true }));
}

#[tokio::test]
async fn an_express_execution_is_waited_for() {
    let server = Server::start();
    let child = server.create_express("child", &pass()).await;
    let calling = calling(
        "startSyncExecution",
        json!({ "StateMachineArn": child, "Input": { "n": 2 } }),
    );
    let machine = server.create("parent", &calling).await;
    let run = server.run(&machine, "run", "{}").await;
    let ended: Value = output(&server.ended(&run).await);
    assert_eq!(
        (&ended["Status"], &ended["Output"]),
        (&json!("SUCCEEDED"), &json!(r#"{"n":2}"#))
    );
}

#[tokio::test]
async fn errors_have_the_names_that_step_functions_gives_them() {
    let server = Server::start();
    let child = server.create("child", &wait(60)).await;
    let missing = child.replace(":stateMachine:", ":execution:") + ":no-such";
    let describing = calling("describeExecution", json!({ "ExecutionArn": missing }));
    let machine = server.create("describing", &describing).await;
    let run = server.run(&machine, "run", "{}").await;
    let ended = server.ended(&run).await;
    assert_eq!(ended.error.as_deref(), Some("Sfn.ExecutionDoesNotExistException"));
    let cause = ended.cause.unwrap();
    assert!(cause.contains("Execution Does Not Exist"), "{cause}");
    assert!(
        cause.contains("(Service: Sfn, Status Code: 400, Request ID: "),
        "{cause}"
    );
    assert_eq!(
        event_types(&server, &run).await,
        [
            "ExecutionStarted",
            "TaskStateEntered",
            "TaskScheduled",
            "TaskStarted",
            "TaskFailed",
            "ExecutionFailed"
        ]
    );
}
