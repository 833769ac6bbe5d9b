//! Express state machines: answered at once, or started and forgotten.

use crate::support::{Options, ROLE, Server, Service, pass, refusal, task, wait};
use aws_sdk_sfn::types::SyncExecutionStatus;
use serde_json::json;
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_synchronous_execution_answers_with_its_end() {
    let server = Server::start();
    let sfn = server.client();
    let machine = server.create_express("orders", &pass()).await;
    let end = sfn
        .start_sync_execution()
        .state_machine_arn(&machine)
        .name("run")
        .input("[1]")
        .send()
        .await
        .unwrap();
    assert_eq!(end.status, SyncExecutionStatus::Succeeded);
    assert_eq!(
        (end.name.as_deref(), end.input.as_deref(), end.output.as_deref()),
        (Some("run"), Some("[1]"), Some("[1]"))
    );
    assert!(
        end.execution_arn
            .starts_with("arn:aws:states:us-east-1:123456789012:express:orders:run:")
    );
    assert!(end.billing_details.unwrap().billed_duration_in_milliseconds >= 100);

    let failing =
        json!({ "StartAt": "F", "States": { "F": { "Type": "Fail", "Error": "E", "Cause": "c" } } });
    let machine = server.create_express("failing", &failing).await;
    let end = sfn
        .start_sync_execution()
        .state_machine_arn(&machine)
        .send()
        .await
        .unwrap();
    assert_eq!(end.status, SyncExecutionStatus::Failed);
    assert_eq!(
        (end.error.as_deref(), end.cause.as_deref(), end.output),
        (Some("E"), Some("c"), None)
    );
}

#[tokio::test]
async fn a_synchronous_execution_can_time_out() {
    let server = Server::start();
    let mut definition = wait(60);
    definition["TimeoutSeconds"] = json!(1);
    let machine = server.create_express("orders", &definition).await;
    let begun = Instant::now();
    let end = server
        .client()
        .start_sync_execution()
        .state_machine_arn(&machine)
        .send()
        .await
        .unwrap();
    assert_eq!(end.status, SyncExecutionStatus::TimedOut);
    assert!(
        begun.elapsed() >= Duration::from_millis(900),
        "after {:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn names_of_express_executions_are_not_unique_and_their_lists_are_refused() {
    let server = Server::start();
    let sfn = server.client();
    let machine = server.create_express("orders", &pass()).await;
    let start = || {
        sfn.start_execution()
            .state_machine_arn(&machine)
            .name("run")
            .input("[1]")
            .send()
    };
    let (first, second) = (start().await.unwrap(), start().await.unwrap());
    assert_ne!(first.execution_arn, second.execution_arn);
    assert!(
        first.execution_arn.contains(":express:orders:run:"),
        "{}",
        first.execution_arn
    );
    let refused = refusal(sfn.list_executions().state_machine_arn(&machine).send().await);
    assert!(refused.starts_with("StateMachineTypeNotSupported: "), "{refused}");
    let standard = server.create("standard", &pass()).await;
    let refused = refusal(
        sfn.start_sync_execution()
            .state_machine_arn(&standard)
            .send()
            .await,
    );
    assert!(refused.starts_with("StateMachineTypeNotSupported: "), "{refused}");
    let callback = task(json!({
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": { "QueueUrl": "q", "MessageBody.$": "$$.Task.Token" }
    }));
    let create = sfn
        .create_state_machine()
        .name("callback")
        .role_arn(ROLE)
        .definition(callback.to_string());
    let refused = refusal(
        create
            .r#type(aws_sdk_sfn::types::StateMachineType::Express)
            .send()
            .await,
    );
    assert!(refused.starts_with("InvalidDefinition: "), "{refused}");
}

#[tokio::test]
async fn an_asynchronous_execution_runs_after_its_start_was_answered() {
    let queue = Service::start(&json!({ "MessageId": "m", "MD5OfMessageBody": "d" }));
    let server = Server::start_with(Options {
        environment: vec![queue.endpoint("SQS")],
        ..Options::default()
    });
    let definition = task(json!({
        "Resource": "arn:aws:states:::sqs:sendMessage",
        "Parameters": { "QueueUrl": "http://localhost/123456789012/q", "MessageBody.$": "$.text" }
    }));
    let machine = server.create_express("orders", &definition).await;
    server.run(&machine, "run", r#"{"text":"hello"}"#).await;
    let call = tokio::task::spawn_blocking(move || queue.next_call())
        .await
        .unwrap();
    assert_eq!(call["MessageBody"], "hello");
}
