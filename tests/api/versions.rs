//! Versions of state machines: published, run, listed and deleted.

use crate::support::{ROLE, Server, output, pass, refusal};
use aws_sdk_sfn::error::ProvideErrorMetadata as _;
use serde_json::{Value, json};

const ORDERS: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:orders";

/// A definition with a fixed output.
fn saying(word: &str) -> Value {
    json!({ "StartAt": "P", "States": { "P": { "Type": "Pass", "Result": word, "End": true } } })
}

/// Returns the ARN of a version.
fn version(number: u64) -> String {
    format!("{ORDERS}:{number}")
}

/// Creates a state machine with a version, and updates it to a second one.
async fn two_versions(server: &Server) {
    let sfn = server.client();
    let created = sfn
        .create_state_machine()
        .name("orders")
        .role_arn(ROLE)
        .definition(saying("one").to_string())
        .publish(true)
        .version_description("the first");
    let created = created.send().await.unwrap();
    assert_eq!(created.state_machine_version_arn, Some(version(1)));
    let updated = sfn
        .update_state_machine()
        .state_machine_arn(ORDERS)
        .definition(saying("two").to_string())
        .publish(true);
    let updated = updated.send().await.unwrap();
    assert_eq!(updated.state_machine_version_arn, Some(version(2)));
}

/// Returns the ARNs of all versions, newest first.
async fn listed(server: &Server) -> Vec<String> {
    let list = server.client().list_state_machine_versions();
    let pages = list
        .state_machine_arn(ORDERS)
        .max_results(1)
        .send()
        .await
        .unwrap();
    let mut arns = Vec::new();
    let mut page = pages;
    loop {
        arns.extend(
            page.state_machine_versions
                .into_iter()
                .map(|row| row.state_machine_version_arn),
        );
        let Some(token) = page.next_token else { return arns };
        let next = server.client().list_state_machine_versions();
        let next = next.state_machine_arn(ORDERS).max_results(1).next_token(token);
        page = next.send().await.unwrap();
    }
}

#[tokio::test]
async fn a_version_runs_what_was_published_also_after_a_restart() {
    let mut server = Server::start();
    two_versions(&server).await;
    assert_eq!(listed(&server).await, [version(2), version(1)]);
    server.kill();
    server.restart();
    assert_eq!(listed(&server).await, [version(2), version(1)]);

    let described = server
        .client()
        .describe_state_machine()
        .state_machine_arn(version(1));
    let described = described.send().await.unwrap();
    assert_eq!(described.state_machine_arn, version(1));
    assert_eq!(described.definition, saying("one").to_string());
    assert_eq!(described.description.as_deref(), Some("the first"));

    for (number, word) in [(1, "one"), (2, "two")] {
        let run = server.run(&version(number), word, "{}").await;
        let ended = server.ended(&run).await;
        assert_eq!(output(&ended), json!(word));
        assert_eq!(ended.state_machine_arn, ORDERS);
        assert_eq!(ended.state_machine_version_arn, Some(version(number)));
        assert_eq!(ended.state_machine_alias_arn, None);
    }
    let plain = server.run(ORDERS, "plain", "{}").await;
    assert_eq!(server.ended(&plain).await.state_machine_version_arn, None);
    let runs = server.client().list_executions().state_machine_arn(version(1));
    let runs = runs.send().await.unwrap().executions;
    assert_eq!(runs.len(), 1);
    assert_eq!(runs[0].name, "one");
    assert_eq!(runs[0].state_machine_version_arn, Some(version(1)));
}

#[tokio::test]
async fn publishing_is_idempotent_and_checks_the_revision() {
    let server = Server::start();
    let sfn = server.client();
    server.create("orders", &pass()).await;
    let publish = || sfn.publish_state_machine_version().state_machine_arn(ORDERS);
    let first = publish().revision_id("INITIAL").send().await.unwrap();
    assert_eq!(first.state_machine_version_arn, version(1));
    let again = publish().send().await.unwrap();
    assert_eq!(
        (&again.state_machine_version_arn, again.creation_date),
        (&first.state_machine_version_arn, first.creation_date)
    );
    let update = sfn.update_state_machine().state_machine_arn(ORDERS);
    let updated = update.definition(saying("new").to_string()).send().await.unwrap();
    assert_eq!(updated.state_machine_version_arn, None);
    let refused = publish().revision_id("INITIAL").send().await;
    assert!(refusal(refused).starts_with("ConflictException: "));
    let second = publish().revision_id(updated.revision_id.unwrap()).send().await;
    assert_eq!(second.unwrap().state_machine_version_arn, version(2));
}

#[tokio::test]
async fn a_version_is_deleted_once_no_alias_leads_to_it() {
    let server = Server::start();
    let sfn = server.client();
    two_versions(&server).await;
    let route = aws_sdk_sfn::types::RoutingConfigurationListItem::builder()
        .state_machine_version_arn(version(1))
        .weight(100)
        .build()
        .unwrap();
    let alias = sfn
        .create_state_machine_alias()
        .name("live")
        .routing_configuration(route);
    let alias = alias.send().await.unwrap().state_machine_alias_arn;
    let delete = || {
        sfn.delete_state_machine_version()
            .state_machine_version_arn(version(1))
            .send()
    };
    let refused = delete().await.unwrap_err();
    assert_eq!(refused.raw_response().unwrap().status().as_u16(), 409);
    assert_eq!(refused.code(), Some("ConflictException"));
    sfn.delete_state_machine_alias()
        .state_machine_alias_arn(alias)
        .send()
        .await
        .unwrap();
    delete().await.unwrap();
    delete().await.unwrap();
    assert_eq!(listed(&server).await, [version(2)]);
    let gone = sfn.start_execution().state_machine_arn(version(1)).send().await;
    assert_eq!(
        refusal(gone),
        format!(
            "StateMachineDoesNotExist: State Machine Does Not Exist: '{}'",
            version(1)
        )
    );
}

/// What Terraform asks after every change and before every plan.
#[tokio::test]
async fn a_state_machine_without_versions_and_aliases_has_empty_lists() {
    let server = Server::start();
    let sfn = server.client();
    server.create("orders", &pass()).await;
    assert_eq!(listed(&server).await, [""; 0]);
    let aliases = sfn
        .list_state_machine_aliases()
        .state_machine_arn(ORDERS)
        .send()
        .await;
    assert!(aliases.unwrap().state_machine_aliases.is_empty());
}
