//! A driver over a store in memory, whose journal can fail, whose clock can be set, and whose calls wait to be answered.

use async_trait::async_trait;
use driver::{Driver, Settings, Start, Started};
use engine::{ExecutionKey, ExecutionType, Identity, Status, Timestamp};
use local::{
    LocalBlobs, LocalClock, LocalJournal, LocalMailbox, LocalRegistry, LocalTimers, Store, SystemEntropy,
};
use ports::{
    Appended, CallOutcome, CallRequest, Clock, Created, Filter, Head, HistoryPage, Journal, JournalError,
    Lease, Machine, MachineStatus, Opened, Owner, Page, Ports, Revision, Services, Stored, Write,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{Semaphore, watch};

/// When the tests begin.
pub(crate) const BEGINNING: Timestamp = Timestamp(1_800_000_000_000);

/// A clock that stands until it is set.
#[derive(Debug)]
pub(crate) struct SetClock {
    millis: AtomicI64,
    set: watch::Sender<Duration>,
}

impl SetClock {
    /// Sets the clock to so many seconds after the beginning, or before it.
    pub(crate) fn set(&self, seconds: i64) {
        self.millis
            .store(BEGINNING.millis() + seconds * 1000, Ordering::SeqCst);
        self.set.send_modify(|times| *times += Duration::from_millis(1));
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.millis.load(Ordering::SeqCst))
    }
}

impl LocalClock for SetClock {
    fn jumps(&self) -> Option<watch::Receiver<Duration>> {
        Some(self.set.subscribe())
    }
}

/// Answers every call with `"done"`, once it may; and keeps them.
#[derive(Debug)]
pub(crate) struct Calls {
    pub(crate) made: Mutex<Vec<CallRequest>>,
    pub(crate) may_answer: Semaphore,
}

#[async_trait]
impl Services for Calls {
    async fn call(&self, request: CallRequest) -> CallOutcome {
        self.made.lock().unwrap().push(request);
        self.may_answer.acquire().await.unwrap().forget();
        CallOutcome::Succeeded("\"done\"".to_owned())
    }
}

/// A journal whose disk can be full: nothing is written then, and all can be read.
#[derive(Debug)]
pub(crate) struct Disk {
    journal: LocalJournal,
    pub(crate) is_full: AtomicBool,
}

impl Disk {
    fn room(&self) -> Result<(), JournalError> {
        if self.is_full.load(Ordering::SeqCst) {
            return Err(JournalError::Store("database or disk is full".to_owned()));
        }
        Ok(())
    }
}

#[async_trait]
impl Journal for Disk {
    async fn create(&self, identity: Arc<Identity>, write: Arc<Write>) -> Result<Created, JournalError> {
        self.room()?;
        self.journal.create(identity, write).await
    }

    async fn append(
        &self,
        key: &ExecutionKey,
        incarnation: &str,
        write: Arc<Write>,
    ) -> Result<Appended, JournalError> {
        self.room()?;
        self.journal.append(key, incarnation, write).await
    }

    async fn load(&self, key: &ExecutionKey) -> Result<Option<Stored>, JournalError> {
        self.journal.load(key).await
    }

    async fn lease(
        &self,
        key: &ExecutionKey,
        incarnation: &str,
        seq: u64,
    ) -> Result<Option<Lease>, JournalError> {
        self.journal.lease(key, incarnation, seq).await
    }

    async fn renew(
        &self,
        key: &ExecutionKey,
        incarnation: &str,
        seq: u64,
        lease: Lease,
    ) -> Result<bool, JournalError> {
        self.room()?;
        self.journal.renew(key, incarnation, seq, lease).await
    }

    async fn head(&self, key: &ExecutionKey) -> Result<Option<Head>, JournalError> {
        self.journal.head(key).await
    }

    async fn history(
        &self,
        key: &ExecutionKey,
        from: u64,
        limit: usize,
        reverse: bool,
    ) -> Result<HistoryPage, JournalError> {
        self.journal.history(key, from, limit, reverse).await
    }

    async fn list(&self, filter: Filter) -> Result<Page<Head>, JournalError> {
        self.journal.list(filter).await
    }

    async fn open(&self, after: Option<String>, limit: usize) -> Result<Page<Opened>, JournalError> {
        self.journal.open(after, limit).await
    }

    fn since(&self, started: Timestamp) -> String {
        self.journal.since(started)
    }
}

/// One process.
pub(crate) struct Lone {
    pub(crate) driver: Driver,
    pub(crate) clock: Arc<SetClock>,
    pub(crate) calls: Arc<Calls>,
    pub(crate) disk: Arc<Disk>,
    store: Store,
    machine: Machine,
}

impl Lone {
    /// Begins with a store of its own; the execution runs these states, from `First` on.
    pub(crate) async fn new(states: Value) -> Lone {
        let store = Store::in_memory().unwrap();
        let lone = Lone::on(store, machine(states), 0);
        let registry = &lone.driver.ports().registry;
        registry.insert_machine(lone.machine.clone()).await.unwrap();
        lone
    }

    /// Leaves this process, and begins another one on what it has written, so many seconds after the beginning.
    ///
    /// Nothing of this one may be at work.
    pub(crate) async fn restarted(self, seconds: i64) -> Lone {
        let lone = Lone::on(self.store.clone(), self.machine.clone(), seconds);
        drop(self);
        lone.driver.recover().await.unwrap();
        lone
    }

    fn on(store: Store, machine: Machine, seconds: i64) -> Lone {
        let (mailbox, envelopes) = LocalMailbox::new();
        let clock = Arc::new(SetClock {
            millis: AtomicI64::new(BEGINNING.millis() + seconds * 1000),
            set: watch::Sender::new(Duration::ZERO),
        });
        let calls = Arc::new(Calls {
            made: Mutex::default(),
            may_answer: Semaphore::new(0),
        });
        let disk = Arc::new(Disk {
            journal: LocalJournal::new(store.clone()),
            is_full: AtomicBool::new(false),
        });
        let ports = Ports {
            journal: Arc::clone(&disk) as Arc<dyn Journal>,
            registry: Arc::new(LocalRegistry::new(store.clone())),
            blobs: Arc::new(LocalBlobs::new(store.clone())),
            timers: Arc::new(LocalTimers::new(
                Arc::clone(&clock) as Arc<dyn LocalClock>,
                mailbox.sender(),
            )),
            mailbox: Arc::new(mailbox),
            services: Arc::clone(&calls) as Arc<dyn Services>,
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            entropy: Arc::new(SystemEntropy),
        };
        let settings = Settings {
            exclusive: true,
            ..Settings::deployed()
        };
        let driver = Driver::new(ports, settings);
        let receiver = driver.clone();
        tokio::spawn(async move { receiver.receive(envelopes).await });
        Lone {
            driver,
            clock,
            calls,
            disk,
            store,
            machine,
        }
    }

    /// Starts the execution.
    pub(crate) async fn start(&self) -> Result<Started, driver::Error> {
        let key = ports::machine_key(&self.machine.owner, &self.machine.name);
        let start = Start {
            program: self.driver.program(&key, &self.machine.revision).unwrap(),
            machine: self.machine.clone(),
            name: "e".into(),
            input: "{\"n\":1}".into(),
            trace_header: None,
            version_arn: None,
            alias_arn: None,
            test_case: None,
            parent: None,
            part: None,
        };
        self.driver.start(start).await
    }

    pub(crate) fn key(&self) -> ExecutionKey {
        ExecutionKey {
            machine: "us-east-1:123456789012:m".into(),
            name: "e".into(),
        }
    }

    pub(crate) async fn head(&self) -> Head {
        let journal = &self.driver.ports().journal;
        journal.head(&self.key()).await.unwrap().unwrap()
    }

    /// Waits until there are so many calls.
    pub(crate) async fn called(&self, times: usize) {
        while self.calls.made.lock().unwrap().len() < times {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Waits until nothing is at work: every execution has ended or waits for its time.
    pub(crate) async fn idle(&self) {
        while !self.driver.is_idle() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Waits until the execution has ended.
    pub(crate) async fn ended(&self) -> Head {
        loop {
            let head = self.head().await;
            if head.status != Status::Running {
                return head;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Waits until there is an event of a type.
    pub(crate) async fn reached(&self, event_type: &str) {
        while !self.history().await.iter().any(|(known, _)| known == event_type) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Returns the types of the events with their seconds after the beginning.
    pub(crate) async fn history(&self) -> Vec<(String, i64)> {
        let journal = &self.driver.ports().journal;
        let page = journal.history(&self.key(), 1, 100, false).await.unwrap();
        let events = page.events.iter();
        events
            .map(|event| {
                let since = event.time.millis() - BEGINNING.millis();
                (event.details.event_type(), since / 1000)
            })
            .collect()
    }
}

fn machine(states: Value) -> Machine {
    let definition = json!({ "StartAt": "First", "States": states }).to_string();
    Machine {
        owner: Owner {
            region: "us-east-1".into(),
            account: "123456789012".into(),
        },
        name: "m".into(),
        arn: "arn:aws:states:us-east-1:123456789012:stateMachine:m".into(),
        machine_type: ExecutionType::Standard,
        status: MachineStatus::Active,
        created: BEGINNING,
        updated: BEGINNING,
        revision: Revision {
            id: "1".into(),
            definition: definition.as_str().into(),
            role_arn: "arn:aws:iam::123456789012:role/r".into(),
            logging: None,
            tracing: None,
            encryption: None,
            created: BEGINNING,
        },
        tags: BTreeMap::new(),
        published: Arc::default(),
        edits: 0,
    }
}
