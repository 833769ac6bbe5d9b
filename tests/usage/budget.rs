//! What executions may use, in a file that is committed.

use crate::workloads::Workload;
use aws::Usage;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What all workloads use.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Budget {
    pub(crate) workloads: Vec<Measured>,
}

/// What one execution of a workload uses.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Measured {
    /// What the workload is called.
    pub(crate) name: String,
    /// What it is, for people.
    pub(crate) title: String,
    /// States entered and tasks tried again, counted in the history: what Step Functions bills.
    pub(crate) transitions: u64,
    /// Tasks.
    pub(crate) tasks: u64,
    /// How many of them run at the same time.
    pub(crate) tasks_at_once: u64,
    /// How long one task takes: a SDK call or a function, as the workload assumes it.
    pub(crate) task_milliseconds: u64,
    /// For how long the execution only waits.
    pub(crate) wait_seconds: u64,
    /// Messages of the queues, each of which invokes the function `transition` once.
    pub(crate) wake_ups: u64,
    /// Events in the history.
    pub(crate) history_events: u64,
    /// Items that lie in the table after the end.
    pub(crate) items: u64,
    /// Their bytes, as DynamoDB counts them without its overhead.
    pub(crate) item_bytes: u64,
    /// The bytes of the execution's head, which is kept for the retention; entries are kept for longer.
    pub(crate) head_bytes: u64,
    /// What the adapters asked of AWS.
    pub(crate) usage: Usage,
}

/// Less than this share of the budget has to be written down: else nobody would notice when it is lost again.
const LEAST: f64 = 0.9;
/// Bytes in the table vary with what is random in them.
const BYTES_MORE: f64 = 1.03;

impl Budget {
    fn path() -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/usage/budget.json")
    }

    pub(crate) fn read() -> Budget {
        serde_json::from_str(&std::fs::read_to_string(Budget::path()).unwrap()).unwrap()
    }

    pub(crate) fn write(&self) {
        let text = serde_json::to_string_pretty(self).unwrap();
        std::fs::write(Budget::path(), text + "\n").unwrap();
    }
}

impl Measured {
    pub(crate) fn of(workload: &Workload, usage: Usage) -> Measured {
        Measured {
            name: workload.name.to_owned(),
            title: workload.title.to_owned(),
            transitions: 0,
            tasks: workload.tasks,
            tasks_at_once: workload.tasks_at_once,
            task_milliseconds: workload.task_milliseconds,
            wait_seconds: workload.wait_seconds,
            wake_ups: 0,
            history_events: 0,
            items: 0,
            item_bytes: 0,
            head_bytes: 0,
            usage,
        }
    }

    /// Says what is above this budget, or far below.
    pub(crate) fn breaches(&self, measured: &Measured) -> Vec<String> {
        let mut breaches = Vec::new();
        let budget = self.figures();
        let found = measured.figures();
        for name in budget
            .keys()
            .chain(found.keys().filter(|name| !budget.contains_key(*name)))
        {
            let of = |figures: &BTreeMap<String, f64>| figures.get(name).copied().unwrap_or_default();
            let (most, used) = (of(&budget), of(&found));
            let margin = if name.ends_with("_bytes") { BYTES_MORE } else { 1.0 };
            if used > most * margin || used < most * LEAST {
                breaches.push(format!(
                    "{}: {name}: the budget says {most}, used are {used}",
                    self.name
                ));
            }
        }
        breaches
    }

    /// Returns the figures by name.
    fn figures(&self) -> BTreeMap<String, f64> {
        let usage = &self.usage;
        let mut figures = BTreeMap::from([
            ("transitions".to_owned(), count(self.transitions)),
            ("tasks".to_owned(), count(self.tasks)),
            ("wake_ups".to_owned(), count(self.wake_ups)),
            ("history_events".to_owned(), count(self.history_events)),
            ("items".to_owned(), count(self.items)),
            ("item_bytes".to_owned(), count(self.item_bytes)),
            ("head_bytes".to_owned(), count(self.head_bytes)),
            ("write_units".to_owned(), usage.write_units),
            ("read_units".to_owned(), usage.read_units),
            ("refused_writes".to_owned(), count(usage.refused_writes)),
            ("mailbox_sends".to_owned(), count(usage.mailbox_sends)),
            ("timer_sends".to_owned(), count(usage.timer_sends)),
            ("call_sends".to_owned(), count(usage.call_sends)),
            ("message_requests".to_owned(), count(usage.message_requests)),
            ("schedules".to_owned(), count(usage.schedules)),
            ("bucket_puts".to_owned(), count(usage.bucket_puts)),
            ("bucket_gets".to_owned(), count(usage.bucket_gets)),
        ]);
        for (kind, by_name) in [
            ("write", &usage.index_write_units),
            ("read", &usage.index_read_units),
        ] {
            figures.extend(
                by_name
                    .iter()
                    .map(|(name, units)| (format!("{kind} units of `{name}`"), *units)),
            );
        }
        let requests = usage.table_requests.iter();
        figures.extend(requests.map(|(name, requests)| (name.clone(), count(*requests))));
        figures
    }

    pub(crate) fn all_write_units(&self) -> f64 {
        self.usage.write_units + self.usage.index_write_units.values().sum::<f64>()
    }

    pub(crate) fn table_requests(&self, operation: &str) -> u64 {
        self.usage
            .table_requests
            .get(operation)
            .copied()
            .unwrap_or_default()
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of one execution are small")]
fn count(number: u64) -> f64 {
    number as f64
}
