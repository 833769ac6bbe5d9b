//! State machines, activities and tags through the API.

use crate::stack::{ROLE, Stack, pass, wait};
use serde_json::{Value, json};

const ORDERS: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:orders";

#[tokio::test]
async fn a_state_machine_is_created_described_and_deleted() {
    let stack = Stack::start();
    assert_eq!(stack.create("orders", "STANDARD", &pass()).await, ORDERS);
    let arn = json!({ "stateMachineArn": ORDERS });
    let mut described = stack.call("DescribeStateMachine", arn.clone()).await;
    assert!(described["creationDate"].is_f64());
    described["creationDate"] = Value::Null;
    assert_eq!(
        described,
        json!({
            "stateMachineArn": ORDERS, "name": "orders", "status": "ACTIVE", "type": "STANDARD",
            "creationDate": null, "definition": pass().to_string(), "roleArn": ROLE,
            "loggingConfiguration": { "level": "OFF", "includeExecutionData": false },
            "tracingConfiguration": { "enabled": false },
            "encryptionConfiguration": { "type": "AWS_OWNED_KEY" },
            "variableReferences": {}
        })
    );
    let metadata = json!({ "stateMachineArn": ORDERS, "includedData": "METADATA_ONLY" });
    assert_eq!(
        stack.call("DescribeStateMachine", metadata).await["definition"],
        "{}"
    );

    assert_eq!(stack.call("DeleteStateMachine", arn.clone()).await, json!({}));
    let gone = format!("StateMachineDoesNotExist: State Machine Does Not Exist: '{ORDERS}'");
    assert_eq!(stack.refused("DescribeStateMachine", arn.clone()).await, gone);
    assert_eq!(stack.refused("StartExecution", arn.clone()).await, gone);
    assert_eq!(stack.call("DeleteStateMachine", arn).await, json!({}));
}

#[tokio::test]
async fn creating_again_is_idempotent_as_long_as_it_is_the_same() {
    let stack = Stack::start();
    let body = |definition: &Value, more: Value| {
        let mut body = json!({ "name": "orders", "definition": definition.to_string(), "roleArn": ROLE });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        body
    };
    let first = stack.call("CreateStateMachine", body(&pass(), json!({}))).await;
    // Role and tags are left out of the comparison, and what is left out of the request has its default.
    let other_role = json!({ "roleArn": "arn:aws:iam::123456789012:role/other", "tags": [{ "key": "a" }] });
    assert_eq!(
        stack.call("CreateStateMachine", body(&pass(), other_role)).await,
        first
    );
    let explicit = json!({ "type": "STANDARD", "tracingConfiguration": { "enabled": false } });
    assert_eq!(
        stack.call("CreateStateMachine", body(&pass(), explicit)).await,
        first
    );
    let taken = format!("StateMachineAlreadyExists: State Machine Already Exists: '{ORDERS}'");
    for other in [
        body(&wait(), json!({})),
        body(&pass(), json!({ "type": "EXPRESS" })),
    ] {
        assert_eq!(stack.refused("CreateStateMachine", other).await, taken);
    }
}

#[tokio::test]
async fn what_cannot_be_created_is_refused() {
    let stack = Stack::start();
    let refused = |change: Value| {
        let mut body = json!({ "name": "orders", "definition": pass().to_string(), "roleArn": ROLE });
        body.as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        stack.refused("CreateStateMachine", body)
    };
    assert_eq!(
        refused(json!({ "name": "a b" })).await,
        "InvalidName: Invalid Name: 'a b'"
    );
    assert_eq!(
        refused(json!({ "roleArn": "me" })).await,
        "InvalidArn: Invalid Role Arn: 'me'"
    );
    assert_eq!(
        refused(json!({ "definition": "{}" })).await,
        "InvalidDefinition: Invalid State Machine Definition: \
         'SCHEMA_VALIDATION_FAILED: These fields are required: [StartAt, States] at /'"
    );
    assert_eq!(
        refused(json!({ "versionDescription": "v" })).await,
        "ValidationException: Version description can only be set when publish is true"
    );
    let tags: Vec<Value> = (0..51)
        .map(|n| json!({ "key": n.to_string(), "value": "" }))
        .collect();
    assert!(
        refused(json!({ "tags": tags }))
            .await
            .starts_with("TooManyTags: ")
    );
    assert_eq!(
        stack.refused("CreateStateMachine", json!({ "name": "" })).await,
        "ValidationException: 3 validation errors detected: \
         Value '' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 1; \
         Value null at 'definition' failed to satisfy constraint: Member must not be null; \
         Value null at 'roleArn' failed to satisfy constraint: Member must not be null"
    );
}

#[tokio::test]
async fn an_update_makes_a_new_revision() {
    let stack = Stack::start();
    stack.create("orders", "STANDARD", &pass()).await;
    let update = json!({ "stateMachineArn": ORDERS, "definition": wait().to_string() });
    let updated = stack.call("UpdateStateMachine", update).await;
    let described = stack
        .call("DescribeStateMachine", json!({ "stateMachineArn": ORDERS }))
        .await;
    assert_eq!(described["definition"], wait().to_string());
    assert_eq!(described["roleArn"], ROLE);
    assert_eq!(described["revisionId"], updated["revisionId"]);
    assert!(updated["updateDate"].is_f64());

    let again = json!({ "stateMachineArn": ORDERS, "definition": wait().to_string(), "roleArn": ROLE });
    let again = stack.call("UpdateStateMachine", again).await;
    assert_eq!(
        again["revisionId"], updated["revisionId"],
        "what changes nothing makes no revision"
    );

    let nothing = stack
        .refused("UpdateStateMachine", json!({ "stateMachineArn": ORDERS }))
        .await;
    assert!(nothing.starts_with("MissingRequiredParameter: "), "{nothing}");
    let broken = json!({ "stateMachineArn": ORDERS, "definition": "{" });
    assert!(
        stack
            .refused("UpdateStateMachine", broken)
            .await
            .starts_with("InvalidDefinition: ")
    );
}

#[tokio::test]
async fn lists_have_pages_and_never_mix_owners() {
    let stack = Stack::start();
    for name in ["a", "b", "c"] {
        stack.create(name, "EXPRESS", &pass()).await;
    }
    let body = json!({ "name": "z", "definition": pass().to_string(), "roleArn": ROLE }).to_string();
    let created = stack
        .send(
            "CreateStateMachine",
            body.into_bytes(),
            "999988887777",
            "eu-west-1",
        )
        .await;
    let created: Value = serde_json::from_slice(&created.body).unwrap();
    assert_eq!(
        created["stateMachineArn"],
        "arn:aws:states:eu-west-1:999988887777:stateMachine:z"
    );

    let first = stack.call("ListStateMachines", json!({ "maxResults": 2 })).await;
    let token = first["nextToken"].clone();
    let second = stack
        .call(
            "ListStateMachines",
            json!({ "maxResults": 2, "nextToken": token }),
        )
        .await;
    let names = |page: &Value| -> Vec<String> {
        let rows = page["stateMachines"].as_array().unwrap();
        rows.iter()
            .map(|row| row["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        (names(&first), names(&second)),
        (vec!["a".into(), "b".into()], vec!["c".into()])
    );
    assert_eq!(second.get("nextToken"), None);
    assert_eq!(second["stateMachines"][0]["type"], "EXPRESS");
    assert_eq!(
        stack
            .refused("ListStateMachines", json!({ "nextToken": "garbage" }))
            .await,
        "InvalidToken: Invalid Token: 'Invalid token'"
    );
    // The token of one listing is worth nothing in another.
    let other = stack
        .refused("ListActivities", json!({ "nextToken": first["nextToken"] }))
        .await;
    assert!(other.starts_with("InvalidToken"), "{other}");
}

#[tokio::test]
async fn activities_are_known_by_their_names() {
    let stack = Stack::start();
    let first = stack.call("CreateActivity", json!({ "name": "pick" })).await;
    assert_eq!(
        stack.call("CreateActivity", json!({ "name": "pick" })).await,
        first
    );
    let arn = first["activityArn"].clone();
    assert_eq!(arn, "arn:aws:states:us-east-1:123456789012:activity:pick");
    let described = stack
        .call("DescribeActivity", json!({ "activityArn": arn }))
        .await;
    assert_eq!(
        (&described["name"], &described["creationDate"]),
        (&json!("pick"), &first["creationDate"])
    );
    let listed = stack.call("ListActivities", json!({})).await;
    assert_eq!(listed["activities"][0]["activityArn"], arn);
    let key = json!({ "type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": "alias/x" });
    let other = stack
        .refused(
            "CreateActivity",
            json!({ "name": "pick", "encryptionConfiguration": key }),
        )
        .await;
    assert!(other.starts_with("ActivityAlreadyExists: "), "{other}");

    let idle = stack.call("GetActivityTask", json!({ "activityArn": arn })).await;
    assert_eq!(idle, json!({ "taskToken": null, "input": null }));
    assert_eq!(
        stack.call("DeleteActivity", json!({ "activityArn": arn })).await,
        json!({})
    );
    let gone = format!(
        "ActivityDoesNotExist: Activity Does Not Exist: '{}'",
        arn.as_str().unwrap()
    );
    assert_eq!(
        stack
            .refused("DescribeActivity", json!({ "activityArn": arn }))
            .await,
        gone
    );
    assert_eq!(
        stack
            .refused("GetActivityTask", json!({ "activityArn": arn }))
            .await,
        gone
    );
}

#[tokio::test]
async fn tags_come_and_go() {
    let stack = Stack::start();
    stack.create("orders", "STANDARD", &pass()).await;
    let activity = stack.call("CreateActivity", json!({ "name": "pick" })).await["activityArn"].clone();
    for arn in [json!(ORDERS), activity] {
        let tags = json!([{ "key": "team", "value": "a" }, { "key": "stage", "value": "b" }]);
        stack
            .call("TagResource", json!({ "resourceArn": arn, "tags": tags }))
            .await;
        stack
            .call(
                "TagResource",
                json!({ "resourceArn": arn, "tags": [{ "key": "team", "value": "c" }] }),
            )
            .await;
        stack
            .call(
                "UntagResource",
                json!({ "resourceArn": arn, "tagKeys": ["stage", "none"] }),
            )
            .await;
        let left = stack
            .call("ListTagsForResource", json!({ "resourceArn": arn }))
            .await;
        assert_eq!(left, json!({ "tags": [{ "key": "team", "value": "c" }] }));
    }
    let unknown = format!("{ORDERS}-2");
    assert_eq!(
        stack
            .refused("ListTagsForResource", json!({ "resourceArn": unknown }))
            .await,
        format!("ResourceNotFound: Resource not found: '{unknown}'")
    );
}

#[tokio::test]
async fn parts_of_a_state_machine_are_not_taken_for_the_whole() {
    let stack = Stack::start();
    stack.create("orders", "STANDARD", &pass()).await;
    let arn = |suffix: &str| json!({ "stateMachineArn": format!("{ORDERS}{suffix}") });
    for suffix in [":1", ":PROD", "/items"] {
        let refused = stack.refused("DeleteStateMachine", arn(suffix)).await;
        assert!(refused.starts_with("ValidationException: "), "{refused}");
    }
    let version = stack.refused("StartExecution", arn(":1")).await;
    assert_eq!(
        version,
        format!("StateMachineDoesNotExist: State Machine Does Not Exist: '{ORDERS}:1'")
    );
    assert!(
        stack
            .refused("StartExecution", arn("/items"))
            .await
            .starts_with("ValidationException: ")
    );
    stack.call("DescribeStateMachine", arn("")).await;
}

#[tokio::test]
async fn definitions_are_validated_without_a_trace() {
    let stack = Stack::start();
    let valid = stack
        .call(
            "ValidateStateMachineDefinition",
            json!({ "definition": pass().to_string() }),
        )
        .await;
    assert_eq!(
        valid,
        json!({ "result": "OK", "diagnostics": [], "truncated": false })
    );
    let body = json!({ "definition": r#"{"States":{"StartState":{"Type":"Pass","End":true}}}"# });
    // Recorded from AWS.
    assert_eq!(
        stack.call("ValidateStateMachineDefinition", body).await,
        json!({
            "diagnostics": [{
                "code": "SCHEMA_VALIDATION_FAILED", "location": "/", "severity": "ERROR",
                "message": "These fields are required: [StartAt]"
            }],
            "result": "FAIL", "truncated": false
        })
    );
}

#[tokio::test]
async fn what_is_unknown_is_refused_by_name() {
    let stack = Stack::start();
    assert_eq!(
        stack.refused("MakeCoffee", json!({})).await,
        "UnknownOperationException: the operation `MakeCoffee` is unknown"
    );
    let huge = stack
        .send("ListActivities", vec![b' '; 3 * 1024 * 1024], "k", "us-east-1")
        .await;
    assert_eq!(
        (huge.status, huge.error_type.as_deref()),
        (413, Some("RequestEntityTooLargeException"))
    );
    assert_eq!(huge.request_id.len(), 36);
}
