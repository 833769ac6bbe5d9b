//! The AWS adapters: journal and registry in one DynamoDB table, blobs in S3, mailbox on SQS, timers on EventBridge
//! Scheduler.
//!
//! ```text
//! AwsJournal ──┐
//! AwsRegistry ─┤
//! AwsBlobs ────┼─► Store (one table, on demand) ◄─── activity tasks
//! AwsMailbox ──┴─► FIFO queue ─► functions
//! AwsTimers ─────► delay queue ─► functions;  Scheduler ─► delay queue
//! AwsServices ───► AWS, under the state machine's role
//! AwsObserver ───► standard output, EventBridge, CloudWatch Logs, SNS
//! ```
//!
//! A [`Meter`] counts what all but the last two ask for.

mod activities;
mod blobs;
mod clients;
mod clock;
mod hash;
mod item;
mod jobs;
mod journal;
mod log;
mod mailbox;
mod messages;
mod meter;
mod observe;
mod packed;
mod reason;
mod registry;
mod services;
mod settings;
mod store;
mod table;
mod timers;

pub use blobs::{AwsBlobs, Bucket};
pub use clock::{SystemClock, SystemEntropy};
pub use journal::{AwsJournal, Retention};
pub use log::write_log;
pub use mailbox::{AwsMailbox, envelope};
pub use messages::Messages;
pub use meter::{Meter, Usage};
pub use observe::{AwsObserver, ObserveSettings, observer};
pub use registry::AwsRegistry;
pub use services::AwsServices;
pub use settings::{AwsSettings, SettingsError};
pub use store::Store;
pub use table::{CreateTableError, IndexDefinition, TABLE, TableDefinition, create_table};
pub use timers::{AwsTimers, Places};

use calls::Caller;
use ports::Ports;
use std::sync::Arc;

/// Returns everything that a driver works with on AWS; uses no network before the first call.
pub async fn ports(settings: &AwsSettings) -> Ports {
    ports_of(settings, None).await
}

/// Returns the same, and counts in `meter` what they ask of AWS; calls of state machines' tasks are not counted.
pub async fn ports_with_meter(settings: &AwsSettings, meter: Meter) -> Ports {
    ports_of(settings, Some(meter)).await
}

async fn ports_of(settings: &AwsSettings, meter: Option<Meter>) -> Ports {
    let configuration = clients::configuration().await;
    let queues = aws_sdk_sqs::Client::new(&configuration);
    let table = aws_sdk_dynamodb::Client::new(&configuration);
    let store = Store::new(table, Arc::clone(&settings.table)).metered(meter.clone());
    let retention = settings.retention;
    let caller = Caller::from_env(calls::Settings::default()).await;
    let bucket = settings.bucket.clone();
    let bucket = bucket.map(|name| Bucket::new(caller.signer(), name).metered(meter.clone()));
    let mailbox = AwsMailbox::new(
        queues.clone(),
        Arc::clone(&settings.mailbox_url),
        Arc::clone(&settings.calls_url),
        store.clone(),
        retention,
    );
    let timers = timers_of(settings, &configuration, queues);
    Ports {
        journal: Arc::new(AwsJournal::new(store.clone(), retention)),
        registry: Arc::new(AwsRegistry::new(store.clone())),
        blobs: Arc::new(AwsBlobs::new(store, retention).with_bucket(bucket)),
        mailbox: Arc::new(mailbox.metered(meter.clone())),
        timers: Arc::new(timers.metered(meter)),
        services: Arc::new(AwsServices::new(caller)),
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
    }
}

fn timers_of(
    settings: &AwsSettings,
    configuration: &aws_config::SdkConfig,
    queues: aws_sdk_sqs::Client,
) -> AwsTimers {
    let places = Places {
        queue_url: Arc::clone(&settings.timers_url),
        queue_arn: Arc::clone(&settings.timers_arn),
        schedule_group: Arc::clone(&settings.schedule_group),
        schedule_role: Arc::clone(&settings.schedule_role),
    };
    AwsTimers::new(queues, aws_sdk_scheduler::Client::new(configuration), places)
}
