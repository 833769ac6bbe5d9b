//! Executions, their history and their tasks through the API.

use crate::stack::{ROLE, Stack, pass, wait};
use serde_json::{Value, json};

const RUN: &str = "arn:aws:states:us-east-1:123456789012:execution:orders:run";

#[tokio::test]
async fn an_execution_is_started_and_described() {
    let stack = Stack::start();
    let machine = stack.create("orders", "STANDARD", &pass()).await;
    let start = json!({
        "stateMachineArn": machine, "name": "run", "input": "{ \"n\": 1.0 }", "traceHeader": "Root=1-abc"
    });
    let started = stack.call("StartExecution", start).await;
    assert_eq!(started["executionArn"], RUN);
    let ended = stack.ended(RUN).await;
    assert_eq!(ended["startDate"], started["startDate"]);
    assert!(ended["stopDate"].as_f64() >= started["startDate"].as_f64());
    let expected = json!({
        "executionArn": RUN, "stateMachineArn": machine, "name": "run", "status": "SUCCEEDED",
        "startDate": ended["startDate"], "stopDate": ended["stopDate"], "traceHeader": "Root=1-abc",
        "input": "{ \"n\": 1.0 }", "inputDetails": { "included": true },
        "output": ended["output"], "outputDetails": { "included": true },
        "redriveCount": 0, "redriveStatus": "NOT_REDRIVABLE",
        "redriveStatusReason": "Execution is SUCCEEDED and cannot be redriven"
    });
    assert_eq!(ended, expected);
    let output: Value = serde_json::from_str(ended["output"].as_str().unwrap()).unwrap();
    assert_eq!(output, json!({ "n": 1.0 }));

    let metadata = json!({ "executionArn": RUN, "includedData": "METADATA_ONLY" });
    let metadata = stack.call("DescribeExecution", metadata).await;
    assert_eq!((metadata.get("input"), metadata.get("output")), (None, None));
    assert_eq!(metadata["inputDetails"], json!({ "included": false }));
}

#[tokio::test]
async fn an_execution_keeps_the_definition_that_it_was_started_with() {
    let stack = Stack::start();
    let machine = stack.create("orders", "STANDARD", &pass()).await;
    stack
        .call(
            "StartExecution",
            json!({ "stateMachineArn": machine, "name": "run" }),
        )
        .await;
    stack.ended(RUN).await;
    let role = "arn:aws:iam::123456789012:role/other";
    let update = json!({ "stateMachineArn": machine, "definition": wait().to_string(), "roleArn": role });
    stack.call("UpdateStateMachine", update).await;
    stack
        .call("DeleteStateMachine", json!({ "stateMachineArn": machine }))
        .await;
    let described = stack
        .call("DescribeStateMachineForExecution", json!({ "executionArn": RUN }))
        .await;
    assert_eq!(described["definition"], pass().to_string());
    assert_eq!(
        (&described["roleArn"], &described["name"]),
        (&json!(ROLE), &json!("orders"))
    );
    assert!(described["updateDate"].is_f64());
    // The first revision has no id, as on AWS.
    assert_eq!(described.get("revisionId"), None);
}

#[tokio::test]
async fn starting_again_is_idempotent_while_it_runs() {
    let stack = Stack::start();
    let machine = stack.create("orders", "STANDARD", &wait()).await;
    let start = |input: &str| json!({ "stateMachineArn": machine, "name": "run", "input": input });
    let first = stack.call("StartExecution", start("{}")).await;
    assert_eq!(stack.call("StartExecution", start("{}")).await, first);
    let taken = format!("ExecutionAlreadyExists: Execution Already Exists: '{RUN}'");
    assert_eq!(stack.refused("StartExecution", start("[]")).await, taken);
    let stop = json!({ "executionArn": RUN, "error": "Enough", "cause": "it took too long" });
    let stopped = stack.call("StopExecution", stop.clone()).await;
    assert_eq!(stack.refused("StartExecution", start("{}")).await, taken);

    let ended = stack.ended(RUN).await;
    assert_eq!(ended["status"], "ABORTED");
    assert_eq!(
        (&ended["error"], &ended["cause"]),
        (&json!("Enough"), &json!("it took too long"))
    );
    assert_eq!(ended.get("outputDetails"), None);
    // Stopping again tells when it was stopped.
    assert_eq!(stack.call("StopExecution", stop).await, stopped);
    assert_eq!(stopped["stopDate"], ended["stopDate"]);
}

#[tokio::test]
async fn what_cannot_be_started_is_refused() {
    let stack = Stack::start();
    let machine = stack.create("orders", "STANDARD", &pass()).await;
    let start = |name: &str, input: &str| {
        stack.refused(
            "StartExecution",
            json!({ "stateMachineArn": machine, "name": name, "input": input }),
        )
    };
    assert_eq!(start("a:b", "{}").await, "InvalidName: Invalid Name: 'a:b'");
    let invalid = start("a", "{").await;
    assert!(
        invalid.starts_with("InvalidExecutionInput: Invalid State Machine Execution Input: '"),
        "{invalid}"
    );
    let large = format!("\"{}\"", "x".repeat(262_144));
    assert_eq!(
        start("a", &large).await,
        "ValidationException: 1 validation error detected: Value at 'input' failed to satisfy constraint: \
         Member must have length less than or equal to 262144"
    );
    assert_eq!(
        stack
            .refused("StartExecution", json!({ "stateMachineArn": "orders" }))
            .await,
        "InvalidArn: Invalid Arn: 'Invalid ARN prefix: orders'"
    );
    assert_eq!(
        stack
            .refused("StartSyncExecution", json!({ "stateMachineArn": machine }))
            .await,
        "StateMachineTypeNotSupported: This operation is not supported by this type of state machine"
    );
    let missing = json!({ "executionArn": RUN });
    for operation in [
        "DescribeExecution",
        "StopExecution",
        "GetExecutionHistory",
        "DescribeStateMachineForExecution",
    ] {
        assert_eq!(
            stack.refused(operation, missing.clone()).await,
            format!("ExecutionDoesNotExist: Execution Does Not Exist: '{RUN}'")
        );
        assert_eq!(
            stack.refused(operation, json!({ "executionArn": machine })).await,
            "InvalidArn: Invalid Arn: 'Resource type not valid in this context: stateMachine'"
        );
    }
}

#[tokio::test]
async fn a_synchronous_execution_answers_with_its_end() {
    let stack = Stack::start();
    let machine = stack.create("orders", "EXPRESS", &pass()).await;
    let start = json!({ "stateMachineArn": machine, "name": "run", "input": "[1]" });
    let end = stack.call("StartSyncExecution", start).await;
    let arn = end["executionArn"].as_str().unwrap();
    assert!(
        arn.starts_with("arn:aws:states:us-east-1:123456789012:express:orders:run:"),
        "{arn}"
    );
    assert_eq!(
        (&end["status"], &end["name"]),
        (&json!("SUCCEEDED"), &json!("run"))
    );
    assert_eq!((&end["input"], &end["output"]), (&json!("[1]"), &json!("[1]")));
    assert_eq!(end["outputDetails"], json!({ "included": true }));
    assert!(end["billingDetails"]["billedDurationInMilliseconds"].as_u64() >= Some(100));

    let failing = json!({
        "StartAt": "F", "States": { "F": { "Type": "Fail", "Error": "E", "Cause": "c" } }
    });
    let machine = stack.create("failing", "EXPRESS", &failing).await;
    let end = stack
        .call("StartSyncExecution", json!({ "stateMachineArn": machine }))
        .await;
    assert_eq!(
        (&end["status"], &end["error"], &end["cause"]),
        (&json!("FAILED"), &json!("E"), &json!("c"))
    );
    // Recorded from AWS.
    assert_eq!(
        (&end["outputDetails"], end.get("output")),
        (&json!({ "included": true }), None)
    );

    let list = stack
        .refused("ListExecutions", json!({ "stateMachineArn": machine }))
        .await;
    assert!(list.starts_with("StateMachineTypeNotSupported: "), "{list}");
}

#[tokio::test]
async fn executions_are_listed_by_status_and_in_pages() {
    let stack = Stack::start();
    let passing = stack.create("passing", "STANDARD", &pass()).await;
    for name in ["a", "b", "c"] {
        let started = stack
            .call(
                "StartExecution",
                json!({ "stateMachineArn": passing, "name": name }),
            )
            .await;
        stack.ended(started["executionArn"].as_str().unwrap()).await;
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    let list = |more: Value| {
        let mut body = json!({ "stateMachineArn": passing });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        stack.call("ListExecutions", body)
    };
    let names = |page: &Value| -> String {
        page["executions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["name"].as_str().unwrap())
            .collect()
    };
    assert_eq!(names(&list(json!({})).await), "cba");
    assert_eq!(names(&list(json!({ "statusFilter": "FAILED" })).await), "");
    let first = list(json!({ "maxResults": 2, "statusFilter": "SUCCEEDED" })).await;
    assert_eq!(names(&first), "cb");
    assert!(first["executions"][0]["stopDate"].is_f64());
    let token = first["nextToken"].clone();
    let more = json!({ "maxResults": 2, "statusFilter": "SUCCEEDED", "nextToken": token });
    assert_eq!(names(&list(more).await), "a");
    let other = json!({ "stateMachineArn": passing, "nextToken": token });
    assert!(
        stack
            .refused("ListExecutions", other)
            .await
            .starts_with("InvalidToken: ")
    );

    for (body, message) in [
        (json!({}), "Either stateMachineArn or mapRunArn must be given"),
        (
            json!({ "stateMachineArn": passing, "mapRunArn": "x" }),
            "Either stateMachineArn or mapRunArn may be given, not both",
        ),
        (
            json!({ "stateMachineArn": passing, "redriveFilter": "REDRIVEN" }),
            "The redriveFilter needs a mapRunArn",
        ),
    ] {
        assert_eq!(
            stack.refused("ListExecutions", body).await,
            format!("ValidationException: {message}")
        );
    }
}

#[tokio::test]
async fn the_history_has_pages_in_both_directions() {
    let stack = Stack::start();
    let machine = stack.create("orders", "STANDARD", &pass()).await;
    stack
        .call(
            "StartExecution",
            json!({ "stateMachineArn": machine, "name": "run", "input": "[1]" }),
        )
        .await;
    stack.ended(RUN).await;
    let whole = stack
        .call("GetExecutionHistory", json!({ "executionArn": RUN }))
        .await;
    let types: Vec<&Value> = whole["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| &event["type"])
        .collect();
    assert_eq!(
        types,
        [
            "ExecutionStarted",
            "PassStateEntered",
            "PassStateExited",
            "ExecutionSucceeded"
        ]
    );
    assert_eq!(whole.get("nextToken"), None);
    assert_eq!(
        whole["events"][0]["executionStartedEventDetails"],
        json!({ "input": "[1]", "inputDetails": { "truncated": false }, "roleArn": ROLE })
    );
    assert_eq!(
        whole["events"][2]["stateExitedEventDetails"],
        json!({ "name": "P", "output": "[1]", "outputDetails": { "truncated": false } })
    );
    for reverse in [false, true] {
        let mut ids = Vec::new();
        let mut body = json!({ "executionArn": RUN, "maxResults": 3, "reverseOrder": reverse });
        loop {
            let page = stack.call("GetExecutionHistory", body.clone()).await;
            ids.extend(
                page["events"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|event| event["id"].as_u64().unwrap()),
            );
            let Some(token) = page.get("nextToken") else { break };
            body["nextToken"] = token.clone();
        }
        assert_eq!(ids, if reverse { [4, 3, 2, 1] } else { [1, 2, 3, 4] });
    }
    let bare = json!({ "executionArn": RUN, "includeExecutionData": false, "maxResults": 1 });
    let bare = stack.call("GetExecutionHistory", bare).await;
    assert_eq!(
        bare["events"][0]["executionStartedEventDetails"],
        json!({ "roleArn": ROLE })
    );
}

#[tokio::test]
async fn a_history_of_large_documents_has_short_pages() {
    let stack = Stack::start();
    let states: serde_json::Map<String, Value> = (0..12)
        .map(|n| {
            let next = if n == 11 {
                json!({ "Type": "Pass", "End": true })
            } else {
                json!({ "Type": "Pass", "Next": format!("S{}", n + 1) })
            };
            (format!("S{n}"), next)
        })
        .collect();
    let machine = stack
        .create(
            "orders",
            "STANDARD",
            &json!({ "StartAt": "S0", "States": states }),
        )
        .await;
    let input = format!("\"{}\"", "x".repeat(250_000));
    stack
        .call(
            "StartExecution",
            json!({ "stateMachineArn": machine, "name": "run", "input": input }),
        )
        .await;
    stack.ended(RUN).await;
    let mut count = 0;
    let mut pages = 0;
    let mut body = json!({ "executionArn": RUN });
    loop {
        let page = stack.call("GetExecutionHistory", body.clone()).await;
        assert!(page.to_string().len() < 3_000_000);
        count += page["events"].as_array().unwrap().len();
        pages += 1;
        let Some(token) = page.get("nextToken") else { break };
        body["nextToken"] = token.clone();
    }
    assert_eq!(count, 26);
    assert!(pages > 1);
}

#[tokio::test]
async fn a_worker_takes_a_task_and_reports_on_it() {
    let stack = Stack::start();
    let activity = stack.call("CreateActivity", json!({ "name": "pick" })).await["activityArn"].clone();
    let definition = json!({
        "StartAt": "T", "States": { "T": { "Type": "Task", "Resource": activity, "HeartbeatSeconds": 600, "End": true } }
    });
    let machine = stack.create("orders", "STANDARD", &definition).await;
    let express = json!({
        "name": "fast", "type": "EXPRESS", "definition": definition.to_string(), "roleArn": ROLE
    });
    // Recorded from AWS.
    assert_eq!(
        stack.refused("CreateStateMachine", express).await,
        "InvalidDefinition: Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: \
         Express state machine does not support Activity ARN at /States/T/Resource'"
    );
    let take = |name: &'static str| {
        let stack = &stack;
        let (machine, activity) = (machine.clone(), activity.clone());
        async move {
            stack
                .call(
                    "StartExecution",
                    json!({ "stateMachineArn": machine, "name": name, "input": "[7]" }),
                )
                .await;
            for _ in 0..100 {
                let poll = json!({ "activityArn": activity, "workerName": "w" });
                let task = stack.call("GetActivityTask", poll).await;
                if task["taskToken"].is_string() {
                    assert_eq!(task["input"], "[7]");
                    return task["taskToken"].clone();
                }
            }
            panic!("no task");
        }
    };
    let token = take("run").await;
    assert_eq!(
        stack
            .call("SendTaskHeartbeat", json!({ "taskToken": token }))
            .await,
        json!({})
    );
    let invalid = stack
        .refused("SendTaskSuccess", json!({ "taskToken": token, "output": "{" }))
        .await;
    assert!(invalid.starts_with("InvalidOutput: "), "{invalid}");
    let success = json!({ "taskToken": token, "output": "\"done\"" });
    assert_eq!(stack.call("SendTaskSuccess", success.clone()).await, json!({}));
    assert_eq!(stack.ended(RUN).await["output"], "\"done\"");
    let late = "TaskTimedOut: Task Timed Out: 'Provided task does not exist anymore'";
    assert_eq!(stack.refused("SendTaskSuccess", success).await, late);
    assert_eq!(
        stack
            .refused("SendTaskHeartbeat", json!({ "taskToken": token }))
            .await,
        late
    );
    let garbage = json!({ "taskToken": "AAAA", "error": "E" });
    assert_eq!(
        stack.refused("SendTaskFailure", garbage).await,
        "InvalidToken: Invalid Token: 'Invalid token'"
    );

    let token = take("failing").await;
    stack
        .call(
            "SendTaskFailure",
            json!({ "taskToken": token, "error": "E", "cause": "c" }),
        )
        .await;
    let failed = stack
        .ended("arn:aws:states:us-east-1:123456789012:execution:orders:failing")
        .await;
    assert_eq!(
        (&failed["status"], &failed["error"], &failed["cause"]),
        (&json!("FAILED"), &json!("E"), &json!("c"))
    );
}
