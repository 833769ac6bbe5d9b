//! The API over a driver and the local store.

use api::{Api, Request, Response, Settings};
use async_trait::async_trait;
use driver::Driver;
use local::{
    LocalBlobs, LocalJournal, LocalMailbox, LocalRegistry, LocalTimers, Store, SystemClock, SystemEntropy,
};
use ports::{CallOutcome, CallRequest, Ports, Services};
use std::sync::Arc;
use std::time::Duration;

pub(crate) const ROLE: &str = "arn:aws:iam::123456789012:role/workflows";

/// A service that answers with what it is asked.
struct Echo;

#[async_trait]
impl Services for Echo {
    async fn call(&self, request: CallRequest) -> CallOutcome {
        CallOutcome::Succeeded(request.call.parameters.text().to_string())
    }
}

/// Returns the API of a store; what it runs, runs in the runtime that this is called in.
pub(crate) fn api(store: &Store) -> Api {
    let (mailbox, arrivals) = LocalMailbox::new();
    let clock = Arc::new(SystemClock);
    let ports = Ports {
        journal: Arc::new(LocalJournal::new(store.clone())),
        registry: Arc::new(LocalRegistry::new(store.clone())),
        blobs: Arc::new(LocalBlobs::new(store.clone())),
        timers: Arc::new(LocalTimers::new(clock.clone(), mailbox.sender())),
        mailbox: Arc::new(mailbox),
        services: Arc::new(Echo),
        clock,
        entropy: Arc::new(SystemEntropy),
    };
    let settings = driver::Settings {
        limits: engine::Limits {
            history_events: 500,
            ..engine::Limits::default()
        },
        exclusive: true,
        hands_over_beyond: None,
        blob_bytes_min: 1024,
        observer: None,
    };
    let driver = Driver::new(ports, settings);
    let receiver = driver.clone();
    tokio::spawn(async move { receiver.receive(arrivals).await });
    let settings = Settings {
        activity_wait: Duration::from_millis(2),
        ..Settings::default()
    };
    Api::new(driver, settings)
}

/// Sends a request as an SDK does.
pub(crate) async fn send(api: &Api, operation: &str, body: Vec<u8>) -> Response {
    let credential = "AKIDEXAMPLE/20260101/us-east-1/states/aws4_request";
    api.handle(Request {
        target: Some(format!("AWSStepFunctions.{operation}")),
        authorization: Some(format!("AWS4-HMAC-SHA256 Credential={credential}, Signature=00")),
        content_type: Some("application/x-amz-json-1.0".to_owned()),
        body,
    })
    .await
}

/// Returns a runtime of this thread alone.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}
