//! What the catalogue and a call cost; printed, not judged, since machines differ.
//!
//! ```text
//! cargo test --release -p calls --lib measured -- --ignored --nocapture
//! ```

use crate::endpoint::Choice;
use crate::prepare::{Called, Place};
use crate::sign::sign;
use crate::wire::{self, Naming};
use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::body::SdkBody;
use serde_json::{Map, Value, json};
use std::time::{Duration, Instant, SystemTime};

/// Services with large models among them, each with a call and its answer.
fn calls() -> Vec<(&'static str, &'static str, Value, &'static [u8])> {
    let item =
        json!({ "id": { "S": "1" }, "list": { "L": [{ "N": "1" }, { "M": { "b": { "BOOL": true } } }] } });
    vec![
        (
            "dynamodb",
            "PutItem",
            json!({ "TableName": "t", "Item": item }),
            b"{}",
        ),
        (
            "sqs",
            "SendMessage",
            json!({ "QueueUrl": "u", "MessageBody": "b" }),
            br#"{"MessageId":"m"}"#,
        ),
        (
            "sns",
            "Publish",
            json!({ "TopicArn": "t", "Message": "m" }),
            b"<R><PublishResult><MessageId>m</MessageId></PublishResult></R>",
        ),
        (
            "lambda",
            "Invoke",
            json!({ "FunctionName": "f", "Payload": "{}" }),
            b"{}",
        ),
        (
            "s3",
            "PutObject",
            json!({ "Bucket": "photos", "Key": "k", "Body": "text" }),
            b"",
        ),
        (
            "ec2",
            "DescribeInstances",
            json!({ "InstanceIds": ["i-1", "i-2"] }),
            b"<R><reservationSet><item><ownerId>1</ownerId></item></reservationSet></R>",
        ),
        (
            "glue",
            "GetCrawler",
            json!({ "Name": "n" }),
            br#"{"Crawler":{"Name":"n","State":"READY"}}"#,
        ),
        (
            "sagemaker",
            "DescribeModel",
            json!({ "ModelName": "n" }),
            br#"{"ModelName":"n"}"#,
        ),
        (
            "rds",
            "DescribeDBInstances",
            json!({}),
            b"<R><DescribeDBInstancesResult><DBInstances><DBInstance><DBInstanceIdentifier>i</DBInstanceIdentifier></DBInstance></DBInstances></DescribeDBInstancesResult></R>",
        ),
        (
            "bedrockruntime",
            "Converse",
            json!({ "ModelId": "m", "Messages": [{ "Role": "user", "Content": [{ "Text": "hello" }] }] }),
            br#"{"stopReason":"end_turn"}"#,
        ),
        (
            "eventbridgev2",
            "DescribeEventBus",
            json!({ "EventBusArn": "arn:aws:events:eu-west-1:1:event-bus/b" }),
            b"\xa1\x64Name\x61n",
        ),
    ]
}

fn call(service: &str, operation: &str, members: &Map<String, Value>, answer: &'static [u8]) {
    let choice = Choice {
        region: "eu-west-1".to_owned(),
        ..Choice::default()
    };
    let called = Called::find(service, operation).unwrap();
    let (mut request, target) = called.request(members, &Place::Aws(&choice)).unwrap();
    let credentials = Credentials::new("AKIDEXAMPLE", "secret", None, None, "test");
    sign(&mut request, &target.scope, credentials, SystemTime::now()).unwrap();
    let response = HttpResponse::new(200.try_into().unwrap(), SdkBody::from(answer));
    let answer = wire::answer(
        called.service,
        called.name,
        called.operation,
        &response,
        Naming::Sdk,
    );
    assert!(answer.unwrap().is_object());
}

/// The memory that the process has, in bytes; 0 where the system does not tell.
fn memory() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    pages
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<usize>().ok())
        .unwrap_or(0)
        * 4096
}

/// What something costs: the mean of the best of many batches, since others may want the processor as well.
fn cost(mut act: impl FnMut()) -> Duration {
    const ROUNDS: u32 = 100;
    let batch = |_| {
        let start = Instant::now();
        for _ in 0..ROUNDS {
            act();
        }
        start.elapsed() / ROUNDS
    };
    (0..50).map(batch).min().unwrap_or_default()
}

#[test]
#[ignore = "it measures"]
fn calls_cost_little() {
    let (start, before) = (Instant::now(), memory());
    let count = crate::catalogue::service_names().count();
    println!(
        "catalogue: {} bytes in the program; the index of {count} services: {:?}, {} KiB",
        crate::catalogue::bytes(),
        start.elapsed(),
        (memory() - before) / 1024
    );
    let choice = Choice {
        region: "eu-west-1".to_owned(),
        ..Choice::default()
    };
    let place = Place::Aws(&choice);
    let (before, mut slowest) = (memory(), Duration::ZERO);
    for (service, operation, members, answer) in calls() {
        let members = members.as_object().unwrap();
        let (start, before) = (Instant::now(), memory());
        call(service, operation, members, answer);
        let (first, grown) = (start.elapsed(), (memory() - before) / 1024);
        let warm = cost(|| call(service, operation, members, answer));
        slowest = slowest.max(warm);
        let called = Called::find(service, operation).unwrap();
        let Called {
            service: model,
            name,
            operation: shape,
        } = called;
        let request = cost(|| drop(called.request(members, &place).unwrap()));
        let response = HttpResponse::new(200.try_into().unwrap(), SdkBody::from(answer));
        let read = cost(|| drop(wire::answer(model, name, shape, &response, Naming::Sdk).unwrap()));
        let protocol = model.model.protocol;
        println!(
            "{service}:{operation} ({protocol:?}): first call {first:?} and {grown} KiB; then {warm:?}, of which the request {request:?}, the answer {read:?}, the rest is the signature"
        );
    }
    println!(
        "{} services: {} KiB; the slowest warm call: {slowest:?}",
        calls().len(),
        (memory() - before) / 1024
    );
}
