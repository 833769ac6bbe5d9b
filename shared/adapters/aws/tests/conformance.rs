//! The AWS adapters against the contract of the ports, on the DynamoDB that `STEPWELL_DYNAMODB_ENDPOINT` names.
//!
//! AWS's own DynamoDB Local will do. Without the variable these tests say so and do nothing.
#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

mod processes;

use aws::{
    AwsBlobs, AwsJournal, AwsMailbox, AwsRegistry, Bucket, Retention, Store, SystemClock, create_table,
};
use aws_credential_types::Credentials;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_http_client::Builder;
use engine::{ExecutionKey, Message, PayloadId, Status, Timestamp};
use ports::conformance::{self, Run, unique};
use ports::{Appended, Blobs as _, Clock as _, Journal as _, StoredPayload, Write};
use processes::Processes;
use std::sync::Arc;

const ENDPOINT: &str = "STEPWELL_DYNAMODB_ENDPOINT";
const S3_ENDPOINT: &str = "STEPWELL_S3_ENDPOINT";
const START: Timestamp = Timestamp(1_800_000_000_000);
const WAIT: &str = r#"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":60,"Next":"P"},
    "P":{"Type":"Pass","Result":7,"End":true}}}"#;

const TASKS: &str = r#"{"StartAt":"Check","States":{
    "Check":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","ResultPath":"$.check","Next":"Reserve",
        "Parameters":{"FunctionName":"check-order","Payload.$":"$"}},
    "Reserve":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","ResultPath":"$.reserve","Next":"Charge",
        "Parameters":{"FunctionName":"reserve-stock","Payload.$":"$"}},
    "Charge":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","ResultPath":"$.charge","Next":"Ship",
        "Parameters":{"FunctionName":"charge-card","Payload.$":"$"}},
    "Ship":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","ResultPath":"$.ship","Next":"Tell",
        "Parameters":{"FunctionName":"ship-order","Payload.$":"$"}},
    "Tell":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","ResultPath":"$.tell","End":true,
        "Parameters":{"FunctionName":"tell-customer","Payload.$":"$"}}}}"#;
const ORDER: &str = r#"{"orderId":"7f1c2a33","customer":{"id":42,"email":"somebody@example.com"},
    "items":[{"sku":"A-1","quantity":2,"price":19.99},{"sku":"B-7","quantity":1,"price":5.5}]}"#;
const ANSWER: &str = r#"{"ExecutedVersion":"$LATEST","Payload":{"done":true,"place":"fra-2","id":"991822"},
    "SdkHttpMetadata":{"HttpHeaders":{"Content-Type":"application/json"},"HttpStatusCode":200},"StatusCode":200}"#;

struct Table {
    client: Client,
    name: String,
}

impl Table {
    /// Returns a fresh table, or `None` when there is no DynamoDB to test with.
    async fn new(test: &str) -> Option<Table> {
        let Ok(endpoint) = std::env::var(ENDPOINT) else {
            println!("`{test}` is skipped: {ENDPOINT} is not set");
            return None;
        };
        let configuration = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .http_client(Builder::new().build_http())
            .endpoint_url(endpoint)
            .build();
        let client = Client::from_conf(configuration);
        let name = format!("stepwell-{}", unique());
        create_table(&client, &name).await.unwrap();
        Some(Table { client, name })
    }

    fn store(&self) -> Store {
        Store::new(self.client.clone(), self.name.as_str())
    }

    fn journal(&self) -> AwsJournal {
        AwsJournal::new(self.store(), Retention::default())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn journal() {
    let Some(table) = Table::new("journal").await else {
        return;
    };
    conformance::journal::all(&table.journal()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn journal_of_a_process_that_has_seen_nothing() {
    let Some(table) = Table::new("journal_of_a_process_that_has_seen_nothing").await else {
        return;
    };
    conformance::journal::all(&Processes::fresh(move || table.journal())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn journal_of_processes_that_take_turns() {
    let Some(table) = Table::new("journal_of_processes_that_take_turns").await else {
        return;
    };
    conformance::journal::all(&Processes::of(vec![table.journal(), table.journal()])).await;
}

#[tokio::test]
async fn registry() {
    let Some(table) = Table::new("registry").await else {
        return;
    };
    conformance::registry::all(&AwsRegistry::new(table.store())).await;
}

#[tokio::test]
async fn blobs() {
    let Some(table) = Table::new("blobs").await else {
        return;
    };
    conformance::blobs::all(&AwsBlobs::new(table.store(), Retention::default())).await;
}

/// The S3 that `STEPWELL_S3_ENDPOINT` names; an emulator will do.
#[tokio::test]
async fn blobs_in_a_bucket() {
    let Some(table) = Table::new("blobs_in_a_bucket").await else {
        return;
    };
    let Ok(endpoint) = std::env::var(S3_ENDPOINT) else {
        println!("`blobs_in_a_bucket` is skipped: {S3_ENDPOINT} is not set");
        return;
    };
    let settings = calls::Settings {
        endpoint_url: Some(endpoint.clone()),
        region: Some("us-east-1".to_owned()),
        ..calls::Settings::default()
    };
    let signer = Arc::new(calls::Signer::from_env(settings).await);
    let name = format!("stepwell-{}", unique());
    let in_table = AwsBlobs::new(table.store(), Retention::default());
    let blobs = in_table
        .clone()
        .with_bucket(Some(Bucket::new(Arc::clone(&signer), name.as_str())));
    let error = blobs.put("n", "text".into()).await.unwrap_err().to_string();
    assert!(error.contains("NoSuchBucket"), "{error}");

    let scope = calls::Scope {
        name: "s3".to_owned(),
        region: "us-east-1".to_owned(),
    };
    let create = http::Request::put(format!("{endpoint}/{name}"))
        .body(Vec::new())
        .unwrap();
    let created = signer
        .fetch(create, &scope, std::time::Duration::from_secs(10))
        .await
        .unwrap();
    assert!(created.status().is_success(), "{created:?}");
    conformance::blobs::all(&blobs).await;

    // What was written before there was a bucket is still there.
    in_table.put("old", "\"text\"".into()).await.unwrap();
    assert_eq!(blobs.get("old").await.unwrap().as_deref(), Some("\"text\""));
    let large: Arc<str> = noise(6_000_000).into();
    blobs.put("large", Arc::clone(&large)).await.unwrap();
    assert_eq!(blobs.get("large").await.unwrap(), Some(large));
    assert_eq!(in_table.get("large").await.unwrap(), None);
}

#[tokio::test]
async fn a_blob_that_cannot_be_compressed_lies_in_many_parts() {
    let Some(table) = Table::new("a_blob_that_cannot_be_compressed_lies_in_many_parts").await else {
        return;
    };
    let blobs = AwsBlobs::new(table.store(), Retention::default());
    let text: Arc<str> = noise(6_000_000).into();
    blobs.put("n", Arc::clone(&text)).await.unwrap();
    blobs.put("n", Arc::clone(&text)).await.unwrap();
    assert_eq!(blobs.get("n").await.unwrap(), Some(text));
    let error = blobs.put("n", "other".into()).await.unwrap_err().to_string();
    assert!(
        error.contains("another text is stored under the name `n`"),
        "{error}"
    );
}

#[tokio::test]
async fn activity_tasks() {
    let Some(table) = Table::new("activity_tasks").await else {
        return;
    };
    // The queue is not asked for anything here.
    let configuration = aws_sdk_sqs::Config::builder()
        .behavior_version(aws_sdk_sqs::config::BehaviorVersion::latest())
        .http_client(Builder::new().build_http())
        .build();
    let queues = aws_sdk_sqs::Client::from_conf(configuration);
    let mailbox = AwsMailbox::new(
        queues,
        "http://nowhere",
        "http://nowhere",
        table.store(),
        Retention::default(),
    );
    conformance::mailbox::gives_tasks_in_order(&mailbox).await;
    conformance::mailbox::wakes_who_waits(&mailbox).await;
    conformance::mailbox::keeps_tasks_of_those_who_gave_up(&mailbox).await;
    conformance::mailbox::remembers_who_waits_for_a_job(&mailbox).await;
}

/// DynamoDB bills a write by the kilobyte: an ordinary step costs one unit.
#[tokio::test]
async fn a_step_of_a_small_execution_fits_into_one_unit() {
    let Some(table) = Table::new("a_step_of_a_small_execution_fits_into_one_unit").await else {
        return;
    };
    let machine = format!("us-east-1:123456789012:{}", unique());
    let (mut run, write) = Run::begin(&machine, "7f1c2a33-order", TASKS, ORDER, START);
    let journal = table.journal();
    journal.create(run.identity(), write).await.unwrap();
    let incarnation = run.identity().incarnation.to_string();
    for second in 1..=5 {
        let write = run.answer(ANSWER, START.plus_seconds(second));
        let appended = journal.append(run.key(), &incarnation, write).await.unwrap();
        assert_eq!(appended, Appended::Done);
    }
    let scan = table.client.scan().table_name(&table.name);
    let items = Box::pin(scan.send()).await.unwrap().items.unwrap();
    let mut sizes: Vec<(String, usize)> = items
        .iter()
        .map(|item| (item["SK"].as_s().unwrap().clone(), size(item)))
        .collect();
    sizes.sort();
    println!("{sizes:?}");
    assert_eq!(sizes.len(), 6);
    for (sort, size) in sizes {
        let most = if sort == "HEAD" { 3072 } else { 1024 };
        assert!(size <= most, "`{sort}` has {size} bytes");
    }
}

/// Returns an item's size as DynamoDB counts it, or a little more.
fn size(item: &std::collections::HashMap<String, AttributeValue>) -> usize {
    let value = |value: &AttributeValue| match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        AttributeValue::N(number) => number.len() / 2 + 3,
        other => panic!("no such attribute is written: {other:?}"),
    };
    item.iter().map(|(name, held)| name.len() + value(held)).sum()
}

/// The entry that closes an execution is written, and then the process ends before the head follows.
#[tokio::test]
async fn loading_makes_up_for_a_head_that_did_not_follow() {
    let Some(table) = Table::new("loading_makes_up_for_a_head_that_did_not_follow").await else {
        return;
    };
    let machine = format!("us-east-1:123456789012:{}", unique());
    let (mut run, write) = Run::begin(&machine, "one", WAIT, "{}", START);
    let journal = table.journal();
    journal.create(run.identity(), write).await.unwrap();
    let key = run.key().clone();
    let index = ["g2", "g2s"];
    let before = item(&table, &key).await;
    let end = START.plus_seconds(60);
    let write = run.message(Message::Wake, end);
    let incarnation = run.identity().incarnation.to_string();
    let appended = journal.append(&key, &incarnation, write).await.unwrap();
    assert_eq!(appended, Appended::Done);
    assert!(journal.open(None, 10).await.unwrap().rows.is_empty());

    assert!(index.iter().all(|name| before.contains_key(*name)));
    let put = table.client.put_item().table_name(&table.name);
    Box::pin(put.set_item(Some(before)).send()).await.unwrap();
    assert_eq!(journal.head(&key).await.unwrap().unwrap().status, Status::Running);
    let open = journal.open(None, 10).await.unwrap().rows;
    let overdue: Vec<_> = open.iter().map(|opened| opened.next_deadline).collect();
    assert_eq!(overdue, [Some(end)], "whoever looks for what is overdue loads it");

    let stored = table.journal().load(&key).await.unwrap().unwrap();
    let head = journal.head(&key).await.unwrap().unwrap();
    for head in [stored.head, head] {
        assert_eq!((head.status, head.stopped), (Status::Succeeded, Some(end)));
        assert_eq!(head.output, Some(StoredPayload::Text("7".into())));
    }
    assert!(journal.open(None, 10).await.unwrap().rows.is_empty());
}

#[tokio::test]
async fn what_expires_says_when() {
    let Some(table) = Table::new("what_expires_says_when").await else {
        return;
    };
    const DAY: i64 = 86_400;
    let machine = format!("us-east-1:123456789012:{}", unique());
    let journal = AwsJournal::new(table.store(), Retention { days: 14 });
    let (mut run, write) = Run::begin(&machine, "one", WAIT, "{}", START);
    journal.create(run.identity(), write).await.unwrap();
    let ttl = |item: &std::collections::HashMap<String, AttributeValue>| -> i64 {
        item["ttl"].as_n().unwrap().parse().unwrap()
    };
    let start = START.millis() / 1000;
    let open = item(&table, run.key()).await;
    assert_eq!(ttl(&open), start + (14 + 30) * DAY);
    let write = run.message(Message::Wake, START.plus_seconds(60));
    let incarnation = run.identity().incarnation.to_string();
    journal.append(run.key(), &incarnation, write).await.unwrap();
    let closed = item(&table, run.key()).await;
    assert_eq!(ttl(&closed), start + 60 + 14 * DAY);
}

/// An entry is kept for a month beyond the retention; whoever looks after what runs gives it another one in time.
#[tokio::test]
async fn what_runs_for_long_is_kept() {
    let Some(table) = Table::new("what_runs_for_long_is_kept").await else {
        return;
    };
    const DAY: i64 = 86_400;
    let now = SystemClock.now().millis() / 1000;
    let machine = format!("us-east-1:123456789012:{}", unique());
    let journal = AwsJournal::new(table.store(), Retention { days: 14 });
    for (name, age, is_kept) in [("young", 14, false), ("old", 16, true)] {
        let started = Timestamp((now - age * DAY) * 1000);
        let (mut run, write) = Run::begin(&machine, name, TASKS, ORDER, started);
        journal.create(run.identity(), write).await.unwrap();
        let incarnation = run.identity().incarnation.to_string();
        for second in 1..=2 {
            let write = run.answer(ANSWER, started.plus_seconds(second));
            journal.append(run.key(), &incarnation, write).await.unwrap();
        }
        let page = journal.open(None, 100).await.unwrap();
        assert!(page.rows.iter().any(|row| row.key == *run.key()));
        for place in [
            "HEAD".to_owned(),
            format!("{incarnation}#0000000001"),
            format!("{incarnation}#0000000002"),
        ] {
            let item = item_at(&table, run.key(), &place).await;
            let days = (item["ttl"].as_n().unwrap().parse::<i64>().unwrap() - now + DAY / 2) / DAY;
            assert_eq!(
                days,
                if is_kept { 14 + 30 } else { 14 + 30 - age },
                "{name} {place}"
            );
        }
    }
}

#[tokio::test]
async fn an_entry_that_no_item_can_hold_is_refused_with_its_size() {
    let Some(table) = Table::new("an_entry_that_no_item_can_hold_is_refused_with_its_size").await else {
        return;
    };
    let machine = format!("us-east-1:123456789012:{}", unique());
    let (run, write) = Run::begin(&machine, "one", WAIT, "{}", START);
    let large = Write {
        payloads: vec![(PayloadId::new(0, 0), StoredPayload::Text(noise(1_000_000).into()))],
        ..(*write).clone()
    };
    let journal = table.journal();
    let error = journal.create(run.identity(), Arc::new(large)).await.unwrap_err();
    let error = error.to_string();
    assert!(error.contains("but DynamoDB takes at most 409600"), "{error}");
    assert!(journal.head(run.key()).await.unwrap().is_none());
}

async fn item(table: &Table, key: &ExecutionKey) -> std::collections::HashMap<String, AttributeValue> {
    item_at(table, key, "HEAD").await
}

async fn item_at(
    table: &Table,
    key: &ExecutionKey,
    sort: &str,
) -> std::collections::HashMap<String, AttributeValue> {
    let get = table
        .client
        .get_item()
        .table_name(&table.name)
        .key("PK", AttributeValue::S(format!("{}#{}", key.machine, key.name)))
        .key("SK", AttributeValue::S(sort.to_owned()))
        .consistent_read(true);
    Box::pin(get.send()).await.unwrap().item.unwrap()
}

/// Returns a JSON string of about so many bytes that compresses by a quarter at most.
fn noise(bytes: usize) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut text = String::with_capacity(bytes + 2);
    text.push('"');
    for _ in 0..bytes {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        text.push(char::from(DIGITS[(state >> 58) as usize]));
    }
    text.push('"');
    text
}
