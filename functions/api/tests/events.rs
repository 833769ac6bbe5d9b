//! The API function as Lambda runs it: the event files of tests/events, through a Runtime API, on the DynamoDB that
//! `STEPWELL_DYNAMODB_ENDPOINT` names. Without the variable this says so and does nothing.
#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_smithy_http_client::Builder;
use function_host::{FunctionHost, FunctionSettings, Outcome};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const ENDPOINT: &str = "STEPWELL_DYNAMODB_ENDPOINT";

fn event(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/events");
    std::fs::read(folder.join(format!("{name}.json"))).unwrap()
}

async fn table(endpoint: &str) -> String {
    let configuration = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .http_client(Builder::new().build_http())
        .endpoint_url(endpoint)
        .build();
    let name = format!("api-function-{}", std::process::id());
    aws::create_table(&Client::from_conf(configuration), &name)
        .await
        .unwrap();
    name
}

fn host(endpoint: &str, table: &str) -> FunctionHost {
    let environment: BTreeMap<&str, &str> = BTreeMap::from([
        ("AWS_ENDPOINT_URL_DYNAMODB", endpoint),
        ("STEPWELL_ACCOUNT", "123456789012"),
        ("STEPWELL_TABLE", table),
        // Nothing listens there: what these events ask for is done by the write that starts the execution.
        (
            "STEPWELL_MAILBOX_URL",
            "http://127.0.0.1:9/123456789012/mailbox.fifo",
        ),
        ("STEPWELL_CALLS_URL", "http://127.0.0.1:9/123456789012/calls"),
        ("STEPWELL_TIMERS_URL", "http://127.0.0.1:9/123456789012/timers"),
        ("STEPWELL_TIMERS_ARN", "arn:aws:sqs:us-east-1:123456789012:timers"),
        ("STEPWELL_SCHEDULE_GROUP", "stepwell"),
        (
            "STEPWELL_SCHEDULE_ROLE_ARN",
            "arn:aws:iam::123456789012:role/schedules",
        ),
    ]);
    let settings: FunctionSettings = serde_json::from_value(json!({
        "command": [env!("CARGO_BIN_EXE_api-function")],
        "environment": environment,
        "timeout_seconds": 29,
    }))
    .unwrap();
    let functions = BTreeMap::from([("api".to_owned(), settings)]);
    FunctionHost::new(functions, PathBuf::from("."), "us-east-1", "123456789012").unwrap()
}

async fn answer(host: &FunctionHost, event: Vec<u8>) -> (u64, Value) {
    let invocation = host.invoke("api", event).await;
    let Outcome::Returned(payload) = invocation.outcome else {
        panic!("{:?}", invocation.outcome)
    };
    let answer: Value = serde_json::from_slice(&payload).unwrap();
    let body = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    (answer["statusCode"].as_u64().unwrap(), body)
}

#[tokio::test]
async fn the_event_files_create_start_and_describe() {
    let Ok(endpoint) = std::env::var(ENDPOINT) else {
        println!("skipped: {ENDPOINT} is not set");
        return;
    };
    let table = table(&endpoint).await;
    let host = host(&endpoint, &table);
    let (status, body) = answer(&host, event("create-state-machine")).await;
    assert_eq!(status, 200, "{body}");
    let (status, body) = answer(&host, event("start-execution")).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(
        body["executionArn"],
        "arn:aws:states:us-east-1:123456789012:execution:hello:first"
    );
    let (status, body) = answer(&host, event("describe-execution")).await;
    assert_eq!(
        (status, &body["status"], &body["output"]),
        (200, &json!("SUCCEEDED"), &json!(r#"{"hello":"you"}"#))
    );
    // The same by a plain request, through a REST API that encodes what it passes on.
    let (status, body) = answer(&host, event("start-plain")).await;
    assert_eq!(
        (status, &body["executionArn"]),
        (
            200,
            &json!("arn:aws:states:us-east-1:123456789012:execution:hello:plain")
        )
    );
    // What a browser asks for is not there, and the answer says what is.
    let (status, body) = answer(&host, event("browser")).await;
    assert_eq!(status, 405);
    assert!(body["message"].as_str().unwrap().starts_with("POST "), "{body}");
    // The name is taken now, and says so.
    let (status, body) = answer(&host, event("start-execution")).await;
    assert_eq!(status, 400);
    assert!(
        body["__type"]
            .as_str()
            .unwrap()
            .ends_with("ExecutionAlreadyExists"),
        "{body}"
    );
    host.shutdown().await;
}
