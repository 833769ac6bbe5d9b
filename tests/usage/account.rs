//! An AWS account with the functions `api` and `transition` in it, in one process.

use crate::budget::Measured;
use crate::queues::{CALLS, MAILBOX, Queues, TIMERS};
use crate::tasks::{Tasks, unique};
use crate::workloads::Workload;
use async_trait::async_trait;
use aws::{
    AwsBlobs, AwsJournal, AwsMailbox, AwsRegistry, AwsTimers, Meter, Places, Retention, Store, SystemClock,
    SystemEntropy, create_table, envelope,
};
use aws_credential_types::Credentials;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_http_client::Builder;
use driver::{Attempt, Driver, Settings, Start, Started};
use engine::{ExecutionKey, ExecutionType, Message, Status, Timestamp};
use ports::{
    Clock, Envelope, Journal as _, Machine, MachineStatus, Owner, Ports, Registry as _, Revision, Timers,
    TimersError, machine_key,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Everything around one execution.
#[derive(Debug)]
pub(crate) struct Account {
    /// What the function `api` holds.
    clients: Driver,
    /// What the function `transition` holds: another process, which knows nothing yet.
    worker: Driver,
    machine: Machine,
    clock: Arc<Ahead>,
    queues: Queues,
    timers: AwsTimers,
    meter: Meter,
    dynamodb: aws_sdk_dynamodb::Client,
    table: String,
}

impl Account {
    pub(crate) async fn new(endpoint: &str, workload: &Workload) -> Account {
        let credentials = || Credentials::new("test", "test", None, None, "test");
        let dynamodb = aws_sdk_dynamodb::Client::from_conf(
            aws_sdk_dynamodb::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::new("us-east-1"))
                .credentials_provider(credentials())
                .http_client(Builder::new().build_http())
                .endpoint_url(endpoint)
                .build(),
        );
        let table = format!("usage-{}-{}", workload.name, std::process::id());
        create_table(&dynamodb, &table).await.unwrap();
        let queues = Queues::start().await;
        let sqs = aws_sdk_sqs::Client::from_conf(
            aws_sdk_sqs::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::new("us-east-1"))
                .credentials_provider(credentials())
                .http_client(Builder::new().build_http())
                .endpoint_url(&queues.endpoint)
                .build(),
        );
        let scheduler = aws_sdk_scheduler::Client::from_conf(
            aws_sdk_scheduler::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::new("us-east-1"))
                .credentials_provider(credentials())
                .http_client(Builder::new().build_http())
                .endpoint_url(&queues.endpoint)
                .build(),
        );
        let meter = Meter::default();
        let tasks = Arc::new(Tasks::default());
        let clock = Arc::new(Ahead::default());
        let places = Places {
            queue_url: queues.url(TIMERS).into(),
            queue_arn: format!("arn:aws:sqs:us-east-1:123456789012:{TIMERS}").into(),
            schedule_group: "stepwell".into(),
            schedule_role: "arn:aws:iam::123456789012:role/schedules".into(),
        };
        let timers = AwsTimers::new(sqs.clone(), scheduler, places).metered(Some(meter.clone()));
        let ports = || {
            let store = Store::new(dynamodb.clone(), table.as_str()).metered(Some(meter.clone()));
            let retention = Retention::default();
            let mailbox = AwsMailbox::new(
                sqs.clone(),
                queues.url(MAILBOX),
                queues.url(CALLS),
                store.clone(),
                retention,
            );
            Ports {
                journal: Arc::new(AwsJournal::new(store.clone(), retention)),
                registry: Arc::new(AwsRegistry::new(store.clone())),
                blobs: Arc::new(AwsBlobs::new(store, retention)),
                mailbox: Arc::new(mailbox.metered(Some(meter.clone()))),
                timers: Arc::new(Shifted {
                    timers: timers.clone(),
                    clock: clock.clone(),
                }),
                services: tasks.clone(),
                clock: clock.clone(),
                entropy: Arc::new(SystemEntropy),
            }
        };
        let machine = machine(&workload.definition.to_string());
        let registry = AwsRegistry::new(Store::new(dynamodb.clone(), table.as_str()));
        registry.insert_machine(machine.clone()).await.unwrap();
        let clients = Driver::new(ports(), Settings::deployed());
        let worker = Driver::new(ports(), Settings::deployed().handing_over_beyond(60));
        // Functions that are warm have the program: reading it is a cold start's, not an execution's.
        for driver in [&clients, &worker] {
            driver
                .program(&key(&machine, "e").machine, &machine.revision)
                .unwrap();
        }
        Account {
            clients,
            worker,
            machine,
            clock,
            queues,
            timers,
            meter,
            dynamodb,
            table,
        }
    }

    /// Runs one execution to its end.
    pub(crate) async fn measure(mut self, workload: Workload) -> Measured {
        let before = self.item_sizes(None).await;
        let name = unique(42);
        let key = key(&self.machine, &name);
        let start = Start {
            program: self
                .clients
                .program(&key.machine, &self.machine.revision)
                .unwrap(),
            machine: self.machine.clone(),
            name,
            input: workload.input.to_string().into(),
            trace_header: None,
            version_arn: None,
            alias_arn: None,
            test_case: None,
            parent: None,
            part: None,
        };
        assert!(matches!(
            self.clients.start(start).await.unwrap(),
            Started::New { .. }
        ));
        let mut wake_ups = self.drive().await;
        if workload.wait_seconds > 0 {
            self.time_passes(&key, workload.wait_seconds).await;
            wake_ups += 1 + self.drive().await;
        }
        let mut measured = Measured::of(&workload, self.meter.usage());

        let head = self.worker.ports().journal.head(&key).await.unwrap().unwrap();
        let ended = (head.status, head.error, head.cause);
        assert_eq!(ended, (Status::Succeeded, None, None), "{}", workload.name);
        let journal = &self.worker.ports().journal;
        let events = journal.history(&key, 1, usize::MAX, false).await.unwrap().events;
        let count = |is: fn(&str) -> bool| {
            events
                .iter()
                .filter(|event| is(&event.details.event_type()))
                .count() as u64
        };
        let scheduled = count(|name| name == "TaskScheduled");
        assert_eq!(
            scheduled, workload.tasks,
            "{}: a task was tried again",
            workload.name
        );
        measured.transitions = count(|name| name.ends_with("StateEntered"));
        measured.wake_ups = wake_ups;
        measured.history_events = events.len() as u64;
        let after = self.item_sizes(None).await;
        measured.head_bytes = self.item_sizes(Some("HEAD")).await.iter().sum();
        measured.items = (after.len() - before.len()) as u64;
        measured.item_bytes = after.iter().sum::<u64>() - before.iter().sum::<u64>();
        let delete = self.dynamodb.delete_table().table_name(&self.table);
        Box::pin(delete.send()).await.unwrap();
        measured
    }

    /// Hands what lies in the queues to the function `transition`, until they are empty; returns how often.
    async fn drive(&mut self) -> u64 {
        let mut wake_ups = 0;
        while let Ok(sent) = self.queues.sent.try_recv() {
            let arrived = match sent.queue.as_str() {
                MAILBOX => Some(envelope(&sent.body).unwrap()),
                _ => self.timers.fired(&sent.body).await.unwrap(),
            };
            wake_ups += 1;
            if let Some(arrived) = arrived {
                self.worker.drive(arrived, Attempt::first()).await.unwrap();
            }
        }
        wake_ups
    }

    /// Lets the execution's timer fire: the second message of a long deadline is the delay queue's business, not sent here.
    async fn time_passes(&self, key: &ExecutionKey, seconds: u64) {
        let store = Store::new(self.dynamodb.clone(), self.table.as_str());
        let journal = AwsJournal::new(store, Retention::default());
        let open = journal.open(None, 1).await.unwrap();
        assert_eq!(open.rows[0].key, *key);
        self.clock.0.store(seconds as i64 * 1000, Ordering::Relaxed);
        let wake = Envelope {
            key: key.clone(),
            incarnation: open.rows[0].incarnation.clone(),
            message: Message::Wake,
            deduplication: "1#timer".to_owned(),
        };
        self.worker.drive(wake, Attempt::first()).await.unwrap();
    }

    /// Returns the sizes of all items, or of those with a sort key.
    async fn item_sizes(&self, sort: Option<&str>) -> Vec<u64> {
        let mut sizes = Vec::new();
        let mut after = None;
        loop {
            let scan = self
                .dynamodb
                .scan()
                .table_name(&self.table)
                .set_exclusive_start_key(after);
            let page = Box::pin(scan.send()).await.unwrap();
            let items = page.items().iter();
            let wanted = items.filter(|item| sort.is_none_or(|sort| item["SK"].as_s().unwrap() == sort));
            sizes.extend(wanted.map(size));
            after = page.last_evaluated_key;
            if after.is_none() {
                return sizes;
            }
        }
    }
}

/// The time of the operating system, or ahead of it.
#[derive(Debug, Default)]
struct Ahead(AtomicI64);

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        Timestamp(SystemClock.now().millis() + self.0.load(Ordering::Relaxed))
    }
}

/// Timers that know of a clock which is ahead.
#[derive(Debug)]
struct Shifted {
    timers: AwsTimers,
    clock: Arc<Ahead>,
}

#[async_trait]
impl Timers for Shifted {
    async fn arm(&self, key: &ExecutionKey, incarnation: &str, at: Timestamp) -> Result<(), TimersError> {
        let ahead = self.clock.0.load(Ordering::Relaxed);
        self.timers
            .arm(key, incarnation, Timestamp(at.millis() - ahead))
            .await
    }
}

/// Returns an item's size as DynamoDB counts it, or a little more.
fn size(item: &std::collections::HashMap<String, AttributeValue>) -> u64 {
    let value = |value: &AttributeValue| match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        AttributeValue::N(number) => number.len() / 2 + 3,
        other => panic!("no such attribute is written: {other:?}"),
    };
    item.iter()
        .map(|(name, held)| (name.len() + value(held)) as u64)
        .sum()
}

fn key(machine: &Machine, name: &str) -> ExecutionKey {
    ExecutionKey {
        machine: machine_key(&machine.owner, &machine.name).into(),
        name: name.into(),
    }
}

fn machine(definition: &str) -> Machine {
    Machine {
        owner: Owner {
            region: "us-east-1".into(),
            account: "123456789012".into(),
        },
        name: "order-processing".to_owned(),
        arn: "arn:aws:states:us-east-1:123456789012:stateMachine:order-processing".to_owned(),
        machine_type: ExecutionType::Standard,
        status: MachineStatus::Active,
        created: Timestamp(0),
        updated: Timestamp(0),
        revision: Revision {
            id: unique(7),
            definition: definition.into(),
            role_arn: "arn:aws:iam::123456789012:role/order-processing".into(),
            logging: None,
            tracing: None,
            encryption: None,
            created: Timestamp(0),
        },
        tags: BTreeMap::new(),
        published: Arc::default(),
        edits: 0,
    }
}
