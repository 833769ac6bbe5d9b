//! Counts what the adapters ask of AWS, in the units that AWS bills.

use crate::table::TABLE;
use aws_sdk_dynamodb::types::{Capacity, ConsumedCapacity, ReturnConsumedCapacity};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts the requests of the adapters that share it. Cloning is cheap; all clones are one meter.
///
/// Adapters without a meter count nothing and ask DynamoDB for nothing more. What AWS does on its own is not counted:
/// Lambda's receiving and deleting of messages, its invocations, and requests that the SDK repeats after a failure.
#[derive(Clone, Debug, Default)]
pub struct Meter(Arc<Counters>);

/// What was asked of AWS.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// DynamoDB: write request units of the table, without its indexes.
    pub write_units: f64,
    /// DynamoDB: write request units of the indexes, by name.
    pub index_write_units: BTreeMap<String, f64>,
    /// DynamoDB: read request units of the table, without its indexes.
    pub read_units: f64,
    /// DynamoDB: read request units of the indexes, by name.
    pub index_read_units: BTreeMap<String, f64>,
    /// DynamoDB: requests by operation; those that were refused are among them.
    pub table_requests: BTreeMap<String, u64>,
    /// DynamoDB: writes whose condition did not hold. DynamoDB bills them and does not say how much: by their size here,
    /// as its documentation has it, in `write_units`.
    pub refused_writes: u64,
    /// SQS: messages sent to the FIFO queue of wake-ups, in requests of 64 KB.
    pub mailbox_sends: u64,
    /// SQS: messages sent to the standard queue of timers, in requests of 64 KB.
    pub timer_sends: u64,
    /// SQS: messages sent to the standard queue of long calls, in requests of 64 KB.
    pub call_sends: u64,
    /// SQS: requests to receive, to extend and to delete messages that are made here and not by Lambda, without regard to
    /// their size.
    pub message_requests: u64,
    /// EventBridge Scheduler: schedules created, each of which fires once and sends one message to the queue of timers.
    pub schedules: u64,
    /// S3: large documents written.
    pub bucket_puts: u64,
    /// S3: large documents read, or looked for.
    pub bucket_gets: u64,
}

/// The operations of DynamoDB that the adapters use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    PutItem,
    UpdateItem,
    DeleteItem,
    GetItem,
    BatchGetItem,
    Query,
}

impl Operation {
    const ALL: [Operation; 6] = [
        Operation::PutItem,
        Operation::UpdateItem,
        Operation::DeleteItem,
        Operation::GetItem,
        Operation::BatchGetItem,
        Operation::Query,
    ];

    fn name(self) -> &'static str {
        match self {
            Operation::PutItem => "PutItem",
            Operation::UpdateItem => "UpdateItem",
            Operation::DeleteItem => "DeleteItem",
            Operation::GetItem => "GetItem",
            Operation::BatchGetItem => "BatchGetItem",
            Operation::Query => "Query",
        }
    }

    fn writes(self) -> bool {
        match self {
            Operation::PutItem | Operation::UpdateItem | Operation::DeleteItem => true,
            Operation::GetItem | Operation::BatchGetItem | Operation::Query => false,
        }
    }
}

/// Units are counted in halves: an eventually consistent read of 4 KB is half a unit, and nothing is less.
#[derive(Debug, Default)]
struct Halves(AtomicU64);

impl Halves {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "what one request consumes is a small number of halves, and never below zero"
    )]
    fn add(&self, units: f64) {
        self.0.fetch_add((units * 2.0).round() as u64, Ordering::Relaxed);
    }

    #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 halves")]
    fn units(&self) -> f64 {
        self.0.load(Ordering::Relaxed) as f64 / 2.0
    }
}

#[derive(Debug, Default)]
struct Units {
    written: Halves,
    read: Halves,
}

#[derive(Debug, Default)]
struct Counters {
    table: Units,
    /// In the order of [`TABLE`].
    indexes: [Units; TABLE.indexes.len()],
    requests: [AtomicU64; Operation::ALL.len()],
    refused: AtomicU64,
    mailbox_sends: AtomicU64,
    timer_sends: AtomicU64,
    call_sends: AtomicU64,
    message_requests: AtomicU64,
    schedules: AtomicU64,
    bucket_puts: AtomicU64,
    bucket_gets: AtomicU64,
}

/// SQS bills a message by pieces of this size.
const SQS_PIECE_BYTES: usize = 64 * 1024;
/// DynamoDB bills a write by pieces of this size.
const WRITE_UNIT_BYTES: usize = 1024;

impl Meter {
    /// Returns what was asked for until now.
    pub fn usage(&self) -> Usage {
        let counters = &*self.0;
        let by_index = |of: fn(&Units) -> &Halves| -> BTreeMap<String, f64> {
            let pairs = TABLE.indexes.iter().zip(&counters.indexes);
            pairs
                .map(|(index, units)| (index.name.to_owned(), of(units).units()))
                .filter(|(_, units)| *units > 0.0)
                .collect()
        };
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let requests = Operation::ALL.iter().zip(&counters.requests);
        Usage {
            write_units: counters.table.written.units(),
            index_write_units: by_index(|units| &units.written),
            read_units: counters.table.read.units(),
            index_read_units: by_index(|units| &units.read),
            table_requests: requests
                .map(|(operation, counter)| (operation.name().to_owned(), count(counter)))
                .filter(|(_, requests)| *requests > 0)
                .collect(),
            refused_writes: count(&counters.refused),
            mailbox_sends: count(&counters.mailbox_sends),
            timer_sends: count(&counters.timer_sends),
            call_sends: count(&counters.call_sends),
            message_requests: count(&counters.message_requests),
            schedules: count(&counters.schedules),
            bucket_puts: count(&counters.bucket_puts),
            bucket_gets: count(&counters.bucket_gets),
        }
    }

    /// Counts a request to DynamoDB that was answered, with what it says it consumed.
    pub(crate) fn requested(&self, operation: Operation, consumed: &[ConsumedCapacity]) {
        self.count(operation);
        for consumed in consumed {
            self.consumed(operation, consumed);
        }
    }

    /// Counts a write whose condition did not hold; `bytes` is the larger of the item that is there and the new one.
    pub(crate) fn refused(&self, operation: Operation, bytes: usize) {
        self.count(operation);
        self.0.refused.fetch_add(1, Ordering::Relaxed);
        let units = bytes.div_ceil(WRITE_UNIT_BYTES).max(1);
        self.0
            .table
            .written
            .0
            .fetch_add(2 * units as u64, Ordering::Relaxed);
    }

    /// Counts a message to the queue of wake-ups.
    pub(crate) fn posted(&self, body: &str) {
        self.0.mailbox_sends.fetch_add(pieces(body), Ordering::Relaxed);
    }

    /// Counts a message to the queue of timers.
    pub(crate) fn delayed(&self, body: &str) {
        self.0.timer_sends.fetch_add(pieces(body), Ordering::Relaxed);
    }

    /// Counts a message to the queue of long calls.
    pub(crate) fn handed_over(&self, body: &str) {
        self.0.call_sends.fetch_add(pieces(body), Ordering::Relaxed);
    }

    /// Counts a request to receive, extend or delete messages.
    pub(crate) fn handled(&self) {
        self.0.message_requests.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a large document that is written.
    pub(crate) fn bucket_put(&self) {
        self.0.bucket_puts.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a large document that is read.
    pub(crate) fn bucket_got(&self) {
        self.0.bucket_gets.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a new schedule.
    pub(crate) fn scheduled(&self) {
        self.0.schedules.fetch_add(1, Ordering::Relaxed);
    }

    fn count(&self, operation: Operation) {
        let known = Operation::ALL.iter().zip(&self.0.requests);
        for (_, counter) in known.filter(|(known, _)| **known == operation) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn consumed(&self, operation: Operation, consumed: &ConsumedCapacity) {
        let add = |units: &Units, capacity: Option<&Capacity>| {
            let consumed = capacity.and_then(Capacity::capacity_units).unwrap_or_default();
            if operation.writes() {
                units.written.add(consumed);
            } else {
                units.read.add(consumed);
            }
        };
        add(&self.0.table, consumed.table());
        for (index, units) in TABLE.indexes.iter().zip(&self.0.indexes) {
            let consumed = consumed.global_secondary_indexes();
            add(units, consumed.and_then(|by_name| by_name.get(index.name)));
        }
    }
}

/// What a request to DynamoDB asks for beside its answer; nothing without a meter.
pub(crate) fn wanted(meter: Option<&Meter>) -> Option<ReturnConsumedCapacity> {
    meter.map(|_| ReturnConsumedCapacity::Indexes)
}

fn pieces(body: &str) -> u64 {
    body.len().div_ceil(SQS_PIECE_BYTES).max(1) as u64
}

#[cfg(test)]
mod tests {
    use super::{Meter, Operation, Usage, wanted};
    use aws_sdk_dynamodb::types::{Capacity, ConsumedCapacity, ReturnConsumedCapacity};

    fn consumed(table: f64, index: Option<(&str, f64)>) -> ConsumedCapacity {
        let capacity = |units| Capacity::builder().capacity_units(units).build();
        let consumed = ConsumedCapacity::builder().table(capacity(table));
        match index {
            Some((name, units)) => consumed.global_secondary_indexes(name, capacity(units)),
            None => consumed,
        }
        .build()
    }

    #[test]
    fn units_are_counted_by_table_and_index() {
        let meter = Meter::default();
        assert_eq!(meter.usage(), Usage::default());
        meter.requested(Operation::PutItem, &[consumed(2.0, Some(("machine", 1.0)))]);
        meter.requested(Operation::PutItem, &[consumed(1.0, None)]);
        meter.requested(Operation::Query, &[consumed(0.5, Some(("waiting", 1.5)))]);
        meter.requested(Operation::BatchGetItem, &[]);
        let usage = meter.usage();
        assert_eq!(
            serde_json::to_value(&usage).unwrap(),
            serde_json::json!({
                "write_units": 3.0,
                "index_write_units": { "machine": 1.0 },
                "read_units": 0.5,
                "index_read_units": { "waiting": 1.5 },
                "table_requests": { "BatchGetItem": 1, "PutItem": 2, "Query": 1 },
                "refused_writes": 0,
                "mailbox_sends": 0,
                "timer_sends": 0,
                "call_sends": 0,
                "message_requests": 0,
                "schedules": 0,
                "bucket_puts": 0,
                "bucket_gets": 0,
            })
        );
    }

    #[test]
    fn a_refused_write_is_billed_by_its_size() {
        let meter = Meter::default();
        meter.refused(Operation::UpdateItem, 0);
        meter.refused(Operation::PutItem, 1025);
        let usage = meter.usage();
        assert_eq!(
            (usage.write_units.to_bits(), usage.refused_writes),
            (3.0_f64.to_bits(), 2)
        );
    }

    #[test]
    fn messages_are_billed_by_64_kilobytes() {
        let meter = Meter::default();
        meter.posted("");
        meter.clone().posted(&"x".repeat(64 * 1024));
        meter.delayed(&"x".repeat(64 * 1024 + 1));
        meter.handed_over("");
        meter.handled();
        meter.scheduled();
        let usage = meter.usage();
        assert_eq!(
            (usage.mailbox_sends, usage.timer_sends, usage.call_sends),
            (2, 2, 1)
        );
        assert_eq!((usage.message_requests, usage.schedules), (1, 1));
    }

    #[test]
    fn without_a_meter_dynamodb_is_asked_for_nothing_more() {
        assert_eq!(wanted(None), None);
        assert_eq!(
            wanted(Some(&Meter::default())),
            Some(ReturnConsumedCapacity::Indexes)
        );
    }
}
