//! What one execution uses, as it was counted.

use serde::Deserialize;
use std::collections::BTreeMap;

/// Counted executions.
#[derive(Debug, Deserialize)]
pub(crate) struct Counted {
    pub(crate) workloads: Vec<Workload>,
}

/// One execution.
#[derive(Debug, Deserialize)]
pub(crate) struct Workload {
    /// What it is called.
    pub(crate) name: String,
    /// What it is.
    pub(crate) title: String,
    /// States entered and tasks tried again: what Step Functions bills.
    pub(crate) transitions: u64,
    /// Tasks.
    #[serde(default)]
    pub(crate) tasks: u64,
    /// Tasks at the same time.
    #[serde(default = "one")]
    pub(crate) tasks_at_once: u64,
    /// How long one task takes.
    #[serde(default)]
    pub(crate) task_milliseconds: u64,
    /// For how long it only waits.
    #[serde(default)]
    pub(crate) wait_seconds: u64,
    /// Messages that invoked the function `transition`.
    #[serde(default)]
    pub(crate) wake_ups: u64,
    /// How long the function `api` ran for it, when that was measured.
    #[serde(default)]
    pub(crate) api_milliseconds: Option<f64>,
    /// How long the function `transition` ran for it, when that was measured.
    #[serde(default)]
    pub(crate) transition_milliseconds: Option<f64>,
    /// Items in the table after its end, its head among them.
    pub(crate) items: u64,
    /// Their bytes.
    pub(crate) item_bytes: u64,
    /// The bytes of its head alone.
    #[serde(default)]
    pub(crate) head_bytes: u64,
    /// What was asked of AWS.
    pub(crate) usage: Usage,
}

/// Requests and units: see `Usage` of the crate `aws`, which writes this.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Usage {
    pub(crate) write_units: f64,
    pub(crate) index_write_units: BTreeMap<String, f64>,
    pub(crate) read_units: f64,
    pub(crate) index_read_units: BTreeMap<String, f64>,
    pub(crate) table_requests: BTreeMap<String, u64>,
    pub(crate) mailbox_sends: u64,
    pub(crate) timer_sends: u64,
    pub(crate) call_sends: u64,
    pub(crate) message_requests: u64,
    pub(crate) schedules: u64,
    pub(crate) bucket_puts: u64,
    pub(crate) bucket_gets: u64,
}

fn one() -> u64 {
    1
}

impl Workload {
    /// Returns for how long tasks run one after the other.
    pub(crate) fn tasks_milliseconds(&self) -> f64 {
        count(self.tasks.div_ceil(self.tasks_at_once.max(1)) * self.task_milliseconds)
    }
}

/// Returns a count as a factor.
#[expect(clippy::cast_precision_loss, reason = "counts of one execution are small")]
pub(crate) fn count(number: u64) -> f64 {
    number as f64
}
