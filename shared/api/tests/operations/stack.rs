//! The API over a driver and the local store, in memory.

use api::{Api, Request, Response, Settings};
use async_trait::async_trait;
use driver::Driver;
use local::{
    LocalBlobs, LocalJournal, LocalMailbox, LocalRegistry, LocalTimers, Store, SystemClock, SystemEntropy,
};
use ports::{CallOutcome, CallRequest, Entropy, Ports, Services};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

pub(crate) const ROLE: &str = "arn:aws:iam::123456789012:role/workflows";

/// The API with all that it stands on.
pub(crate) struct Stack {
    api: Api,
    entropy: Arc<Loaded>,
}

/// Randomness whose first number is known, and whose rest is random.
#[derive(Default)]
struct Loaded(AtomicU64);

impl Entropy for Loaded {
    fn bytes(&self) -> [u8; 32] {
        let mut bytes = SystemEntropy.bytes();
        bytes[..8].copy_from_slice(&self.0.load(Ordering::Relaxed).to_be_bytes());
        bytes
    }
}

/// The world of these tests has no services.
struct NoServices;

#[async_trait]
impl Services for NoServices {
    async fn call(&self, _request: CallRequest) -> CallOutcome {
        CallOutcome::Unknown("no services here".to_owned())
    }
}

impl Stack {
    /// Starts a stack of its own.
    pub(crate) fn start() -> Stack {
        let store = Store::in_memory().unwrap();
        let (mailbox, arrivals) = LocalMailbox::new();
        let clock = Arc::new(SystemClock);
        let entropy = Arc::<Loaded>::default();
        let ports = Ports {
            journal: Arc::new(LocalJournal::new(store.clone())),
            registry: Arc::new(LocalRegistry::new(store.clone())),
            blobs: Arc::new(LocalBlobs::new(store)),
            timers: Arc::new(LocalTimers::new(clock.clone(), mailbox.sender())),
            mailbox: Arc::new(mailbox),
            services: Arc::new(NoServices),
            clock,
            entropy: entropy.clone(),
        };
        let settings = driver::Settings {
            limits: engine::Limits::default(),
            exclusive: true,
            hands_over_beyond: None,
            blob_bytes_min: 1024,
            observer: None,
        };
        let driver = Driver::new(ports, settings);
        let receiver = driver.clone();
        tokio::spawn(async move { receiver.receive(arrivals).await });
        let settings = Settings {
            activity_wait: Duration::from_millis(50),
            ..Settings::default()
        };
        Stack {
            api: Api::new(driver, settings),
            entropy,
        }
    }

    /// Lets aliases draw this number from now on.
    pub(crate) fn draw(&self, number: u64) {
        self.entropy.0.store(number, Ordering::Relaxed);
    }

    /// Sends a request with any body, on behalf of an access key in a region.
    pub(crate) async fn send(&self, operation: &str, body: Vec<u8>, key: &str, region: &str) -> Response {
        let credential = format!("{key}/20260101/{region}/states/aws4_request");
        self.api
            .handle(Request {
                target: Some(format!("AWSStepFunctions.{operation}")),
                authorization: Some(format!("AWS4-HMAC-SHA256 Credential={credential}, Signature=00")),
                content_type: Some("application/x-amz-json-1.0".to_owned()),
                body,
            })
            .await
    }

    /// Calls an operation that must succeed.
    pub(crate) async fn call(&self, operation: &str, body: Value) -> Value {
        let response = self
            .send(
                operation,
                body.to_string().into_bytes(),
                "AKIDEXAMPLE",
                "us-east-1",
            )
            .await;
        let answer: Value = serde_json::from_slice(&response.body).unwrap();
        assert_eq!(response.status, 200, "{operation} {body}: {answer}");
        answer
    }

    /// Calls an operation that must fail; returns `NAME: MESSAGE`.
    pub(crate) async fn refused(&self, operation: &str, body: Value) -> String {
        let response = self
            .send(
                operation,
                body.to_string().into_bytes(),
                "AKIDEXAMPLE",
                "us-east-1",
            )
            .await;
        let answer: Value = serde_json::from_slice(&response.body).unwrap();
        assert_ne!(response.status, 200, "{operation} {body}: {answer}");
        let name = response.error_type.unwrap();
        assert!(
            answer["__type"].as_str().unwrap().ends_with(&format!("#{name}")),
            "{answer}"
        );
        format!("{name}: {}", answer["message"].as_str().unwrap())
    }

    /// Creates a state machine of this type; returns its ARN.
    pub(crate) async fn create(&self, name: &str, machine_type: &str, definition: &Value) -> String {
        let body = json!({ "name": name, "type": machine_type, "definition": definition.to_string(), "roleArn": ROLE });
        self.call("CreateStateMachine", body).await["stateMachineArn"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Waits until an execution has ended; returns its description.
    pub(crate) async fn ended(&self, execution: &str) -> Value {
        for _ in 0..500 {
            let description = self
                .call("DescribeExecution", json!({ "executionArn": execution }))
                .await;
            if description["status"] != "RUNNING" {
                return description;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the execution `{execution}` did not end");
    }
}

/// A definition with one Pass state.
pub(crate) fn pass() -> Value {
    json!({ "StartAt": "P", "States": { "P": { "Type": "Pass", "End": true } } })
}

/// A definition that waits for an hour.
pub(crate) fn wait() -> Value {
    json!({ "StartAt": "W", "States": { "W": { "Type": "Wait", "Seconds": 3600, "End": true } } })
}
