//! What the catalogue and a call cost; printed, not judged, since machines differ.
//!
//! ```text
//! cargo test -p calls --config 'profile.dev.package.calls.opt-level=3' --lib measured -- --ignored --nocapture
//! ```

use crate::endpoint::Choice;
use crate::prepare::{Called, Place};
use crate::sign::sign;
use crate::wire::{self, Naming};
use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::body::SdkBody;
use serde_json::{Map, Value, json};
use std::time::{Instant, SystemTime};

/// Services with large models among them, each with a call and its answer.
fn calls() -> Vec<(&'static str, &'static str, Value, &'static str)> {
    let item =
        json!({ "id": { "S": "1" }, "list": { "L": [{ "N": "1" }, { "M": { "b": { "BOOL": true } } }] } });
    vec![
        (
            "dynamodb",
            "PutItem",
            json!({ "TableName": "t", "Item": item }),
            "{}",
        ),
        (
            "sqs",
            "SendMessage",
            json!({ "QueueUrl": "u", "MessageBody": "b" }),
            r#"{"MessageId":"m"}"#,
        ),
        (
            "sns",
            "Publish",
            json!({ "TopicArn": "t", "Message": "m" }),
            "<R><PublishResult><MessageId>m</MessageId></PublishResult></R>",
        ),
        (
            "lambda",
            "Invoke",
            json!({ "FunctionName": "f", "Payload": "{}" }),
            "{}",
        ),
        (
            "s3",
            "PutObject",
            json!({ "Bucket": "photos", "Key": "k", "Body": "text" }),
            "",
        ),
        (
            "ec2",
            "DescribeInstances",
            json!({ "InstanceIds": ["i-1", "i-2"] }),
            "<R><reservationSet><item><ownerId>1</ownerId></item></reservationSet></R>",
        ),
        (
            "glue",
            "GetCrawler",
            json!({ "Name": "n" }),
            r#"{"Crawler":{"Name":"n","State":"READY"}}"#,
        ),
        (
            "sagemaker",
            "DescribeModel",
            json!({ "ModelName": "n" }),
            r#"{"ModelName":"n"}"#,
        ),
        (
            "rds",
            "DescribeDBInstances",
            json!({}),
            "<R><DescribeDBInstancesResult><DBInstances><DBInstance><DBInstanceIdentifier>i</DBInstanceIdentifier></DBInstance></DBInstances></DescribeDBInstancesResult></R>",
        ),
        (
            "bedrockruntime",
            "Converse",
            json!({ "ModelId": "m", "Messages": [{ "Role": "user", "Content": [{ "Text": "hello" }] }] }),
            r#"{"stopReason":"end_turn"}"#,
        ),
    ]
}

fn call(service: &str, operation: &str, members: &Map<String, Value>, answer: &'static str) {
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

#[test]
#[ignore = "it measures"]
fn calls_cost_little() {
    const ROUNDS: u32 = 5_000;
    let (start, before) = (Instant::now(), memory());
    let _ = crate::catalogue::service_names().count();
    println!("index: {:?}, {} KiB", start.elapsed(), (memory() - before) / 1024);
    let before = memory();
    for (service, operation, members, answer) in calls() {
        let (start, before) = (Instant::now(), memory());
        let members = members.as_object().unwrap();
        call(service, operation, members, answer);
        let (first, grown) = (start.elapsed(), (memory() - before) / 1024);
        let start = Instant::now();
        for _ in 0..ROUNDS {
            call(service, operation, members, answer);
        }
        let warm = start.elapsed() / ROUNDS;
        let called = Called::find(service, operation).unwrap();
        let choice = Choice {
            region: "eu-west-1".to_owned(),
            ..Choice::default()
        };
        let start = Instant::now();
        for _ in 0..ROUNDS {
            wire::request(called.service, called.name, called.operation, members).unwrap();
        }
        print!("write {:?} ", start.elapsed() / ROUNDS);
        let start = Instant::now();
        for _ in 0..ROUNDS {
            crate::endpoint::Target::of_aws(called.service, called.operation, members, &choice).unwrap();
        }
        print!("endpoint {:?} ", start.elapsed() / ROUNDS);
        let response = HttpResponse::new(200.try_into().unwrap(), SdkBody::from(answer));
        let start = Instant::now();
        for _ in 0..ROUNDS {
            wire::answer(
                called.service,
                called.name,
                called.operation,
                &response,
                Naming::Sdk,
            )
            .unwrap();
        }
        print!("answer {:?} ", start.elapsed() / ROUNDS);
        println!("{service}:{operation}: first call {first:?} and {grown} KiB, then {warm:?}");
    }
    println!("ten services: {} KiB", (memory() - before) / 1024);
}
