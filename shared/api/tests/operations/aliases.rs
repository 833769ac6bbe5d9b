//! Aliases of state machines through the API.

use crate::stack::{ROLE, Stack};
use serde_json::{Value, json};

const ORDERS: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:orders";
const LIVE: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:orders:live";

fn saying(word: &str) -> String {
    json!({ "StartAt": "P", "States": { "P": { "Type": "Pass", "Result": word, "End": true } } }).to_string()
}

/// Creates a state machine with this many versions.
async fn publish(stack: &Stack, name: &str, machine_type: &str, versions: usize) {
    let body = json!({ "name": name, "type": machine_type, "definition": saying("1"), "roleArn": ROLE, "publish": true });
    let arn = stack.call("CreateStateMachine", body).await["stateMachineArn"].clone();
    for version in 2..=versions {
        let definition = saying(&version.to_string());
        let body = json!({ "stateMachineArn": arn, "definition": definition, "publish": true });
        stack.call("UpdateStateMachine", body).await;
    }
}

fn routes(weights: &[(u64, u64)]) -> Value {
    let route = |(version, weight): &(u64, u64)| json!({ "stateMachineVersionArn": format!("{ORDERS}:{version}"), "weight": weight });
    weights.iter().map(route).collect()
}

fn alias(name: &str, weights: &[(u64, u64)]) -> Value {
    json!({ "name": name, "routingConfiguration": routes(weights) })
}

#[tokio::test]
async fn an_alias_is_made_described_changed_and_deleted() {
    let stack = Stack::start();
    publish(&stack, "orders", "STANDARD", 2).await;
    let mut body = alias("live", &[(1, 100)]);
    body["description"] = json!("for customers");
    let created = stack.call("CreateStateMachineAlias", body.clone()).await;
    assert_eq!(created["stateMachineAliasArn"], LIVE);
    assert_eq!(stack.call("CreateStateMachineAlias", body).await, created);
    for other in [alias("live", &[(1, 100)]), alias("live", &[(2, 100)])] {
        let refused = stack.refused("CreateStateMachineAlias", other).await;
        assert!(refused.starts_with("ConflictException: "), "{refused}");
    }
    let arn = json!({ "stateMachineAliasArn": LIVE });
    let described = stack.call("DescribeStateMachineAlias", arn.clone()).await;
    assert_eq!(
        described,
        json!({
            "stateMachineAliasArn": LIVE, "name": "live", "description": "for customers",
            "routingConfiguration": routes(&[(1, 100)]),
            "creationDate": created["creationDate"], "updateDate": created["creationDate"]
        })
    );

    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    let update = json!({ "stateMachineAliasArn": LIVE, "routingConfiguration": routes(&[(1, 10), (2, 90)]) });
    let updated = stack.call("UpdateStateMachineAlias", update.clone()).await;
    assert_eq!(stack.call("UpdateStateMachineAlias", update).await, updated);
    let described = stack.call("DescribeStateMachineAlias", arn.clone()).await;
    assert_eq!(described["routingConfiguration"], routes(&[(1, 10), (2, 90)]));
    assert_eq!(described["description"], "for customers");
    assert_eq!(described["updateDate"], updated["updateDate"]);
    assert!(updated["updateDate"].as_f64() > created["creationDate"].as_f64());

    assert_eq!(
        stack.call("DeleteStateMachineAlias", arn.clone()).await,
        json!({})
    );
    let gone = format!("ResourceNotFound: Resource not found: '{LIVE}'");
    for operation in ["DescribeStateMachineAlias", "DeleteStateMachineAlias"] {
        assert_eq!(stack.refused(operation, arn.clone()).await, gone, "{operation}");
    }
    let update = json!({ "stateMachineAliasArn": LIVE, "description": "x" });
    assert_eq!(stack.refused("UpdateStateMachineAlias", update).await, gone);
}

#[tokio::test]
async fn an_alias_leads_executions_to_its_versions_by_weight() {
    let stack = Stack::start();
    publish(&stack, "orders", "STANDARD", 3).await;
    stack
        .call("CreateStateMachineAlias", alias("live", &[(1, 20), (3, 80)]))
        .await;
    for (draw, version) in [(0, 1), (19, 1), (20, 3), (99, 3), (100, 1)] {
        stack.draw(draw);
        let start = json!({ "stateMachineArn": LIVE, "name": format!("run-{draw}") });
        let started = stack.call("StartExecution", start).await;
        let ended = stack.ended(started["executionArn"].as_str().unwrap()).await;
        assert_eq!(ended["output"], format!("\"{version}\""), "{draw} is drawn");
        assert_eq!(ended["stateMachineArn"], ORDERS);
        assert_eq!(ended["stateMachineVersionArn"], format!("{ORDERS}:{version}"));
        assert_eq!(ended["stateMachineAliasArn"], LIVE);
    }
    let direct = json!({ "stateMachineArn": format!("{ORDERS}:1"), "name": "direct" });
    stack.call("StartExecution", direct).await;
    let mut counts = Vec::new();
    for qualifier in ["", ":live", ":1", ":2", ":3"] {
        let list = json!({ "stateMachineArn": format!("{ORDERS}{qualifier}") });
        let list = stack.call("ListExecutions", list).await;
        counts.push(list["executions"].as_array().unwrap().len());
    }
    assert_eq!(counts, [6, 5, 4, 0, 2]);

    let described = stack
        .call("DescribeStateMachine", json!({ "stateMachineArn": LIVE }))
        .await;
    assert_eq!(described["stateMachineArn"], format!("{ORDERS}:3"));
    assert_eq!(described["definition"], saying("3"));
}

#[tokio::test]
async fn pages_of_executions_belong_to_their_alias() {
    let stack = Stack::start();
    publish(&stack, "orders", "STANDARD", 1).await;
    for name in ["live", "test"] {
        stack
            .call("CreateStateMachineAlias", alias(name, &[(1, 100)]))
            .await;
    }
    for number in 0..6 {
        let name = if number % 2 == 0 { "live" } else { "test" };
        let start =
            json!({ "stateMachineArn": format!("{ORDERS}:{name}"), "name": format!("{name}-{number}") });
        stack.call("StartExecution", start).await;
    }
    let body = json!({ "stateMachineArn": LIVE, "maxResults": 2 });
    let first = stack.call("ListExecutions", body.clone()).await;
    assert_eq!(first["executions"].as_array().unwrap().len(), 2);
    let mut next = body.clone();
    next["nextToken"] = first["nextToken"].clone();
    let second = stack.call("ListExecutions", next.clone()).await;
    assert_eq!(second["executions"].as_array().unwrap().len(), 1);
    assert_eq!(second["nextToken"], Value::Null);
    next["stateMachineArn"] = json!(format!("{ORDERS}:test"));
    assert_eq!(
        stack.refused("ListExecutions", next).await,
        "InvalidToken: Invalid Token: 'Invalid token'"
    );
}

#[tokio::test]
async fn a_version_that_an_alias_leads_to_stays() {
    let stack = Stack::start();
    publish(&stack, "orders", "STANDARD", 2).await;
    stack
        .call("CreateStateMachineAlias", alias("live", &[(1, 100)]))
        .await;
    stack
        .call("CreateStateMachineAlias", alias("test", &[(1, 0), (2, 100)]))
        .await;
    let delete = json!({ "stateMachineVersionArn": format!("{ORDERS}:1") });
    assert_eq!(
        stack.refused("DeleteStateMachineVersion", delete.clone()).await,
        "ConflictException: Version to be deleted must not be referenced by an alias. Current list of aliases \
         referencing this version: [live, test]"
    );
    let test = json!({ "stateMachineAliasArn": format!("{ORDERS}:test"), "routingConfiguration": routes(&[(2, 100)]) });
    stack.call("UpdateStateMachineAlias", test).await;
    stack
        .call("DeleteStateMachineAlias", json!({ "stateMachineAliasArn": LIVE }))
        .await;
    stack.call("DeleteStateMachineVersion", delete).await;
    stack
        .call("DeleteStateMachine", json!({ "stateMachineArn": ORDERS }))
        .await;
    publish(&stack, "orders", "STANDARD", 1).await;
    let list = stack
        .call("ListStateMachineAliases", json!({ "stateMachineArn": ORDERS }))
        .await;
    assert_eq!(
        list["stateMachineAliases"],
        json!([]),
        "they went with the state machine"
    );
}

#[tokio::test]
async fn aliases_are_listed_newest_first_and_by_version() {
    let stack = Stack::start();
    publish(&stack, "orders", "STANDARD", 2).await;
    for (name, weights) in [
        ("a", &[(1, 100)][..]),
        ("b", &[(1, 50), (2, 50)]),
        ("c", &[(2, 100)]),
    ] {
        stack.call("CreateStateMachineAlias", alias(name, weights)).await;
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    let mut seen = Vec::new();
    let mut body = json!({ "stateMachineArn": ORDERS, "maxResults": 1 });
    loop {
        let page = stack.call("ListStateMachineAliases", body.clone()).await;
        let rows = page["stateMachineAliases"].as_array().unwrap();
        assert_eq!(rows.len(), 1);
        let arn = rows[0]["stateMachineAliasArn"].clone();
        // The page behind a deleted alias is found.
        stack
            .call("DeleteStateMachineAlias", json!({ "stateMachineAliasArn": arn }))
            .await;
        seen.push(arn);
        match page.get("nextToken") {
            Some(token) => body["nextToken"] = token.clone(),
            None => break,
        }
    }
    assert_eq!(
        seen,
        ["c", "b", "a"].map(|name| json!(format!("{ORDERS}:{name}")))
    );

    stack
        .call("CreateStateMachineAlias", alias("d", &[(1, 50), (2, 50)]))
        .await;
    let of = |arn: String| json!({ "stateMachineArn": arn });
    let first = stack
        .call("ListStateMachineAliases", of(format!("{ORDERS}:1")))
        .await;
    assert_eq!(
        first["stateMachineAliases"][0]["stateMachineAliasArn"],
        format!("{ORDERS}:d")
    );
    assert_eq!(
        stack
            .refused("ListStateMachineAliases", of(format!("{ORDERS}:3")))
            .await,
        format!("ResourceNotFound: Resource not found: '{ORDERS}:3'")
    );
    assert_eq!(
        stack
            .refused("ListStateMachineAliases", of(format!("{ORDERS}s")))
            .await,
        format!("StateMachineDoesNotExist: State Machine Does Not Exist: '{ORDERS}s'")
    );
}

#[tokio::test]
async fn what_cannot_be_an_alias_is_refused() {
    let stack = Stack::start();
    publish(&stack, "orders", "STANDARD", 2).await;
    publish(&stack, "other", "STANDARD", 1).await;
    let refused = |body: Value| stack.refused("CreateStateMachineAlias", body);
    for name in ["12", "a b", "ä", "a:b"] {
        assert_eq!(
            refused(alias(name, &[(1, 100)])).await,
            format!(
                "ValidationException: 1 validation error detected: Value '{name}' at 'name' failed to satisfy \
                 constraint: Member must satisfy regular expression pattern: \
                 ^(?=.*[a-zA-Z_\\-\\.])[a-zA-Z0-9_\\-\\.]+$"
            )
        );
    }
    assert_eq!(
        refused(json!({})).await,
        "ValidationException: 2 validation errors detected: \
         Value null at 'name' failed to satisfy constraint: Member must not be null; \
         Value null at 'routingConfiguration' failed to satisfy constraint: Member must not be null"
    );
    assert_eq!(
        refused(alias("live", &[(1, 60), (2, 50)])).await,
        "ValidationException: The weights of a routing configuration must add up to 100, but they add up to 110"
    );
    assert_eq!(
        refused(alias("live", &[(3, 100)])).await,
        format!("ResourceNotFound: Resource not found: '{ORDERS}:3'")
    );
    let mut strangers = alias("live", &[(1, 50), (2, 50)]);
    let other = ORDERS.replace("orders", "other");
    strangers["routingConfiguration"][1]["stateMachineVersionArn"] = json!(format!("{other}:1"));
    let message = refused(strangers).await;
    assert!(
        message.starts_with("ValidationException: The versions"),
        "{message}"
    );
    let plain = json!({ "name": "live", "routingConfiguration": [{ "stateMachineVersionArn": ORDERS, "weight": 100 }] });
    assert_eq!(
        refused(plain).await,
        format!("InvalidArn: Invalid Arn: '{ORDERS}'")
    );

    stack
        .call("CreateStateMachineAlias", alias("live", &[(1, 100)]))
        .await;
    let refused = |body: Value| stack.refused("UpdateStateMachineAlias", body);
    assert_eq!(
        refused(json!({ "stateMachineAliasArn": LIVE })).await,
        "ValidationException: Either the description or the routingConfiguration must be specified"
    );
    let strange = json!({
        "stateMachineAliasArn": LIVE,
        "routingConfiguration": [{ "stateMachineVersionArn": format!("{other}:1"), "weight": 100 }]
    });
    let message = refused(strange).await;
    assert!(
        message.contains("is not a version of the state machine"),
        "{message}"
    );
    let version = format!("{ORDERS}:1");
    assert_eq!(
        refused(json!({ "stateMachineAliasArn": version, "description": "x" })).await,
        format!("InvalidArn: Invalid Arn: '{version}'")
    );
}

#[tokio::test]
async fn a_state_machine_has_a_hundred_aliases_at_most() {
    let stack = Stack::start();
    publish(&stack, "orders", "STANDARD", 1).await;
    for number in 0..100 {
        stack
            .call(
                "CreateStateMachineAlias",
                alias(&format!("a{number}"), &[(1, 100)]),
            )
            .await;
    }
    assert_eq!(
        stack
            .refused("CreateStateMachineAlias", alias("more", &[(1, 100)]))
            .await,
        format!("ServiceQuotaExceededException: A state machine may have at most 100 aliases: '{ORDERS}'")
    );
}

#[tokio::test]
async fn changes_at_the_same_time_are_all_kept() {
    let stack = Stack::start();
    publish(&stack, "orders", "STANDARD", 1).await;
    let tag = |key: &str| json!({ "resourceArn": ORDERS, "tags": [{ "key": key, "value": "" }] });
    tokio::join!(
        stack.call("CreateStateMachineAlias", alias("a", &[(1, 100)])),
        stack.call("TagResource", tag("b")),
        stack.call("CreateStateMachineAlias", alias("c", &[(1, 100)])),
        stack.call("TagResource", tag("d")),
    );
    let list = stack
        .call("ListStateMachineAliases", json!({ "stateMachineArn": ORDERS }))
        .await;
    assert_eq!(list["stateMachineAliases"].as_array().unwrap().len(), 2);
    let tags = stack
        .call("ListTagsForResource", json!({ "resourceArn": ORDERS }))
        .await;
    assert_eq!(tags["tags"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn an_alias_of_an_express_state_machine_answers_at_once() {
    let stack = Stack::start();
    publish(&stack, "orders", "EXPRESS", 2).await;
    stack
        .call("CreateStateMachineAlias", alias("live", &[(1, 50), (2, 50)]))
        .await;
    for (draw, output) in [(49, "\"1\""), (50, "\"2\"")] {
        stack.draw(draw);
        let end = stack
            .call("StartSyncExecution", json!({ "stateMachineArn": LIVE }))
            .await;
        assert_eq!(end["output"], output);
    }
}
