//! Requests that no client means well with: each is answered, none with an internal failure.

use crate::stack::{Stack, pass};
use serde_json::{Value, json};

const OPERATIONS: [&str; 32] = [
    "CreateActivity",
    "CreateStateMachine",
    "CreateStateMachineAlias",
    "DeleteActivity",
    "DeleteStateMachine",
    "DeleteStateMachineAlias",
    "DeleteStateMachineVersion",
    "DescribeActivity",
    "DescribeExecution",
    "DescribeStateMachine",
    "DescribeStateMachineAlias",
    "DescribeStateMachineForExecution",
    "GetActivityTask",
    "GetExecutionHistory",
    "ListActivities",
    "ListExecutions",
    "ListStateMachineAliases",
    "ListStateMachineVersions",
    "ListStateMachines",
    "ListTagsForResource",
    "PublishStateMachineVersion",
    "SendTaskFailure",
    "SendTaskHeartbeat",
    "SendTaskSuccess",
    "StartExecution",
    "StartSyncExecution",
    "StopExecution",
    "TagResource",
    "UntagResource",
    "UpdateStateMachine",
    "UpdateStateMachineAlias",
    "ValidateStateMachineDefinition",
];

const MEMBERS: [&str; 30] = [
    "activityArn",
    "cause",
    "definition",
    "description",
    "encryptionConfiguration",
    "error",
    "executionArn",
    "includedData",
    "input",
    "loggingConfiguration",
    "maxResults",
    "name",
    "nextToken",
    "output",
    "publish",
    "resourceArn",
    "reverseOrder",
    "revisionId",
    "roleArn",
    "routingConfiguration",
    "stateMachineAliasArn",
    "stateMachineArn",
    "stateMachineVersionArn",
    "statusFilter",
    "tagKeys",
    "tags",
    "taskToken",
    "tracingConfiguration",
    "type",
    "versionDescription",
];

/// A request that all operations find their members in.
fn request(machine: &str, activity: &str) -> Value {
    json!({
        "activityArn": activity, "definition": pass().to_string(), "input": "{}", "name": "n", "output": "1",
        "executionArn": "arn:aws:states:us-east-1:123456789012:execution:orders:run", "resourceArn": machine,
        "roleArn": crate::stack::ROLE, "stateMachineArn": machine, "tagKeys": [], "tags": [], "taskToken": "x",
        "stateMachineAliasArn": format!("{machine}:live"), "stateMachineVersionArn": format!("{machine}:1"),
        "routingConfiguration": [{ "stateMachineVersionArn": format!("{machine}:1"), "weight": 100 }]
    })
}

fn hostile_values() -> Vec<Value> {
    let long = "x".repeat(300_000);
    let mut values = vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1e300),
        json!(u64::MAX),
    ];
    let texts = [
        "",
        "\0",
        "arn:",
        "arn:aws:states:::stateMachine:",
        "::::::::",
        "\u{10FFFF}\n",
        "AAAA",
        "\"",
        "{",
        &long,
    ];
    values.extend(texts.map(|text| json!(text)));
    values.extend([
        json!([]),
        json!([null]),
        json!([[]]),
        json!([{}]),
        json!({}),
        json!({ "type": [], "level": 1 }),
    ]);
    values
}

#[tokio::test]
async fn a_member_of_any_kind_is_answered() {
    let stack = Stack::start();
    let machine = stack.create("orders", "STANDARD", &pass()).await;
    let activity = stack.call("CreateActivity", json!({ "name": "pick" })).await["activityArn"].clone();
    let good = request(&machine, activity.as_str().unwrap());
    let values = hostile_values();
    for operation in OPERATIONS {
        for member in MEMBERS {
            for value in &values {
                let mut body = good.clone();
                body[member] = value.clone();
                let response = stack
                    .send(operation, body.to_string().into_bytes(), "k", "us-east-1")
                    .await;
                assert!(
                    response.status < 500,
                    "{operation} {member} {value:.40}: {response:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_body_of_any_kind_is_answered() {
    let stack = Stack::start();
    let deep = "{\"tags\":".repeat(50_000);
    let deep_list = format!("{{\"tags\":{}", "[".repeat(200_000));
    for operation in OPERATIONS {
        for body in ["{", "[]", "null", "\"", "\u{feff}{}", &deep, &deep_list] {
            let response = stack.send(operation, body.as_bytes().to_vec(), "", "").await;
            assert_eq!(
                response.error_type.as_deref(),
                Some("SerializationException"),
                "{operation} {body:.20}"
            );
        }
        let response = stack
            .send(operation, vec![0xff, 0xc0, 0x00], "k", "us-east-1")
            .await;
        assert_eq!(
            response.error_type.as_deref(),
            Some("SerializationException"),
            "{operation}"
        );
    }
}
