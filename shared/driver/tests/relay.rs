//! Two drivers on one journal, as in an AWS account: one answers clients, the other is woken and makes the calls.
#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

use async_trait::async_trait;
use driver::{Driver, Settings, Start, Started, Stopped, TaskAnswer};
use engine::{ExecutionKey, ExecutionType, Status, TaskToken, Timestamp};
use local::{
    LocalBlobs, LocalJournal, LocalMailbox, LocalRegistry, LocalTimers, Store, SystemEntropy, VirtualClock,
};
use ports::{CallOutcome, CallRequest, Envelope, Machine, MachineStatus, Owner, Ports, Revision, Services};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc::UnboundedReceiver;

/// Answers every call with its parameters, and keeps what was called.
#[derive(Default)]
struct Echo(Mutex<Vec<CallRequest>>);

#[async_trait]
impl Services for Echo {
    async fn call(&self, request: CallRequest) -> CallOutcome {
        let output = request.call.parameters.text().to_string();
        self.0.lock().unwrap().push(request);
        CallOutcome::Succeeded(output)
    }
}

struct Account {
    clients: Driver,
    worker: Driver,
    mailbox: UnboundedReceiver<Envelope>,
    clock: Arc<VirtualClock>,
    calls: Arc<Echo>,
    machine: Machine,
}

impl Account {
    async fn new(states: serde_json::Value) -> Account {
        let store = Store::in_memory().unwrap();
        let (mailbox, envelopes) = LocalMailbox::new();
        let clock = Arc::new(VirtualClock::default());
        let kept = Arc::clone(&clock);
        let calls = Arc::new(Echo::default());
        let ports = Ports {
            journal: Arc::new(LocalJournal::new(store.clone())),
            registry: Arc::new(LocalRegistry::new(store.clone())),
            blobs: Arc::new(LocalBlobs::new(store)),
            timers: Arc::new(LocalTimers::new(clock.clone(), mailbox.sender())),
            mailbox: Arc::new(mailbox),
            services: Arc::clone(&calls) as Arc<dyn Services>,
            clock,
            entropy: Arc::new(SystemEntropy),
        };
        let definition = json!({ "StartAt": "First", "States": states }).to_string();
        let machine = Machine {
            owner: Owner {
                region: "us-east-1".into(),
                account: "123456789012".into(),
            },
            name: "m".into(),
            arn: "arn:aws:states:us-east-1:123456789012:stateMachine:m".into(),
            machine_type: ExecutionType::Standard,
            status: MachineStatus::Active,
            created: Timestamp(0),
            updated: Timestamp(0),
            revision: Revision {
                id: "1".into(),
                definition: definition.as_str().into(),
                role_arn: "arn:aws:iam::123456789012:role/r".into(),
                logging: None,
                tracing: None,
                encryption: None,
                created: Timestamp(0),
            },
            tags: BTreeMap::new(),
        };
        ports.registry.insert_machine(machine.clone()).await.unwrap();
        Account {
            clients: Driver::new(ports.clone(), Settings::deployed().relaying()),
            worker: Driver::new(ports, Settings::deployed()),
            mailbox: envelopes,
            clock: kept,
            calls,
            machine,
        }
    }

    async fn start(&self) -> Started {
        let key = ports::machine_key(&self.machine.owner, &self.machine.name);
        let start = Start {
            program: self.clients.program(&key, &self.machine.revision).unwrap(),
            machine: self.machine.clone(),
            name: "e".into(),
            input: "{\"n\":1}".into(),
            trace_header: None,
            version_arn: None,
            alias_arn: None,
            test_case: None,
            parent: None,
        };
        self.clients.start(start).await.unwrap()
    }

    fn key(&self) -> ExecutionKey {
        ExecutionKey {
            machine: "us-east-1:123456789012:m".into(),
            name: "e".into(),
        }
    }

    async fn status(&self) -> Status {
        self.clients
            .ports()
            .journal
            .head(&self.key())
            .await
            .unwrap()
            .unwrap()
            .status
    }

    async fn drive(&mut self) {
        let envelope = self.mailbox.recv().await.unwrap();
        self.worker.drive(envelope).await.unwrap();
    }
}

const CALL: &str = "arn:aws:states:::sqs:sendMessage";

#[tokio::test]
async fn the_one_that_answers_makes_no_call_and_wakes_the_other() {
    let mut account = Account::new(json!({
        "First": { "Type": "Pass", "Next": "Call" },
        "Call": { "Type": "Task", "Resource": CALL, "End": true },
    }))
    .await;
    assert!(matches!(account.start().await, Started::New { .. }));
    assert!(account.calls.0.lock().unwrap().is_empty());
    assert_eq!(account.status().await, Status::Running);
    account.drive().await;
    assert_eq!(account.status().await, Status::Succeeded);
    assert_eq!(account.calls.0.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_doubled_wake_up_calls_nothing_twice() {
    let mut account =
        Account::new(json!({ "First": { "Type": "Task", "Resource": CALL, "End": true } })).await;
    account.start().await;
    let envelope = account.mailbox.recv().await.unwrap();
    account.worker.drive(envelope.clone()).await.unwrap();
    account.worker.drive(envelope).await.unwrap();
    assert_eq!(account.calls.0.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_start_that_is_repeated_wakes_again() {
    let mut account =
        Account::new(json!({ "First": { "Type": "Task", "Resource": CALL, "End": true } })).await;
    account.start().await;
    // The wake-up is lost.
    account.mailbox.recv().await.unwrap();
    assert!(matches!(account.start().await, Started::Same { .. }));
    account.drive().await;
    assert_eq!(account.status().await, Status::Succeeded);
}

#[tokio::test]
async fn a_sweep_wakes_what_nobody_has_woken() {
    let mut account =
        Account::new(json!({ "First": { "Type": "Task", "Resource": CALL, "End": true } })).await;
    account.start().await;
    account.mailbox.recv().await.unwrap();
    assert_eq!(
        account.clients.sweep().await.unwrap(),
        0,
        "the wake-up may still be on its way"
    );
    account.clock.advance(Duration::from_secs(120));
    assert_eq!(account.clients.sweep().await.unwrap(), 1);
    account.drive().await;
    assert_eq!(account.status().await, Status::Succeeded);
    assert_eq!(account.clients.sweep().await.unwrap(), 0);
}

#[tokio::test]
async fn a_callback_is_durable_before_it_is_answered_and_then_driven() {
    let mut account = Account::new(json!({
        "First": {
            "Type": "Task",
            "Resource": format!("{CALL}.waitForTaskToken"),
            "Parameters": { "QueueUrl": "q", "MessageBody": { "token.$": "$$.Task.Token" } },
            "Next": "Call",
        },
        "Call": { "Type": "Task", "Resource": CALL, "End": true },
    }))
    .await;
    account.start().await;
    account.drive().await;
    let token = account.calls.0.lock().unwrap()[0].call.token.clone().unwrap();
    let token = TaskToken::parse(&token).unwrap();
    let answer = account
        .clients
        .task_succeeded(&token, "{\"ok\":true}".into())
        .await
        .unwrap();
    assert_eq!(answer, TaskAnswer::Accepted);
    assert_eq!(account.calls.0.lock().unwrap().len(), 1);
    let again = account.clients.task_succeeded(&token, "1".into()).await.unwrap();
    assert_eq!(again, TaskAnswer::TimedOut);
    account.drive().await;
    assert_eq!(account.status().await, Status::Succeeded);
}

#[tokio::test]
async fn a_stop_ends_what_waits() {
    let mut account = Account::new(json!({ "First": { "Type": "Wait", "Seconds": 100, "End": true } })).await;
    account.start().await;
    account.drive().await;
    assert!(matches!(
        account.clients.stop(&account.key(), None, None).await.unwrap(),
        Stopped::Now(_)
    ));
    assert_eq!(account.status().await, Status::Aborted);
    assert!(matches!(
        account.clients.stop(&account.key(), None, None).await.unwrap(),
        Stopped::Already(_)
    ));
}
