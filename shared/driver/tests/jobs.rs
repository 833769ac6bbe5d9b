//! Jobs behind `.sync` tasks: asked for until they have ended, and cancelled when nobody waits for them any more.
#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

use async_trait::async_trait;
use driver::{Attempt, Driver, Settings, Start, Stopped};
use engine::{ExecutionKey, ExecutionType, Message, Status, Timestamp};
use integrations::Failure;
use local::{
    LocalBlobs, LocalJournal, LocalMailbox, LocalRegistry, LocalTimers, Store, SystemEntropy, VirtualClock,
};
use ports::{
    ActivityTask, CallOutcome, CallRequest, Envelope, JobOutcome, Machine, MachineStatus, Mailbox,
    MailboxError, Owner, Ports, Revision, Services, Watcher,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::UnboundedReceiver;

/// Takes every job, says how they are, and keeps what was asked.
struct Jobs {
    asked: Mutex<Vec<String>>,
    answer: Mutex<JobOutcome>,
    /// Each poll takes one before it is answered.
    answers: Semaphore,
}

impl Jobs {
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    fn are(&self, answer: JobOutcome) {
        *self.answer.lock().unwrap() = answer;
    }

    fn note(&self, what: &str, request: &CallRequest) {
        let job = request.call.job.as_ref();
        let id = job.map_or(Value::Null, |job| job.submission.value()["JobRunId"].clone());
        self.asked.lock().unwrap().push(format!("{what} {id}"));
    }
}

#[async_trait]
impl Services for Jobs {
    async fn call(&self, request: CallRequest) -> CallOutcome {
        self.note("start", &request);
        CallOutcome::Succeeded(json!({ "JobRunId": format!("jr_{}", request.call.number) }).to_string())
    }

    async fn poll(&self, request: CallRequest) -> JobOutcome {
        self.note("poll", &request);
        self.answers.acquire().await.unwrap().forget();
        self.answer.lock().unwrap().clone()
    }

    async fn cancel(&self, request: CallRequest) -> Result<(), String> {
        self.note("cancel", &request);
        Ok(())
    }
}

/// A mailbox that news of jobs reach, as the one in an AWS account.
struct Informed {
    mailbox: LocalMailbox,
    watchers: Mutex<BTreeMap<String, Watcher>>,
}

#[async_trait]
impl Mailbox for Informed {
    async fn post(&self, envelope: Envelope) -> Result<(), MailboxError> {
        self.mailbox.post(envelope).await
    }

    async fn hand_over(&self, envelope: Envelope) -> Result<(), MailboxError> {
        self.mailbox.hand_over(envelope).await
    }

    async fn offer(&self, task: ActivityTask) -> Result<(), MailboxError> {
        self.mailbox.offer(task).await
    }

    async fn take(&self, arn: &str, wait: Duration) -> Result<Option<ActivityTask>, MailboxError> {
        self.mailbox.take(arn, wait).await
    }

    async fn watch(&self, handle: &str, watcher: Watcher) -> Result<(), MailboxError> {
        self.watchers.lock().unwrap().insert(handle.to_owned(), watcher);
        Ok(())
    }

    async fn watcher(&self, handle: &str) -> Result<Option<Watcher>, MailboxError> {
        Ok(self.watchers.lock().unwrap().get(handle).cloned())
    }
}

struct Account {
    clients: Driver,
    worker: Driver,
    mailbox: UnboundedReceiver<Envelope>,
    clock: Arc<VirtualClock>,
    jobs: Arc<Jobs>,
    machine: Machine,
}

impl Account {
    /// An execution whose job is submitted; nothing was asked since.
    async fn submitted(states: Value) -> Account {
        let mut account = Account::new(states).await;
        account.start().await;
        account.drive().await;
        assert_eq!(account.jobs.asked(), ["start null"]);
        account
    }

    async fn new(states: Value) -> Account {
        let store = Store::in_memory().unwrap();
        let (mailbox, envelopes) = LocalMailbox::new();
        let clock = Arc::new(VirtualClock::default());
        let jobs = Arc::new(Jobs {
            asked: Mutex::default(),
            answer: Mutex::new(JobOutcome::Running),
            answers: Semaphore::new(1_000),
        });
        let ports = Ports {
            journal: Arc::new(LocalJournal::new(store.clone())),
            registry: Arc::new(LocalRegistry::new(store.clone())),
            blobs: Arc::new(LocalBlobs::new(store)),
            timers: Arc::new(LocalTimers::new(clock.clone(), mailbox.sender())),
            mailbox: Arc::new(Informed {
                mailbox,
                watchers: Mutex::default(),
            }),
            services: Arc::clone(&jobs) as Arc<dyn Services>,
            clock: Arc::clone(&clock) as Arc<dyn ports::Clock>,
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
        Account {
            clients: Driver::new(ports.clone(), Settings::deployed()),
            worker: Driver::new(ports, Settings::deployed()),
            mailbox: envelopes,
            clock,
            jobs,
            machine,
        }
    }

    async fn start(&self) {
        let key = ports::machine_key(&self.machine.owner, &self.machine.name);
        let start = Start {
            program: self.clients.program(&key, &self.machine.revision).unwrap(),
            machine: self.machine.clone(),
            name: "e".into(),
            input: "{}".into(),
            trace_header: None,
            version_arn: None,
            alias_arn: None,
            test_case: None,
            parent: None,
            part: None,
        };
        self.clients.start(start).await.unwrap();
    }

    /// Lets a worker take the next message. Without one the test would wait for ever.
    async fn drive(&mut self) {
        let next = tokio::time::timeout(Duration::from_secs(20), self.mailbox.recv()).await;
        let envelope = next.unwrap().unwrap();
        self.worker.drive(envelope, Attempt::first()).await.unwrap();
    }

    /// Lets time pass until the armed timer fires, and lets a worker take its message.
    async fn pass(&mut self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
        self.drive().await;
    }

    /// Wakes the execution for no reason.
    async fn wake(&self) {
        let envelope = Envelope {
            key: self.key(),
            incarnation: self.head().await.identity.incarnation.clone(),
            message: Message::Wake,
            deduplication: "x".to_owned(),
        };
        self.worker.drive(envelope, Attempt::first()).await.unwrap();
    }

    /// Whether no message comes for a while.
    async fn is_quiet(&mut self) -> bool {
        let next = tokio::time::timeout(Duration::from_millis(300), self.mailbox.recv());
        next.await.is_err()
    }

    fn key(&self) -> ExecutionKey {
        ExecutionKey {
            machine: "us-east-1:123456789012:m".into(),
            name: "e".into(),
        }
    }

    async fn head(&self) -> ports::Head {
        let journal = &self.clients.ports().journal;
        journal.head(&self.key()).await.unwrap().unwrap()
    }

    /// The number of entries.
    async fn entries(&self) -> u64 {
        let journal = &self.clients.ports().journal;
        let stored = journal.load(&self.key()).await.unwrap().unwrap();
        stored.images.last().unwrap().0 + 1
    }
}

fn glue(fields: Value) -> Value {
    let mut state = json!({
        "Type": "Task",
        "Resource": "arn:aws:states:::glue:startJobRun.sync",
        "Parameters": { "JobName": "etl" },
        "End": true,
    });
    for (name, value) in fields.as_object().unwrap() {
        state[name] = value.clone();
    }
    json!({ "First": state })
}

fn ended() -> JobOutcome {
    JobOutcome::Ended(Ok("{\"JobRunState\":\"SUCCEEDED\"}".to_owned()))
}

fn event(id: &str) -> Value {
    json!({
        "id": "e-1",
        "source": "aws.glue",
        "detail-type": "Glue Job State Change",
        "detail": { "jobRunId": id, "state": "SUCCEEDED" },
    })
}

#[tokio::test]
async fn a_job_is_asked_for_until_it_has_ended_and_costs_no_entry_meanwhile() {
    let mut account = Account::submitted(glue(json!({}))).await;
    let entries = account.entries().await;
    for _ in 0..3 {
        account.pass(10).await;
        assert_eq!(account.jobs.asked(), ["poll \"jr_0\""]);
    }
    // Who is woken for another reason asks nothing, and arms nothing: it would go on for ever.
    for _ in 0..3 {
        account.wake().await;
    }
    assert_eq!(account.jobs.asked(), [""; 0]);
    account.pass(30).await;
    assert_eq!(account.jobs.asked(), ["poll \"jr_0\""]);
    account.clock.advance(Duration::from_millis(100));
    assert!(account.is_quiet().await, "one timer has fired");
    assert_eq!(account.entries().await, entries);
    account.jobs.are(ended());
    account.pass(60).await;
    assert_eq!(account.jobs.asked(), ["poll \"jr_0\""]);
    let head = account.head().await;
    assert_eq!(head.status, Status::Succeeded);
    let output = account.clients.text(&head.output.unwrap()).await.unwrap();
    assert_eq!(&*output, "{\"JobRunState\":\"SUCCEEDED\"}");
    assert_eq!(account.entries().await, entries + 1);
}

#[tokio::test]
async fn a_job_that_failed_fails_the_task() {
    let mut account = Account::submitted(glue(json!({}))).await;
    account.jobs.are(JobOutcome::Ended(Err(Failure {
        error: "States.TaskFailed".to_owned(),
        cause: Some("{\"JobRunState\":\"FAILED\"}".to_owned()),
    })));
    account.pass(1).await;
    let head = account.head().await;
    assert_eq!(head.status, Status::Failed);
    assert_eq!(head.cause.as_deref(), Some("{\"JobRunState\":\"FAILED\"}"));
}

#[tokio::test]
async fn news_of_a_job_wake_the_execution_that_waits_for_it() {
    let mut account = Account::submitted(glue(json!({}))).await;
    assert!(!account.worker.job_changed(&event("jr_other")).await.unwrap());
    assert!(
        !account
            .worker
            .job_changed(&json!({ "source": "aws.ec2" }))
            .await
            .unwrap()
    );
    account.jobs.are(ended());
    assert!(account.worker.job_changed(&event("jr_0")).await.unwrap());
    account.drive().await;
    assert_eq!(account.jobs.asked(), ["poll \"jr_0\""]);
    assert_eq!(account.head().await.status, Status::Succeeded);
    // What comes again finds nothing to do.
    assert!(account.worker.job_changed(&event("jr_0")).await.unwrap());
    account.drive().await;
    assert_eq!(account.jobs.asked(), [""; 0]);
}

#[tokio::test]
async fn a_service_that_does_not_say_is_asked_again() {
    let mut account = Account::submitted(glue(json!({}))).await;
    account.jobs.are(JobOutcome::Unknown("busy".to_owned()));
    account.pass(1).await;
    assert_eq!(account.head().await.status, Status::Running);
    // One that refuses may not know the job yet; after five minutes it never will.
    account.jobs.are(JobOutcome::Refused(Failure {
        error: "Glue.AWSGlueException".to_owned(),
        cause: Some("not authorized".to_owned()),
    }));
    account.pass(60).await;
    assert_eq!(account.head().await.status, Status::Running);
    account.pass(300).await;
    let head = account.head().await;
    assert_eq!(
        (head.status, head.error.as_deref()),
        (Status::Failed, Some("Glue.AWSGlueException"))
    );
}

#[tokio::test]
async fn a_stopped_execution_cancels_its_job_before_the_client_is_answered() {
    let account = Account::submitted(glue(json!({}))).await;
    let stopped = account.clients.stop(&account.key(), None, None).await.unwrap();
    assert!(matches!(stopped, Stopped::Now(_)));
    assert_eq!(account.jobs.asked(), ["cancel \"jr_0\""]);
}

#[tokio::test]
async fn a_task_that_times_out_cancels_its_job() {
    let retry = json!([{ "ErrorEquals": ["States.Timeout"], "IntervalSeconds": 1, "MaxAttempts": 1 }]);
    let mut account = Account::submitted(glue(json!({ "TimeoutSeconds": 100, "Retry": retry }))).await;
    account.pass(100).await;
    assert_eq!(account.jobs.asked(), ["cancel \"jr_0\""]);
    assert_eq!(account.head().await.status, Status::Running);
    account.pass(1).await;
    while account.jobs.asked() != ["start null"] {
        account.drive().await;
    }
}

#[tokio::test]
async fn the_sweep_finds_a_job_that_nobody_asks_for_any_more() {
    let mut account = Account::submitted(glue(json!({}))).await;
    account.clock.advance(Duration::from_secs(9 * 60));
    assert_eq!(
        account.worker.sweep(None).await.unwrap(),
        0,
        "its polls may be under way"
    );
    account.clock.advance(Duration::from_secs(3 * 60));
    assert_eq!(account.worker.sweep(None).await.unwrap(), 1);
    account.jobs.are(ended());
    account.drive().await;
    assert_eq!(account.head().await.status, Status::Succeeded);
}

#[tokio::test]
async fn a_stop_reaches_the_child_of_a_task() {
    let child = json!({
        "First": {
            "Type": "Task",
            "Resource": "arn:aws:states:::states:startExecution.sync",
            "Parameters": { "StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:m", "Name": "child" },
            "End": true,
        }
    });
    let mut account = Account::new(child).await;
    account.start().await;
    account.drive().await;
    let key = ExecutionKey {
        name: "child".into(),
        ..account.key()
    };
    let status = async |account: &Account| {
        let head = account.clients.ports().journal.head(&key).await;
        head.unwrap().unwrap().status
    };
    assert_eq!(status(&account).await, Status::Running);
    account.clients.stop(&account.key(), None, None).await.unwrap();
    assert_eq!(status(&account).await, Status::Aborted);
}

#[tokio::test]
async fn a_spurious_word_of_a_job_changes_nothing() {
    let mut account = Account::submitted(glue(json!({}))).await;
    let entries = account.entries().await;
    let envelope = Envelope {
        key: account.key(),
        incarnation: account.head().await.identity.incarnation.clone(),
        message: Message::JobChanged {
            call: engine::CallId(9),
        },
        deduplication: "x".to_owned(),
    };
    account.worker.drive(envelope, Attempt::first()).await.unwrap();
    assert_eq!(account.entries().await, entries);
    account.pass(5).await;
    assert_eq!(account.head().await.status, Status::Running);
}

#[tokio::test]
async fn a_poll_that_is_due_is_not_lost_while_another_one_is_not_answered() {
    let mut account = Account::submitted(glue(json!({}))).await;
    account.jobs.answers.forget_permits(1_000);
    // News come, and its service takes long to say what they are worth.
    assert!(account.worker.job_changed(&event("jr_0")).await.unwrap());
    let news = account.mailbox.recv().await.unwrap();
    account.clock.advance(Duration::from_secs(1));
    let due = account.mailbox.recv().await.unwrap();
    let (one, other) = (account.worker.clone(), account.worker.clone());
    let asked = Arc::clone(&account.jobs);
    let answering = async {
        while asked.asked.lock().unwrap().len() < 2 {
            tokio::task::yield_now().await;
        }
        asked.answers.add_permits(1_000);
    };
    let both = async {
        tokio::join!(
            one.drive(news, Attempt::first()),
            other.drive(due, Attempt::first()),
            answering
        )
    };
    let (one, other, ()) = tokio::time::timeout(Duration::from_secs(20), both).await.unwrap();
    one.unwrap();
    other.unwrap();
    account.jobs.asked();
    account.pass(2).await;
    assert_eq!(account.jobs.asked(), ["poll \"jr_0\""], "its timer was armed");
}
