//! RedriveExecution, and what tells whether an execution can be redriven.

use crate::stack::{Stack, pass, wait};
use serde_json::{Value, json};

const RUN: &str = "arn:aws:states:us-east-1:123456789012:execution:orders:run";

fn fail() -> Value {
    json!({ "StartAt": "F", "States": { "F": { "Type": "Fail", "Error": "E" } } })
}

async fn started(definition: &Value) -> Stack {
    let stack = Stack::start();
    let machine = stack.create("orders", "STANDARD", definition).await;
    let body = json!({ "stateMachineArn": machine, "name": "run" });
    stack.call("StartExecution", body).await;
    stack
}

async fn described(stack: &Stack) -> Value {
    stack
        .call("DescribeExecution", json!({ "executionArn": RUN }))
        .await
}

async fn history(stack: &Stack) -> Vec<Value> {
    let history = stack
        .call("GetExecutionHistory", json!({ "executionArn": RUN }))
        .await;
    history["events"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_failed_execution_is_redriven_and_shows_it() {
    let stack = started(&fail()).await;
    let before = stack.ended(RUN).await;
    assert_eq!(before["redriveStatus"], "REDRIVABLE");
    assert_eq!(
        (before.get("redriveStatusReason"), before.get("redriveDate")),
        (None, None)
    );
    let redrive = json!({ "executionArn": RUN, "clientToken": "t" });
    let redriven = stack.call("RedriveExecution", redrive.clone()).await;
    let after = stack.ended(RUN).await;
    assert_eq!(
        (&after["status"], &after["redriveCount"], &after["redriveDate"]),
        (&json!("FAILED"), &json!(1), &redriven["redriveDate"])
    );
    assert!(after["stopDate"].as_f64() >= before["stopDate"].as_f64());
    let events = history(&stack).await;
    let types: Vec<&str> = events
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        types[2..],
        [
            "ExecutionFailed",
            "ExecutionRedriven",
            "FailStateEntered",
            "ExecutionFailed"
        ]
    );
    assert_eq!(events[3]["previousEventId"], 3);
    assert_eq!(
        events[3]["executionRedrivenEventDetails"],
        json!({ "redriveCount": 1 })
    );

    // The same request again changes nothing; another one does.
    assert_eq!(stack.call("RedriveExecution", redrive).await, redriven);
    assert_eq!(history(&stack).await.len(), 6);
    stack
        .call("RedriveExecution", json!({ "executionArn": RUN }))
        .await;
    assert_eq!(described(&stack).await["redriveCount"], 2);
    let listed = json!({ "stateMachineArn": after["stateMachineArn"] });
    let listed = stack.call("ListExecutions", listed).await;
    assert_eq!(listed["executions"][0]["redriveCount"], 2);
    assert!(listed["executions"][0]["redriveDate"].as_f64() >= redriven["redriveDate"].as_f64());
}

#[tokio::test]
async fn what_cannot_be_redriven_is_refused_with_the_reason() {
    let stack = started(&wait()).await;
    let redrive = json!({ "executionArn": RUN });
    let refused =
        "ExecutionNotRedrivable: Execution Not Redrivable: 'Execution is RUNNING and cannot be redriven'";
    assert_eq!(stack.refused("RedriveExecution", redrive.clone()).await, refused);
    assert_eq!(
        described(&stack).await["redriveStatusReason"],
        "Execution is RUNNING and cannot be redriven"
    );
    let succeeded = started(&pass()).await;
    succeeded.ended(RUN).await;
    let refused =
        "ExecutionNotRedrivable: Execution Not Redrivable: 'Execution is SUCCEEDED and cannot be redriven'";
    assert_eq!(
        succeeded.refused("RedriveExecution", redrive.clone()).await,
        refused
    );

    let missing = Stack::start();
    assert_eq!(
        missing.refused("RedriveExecution", redrive).await,
        format!("ExecutionDoesNotExist: Execution Does Not Exist: '{RUN}'")
    );
    let refused = missing
        .refused("RedriveExecution", json!({ "executionArn": "x" }))
        .await;
    assert!(refused.starts_with("InvalidArn: "), "{refused}");
    let express = "arn:aws:states:us-east-1:123456789012:express:orders:run:uuid";
    let refused = missing
        .refused("RedriveExecution", json!({ "executionArn": express }))
        .await;
    assert!(refused.starts_with("InvalidArn: "), "{refused}");
    let refused = missing
        .refused(
            "RedriveExecution",
            json!({ "executionArn": RUN, "clientToken": "x".repeat(65) }),
        )
        .await;
    assert!(refused.contains("'clientToken'"), "{refused}");
}

#[tokio::test]
async fn executions_of_a_state_machine_that_is_gone_are_not_redriven() {
    let stack = started(&fail()).await;
    let ended = stack.ended(RUN).await;
    let machine = json!({ "stateMachineArn": ended["stateMachineArn"] });
    stack.call("DeleteStateMachine", machine).await;
    let described = described(&stack).await;
    assert_eq!(
        (&described["redriveStatus"], &described["redriveStatusReason"]),
        (
            &json!("NOT_REDRIVABLE"),
            &json!("State machine is in DELETING status")
        )
    );
    assert_eq!(
        stack
            .refused("RedriveExecution", json!({ "executionArn": RUN }))
            .await,
        "ExecutionNotRedrivable: Execution Not Redrivable: 'State machine is in DELETING status'"
    );
}

#[tokio::test]
async fn a_stopped_execution_waits_again_and_can_be_stopped_again() {
    let stack = started(&wait()).await;
    stack.call("StopExecution", json!({ "executionArn": RUN })).await;
    assert_eq!(described(&stack).await["redriveStatus"], "REDRIVABLE");
    stack
        .call("RedriveExecution", json!({ "executionArn": RUN }))
        .await;
    let running = described(&stack).await;
    assert_eq!(
        (&running["status"], running.get("stopDate")),
        (&json!("RUNNING"), None)
    );
    let filter = json!({ "stateMachineArn": running["stateMachineArn"], "statusFilter": "RUNNING" });
    let listed = stack.call("ListExecutions", filter).await;
    assert_eq!(listed["executions"].as_array().unwrap().len(), 1);
    stack.call("StopExecution", json!({ "executionArn": RUN })).await;
    assert_eq!(described(&stack).await["status"], "ABORTED");
}
