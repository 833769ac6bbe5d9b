//! The AWS adapters: journal, registry and blobs in one DynamoDB table, mailbox on SQS, timers on EventBridge Scheduler.
//!
//! ```text
//! AwsJournal ──┐
//! AwsRegistry ─┤
//! AwsBlobs ────┼─► Store (one table, on demand) ◄─── activity tasks
//! AwsMailbox ──┴─► FIFO queue ─► functions
//! AwsTimers ─────► delay queue ─► functions;  Scheduler ─► delay queue
//! AwsServices ───► AWS, under the state machine's role
//! ```

mod activities;
mod blobs;
mod clients;
mod clock;
mod hash;
mod item;
mod journal;
mod mailbox;
mod messages;
mod packed;
mod reason;
mod registry;
mod services;
mod settings;
mod store;
mod table;
mod timers;

pub use blobs::AwsBlobs;
pub use clock::{SystemClock, SystemEntropy};
pub use journal::{AwsJournal, Retention};
pub use mailbox::{AwsMailbox, envelope};
pub use messages::each_message;
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
    let configuration = clients::configuration().await;
    let queues = aws_sdk_sqs::Client::new(&configuration);
    let table = aws_sdk_dynamodb::Client::new(&configuration);
    let store = Store::new(table, Arc::clone(&settings.table));
    let retention = settings.retention;
    let caller = Caller::from_env(calls::Settings::default()).await;
    Ports {
        journal: Arc::new(AwsJournal::new(store.clone(), retention)),
        registry: Arc::new(AwsRegistry::new(store.clone())),
        blobs: Arc::new(AwsBlobs::new(store.clone(), retention)),
        mailbox: Arc::new(AwsMailbox::new(
            queues.clone(),
            Arc::clone(&settings.mailbox_url),
            store,
            retention,
        )),
        timers: Arc::new(timers_of(settings, &configuration, queues)),
        services: Arc::new(AwsServices::new(caller)),
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
    }
}

/// Returns the timers alone, for the function that takes the messages of the delay queue.
pub async fn timers(settings: &AwsSettings) -> AwsTimers {
    let configuration = clients::configuration().await;
    let queues = aws_sdk_sqs::Client::new(&configuration);
    timers_of(settings, &configuration, queues)
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
