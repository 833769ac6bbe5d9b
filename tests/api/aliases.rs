//! Aliases of state machines: made, changed, followed and deleted.

use crate::support::{ROLE, Server, output, refusal, task};
use aws_sdk_sfn::operation::create_state_machine_alias::builders::CreateStateMachineAliasFluentBuilder;
use aws_sdk_sfn::types::{RoutingConfigurationListItem, StateMachineType};
use serde_json::json;

const ORDERS: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:orders";
const LIVE: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:orders:live";

fn saying(word: &str) -> String {
    json!({ "StartAt": "P", "States": { "P": { "Type": "Pass", "Result": word, "End": true } } }).to_string()
}

fn route(version: u64, weight: i32) -> RoutingConfigurationListItem {
    let route =
        RoutingConfigurationListItem::builder().state_machine_version_arn(format!("{ORDERS}:{version}"));
    route.weight(weight).build().unwrap()
}

/// Creates a state machine with two versions.
async fn two_versions(server: &Server, kind: StateMachineType) {
    let sfn = server.client();
    let create = sfn
        .create_state_machine()
        .name("orders")
        .role_arn(ROLE)
        .r#type(kind);
    create
        .definition(saying("one"))
        .publish(true)
        .send()
        .await
        .unwrap();
    let update = sfn.update_state_machine().state_machine_arn(ORDERS);
    update
        .definition(saying("two"))
        .publish(true)
        .send()
        .await
        .unwrap();
}

fn create(server: &Server) -> CreateStateMachineAliasFluentBuilder {
    server.client().create_state_machine_alias().name("live")
}

#[tokio::test]
async fn an_alias_is_made_changed_and_deleted() {
    let server = Server::start();
    let sfn = server.client();
    two_versions(&server, StateMachineType::Standard).await;
    let make = || {
        create(&server)
            .description("for customers")
            .routing_configuration(route(1, 100))
    };
    let made = make().send().await.unwrap();
    assert_eq!(made.state_machine_alias_arn, LIVE);
    let again = make().send().await.unwrap();
    assert_eq!(again.creation_date, made.creation_date);
    let other = create(&server).routing_configuration(route(2, 100)).send().await;
    assert!(refusal(other).starts_with("ConflictException: "));

    let update = sfn.update_state_machine_alias().state_machine_alias_arn(LIVE);
    let update = update
        .routing_configuration(route(1, 10))
        .routing_configuration(route(2, 90));
    let updated = update.send().await.unwrap();
    let describe = || {
        sfn.describe_state_machine_alias()
            .state_machine_alias_arn(LIVE)
            .send()
    };
    let described = describe().await.unwrap();
    assert_eq!(described.name.as_deref(), Some("live"));
    assert_eq!(described.description.as_deref(), Some("for customers"));
    assert_eq!(
        described.routing_configuration,
        Some(vec![route(1, 10), route(2, 90)])
    );
    assert_eq!(described.creation_date, Some(made.creation_date));
    assert_eq!(described.update_date, Some(updated.update_date));
    for qualifier in ["", ":1", ":2"] {
        let list = sfn
            .list_state_machine_aliases()
            .state_machine_arn(format!("{ORDERS}{qualifier}"));
        let list = list.send().await.unwrap().state_machine_aliases;
        assert_eq!(list.len(), 1, "{qualifier}");
        assert_eq!(list[0].state_machine_alias_arn, LIVE);
    }

    sfn.delete_state_machine_alias()
        .state_machine_alias_arn(LIVE)
        .send()
        .await
        .unwrap();
    assert_eq!(
        refusal(describe().await),
        format!("ResourceNotFound: Resource not found: '{LIVE}'")
    );
}

#[tokio::test]
async fn executions_follow_an_alias_to_its_versions() {
    let server = Server::start();
    let sfn = server.client();
    two_versions(&server, StateMachineType::Standard).await;
    create(&server)
        .routing_configuration(route(1, 100))
        .send()
        .await
        .unwrap();
    let run = server.run(LIVE, "before", "{}").await;
    let ended = server.ended(&run).await;
    assert_eq!(output(&ended), json!("one"));
    assert_eq!(ended.state_machine_version_arn, Some(format!("{ORDERS}:1")));
    assert_eq!(ended.state_machine_alias_arn.as_deref(), Some(LIVE));
    let history = sfn
        .get_execution_history()
        .execution_arn(&run)
        .send()
        .await
        .unwrap();
    let began = history.events[0]
        .execution_started_event_details
        .as_ref()
        .unwrap();
    assert_eq!(began.state_machine_alias_arn.as_deref(), Some(LIVE));
    assert_eq!(began.state_machine_version_arn, Some(format!("{ORDERS}:1")));

    let update = sfn.update_state_machine_alias().state_machine_alias_arn(LIVE);
    let update = update
        .routing_configuration(route(1, 50))
        .routing_configuration(route(2, 50));
    update.send().await.unwrap();
    let mut words = Vec::new();
    for number in 0..60 {
        let run = server.run(LIVE, &format!("after-{number}"), "{}").await;
        words.push(output(&server.ended(&run).await));
    }
    // Half of them each: that all sixty went one way happens once in 10^17 times.
    assert!(words.contains(&json!("one")) && words.contains(&json!("two")));

    let count = async |qualifier: &str| {
        let list = sfn
            .list_executions()
            .state_machine_arn(format!("{ORDERS}:{qualifier}"));
        list.send().await.unwrap().executions.len()
    };
    assert_eq!(count("live").await, 61);
    let ones = words.iter().filter(|word| **word == json!("one")).count();
    assert_eq!((count("1").await, count("2").await), (ones + 1, 60 - ones));
}

#[tokio::test]
async fn a_task_starts_a_child_by_an_alias_and_by_a_version() {
    let server = Server::start();
    two_versions(&server, StateMachineType::Standard).await;
    create(&server)
        .routing_configuration(route(1, 100))
        .send()
        .await
        .unwrap();
    let start = |arn: &str| {
        task(json!({
            "Resource": "arn:aws:states:::states:startExecution.sync:2",
            "Parameters": { "StateMachineArn": arn, "Input": {} }
        }))
    };
    let by_alias = server.create("by-alias", &start(LIVE)).await;
    let result = output(&server.ended(&server.run(&by_alias, "run", "{}").await).await);
    assert_eq!(
        (&result["Output"], &result["StateMachineArn"]),
        (&json!("one"), &json!(ORDERS))
    );
    let child = server.described(result["ExecutionArn"].as_str().unwrap()).await;
    assert_eq!(child.state_machine_alias_arn.as_deref(), Some(LIVE));
    assert_eq!(child.state_machine_version_arn, Some(format!("{ORDERS}:1")));

    let by_version = server.create("by-version", &start(&format!("{ORDERS}:1"))).await;
    let result = output(&server.ended(&server.run(&by_version, "run", "{}").await).await);
    assert_eq!(result["Output"], "one");
    let by_nothing = server.create("by-nothing", &start(&format!("{ORDERS}:7"))).await;
    let failed = server.ended(&server.run(&by_nothing, "run", "{}").await).await;
    assert_eq!(
        failed.error.as_deref(),
        Some("StepFunctions.StateMachineDoesNotExistException")
    );
}

#[tokio::test]
async fn an_express_state_machine_answers_by_its_alias() {
    let server = Server::start();
    two_versions(&server, StateMachineType::Express).await;
    create(&server)
        .routing_configuration(route(1, 0))
        .routing_configuration(route(2, 100))
        .send()
        .await
        .unwrap();
    let end = server
        .client()
        .start_sync_execution()
        .state_machine_arn(LIVE)
        .send()
        .await;
    assert_eq!(end.unwrap().output.as_deref(), Some("\"two\""));
}

#[tokio::test]
async fn routes_that_make_no_sense_are_refused() {
    let server = Server::start();
    two_versions(&server, StateMachineType::Standard).await;
    let sum = create(&server).routing_configuration(route(1, 99)).send().await;
    let error = sum.unwrap_err().into_service_error();
    assert!(error.is_validation_exception(), "{error:?}");
    let missing = create(&server).routing_configuration(route(3, 100)).send().await;
    assert_eq!(
        refusal(missing),
        format!("ResourceNotFound: Resource not found: '{ORDERS}:3'")
    );
    let digits = create(&server)
        .name("12")
        .routing_configuration(route(1, 100))
        .send()
        .await;
    assert!(
        refusal(digits).starts_with("ValidationException: 1 validation error detected: Value '12' at 'name'")
    );
}
