//! Two drivers on one journal, as in an AWS account: one answers clients, the other is woken and makes the calls.
#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

use async_trait::async_trait;
use driver::{Attempt, Driver, Redrive, Settings, Start, Started, Stopped, TaskAnswer};
use engine::{ExecutionKey, ExecutionType, Message, NotRedrivable, Status, TaskToken, Timestamp};
use local::{
    LocalBlobs, LocalJournal, LocalMailbox, LocalRegistry, LocalTimers, Store, SystemEntropy, VirtualClock,
};
use ports::{
    Activity, CallOutcome, CallRequest, Envelope, Machine, MachineStatus, Owner, Ports, Revision, Services,
};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinHandle;

/// Answers every call with its parameters, and keeps what was called. Functions answer once they may.
struct Echo(Mutex<Vec<CallRequest>>, Semaphore);

#[async_trait]
impl Services for Echo {
    async fn call(&self, request: CallRequest) -> CallOutcome {
        let output = request.call.parameters.text().to_string();
        let is_function = request.call.resource.text().contains("lambda");
        self.0.lock().unwrap().push(request);
        if is_function {
            self.1.acquire().await.unwrap().forget();
        }
        CallOutcome::Succeeded(output)
    }
}

struct Account {
    clients: Driver,
    worker: Driver,
    /// Another process beside the worker.
    other: Driver,
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
        let calls = Arc::new(Echo(Mutex::default(), Semaphore::new(0)));
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
            published: Arc::default(),
            edits: 0,
        };
        ports.registry.insert_machine(machine.clone()).await.unwrap();
        let settings = Settings::deployed().handing_over_beyond(60);
        Account {
            clients: Driver::new(ports.clone(), Settings::deployed()),
            worker: Driver::new(ports.clone(), settings.clone()),
            other: Driver::new(ports, settings),
            mailbox: envelopes,
            clock: kept,
            calls,
            machine,
        }
    }

    async fn start(&self) -> Started {
        self.clients.start(self.request()).await.unwrap()
    }

    fn request(&self) -> Start {
        let key = ports::machine_key(&self.machine.owner, &self.machine.name);
        Start {
            program: self.clients.program(&key, &self.machine.revision).unwrap(),
            machine: self.machine.clone(),
            name: "e".into(),
            input: "{\"n\":1}".into(),
            trace_header: None,
            version_arn: None,
            alias_arn: None,
            test_case: None,
            parent: None,
            part: None,
        }
    }

    fn key(&self) -> ExecutionKey {
        ExecutionKey {
            machine: "us-east-1:123456789012:m".into(),
            name: "e".into(),
        }
    }

    fn activity(&self) -> Activity {
        Activity {
            owner: self.machine.owner.clone(),
            name: "a".into(),
            arn: ACTIVITY.into(),
            created: Timestamp(0),
            encryption: None,
            tags: BTreeMap::new(),
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

    /// Lets the worker take the next message, in a process that may be ended; returns when it has made a call.
    async fn begin_call(&mut self) -> JoinHandle<Result<(), driver::Error>> {
        let envelope = self.next().await;
        let before = self.made();
        let worker = self.worker.clone();
        let working = tokio::spawn(async move { worker.drive(envelope, Attempt::first()).await });
        while self.made() == before {
            tokio::task::yield_now().await;
        }
        working
    }

    async fn next(&mut self) -> Envelope {
        self.mailbox.recv().await.unwrap()
    }

    async fn drive_other(&mut self) {
        let envelope = self.next().await;
        self.other.drive(envelope, Attempt::first()).await.unwrap();
    }

    /// Takes every message that is there.
    async fn drive_all(&mut self) {
        while let Ok(envelope) = self.mailbox.try_recv() {
            self.worker.drive(envelope, Attempt::first()).await.unwrap();
        }
    }

    fn made(&self) -> usize {
        self.calls.0.lock().unwrap().len()
    }

    async fn cause(&self) -> String {
        let head = self.clients.ports().journal.head(&self.key()).await;
        head.unwrap().unwrap().cause.unwrap_or_default()
    }

    async fn drive(&mut self) {
        let envelope = self.next().await;
        self.worker.drive(envelope, Attempt::first()).await.unwrap();
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
    let envelope = account.next().await;
    account
        .worker
        .drive(envelope.clone(), Attempt::first())
        .await
        .unwrap();
    account.worker.drive(envelope, Attempt::first()).await.unwrap();
    assert_eq!(account.calls.0.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_start_that_is_repeated_wakes_again() {
    let mut account =
        Account::new(json!({ "First": { "Type": "Task", "Resource": CALL, "End": true } })).await;
    account.start().await;
    // The wake-up is lost.
    account.next().await;
    assert!(matches!(account.start().await, Started::Same { .. }));
    account.drive().await;
    assert_eq!(account.status().await, Status::Succeeded);
}

#[tokio::test]
async fn a_sweep_wakes_what_nobody_has_woken() {
    let mut account =
        Account::new(json!({ "First": { "Type": "Task", "Resource": CALL, "End": true } })).await;
    account.start().await;
    account.next().await;
    assert_eq!(
        account.clients.sweep(None).await.unwrap(),
        0,
        "the wake-up may still be on its way"
    );
    account.clock.advance(Duration::from_secs(120));
    assert_eq!(account.clients.sweep(None).await.unwrap(), 1);
    account.drive().await;
    assert_eq!(account.status().await, Status::Succeeded);
    assert_eq!(account.clients.sweep(None).await.unwrap(), 0);
}

#[tokio::test]
async fn a_sweep_finds_what_has_run_for_a_year_whatever_it_waits_for() {
    const YEAR: Duration = Duration::from_secs(365 * 86_400);
    let mut account =
        Account::new(json!({ "First": { "Type": "Wait", "Seconds": 99_999_999, "End": true } })).await;
    account.start().await;
    account.drive().await;
    account.clock.advance(YEAR - Duration::from_secs(1));
    assert_eq!(account.clients.sweep(None).await.unwrap(), 0);
    account.clock.advance(Duration::from_secs(120));
    assert_eq!(account.clients.sweep(None).await.unwrap(), 1);
    account.drive().await;
    assert_eq!(account.status().await, Status::TimedOut);
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

const FUNCTION: &str = "arn:aws:states:::lambda:invoke";

/// A function's call beside two waits.
fn call_and_waits() -> serde_json::Value {
    json!({
        "First": { "Type": "Parallel", "End": true, "Branches": [
            { "StartAt": "Call", "States": { "Call": { "Type": "Task", "Resource": FUNCTION, "End": true } } },
            { "StartAt": "A", "States": {
                "A": { "Type": "Wait", "Seconds": 2, "Next": "B" },
                "B": { "Type": "Wait", "Seconds": 2, "End": true },
            } },
        ] },
    })
}

#[tokio::test]
async fn a_call_that_another_driver_makes_is_not_unknown_while_its_lease_lasts() {
    let mut account = Account::new(call_and_waits()).await;
    account.start().await;
    let working = account.begin_call().await;
    for _ in 0..2 {
        // The second time the latest entry is the other driver's own; the call is still not.
        account.clock.advance(Duration::from_secs(2));
        account.drive_other().await;
        assert_eq!(account.status().await, Status::Running);
    }
    account.calls.1.add_permits(1);
    working.await.unwrap().unwrap();
    assert_eq!(account.status().await, Status::Succeeded);
    assert_eq!(account.made(), 1);
}

#[tokio::test]
async fn a_call_whose_maker_died_is_unknown_when_its_lease_is_over() {
    let mut account = Account::new(call_and_waits()).await;
    account.start().await;
    account.begin_call().await.abort();
    account.clock.advance(Duration::from_secs(2));
    account.drive_other().await;
    assert_eq!(account.status().await, Status::Running);
    account.clock.advance(Duration::from_secs(60));
    while account.status().await == Status::Running {
        account.drive_other().await;
    }
    assert!(
        account
            .cause()
            .await
            .contains("the outcome of this call is unknown")
    );
    assert_eq!(account.made(), 1);
}

#[tokio::test]
async fn a_call_that_may_be_repeated_by_its_comment_is_made_again_when_its_maker_died() {
    let mut states = call_and_waits();
    states["First"]["Branches"][0]["States"]["Call"]["Comment"] = json!("stepwell:effect=repeatable");
    let mut account = Account::new(states).await;
    account.start().await;
    account.begin_call().await.abort();
    account.calls.1.add_permits(1);
    account.clock.advance(Duration::from_secs(2));
    while account.status().await == Status::Running {
        account.drive_other().await;
    }
    assert_eq!(account.status().await, Status::Succeeded);
    assert_eq!(account.made(), 2);
}

fn long_call() -> serde_json::Value {
    json!({
        "First": { "Type": "Task", "Resource": FUNCTION, "TimeoutSeconds": 900, "Next": "Call" },
        "Call": { "Type": "Task", "Resource": CALL, "End": true },
    })
}

#[tokio::test]
async fn a_long_call_is_made_once_by_whoever_claims_it() {
    let mut account = Account::new(long_call()).await;
    account.start().await;
    account.drive().await;
    assert_eq!(account.made(), 0);
    let claim = account.next().await;
    assert!(matches!(claim.message, Message::Claim { .. }));
    account.clients.ports().mailbox.post(claim.clone()).await.unwrap();
    let working = account.begin_call().await;
    // The message comes twice, and the execution is looked at besides.
    account.other.drive(claim, Attempt::first()).await.unwrap();
    account.calls.1.add_permits(1);
    working.await.unwrap().unwrap();
    account.drive().await;
    assert_eq!(account.status().await, Status::Succeeded);
    assert_eq!(account.made(), 2);
}

#[tokio::test]
async fn a_claim_that_comes_again_wakes_in_the_place_of_whoever_made_the_call() {
    let mut account = Account::new(long_call()).await;
    account.start().await;
    account.drive().await;
    let claim = account.next().await;
    account.calls.1.add_permits(1);
    account
        .other
        .drive(claim.clone(), Attempt::first())
        .await
        .unwrap();
    // It has written the result down, and ends before it can wake anybody: its message comes again.
    account.next().await;
    account
        .other
        .drive(claim.clone(), Attempt::first())
        .await
        .unwrap();
    account.drive().await;
    assert_eq!(account.status().await, Status::Succeeded);
    assert_eq!(account.made(), 2);
    account.other.drive(claim, Attempt::first()).await.unwrap();
    assert!(
        account.mailbox.try_recv().is_err(),
        "it has ended, and has no parent"
    );
}

#[tokio::test]
async fn a_long_call_whose_maker_died_is_unknown_and_one_that_nobody_claimed_is_made() {
    let mut account = Account::new(long_call()).await;
    account.start().await;
    account.drive().await;
    // The message is lost: whoever looks after the execution hands the call over again.
    account.next().await;
    account.clock.advance(Duration::from_secs(180));
    assert_eq!(account.clients.sweep(None).await.unwrap(), 1);
    account.drive().await;
    account.begin_call().await.abort();
    account.clock.advance(Duration::from_secs(180));
    assert_eq!(account.clients.sweep(None).await.unwrap(), 1);
    account.drive_other().await;
    assert_eq!(account.status().await, Status::Failed);
    assert!(
        account
            .cause()
            .await
            .contains("the outcome of this call is unknown")
    );
    assert_eq!(account.made(), 1);
}

#[tokio::test]
async fn a_message_that_ends_whoever_receives_it_fails_its_execution() {
    let mut account = Account::new(call_and_waits()).await;
    account.start().await;
    let envelope = account.next().await;
    let attempt = Attempt {
        receives: 8,
        ..Attempt::first()
    };
    account.worker.drive(envelope, attempt).await.unwrap();
    assert_eq!(account.status().await, Status::Failed);
    assert!(account.cause().await.contains("was received 8 times"));
    assert_eq!(account.made(), 0);
}

#[tokio::test]
async fn a_driver_that_is_out_of_time_leaves_the_rest_to_the_next() {
    let mut account = Account::new(json!({
        "First": { "Type": "Pass", "Next": "Call" },
        "Call": { "Type": "Task", "Resource": CALL, "End": true },
    }))
    .await;
    account.start().await;
    let envelope = account.next().await;
    let attempt = Attempt {
        receives: 1,
        until: Timestamp(0),
    };
    account.worker.drive(envelope, attempt).await.unwrap();
    assert_eq!((account.made(), account.status().await), (0, Status::Running));
    account.drive_other().await;
    assert_eq!((account.made(), account.status().await), (1, Status::Succeeded));
}

#[tokio::test]
async fn a_child_is_driven_by_whoever_its_own_message_wakes() {
    let mut account = Account::new(json!({
        "First": {
            "Type": "Choice",
            "Choices": [{ "Variable": "$.n", "NumericEquals": 1, "Next": "Child" }],
            "Default": "Call",
        },
        "Child": {
            "Type": "Task",
            "Resource": "arn:aws:states:::states:startExecution.sync:2",
            "Parameters": {
                "StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:m",
                "Input": { "n": 2 },
            },
            "OutputPath": "$.Output",
            "End": true,
        },
        "Call": { "Type": "Task", "Resource": CALL, "End": true },
    }))
    .await;
    account.start().await;
    account.drive().await;
    assert!(account.worker.is_idle());
    assert_eq!(account.made(), 0);
    // The child's, then its parent's.
    account.drive_other().await;
    assert_eq!(account.made(), 1);
    account.drive().await;
    assert_eq!(account.status().await, Status::Succeeded);
}

/// A function's call, and then another.
fn two_calls() -> serde_json::Value {
    json!({
        "First": { "Type": "Task", "Resource": CALL, "Next": "Second" },
        "Second": { "Type": "Task", "Resource": FUNCTION, "End": true },
    })
}

#[tokio::test]
async fn a_redrive_is_durable_before_it_is_answered_and_the_other_driver_makes_the_calls() {
    let mut account = Account::new(two_calls()).await;
    account.start().await;
    let working = account.begin_call().await;
    while account.made() < 2 {
        tokio::task::yield_now().await;
    }
    account.clients.stop(&account.key(), None, None).await.unwrap();
    account.calls.1.add_permits(1);
    working.await.unwrap().unwrap();
    assert_eq!(account.status().await, Status::Aborted);

    let redrive = async || account.clients.redrive(&account.key(), Some("t".into())).await;
    let Redrive::Since(at) = redrive().await.unwrap() else {
        panic!("it goes on");
    };
    let head = account.clients.ports().journal.head(&account.key()).await;
    let head = head.unwrap().unwrap();
    assert_eq!(
        (head.status, head.stopped, head.redrive_count, head.redriven),
        (Status::Running, None, 1, Some(at))
    );
    assert_eq!(account.made(), 2, "whoever answers makes no call");
    assert_eq!(
        redrive().await.unwrap(),
        Redrive::Since(at),
        "the same request again"
    );
    assert_eq!(
        account.clients.redrive(&account.key(), None).await.unwrap(),
        Redrive::Refused(NotRedrivable::Status(Status::Running))
    );
    account.calls.1.add_permits(1);
    account.drive_all().await;
    assert_eq!((account.status().await, account.made()), (Status::Succeeded, 3));
}

#[tokio::test]
async fn a_redrive_whose_wake_up_is_lost_is_found_by_the_sweep() {
    let mut account = Account::new(two_calls()).await;
    account.start().await;
    account.clients.stop(&account.key(), None, None).await.unwrap();
    account.drive_all().await;
    assert!(matches!(
        account.clients.redrive(&account.key(), None).await.unwrap(),
        Redrive::Since(_)
    ));
    account.next().await;
    account.clock.advance(Duration::from_secs(180));
    assert_eq!(account.clients.sweep(None).await.unwrap(), 1);
    account.calls.1.add_permits(1);
    account.drive_all().await;
    assert_eq!(account.status().await, Status::Succeeded);
}

#[tokio::test]
async fn an_execution_that_is_not_there_is_not_redriven() {
    let account = Account::new(two_calls()).await;
    assert_eq!(
        account.clients.redrive(&account.key(), None).await.unwrap(),
        Redrive::Missing
    );
}

struct NoTimers;

#[async_trait]
impl ports::Timers for NoTimers {
    async fn arm(&self, _: &ExecutionKey, _: &str, _: Timestamp) -> Result<(), ports::TimersError> {
        Err(ports::TimersError("throttled".to_owned()))
    }
}

#[tokio::test]
async fn a_message_comes_again_when_no_timer_could_be_armed() {
    let mut account = Account::new(json!({ "First": { "Type": "Wait", "Seconds": 100, "End": true } })).await;
    account.start().await;
    let mut ports = account.clients.ports().clone();
    ports.timers = Arc::new(NoTimers);
    let driver = Driver::new(ports, Settings::deployed());
    let envelope = account.next().await;
    let error = driver
        .drive(envelope.clone(), Attempt::first())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("throttled"), "{error}");
    account.other.drive(envelope, Attempt::first()).await.unwrap();
    account.clock.advance(Duration::from_secs(100));
    account.drive().await;
    assert_eq!(account.status().await, Status::Succeeded);
}

#[tokio::test]
async fn a_redrive_that_comes_with_the_end_is_an_entry_of_its_own() {
    let account = Account::new(json!({ "First": { "Type": "Wait", "Seconds": 100, "End": true } })).await;
    account.start().await;
    let alone = Driver::new(
        account.clients.ports().clone(),
        Settings {
            exclusive: true,
            ..Settings::deployed()
        },
    );
    let key = account.key();
    // Both wait for the actor before it begins.
    let (early, stopped, redriven) = tokio::join!(
        alone.redrive(&key, None),
        alone.stop(&key, None, None),
        alone.redrive(&key, Some("t".into()))
    );
    assert_eq!(
        early.unwrap(),
        Redrive::Refused(NotRedrivable::Status(Status::Running))
    );
    assert!(matches!(stopped.unwrap(), Stopped::Now(_)));
    let Redrive::Since(at) = redriven.unwrap() else {
        panic!("it goes on");
    };
    let head = account.clients.ports().journal.head(&key).await.unwrap().unwrap();
    assert_eq!(
        (head.status, head.redrive_count, head.redriven),
        (Status::Running, 1, Some(at))
    );
}

const ACTIVITY: &str = "arn:aws:states:us-east-1:123456789012:activity:a";

#[tokio::test]
async fn a_task_that_is_lost_on_its_way_to_a_worker_is_offered_again() {
    let mut account = Account::new(json!({
        "First": { "Type": "Task", "Resource": ACTIVITY, "TimeoutSeconds": 60, "End": true },
    }))
    .await;
    let ports = account.clients.ports().clone();
    ports.registry.insert_activity(account.activity()).await.unwrap();
    account.start().await;
    account.drive().await;
    // Whoever takes it ends before the execution hears of it: no time-out runs yet.
    let taken = ports.mailbox.take(ACTIVITY, Duration::ZERO).await.unwrap();
    assert!(taken.is_some());
    account.clock.advance(Duration::from_secs(300));
    assert_eq!(account.clients.sweep(None).await.unwrap(), 0);
    account.clock.advance(Duration::from_secs(400));
    assert_eq!(account.clients.sweep(None).await.unwrap(), 1);
    account.drive().await;
    let again = account
        .clients
        .take_activity_task(ACTIVITY, None, Duration::ZERO)
        .await
        .unwrap();
    assert_eq!(again, taken);
    account.drive().await;
    assert_eq!(
        account.clients.sweep(None).await.unwrap(),
        0,
        "its own time-out runs now"
    );
}

#[tokio::test]
async fn a_lost_task_is_offered_again_while_another_branch_is_at_work() {
    let branch = |name: &str, resource: &str| {
        let task = json!({ "Type": "Task", "Resource": resource, "TimeoutSeconds": 50, "End": true });
        json!({ "StartAt": name, "States": { name: task } })
    };
    let branches = [branch("Work", ACTIVITY), branch("Call", FUNCTION)];
    let mut account = Account::new(json!({
        "First": { "Type": "Parallel", "Branches": branches, "End": true },
    }))
    .await;
    let ports = account.clients.ports().clone();
    ports.registry.insert_activity(account.activity()).await.unwrap();
    account.start().await;
    let wake = account.next().await;
    ports.mailbox.post(wake.clone()).await.unwrap();
    let working = account.begin_call().await;
    let wait = Duration::from_secs(20);
    let taken = ports.mailbox.take(ACTIVITY, wait).await.unwrap();
    assert!(taken.is_some());
    let worker = account.worker.clone();
    let woken = tokio::spawn(async move { worker.drive(wake, Attempt::first()).await });
    let again = ports.mailbox.take(ACTIVITY, wait).await.unwrap();
    assert_eq!(again, taken);
    account.calls.1.add_permits(1);
    working.await.unwrap().unwrap();
    woken.await.unwrap().unwrap();
}

#[tokio::test]
async fn an_express_execution_is_woken_where_it_runs() {
    let mut account = Account::new(json!({ "First": { "Type": "Wait", "Seconds": 1, "End": true } })).await;
    account.machine.machine_type = ExecutionType::Express;
    let (clients, start) = (account.clients.clone(), account.request());
    let running = tokio::spawn(async move { clients.start_sync(start).await });
    account.clock.advance(Duration::from_secs(1));
    let end = running.await.unwrap().unwrap();
    assert_eq!(end.status, Status::Succeeded);
    assert!(
        account.mailbox.try_recv().is_err(),
        "a timer's message would reach another driver"
    );
}
