//! What a deployed stack tells about its executions.
//!
//! ```text
//! driver ─► AwsObserver ─► Buffer ─► flush ─┬► metrics: lines on the standard output
//!                                           ├► status events: EventBridge
//!                                           ├► log events: CloudWatch Logs
//!                                           └► notices: SNS
//! ```
//!
//! All of it is best effort, as in Step Functions: what cannot be told is counted and written to the function's log,
//! and no execution waits for it or fails by it.

mod buffer;
mod dead_letters;
mod escaped;
mod log_events;
mod log_level;
mod log_line;
mod metrics;
mod notices;
mod send;
mod settings;
mod status_events;
mod stored;
#[cfg(test)]
mod tests;

pub use settings::ObserveSettings;

use crate::clock::{SystemClock, SystemEntropy};
use crate::settings::AwsSettings;
use buffer::{ActivityStart, Buffer, Change, Told, Turn};
use calls::Caller;
use engine::{Entry, Event, Identity, Outcome};
use futures_util::future::join_all;
use log_events::LogEvents;
use notices::Notices;
use ports::{Blobs, Clock as _, Entropy as _, Journal, Observer, Ports, Registry};
use serde_json::Value;
use status_events::StatusEvents;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use stored::Stored;

/// How long a flush may take before the rest is given up: GetActivityTask has waited for 20 seconds before it, and API
/// Gateway gives up after 29.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(5);

/// Tells of executions: in metrics, EventBridge, CloudWatch Logs and SNS, whichever are configured.
///
/// It only takes notes when it is told something; [`AwsObserver::flush`] sends them.
pub struct AwsObserver {
    buffer: Mutex<Buffer>,
    settings: ObserveSettings,
    stored: Stored,
    log_events: LogEvents,
    status_events: Option<StatusEvents>,
    notices: Option<Notices>,
    queues: aws_sdk_sqs::Client,
}

/// Returns what tells of executions; uses no network before there is something to tell.
pub async fn observer(places: &AwsSettings, ports: &Ports) -> Arc<AwsObserver> {
    let configuration = crate::clients::configuration().await;
    let calls = calls::Settings {
        answer_timeout: Some(send::ANSWER_TIMEOUT),
        ..calls::Settings::default()
    };
    let caller = Caller::from_env(calls).await;
    Arc::new(AwsObserver::new(
        places.observe.clone(),
        Arc::clone(&ports.journal),
        Arc::clone(&ports.registry),
        Arc::clone(&ports.blobs),
        &configuration,
        caller,
    ))
}

impl AwsObserver {
    /// Returns an observer whose clients are configured so; the first three find what it was not told.
    pub fn new(
        settings: ObserveSettings,
        journal: Arc<dyn Journal>,
        registry: Arc<dyn Registry>,
        blobs: Arc<dyn Blobs>,
        configuration: &aws_config::SdkConfig,
        caller: Caller,
    ) -> AwsObserver {
        let caller = Arc::new(caller);
        let stored = Stored::new(journal, blobs);
        let suffix = SystemEntropy.bytes();
        let suffix = suffix.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        let status_events = settings
            .status_events_bus
            .clone()
            .map(|bus| StatusEvents::new(Arc::clone(&caller), bus, stored.clone()));
        let notices = settings
            .notice_topic
            .clone()
            .map(|topic| Notices::new(aws_sdk_sns::Client::new(configuration), topic));
        AwsObserver {
            buffer: Mutex::default(),
            settings,
            log_events: LogEvents::new(caller, registry, stored.clone(), suffix),
            stored,
            status_events,
            notices,
            queues: aws_sdk_sqs::Client::new(configuration),
        }
    }

    /// Sends all that waits; returns when it is sent or given up.
    pub async fn flush(&self) {
        let Buffer {
            changes,
            told,
            activity_starts,
            ..
        } = self.take();
        let told: Vec<Told> = told.into_values().collect();
        if !(changes.is_empty() && told.is_empty() && activity_starts.is_empty()) {
            let logged = told.iter().map(|told| told.events.len() as u64).sum();
            tokio::join!(
                self.within("Logs", logged, self.log_events.send(told)),
                self.within("StatusEvents", changes.len() as u64, self.tell_changes(&changes)),
                self.within("Notices", changes.len() as u64, self.notify(&changes)),
                self.within(
                    "Metrics",
                    activity_starts.len() as u64,
                    self.count_starts(&activity_starts)
                ),
            );
        }
        let lines = self.buffer().metrics.take_lines(SystemClock.now());
        if self.settings.metrics {
            metrics::print(&lines);
        }
    }

    /// Publishes the messages of a queue of dead letters, given as the event that SQS hands to a function.
    ///
    /// Does nothing without a topic.
    pub async fn dead_letters(&self, event: &Value) {
        if let Some(notices) = &self.notices {
            let lost = notices.send(notices::of_dead_letters(event)).await;
            self.buffer().metrics.lost("Notices", lost);
        }
    }

    /// Looks into the queues of dead letters, and publishes what is due; the messages stay there.
    ///
    /// Does nothing without a topic.
    pub async fn look_for_dead_letters(&self) {
        if self.notices.is_none() {
            return;
        }
        for url in &self.settings.dead_letters {
            match dead_letters::due(&self.queues, url).await {
                Ok(event) => self.dead_letters(&event).await,
                Err(reason) => eprintln!("`{url}` could not be looked into: {reason}"),
            }
        }
    }

    async fn tell_changes(&self, changes: &[Change]) -> u64 {
        match &self.status_events {
            Some(status_events) => status_events.send(changes).await,
            None => 0,
        }
    }

    async fn notify(&self, changes: &[Change]) -> u64 {
        match &self.notices {
            Some(notices) => {
                notices
                    .send(changes.iter().filter_map(notices::of_change).collect())
                    .await
            }
            None => 0,
        }
    }

    async fn count_starts(&self, starts: &[ActivityStart]) -> u64 {
        if !self.settings.metrics {
            return 0;
        }
        let activities = join_all(starts.iter().map(|start| self.stored.activity(start))).await;
        let mut buffer = self.buffer();
        let mut lost = 0;
        for activity in activities {
            match activity {
                Some(arn) => buffer.metrics.activity_started(&arn),
                None => lost += 1,
            }
        }
        lost
    }

    /// Waits for one kind of delivery, not for too long, and counts what it lost.
    async fn within(&self, kind: &'static str, all: u64, delivery: impl Future<Output = u64>) {
        let delivery = Box::pin(delivery);
        let lost = match tokio::time::timeout(FLUSH_TIMEOUT, delivery).await {
            Ok(lost) => lost,
            Err(_) => {
                eprintln!("{kind}: given up after {} seconds", FLUSH_TIMEOUT.as_secs());
                all
            }
        };
        self.buffer().metrics.lost(kind, lost);
    }

    /// Takes all that waits but the metrics, which go on counting until they are printed.
    fn take(&self) -> Buffer {
        let mut buffer = self.buffer();
        let metrics = std::mem::take(&mut buffer.metrics);
        let taken = std::mem::take(&mut *buffer);
        buffer.metrics = metrics;
        taken
    }

    fn buffer(&self) -> MutexGuard<'_, Buffer> {
        self.buffer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, turn: &Turn<'_>) {
        let wanted = self.log_events.wanted(turn.identity);
        let mut buffer = self.buffer();
        buffer.add(turn, wanted);
        if self.status_events.is_none() && self.notices.is_none() {
            buffer.changes.clear();
        }
    }
}

impl Observer for AwsObserver {
    fn committed(&self, identity: &Identity, entry: &Entry) {
        let output = entry.closing.as_ref().and_then(|closing| closing.output.as_ref());
        self.note(&Turn {
            identity,
            events: &entry.events,
            documents: &entry.payloads,
            output: output.map(engine::Data::text),
            redrive_count: entry.image.counters.redrive_count,
            redriven: entry.image.counters.redriven,
        });
    }

    fn ran(&self, identity: &Identity, outcome: &Outcome) {
        self.note(&Turn {
            identity,
            events: &outcome.events,
            documents: &outcome.payloads,
            output: None,
            redrive_count: 0,
            redriven: None,
        });
    }

    fn happened(&self, identity: &Identity, events: &[Event]) {
        self.note(&Turn {
            identity,
            events,
            documents: &[],
            output: None,
            redrive_count: 0,
            redriven: None,
        });
    }
}

impl std::fmt::Debug for AwsObserver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AwsObserver")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
