//! State machines: made, changed, listed, tagged and deleted.

use crate::support::{ROLE, Server, output, pass, refusal, wait};
use aws_sdk_sfn::types::{
    EncryptionConfiguration, EncryptionType, ExecutionStatus, StateMachineStatus, StateMachineType, Tag,
    TracingConfiguration,
};
use serde_json::{Value, json};

const ORDERS: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:orders";

/// A definition that waits for a second and then gives a fixed output.
fn slowly(result: &str) -> Value {
    json!({
        "StartAt": "W",
        "States": {
            "W": { "Type": "Wait", "Seconds": 1, "Next": "P" },
            "P": { "Type": "Pass", "Result": result, "End": true }
        }
    })
}

fn tag(key: &str, value: &str) -> Tag {
    Tag::builder().key(key).value(value).build()
}

#[tokio::test]
async fn a_state_machine_is_made_described_and_deleted() {
    let server = Server::start();
    let sfn = server.client();
    assert_eq!(server.create("orders", &pass()).await, ORDERS);

    let described = sfn
        .describe_state_machine()
        .state_machine_arn(ORDERS)
        .send()
        .await
        .unwrap();
    assert_eq!(described.name, "orders");
    assert_eq!(described.definition, pass().to_string());
    assert_eq!(described.role_arn, ROLE);
    assert_eq!(described.status, Some(StateMachineStatus::Active));
    assert_eq!(described.r#type, StateMachineType::Standard);

    sfn.delete_state_machine()
        .state_machine_arn(ORDERS)
        .send()
        .await
        .unwrap();
    let gone = format!("StateMachineDoesNotExist: State Machine Does Not Exist: '{ORDERS}'");
    assert_eq!(
        refusal(
            sfn.describe_state_machine()
                .state_machine_arn(ORDERS)
                .send()
                .await
        ),
        gone
    );
    assert_eq!(
        refusal(sfn.start_execution().state_machine_arn(ORDERS).send().await),
        gone
    );
    // Deleting again is no error, and the name is free.
    sfn.delete_state_machine()
        .state_machine_arn(ORDERS)
        .send()
        .await
        .unwrap();
    server.create("orders", &wait(1)).await;
}

#[tokio::test]
async fn making_the_same_again_is_no_error_and_another_of_the_name_is() {
    let server = Server::start();
    let sfn = server.client();
    let create = |definition: Value| {
        sfn.create_state_machine()
            .name("orders")
            .role_arn(ROLE)
            .definition(definition.to_string())
    };
    let first = create(pass()).send().await.unwrap();
    let again = create(pass()).send().await.unwrap();
    assert_eq!(
        (&again.state_machine_arn, &again.creation_date),
        (&first.state_machine_arn, &first.creation_date)
    );
    let taken = format!("StateMachineAlreadyExists: State Machine Already Exists: '{ORDERS}'");
    assert_eq!(refusal(create(wait(1)).send().await), taken);
    assert_eq!(
        refusal(create(pass()).r#type(StateMachineType::Express).send().await),
        taken
    );
}

#[tokio::test]
async fn an_update_leaves_running_executions_their_definition() {
    let server = Server::start();
    let sfn = server.client();
    let machine = server.create("orders", &slowly("old")).await;
    let old = server.run(&machine, "old", "{}").await;
    let update = sfn
        .update_state_machine()
        .state_machine_arn(&machine)
        .definition(slowly("new").to_string());
    let updated = update.send().await.unwrap();
    let new = server.run(&machine, "new", "{}").await;

    let of = |execution: &str| {
        sfn.describe_state_machine_for_execution()
            .execution_arn(execution)
            .send()
    };
    assert_eq!(of(&old).await.unwrap().definition, slowly("old").to_string());
    let of_new = of(&new).await.unwrap();
    assert_eq!(of_new.definition, slowly("new").to_string());
    assert_eq!(of_new.revision_id, updated.revision_id);
    assert_eq!(output(&server.ended(&old).await), json!("old"));
    assert_eq!(output(&server.ended(&new).await), json!("new"));
}

#[tokio::test]
async fn an_update_of_nothing_or_to_something_broken_is_refused() {
    let server = Server::start();
    let sfn = server.client();
    let machine = server.create("orders", &pass()).await;
    let update = || sfn.update_state_machine().state_machine_arn(&machine);
    assert!(refusal(update().send().await).starts_with("MissingRequiredParameter: "));
    assert!(refusal(update().definition("{}").send().await).starts_with("InvalidDefinition: "));
    let described = sfn
        .describe_state_machine()
        .state_machine_arn(&machine)
        .send()
        .await
        .unwrap();
    assert_eq!(described.definition, pass().to_string());
}

#[tokio::test]
async fn state_machines_are_listed_in_pages() {
    let server = Server::start();
    for name in ["e", "b", "d", "a", "c"] {
        server.create(name, &pass()).await;
    }
    let list = server
        .client()
        .list_state_machines()
        .max_results(2)
        .into_paginator()
        .send();
    let pages = list.collect::<Result<Vec<_>, _>>().await.unwrap();
    let sizes: Vec<usize> = pages.iter().map(|page| page.state_machines.len()).collect();
    assert_eq!(sizes, [2, 2, 1]);
    let mut names: Vec<&str> = pages
        .iter()
        .flat_map(|page| &page.state_machines)
        .map(|machine| machine.name.as_str())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["a", "b", "c", "d", "e"]);
    let garbage = server
        .client()
        .list_state_machines()
        .next_token("garbage")
        .send()
        .await;
    assert_eq!(refusal(garbage), "InvalidToken: Invalid Token: 'Invalid token'");
}

#[tokio::test]
async fn tags_come_with_the_state_machine_and_go_one_by_one() {
    let server = Server::start();
    let sfn = server.client();
    let create = sfn
        .create_state_machine()
        .name("orders")
        .role_arn(ROLE)
        .definition(pass().to_string());
    create.tags(tag("team", "a")).send().await.unwrap();
    sfn.tag_resource()
        .resource_arn(ORDERS)
        .tags(tag("stage", "b"))
        .tags(tag("team", "c"))
        .send()
        .await
        .unwrap();
    sfn.untag_resource()
        .resource_arn(ORDERS)
        .tag_keys("stage")
        .tag_keys("none")
        .send()
        .await
        .unwrap();
    let left = sfn
        .list_tags_for_resource()
        .resource_arn(ORDERS)
        .send()
        .await
        .unwrap();
    assert_eq!(left.tags, Some(vec![tag("team", "c")]));

    let many = (0..51).map(|n| tag(&n.to_string(), "")).collect();
    let refused = refusal(
        sfn.tag_resource()
            .resource_arn(ORDERS)
            .set_tags(Some(many))
            .send()
            .await,
    );
    assert!(refused.starts_with("TooManyTags: "), "{refused}");
    let unknown = format!("{ORDERS}-2");
    let refused = refusal(sfn.list_tags_for_resource().resource_arn(&unknown).send().await);
    assert_eq!(
        refused,
        format!("ResourceNotFound: Resource not found: '{unknown}'")
    );
}

#[tokio::test]
async fn an_execution_outlives_its_state_machine() {
    let server = Server::start();
    let sfn = server.client();
    let machine = server.create("orders", &slowly("done")).await;
    let run = server.run(&machine, "run", "{}").await;
    sfn.delete_state_machine()
        .state_machine_arn(&machine)
        .send()
        .await
        .unwrap();
    let of = sfn
        .describe_state_machine_for_execution()
        .execution_arn(&run)
        .send()
        .await
        .unwrap();
    assert_eq!(of.definition, slowly("done").to_string());
    assert_eq!(output(&server.ended(&run).await), json!("done"));
    assert_eq!(server.described(&run).await.status, ExecutionStatus::Succeeded);
}

#[tokio::test]
async fn everything_is_still_there_after_a_restart() {
    let mut server = Server::start();
    let machine = server.create("orders", &pass()).await;
    let run = server.run(&machine, "run", "[1]").await;
    server.ended(&run).await;
    let history = crate::support::history(&server, &run).await;
    server.kill();
    server.restart_on_same_port();
    assert_eq!(output(&server.ended(&run).await), json!([1]));
    assert_eq!(crate::support::history(&server, &run).await, history);
    let listed = server.client().list_state_machines().send().await.unwrap();
    assert_eq!(listed.state_machines[0].state_machine_arn, machine);
}

#[tokio::test]
async fn tracing_and_encryption_are_kept_as_they_were_given() {
    let server = Server::start();
    let sfn = server.client();
    let tracing = TracingConfiguration::builder().enabled(true).build();
    let encryption = EncryptionConfiguration::builder()
        .r#type(EncryptionType::CustomerManagedKmsKey)
        .kms_key_id("alias/orders")
        .kms_data_key_reuse_period_seconds(60)
        .build()
        .unwrap();
    sfn.create_state_machine()
        .name("orders")
        .role_arn(ROLE)
        .definition(pass().to_string())
        .tracing_configuration(tracing.clone())
        .encryption_configuration(encryption.clone())
        .send()
        .await
        .unwrap();
    let described = sfn
        .describe_state_machine()
        .state_machine_arn(ORDERS)
        .send()
        .await
        .unwrap();
    assert_eq!(described.tracing_configuration, Some(tracing));
    assert_eq!(described.encryption_configuration, Some(encryption));
}

#[tokio::test]
async fn a_definition_has_up_to_a_mebibyte() {
    let server = Server::start();
    let create = |bytes: usize| {
        let mut definition = pass();
        definition["Comment"] = json!("");
        let rest = bytes - definition.to_string().len();
        definition["Comment"] = json!("x".repeat(rest));
        server
            .client()
            .create_state_machine()
            .name("orders")
            .role_arn(ROLE)
            .definition(definition.to_string())
            .send()
    };
    create(1024 * 1024).await.unwrap();
    let refused = refusal(create(1024 * 1024 + 1).await);
    assert!(refused.starts_with("ValidationException: "), "{refused}");
}
