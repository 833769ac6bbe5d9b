//! Versions of state machines through the API.

use crate::stack::{ROLE, Stack, pass, wait};
use serde_json::{Value, json};

const ORDERS: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:orders";

/// A definition with a fixed output.
fn saying(word: &str) -> Value {
    json!({ "StartAt": "P", "States": { "P": { "Type": "Pass", "Result": word, "End": true } } })
}

fn create(more: Value) -> Value {
    let mut body = json!({ "name": "orders", "definition": saying("one").to_string(), "roleArn": ROLE });
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    body
}

fn update(word: &str, publish: bool) -> Value {
    json!({ "stateMachineArn": ORDERS, "definition": saying(word).to_string(), "publish": publish })
}

/// Returns the numbers of all versions in the order of the list.
async fn numbers(stack: &Stack) -> Vec<u64> {
    let list = stack
        .call("ListStateMachineVersions", json!({ "stateMachineArn": ORDERS }))
        .await;
    let rows = list["stateMachineVersions"].as_array().unwrap().iter();
    rows.map(|row| {
        assert!(row["creationDate"].is_f64());
        let arn = row["stateMachineVersionArn"].as_str().unwrap();
        arn.strip_prefix(&format!("{ORDERS}:")).unwrap().parse().unwrap()
    })
    .collect()
}

#[tokio::test]
async fn a_version_is_published_once_per_revision() {
    let stack = Stack::start();
    stack.call("CreateStateMachine", create(json!({}))).await;
    assert_eq!(numbers(&stack).await, [0; 0]);
    let publish = |more: Value| {
        let mut body = json!({ "stateMachineArn": ORDERS });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        body
    };
    let first = publish(json!({ "revisionId": "INITIAL", "description": "the first" }));
    let first = stack.call("PublishStateMachineVersion", first).await;
    assert_eq!(first["stateMachineVersionArn"], format!("{ORDERS}:1"));
    assert_eq!(
        stack.call("PublishStateMachineVersion", publish(json!({}))).await,
        first
    );

    let updated = stack.call("UpdateStateMachine", update("two", false)).await;
    assert_eq!(updated["stateMachineVersionArn"], Value::Null);
    let revision = updated["revisionId"].as_str().unwrap();
    assert_eq!(
        stack
            .refused(
                "PublishStateMachineVersion",
                publish(json!({ "revisionId": "INITIAL" }))
            )
            .await,
        format!(
            "ConflictException: Failed to publish the State Machine version for revision INITIAL. The current State \
             Machine revision is {revision}."
        )
    );
    let second = stack
        .call(
            "PublishStateMachineVersion",
            publish(json!({ "revisionId": revision })),
        )
        .await;
    assert_eq!(second["stateMachineVersionArn"], format!("{ORDERS}:2"));
    assert_eq!(numbers(&stack).await, [2, 1]);
}

#[tokio::test]
async fn creating_and_updating_publish_when_asked() {
    let stack = Stack::start();
    let body = create(json!({ "publish": true, "versionDescription": "the first" }));
    let created = stack.call("CreateStateMachine", body.clone()).await;
    assert_eq!(created["stateMachineVersionArn"], format!("{ORDERS}:1"));
    assert_eq!(stack.call("CreateStateMachine", body).await, created);
    let taken = format!("StateMachineAlreadyExists: State Machine Already Exists: '{ORDERS}'");
    for other in [
        json!({}),
        json!({ "publish": true }),
        json!({ "publish": true, "versionDescription": "another" }),
    ] {
        assert_eq!(stack.refused("CreateStateMachine", create(other)).await, taken);
    }

    let second = stack.call("UpdateStateMachine", update("two", true)).await;
    assert_eq!(second["stateMachineVersionArn"], format!("{ORDERS}:2"));
    let same = stack.call("UpdateStateMachine", update("two", true)).await;
    assert_eq!(same["stateMachineVersionArn"], second["stateMachineVersionArn"]);
    assert_eq!(same["revisionId"], second["revisionId"]);
    let only = json!({ "stateMachineArn": ORDERS, "publish": true });
    let refused = stack.refused("UpdateStateMachine", only).await;
    assert!(refused.starts_with("MissingRequiredParameter: "), "{refused}");
}

#[tokio::test]
async fn a_version_published_later_does_not_make_the_creation_another_one() {
    let stack = Stack::start();
    let created = stack.call("CreateStateMachine", create(json!({}))).await;
    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    stack
        .call("PublishStateMachineVersion", json!({ "stateMachineArn": ORDERS }))
        .await;
    assert_eq!(stack.call("CreateStateMachine", create(json!({}))).await, created);
}

#[tokio::test]
async fn a_version_is_described_as_it_was_published() {
    let stack = Stack::start();
    let body = create(json!({ "publish": true, "versionDescription": "the first" }));
    stack.call("CreateStateMachine", body).await;
    let updated = stack.call("UpdateStateMachine", update("two", true)).await;
    let describe = |qualifier: &str| json!({ "stateMachineArn": format!("{ORDERS}{qualifier}") });
    let first = stack.call("DescribeStateMachine", describe(":1")).await;
    assert_eq!(first["stateMachineArn"], format!("{ORDERS}:1"));
    assert_eq!(first["name"], "orders");
    assert_eq!(first["definition"], saying("one").to_string());
    assert_eq!(first["description"], "the first");
    assert_eq!(first["revisionId"], Value::Null);
    let second = stack.call("DescribeStateMachine", describe(":2")).await;
    assert_eq!(second["definition"], saying("two").to_string());
    assert_eq!(second["description"], Value::Null);
    assert_eq!(second["revisionId"], updated["revisionId"]);
    let plain = stack.call("DescribeStateMachine", describe("")).await;
    assert_eq!(
        (&plain["stateMachineArn"], &plain["description"]),
        (&json!(ORDERS), &Value::Null)
    );
    for missing in [":3", ":01", ":live"] {
        assert_eq!(
            stack.refused("DescribeStateMachine", describe(missing)).await,
            format!("StateMachineDoesNotExist: State Machine Does Not Exist: '{ORDERS}{missing}'")
        );
    }
}

#[tokio::test]
async fn an_execution_of_a_version_runs_what_was_published() {
    let stack = Stack::start();
    stack
        .call("CreateStateMachine", create(json!({ "publish": true })))
        .await;
    stack.call("UpdateStateMachine", update("two", true)).await;
    let run = |qualifier: &'static str, name: &'static str| {
        stack.call(
            "StartExecution",
            json!({ "stateMachineArn": format!("{ORDERS}{qualifier}"), "name": name }),
        )
    };
    for (qualifier, name, output) in [
        (":1", "a", "\"one\""),
        ("", "b", "\"two\""),
        (":2", "c", "\"two\""),
    ] {
        let started = run(qualifier, name).await;
        let ended = stack.ended(started["executionArn"].as_str().unwrap()).await;
        assert_eq!(ended["output"], output);
        assert_eq!(ended["stateMachineArn"], ORDERS);
        let version = match qualifier {
            "" => Value::Null,
            qualifier => json!(format!("{ORDERS}{qualifier}")),
        };
        assert_eq!(ended["stateMachineVersionArn"], version);
        assert_eq!(ended["stateMachineAliasArn"], Value::Null);
    }
    let list = |qualifier: &str| {
        stack.call(
            "ListExecutions",
            json!({ "stateMachineArn": format!("{ORDERS}{qualifier}") }),
        )
    };
    let names = |list: &Value| -> Vec<String> {
        let rows = list["executions"].as_array().unwrap().iter();
        rows.map(|row| row["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&list("").await).len(), 3);
    let of_first = list(":1").await;
    assert_eq!(names(&of_first), ["a"]);
    assert_eq!(
        of_first["executions"][0]["stateMachineVersionArn"],
        format!("{ORDERS}:1")
    );
    assert_eq!(names(&list(":2").await), ["c"]);
    let missing = json!({ "stateMachineArn": format!("{ORDERS}:3") });
    for operation in ["ListExecutions", "StartExecution"] {
        assert_eq!(
            stack.refused(operation, missing.clone()).await,
            format!("StateMachineDoesNotExist: State Machine Does Not Exist: '{ORDERS}:3'")
        );
    }
    let of = json!({ "executionArn": "arn:aws:states:us-east-1:123456789012:execution:orders:a" });
    let of = stack.call("DescribeStateMachineForExecution", of).await;
    assert_eq!(of["definition"], saying("one").to_string());
}

#[tokio::test]
async fn a_deleted_version_is_gone_and_its_number_with_it() {
    let stack = Stack::start();
    stack
        .call("CreateStateMachine", create(json!({ "publish": true })))
        .await;
    stack.call("UpdateStateMachine", update("two", true)).await;
    let waiting = json!({ "stateMachineArn": ORDERS, "definition": wait().to_string(), "publish": true });
    stack.call("UpdateStateMachine", waiting).await;
    let start = json!({ "stateMachineArn": format!("{ORDERS}:3"), "name": "run" });
    let run = stack.call("StartExecution", start).await["executionArn"].clone();
    let delete = |arn: String| json!({ "stateMachineVersionArn": arn });
    assert_eq!(
        stack
            .call("DeleteStateMachineVersion", delete(format!("{ORDERS}:3")))
            .await,
        json!({})
    );
    assert_eq!(
        stack
            .call("DeleteStateMachineVersion", delete(format!("{ORDERS}:3")))
            .await,
        json!({})
    );
    let gone = delete(format!("{ORDERS}s:1"));
    assert_eq!(stack.call("DeleteStateMachineVersion", gone).await, json!({}));
    assert_eq!(numbers(&stack).await, [2, 1]);
    let described = stack
        .call("DescribeExecution", json!({ "executionArn": run }))
        .await;
    assert_eq!(described["status"], "RUNNING", "what runs goes on");
    let again = stack
        .call("PublishStateMachineVersion", json!({ "stateMachineArn": ORDERS }))
        .await;
    assert_eq!(again["stateMachineVersionArn"], format!("{ORDERS}:4"));
    for arn in [
        ORDERS.to_owned(),
        format!("{ORDERS}:live"),
        format!("{ORDERS}/label:1"),
    ] {
        let refused = stack
            .refused("DeleteStateMachineVersion", delete(arn.clone()))
            .await;
        assert_eq!(refused, format!("InvalidArn: Invalid Arn: '{arn}'"));
    }

    stack
        .call("DeleteStateMachine", json!({ "stateMachineArn": ORDERS }))
        .await;
    assert_eq!(numbers(&stack).await, [0; 0]);
    let anew = stack
        .call("CreateStateMachine", create(json!({ "publish": true })))
        .await;
    assert_eq!(anew["stateMachineVersionArn"], format!("{ORDERS}:1"));
}

#[tokio::test]
async fn versions_are_listed_in_pages() {
    let stack = Stack::start();
    stack
        .call("CreateStateMachine", create(json!({ "publish": true })))
        .await;
    for word in ["two", "three", "four", "five"] {
        stack.call("UpdateStateMachine", update(word, true)).await;
    }
    let mut seen = Vec::new();
    let mut body = json!({ "stateMachineArn": ORDERS, "maxResults": 2 });
    loop {
        let page = stack.call("ListStateMachineVersions", body.clone()).await;
        let rows = page["stateMachineVersions"].as_array().unwrap();
        assert!((1..=2).contains(&rows.len()));
        seen.extend(rows.iter().map(|row| row["stateMachineVersionArn"].clone()));
        if seen.len() == 2 {
            // Neither a deletion nor a publication moves the pages.
            let shown = json!({ "stateMachineVersionArn": seen[1] });
            stack.call("DeleteStateMachineVersion", shown).await;
            stack.call("UpdateStateMachine", update("six", true)).await;
        }
        match page.get("nextToken") {
            Some(token) => body["nextToken"] = token.clone(),
            None => break,
        }
    }
    let expected = [5, 4, 3, 2, 1].map(|number| json!(format!("{ORDERS}:{number}")));
    assert_eq!(seen, expected);
    let refused = json!({ "stateMachineArn": format!("{ORDERS}:1") });
    let refused = stack.refused("ListStateMachineVersions", refused).await;
    assert_eq!(refused, format!("InvalidArn: Invalid Arn: '{ORDERS}:1'"));
}

#[tokio::test]
async fn a_state_machine_has_a_thousand_versions_at_most() {
    let stack = Stack::start();
    stack
        .call("CreateStateMachine", create(json!({ "publish": true })))
        .await;
    for number in 2..=1000 {
        stack
            .call("UpdateStateMachine", update(&number.to_string(), true))
            .await;
    }
    let quota =
        format!("ServiceQuotaExceededException: A state machine may have at most 1000 versions: '{ORDERS}'");
    assert_eq!(
        stack.refused("UpdateStateMachine", update("more", true)).await,
        quota
    );
    stack.call("UpdateStateMachine", update("more", false)).await;
    let publish = json!({ "stateMachineArn": ORDERS });
    assert_eq!(stack.refused("PublishStateMachineVersion", publish).await, quota);
}

#[tokio::test]
async fn versions_of_express_state_machines_run_too() {
    let stack = Stack::start();
    let body = create(json!({ "type": "EXPRESS", "publish": true }));
    stack.call("CreateStateMachine", body).await;
    stack.call("UpdateStateMachine", update("two", false)).await;
    let start = |qualifier: &str| json!({ "stateMachineArn": format!("{ORDERS}{qualifier}") });
    let first = stack.call("StartSyncExecution", start(":1")).await;
    assert_eq!(first["output"], "\"one\"");
    assert_eq!(
        stack.call("StartSyncExecution", start("")).await["output"],
        "\"two\""
    );
}

#[tokio::test]
async fn only_the_state_machine_itself_is_changed_and_tagged() {
    let stack = Stack::start();
    stack
        .call("CreateStateMachine", create(json!({ "publish": true })))
        .await;
    let version = format!("{ORDERS}:1");
    let update = json!({ "stateMachineArn": version, "definition": pass().to_string() });
    let missing = format!("StateMachineDoesNotExist: State Machine Does Not Exist: '{version}'");
    assert_eq!(stack.refused("UpdateStateMachine", update.clone()).await, missing);
    assert_eq!(stack.refused("PublishStateMachineVersion", update).await, missing);
    let tag = json!({ "resourceArn": version, "tags": [{ "key": "a", "value": "b" }] });
    assert_eq!(
        stack.refused("TagResource", tag).await,
        format!("ResourceNotFound: Resource not found: '{version}'")
    );
    let refused = stack
        .refused("DeleteStateMachine", json!({ "stateMachineArn": version }))
        .await;
    assert!(refused.starts_with("ValidationException: "), "{refused}");
}
