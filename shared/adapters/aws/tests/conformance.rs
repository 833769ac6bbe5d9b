//! The AWS adapters against the contract of the ports, on the DynamoDB that `STEPWELL_DYNAMODB_ENDPOINT` names.
//!
//! AWS's own DynamoDB Local will do. Without the variable these tests say so and do nothing.
#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

use aws::{AwsBlobs, AwsJournal, AwsRegistry, Retention, Store, create_table};
use aws_credential_types::Credentials;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_smithy_http_client::Builder;
use ports::conformance;

const ENDPOINT: &str = "STEPWELL_DYNAMODB_ENDPOINT";

/// Returns a fresh table, or `None` when there is no DynamoDB to test with.
async fn store(test: &str) -> Option<Store> {
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
    let table = format!("stepwell-{}", conformance::unique());
    create_table(&client, &table).await.unwrap();
    Some(Store::new(client, table))
}

#[tokio::test(flavor = "multi_thread")]
async fn journal() {
    if let Some(store) = store("journal").await {
        conformance::journal::all(&AwsJournal::new(store, Retention::default())).await;
    }
}

#[tokio::test]
async fn registry() {
    if let Some(store) = store("registry").await {
        conformance::registry::all(&AwsRegistry::new(store)).await;
    }
}

#[tokio::test]
async fn blobs() {
    if let Some(store) = store("blobs").await {
        conformance::blobs::all(&AwsBlobs::new(store, Retention::default())).await;
    }
}
