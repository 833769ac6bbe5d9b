//! What is told of executions, on the services that `STEPWELL_QUEUES_ENDPOINT` names; an emulator will do.
//!
//! It needs SQS, SNS, EventBridge, CloudWatch Logs and DynamoDB. Without the variable this test says so and does nothing.
#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

use aws::{AwsBlobs, AwsJournal, AwsObserver, AwsRegistry, ObserveSettings, Retention, Store, create_table};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::Builder;
use calls::{AccessKey, Caller};
use engine::{Details, Event, ExecutionType, Identity, Message, Outcome, Payload, PayloadId, Timestamp, Why};
use ports::conformance::{Run, unique};
use ports::{Journal as _, Machine, Observer as _, Registry as _};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

const ENDPOINT: &str = "STEPWELL_QUEUES_ENDPOINT";
const DEFINITION: &str = r#"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":60,"Next":"F"},
    "F":{"Type":"Fail","Error":"Broken","Cause":"by design"}}}"#;

/// The services, a state machine that is logged, and everybody who is told.
struct Rig {
    endpoint: String,
    configuration: SdkConfig,
    caller: Caller,
    store: Store,
    machine: String,
    group: String,
    topic: String,
    events: String,
    notices: String,
    dead_letters: String,
}

impl Rig {
    async fn new(test: &str) -> Option<Rig> {
        let Ok(endpoint) = std::env::var(ENDPOINT) else {
            println!("`{test}` is skipped: {ENDPOINT} is not set");
            return None;
        };
        let credentials = Credentials::new("test", "test", None, None, "test");
        let configuration = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(Builder::new().build_http())
            .endpoint_url(&endpoint)
            .build();
        let tables = aws_sdk_dynamodb::Client::new(&configuration);
        let name = unique();
        create_table(&tables, &name).await.unwrap();
        let mut rig = Rig {
            caller: caller(&endpoint).await,
            endpoint,
            configuration,
            store: Store::new(tables, name.as_str()),
            machine: format!("orders-{name}"),
            group: format!("/aws/vendedlogs/states/{name}"),
            topic: String::new(),
            events: String::new(),
            notices: String::new(),
            dead_letters: String::new(),
        };
        rig.prepare().await;
        Some(rig)
    }

    async fn prepare(&mut self) {
        let group = json!({ "LogGroupName": self.group });
        self.call("logs", "CreateLogGroup", group).await;
        let topic = self
            .call("sns", "CreateTopic", json!({ "Name": self.machine }))
            .await;
        self.topic = topic["TopicArn"].as_str().unwrap().to_owned();
        let (url, arn) = self.queue("notices").await;
        self.notices = url;
        let subscription = json!({
            "TopicArn": self.topic, "Protocol": "sqs", "Endpoint": arn,
        });
        self.call("sns", "Subscribe", subscription).await;
        let (url, arn) = self.queue("events").await;
        self.events = url;
        let pattern = json!({
            "source": ["stepwell.states"], "detail": { "stateMachineArn": [self.machine_arn()] },
        });
        let rule = json!({ "Name": self.machine, "EventPattern": pattern.to_string() });
        self.call("events", "PutRule", rule).await;
        let target = json!({ "Rule": self.machine, "Targets": [{ "Id": "1", "Arn": arn }] });
        self.call("events", "PutTargets", target).await;
        self.dead_letters = self.queue("letters").await.0;

        let machine: Machine = serde_json::from_value(json!({
            "owner": { "region": "us-east-1", "account": "123456789012" },
            "name": self.machine,
            "arn": self.machine_arn(),
            "machine_type": "Standard",
            "status": "ACTIVE",
            "created": 0,
            "updated": 0,
            "revision": {
                "id": "1",
                "definition": DEFINITION,
                "role_arn": "arn:aws:iam::123456789012:role/test",
                "logging": {
                    "level": "ALL",
                    "includeExecutionData": true,
                    "destinations": [{ "cloudWatchLogsLogGroup": {
                        "logGroupArn": format!("arn:aws:logs:us-east-1:123456789012:log-group:{}:*", self.group),
                    } }],
                },
                "tracing": null,
                "encryption": null,
                "created": 0,
            },
            "tags": {},
        }))
        .unwrap();
        AwsRegistry::new(self.store.clone())
            .insert_machine(machine)
            .await
            .unwrap();
    }

    fn machine_arn(&self) -> String {
        format!(
            "arn:aws:states:us-east-1:123456789012:stateMachine:{}",
            self.machine
        )
    }

    /// Makes a queue; returns its URL and ARN.
    async fn queue(&self, name: &str) -> (String, String) {
        let name = format!("{name}-{}", unique());
        let created = self
            .call("sqs", "CreateQueue", json!({ "QueueName": name }))
            .await;
        let url = created["QueueUrl"].as_str().unwrap().to_owned();
        let asked = json!({ "QueueUrl": url, "AttributeNames": ["QueueArn"] });
        let attributes = self.call("sqs", "GetQueueAttributes", asked).await;
        let arn = attributes["Attributes"]["QueueArn"].as_str().unwrap().to_owned();
        (url, arn)
    }

    async fn call(&self, service: &str, operation: &str, members: Value) -> Value {
        let answer = self.caller.call(service, operation, &members).await;
        answer
            .unwrap_or_else(|error| panic!("{service}:{operation}: {error}"))
            .members
    }

    /// Returns an observer as a function that has just begun has it.
    async fn observer(&self) -> AwsObserver {
        let settings = ObserveSettings {
            metrics: true,
            status_events_bus: Some("default".into()),
            notice_topic: Some(self.topic.as_str().into()),
            dead_letters: vec![self.dead_letters.as_str().into()],
        };
        AwsObserver::new(
            settings,
            Arc::new(AwsJournal::new(self.store.clone(), Retention::default())),
            Arc::new(AwsRegistry::new(self.store.clone())),
            Arc::new(AwsBlobs::new(self.store.clone(), Retention::default())),
            &self.configuration,
            caller(&self.endpoint).await,
        )
    }

    /// Takes the bodies that arrived in a queue: `count` of them, as JSON.
    async fn arrivals(&self, url: &str, count: usize) -> Vec<Value> {
        let mut bodies = Vec::new();
        let until = tokio::time::Instant::now() + Duration::from_secs(15);
        while bodies.len() < count && tokio::time::Instant::now() < until {
            let asked = json!({ "QueueUrl": url, "WaitTimeSeconds": 1, "MaxNumberOfMessages": 10 });
            let received = self.call("sqs", "ReceiveMessage", asked).await;
            for message in received["Messages"].as_array().into_iter().flatten() {
                bodies.push(serde_json::from_str(message["Body"].as_str().unwrap()).unwrap());
                let handle = json!({ "QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"] });
                self.call("sqs", "DeleteMessage", handle).await;
            }
        }
        assert_eq!(bodies.len(), count, "{bodies:?}");
        bodies
    }

    /// Returns the lines of the log, and the names of its streams.
    async fn logged(&self) -> (Vec<Value>, Vec<String>) {
        let asked = json!({ "LogGroupName": self.group });
        let streams = self.call("logs", "DescribeLogStreams", asked.clone()).await;
        let streams = streams["LogStreams"].as_array().unwrap().iter();
        let streams = streams.map(|stream| stream["LogStreamName"].as_str().unwrap().to_owned());
        let events = self.call("logs", "FilterLogEvents", asked).await;
        let lines = events["Events"].as_array().unwrap().iter();
        let lines = lines.map(|event| serde_json::from_str(event["Message"].as_str().unwrap()).unwrap());
        (lines.collect(), streams.collect())
    }

    async fn notices(&self, count: usize) -> Vec<Value> {
        let envelopes = self.arrivals(&self.notices, count).await;
        let read = |envelope: &Value| {
            let mut notice: Value = serde_json::from_str(envelope["Message"].as_str().unwrap()).unwrap();
            notice["subject"] = envelope["Subject"].clone();
            notice
        };
        envelopes.iter().map(read).collect()
    }
}

async fn caller(endpoint: &str) -> Caller {
    let settings = calls::Settings {
        region: Some("us-east-1".to_owned()),
        endpoint_url: Some(endpoint.to_owned()),
        access_key: Some(AccessKey {
            id: "test".to_owned(),
            secret: "test".to_owned(),
            session_token: None,
        }),
        variables: Some(std::collections::BTreeMap::new()),
        ..calls::Settings::default()
    };
    Caller::from_env(settings).await
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Timestamp(i64::try_from(since.as_millis()).unwrap())
}

fn types(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["type"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn everybody_is_told_of_what_two_functions_did() {
    let Some(rig) = Rig::new("everybody_is_told_of_what_two_functions_did").await else {
        return;
    };
    let start = now();
    let key = format!("us-east-1:123456789012:{}", rig.machine);
    let (mut run, write) = Run::begin(&key, "one", DEFINITION, r#"{"order":7}"#, start);
    let journal = AwsJournal::new(rig.store.clone(), Retention::default());
    let identity = run.identity();
    journal
        .create(Arc::clone(&identity), Arc::clone(&write))
        .await
        .unwrap();
    let first = rig.observer().await;
    first.committed(&identity, &write.entry);
    first.flush().await;
    let (lines, _) = rig.logged().await;
    assert_eq!(types(&lines), ["ExecutionStarted", "WaitStateEntered"]);

    // Another function goes on, and has never seen the input.
    let write = run.message(Message::Wake, start.plus_seconds(60));
    let incarnation = identity.incarnation.to_string();
    journal
        .append(run.key(), &incarnation, Arc::clone(&write))
        .await
        .unwrap();
    let second = rig.observer().await;
    second.committed(&identity, &write.entry);
    second.flush().await;
    second.flush().await;

    let (lines, streams) = rig.logged().await;
    let expected = [
        "ExecutionStarted",
        "WaitStateEntered",
        "WaitStateExited",
        "FailStateEntered",
        "ExecutionFailed",
    ];
    assert_eq!(types(&lines), expected);
    for line in &lines[..4] {
        let details = &line["details"];
        let shown = details.get("input").or_else(|| details.get("output"));
        assert_eq!(shown, Some(&json!(r#"{"order":7}"#)), "{line}");
    }
    let cause = json!({ "error": "Broken", "cause": "by design" });
    assert_eq!(lines[4]["details"], cause);
    assert_eq!(lines[4]["execution_arn"], *identity.arn);
    assert_eq!(streams.len(), 2);
    let begin = format!("states/{}/20", rig.machine);
    assert!(
        streams.iter().all(|stream| stream.starts_with(&begin)),
        "{streams:?}"
    );

    let mut events = rig.arrivals(&rig.events, 2).await;
    events.sort_by_key(|event| event["detail"]["status"] == "FAILED");
    for (event, status) in events.iter().zip(["RUNNING", "FAILED"]) {
        assert_eq!(event["detail-type"], "Step Functions Execution Status Change");
        assert_eq!(event["resources"], json!([&*identity.arn]));
        assert_eq!(event["detail"]["status"], status);
        assert_eq!(event["detail"]["input"], r#"{"order":7}"#);
    }
    assert_eq!(events[1]["detail"]["error"], "Broken");
    assert_eq!(events[1]["detail"]["stopDate"], start.plus_seconds(60).millis());

    let notices = rig.notices(1).await;
    assert_eq!(
        notices[0]["subject"],
        format!("Stepwell: an execution of {} failed", rig.machine)[..].to_owned()
    );
    assert_eq!(notices[0]["executionArn"], *identity.arn);
    assert_eq!(notices[0]["cause"], "by design");
}

#[tokio::test]
async fn an_express_execution_is_logged_and_no_event() {
    let Some(rig) = Rig::new("an_express_execution_is_logged_and_no_event").await else {
        return;
    };
    let key = format!("us-east-1:123456789012:{}", rig.machine);
    let (run, _) = Run::begin(&key, "one:two", DEFINITION, "{}", now());
    let identity = Identity {
        execution_type: ExecutionType::Express,
        ..(*run.identity()).clone()
    };
    let input = PayloadId::new(0, 0);
    let event = |id: u64, details: Details| Event {
        id,
        previous: id - 1,
        time: identity.started,
        details,
    };
    let outcome = |events: Vec<Event>, payloads: Vec<Payload>| Outcome {
        events,
        payloads,
        ..Outcome::default()
    };
    let started = Details::ExecutionStarted {
        input,
        role_arn: "arn:aws:iam::123456789012:role/test".into(),
    };
    let text = Payload {
        id: input,
        text: r#"{"order":8}"#.into(),
    };
    let observer = rig.observer().await;
    observer.ran(&identity, &outcome(vec![event(1, started)], vec![text]));
    let failed = Details::ExecutionFailed(Why::default());
    observer.ran(&identity, &outcome(vec![event(2, failed)], Vec::new()));
    observer.flush().await;

    let (lines, _) = rig.logged().await;
    assert_eq!(types(&lines), ["ExecutionStarted", "ExecutionFailed"]);
    assert_eq!(lines[0]["details"]["input"], r#"{"order":8}"#);
    assert_eq!(rig.notices(1).await[0]["status"], "FAILED");
    let asked = json!({ "QueueUrl": rig.events, "WaitTimeSeconds": 2 });
    let received = rig.call("sqs", "ReceiveMessage", asked).await;
    assert_eq!(
        received
            .get("Messages")
            .and_then(Value::as_array)
            .map_or(0, Vec::len),
        0,
        "{received}"
    );
}

#[tokio::test]
async fn a_dead_letter_is_told_of_and_stays() {
    let Some(rig) = Rig::new("a_dead_letter_is_told_of_and_stays").await else {
        return;
    };
    let body =
        json!({ "key": { "machine": "us-east-1:123456789012:Orders", "name": "one" }, "incarnation": "1" });
    let sent = json!({ "QueueUrl": rig.dead_letters, "MessageBody": body.to_string() });
    rig.call("sqs", "SendMessage", sent).await;
    rig.observer().await.look_for_dead_letters().await;
    let notices = rig.notices(1).await;
    assert_eq!(notices[0]["kind"], "DeadLetter");
    assert_eq!(notices[0]["execution"]["name"], "one");
    assert_eq!(rig.dead_letters.rsplit('/').next(), notices[0]["queue"].as_str());

    let names = [
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
    ];
    let asked = json!({ "QueueUrl": rig.dead_letters, "AttributeNames": names });
    let attributes = rig.call("sqs", "GetQueueAttributes", asked).await;
    let left = names.map(|name| {
        attributes["Attributes"][name]
            .as_str()
            .unwrap()
            .parse::<u32>()
            .unwrap()
    });
    assert_eq!(left.iter().sum::<u32>(), 1, "{attributes}");
}

#[tokio::test]
async fn what_cannot_be_told_fails_nothing() {
    let Some(rig) = Rig::new("what_cannot_be_told_fails_nothing").await else {
        return;
    };
    rig.call("logs", "DeleteLogGroup", json!({ "LogGroupName": rig.group }))
        .await;
    rig.call("sns", "DeleteTopic", json!({ "TopicArn": rig.topic }))
        .await;
    let key = format!("us-east-1:123456789012:{}", rig.machine);
    let failing = r#"{"StartAt":"F","States":{"F":{"Type":"Fail"}}}"#;
    let (run, write) = Run::begin(&key, "one", failing, "{}", now());
    let observer = rig.observer().await;
    observer.committed(&run.identity(), &write.entry);
    observer.flush().await;
    assert_eq!(rig.arrivals(&rig.events, 2).await.len(), 2);
}
