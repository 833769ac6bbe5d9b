//! From usage to dollars.

use super::prices::{self, Price};
use super::workload::{Workload, count};

/// A figure that was not measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Assumption {
    /// What it is about.
    pub(crate) of: &'static str,
    /// How much.
    pub(crate) value: f64,
    /// Of what.
    pub(crate) unit: &'static str,
}

const fn assumed(of: &'static str, value: f64, unit: &'static str) -> Assumption {
    Assumption { of, value, unit }
}

const FUNCTION_MB: Assumption = assumed("memory of each function (the template's default)", 256.0, "MB");
const API_MILLISECONDS: Assumption = assumed("the function `api`, for a start", 25.0, "ms");
const WAKE_MILLISECONDS: Assumption = assumed("the function `transition`, for each message", 5.0, "ms");
const REQUEST_MILLISECONDS: Assumption = assumed("a request to DynamoDB, SQS or Scheduler", 6.0, "ms");
const MESSAGE_REQUESTS: Assumption = assumed(
    "requests to SQS for each message: sent, received, deleted, none in batches",
    3.0,
    "requests",
);
const SCHEDULE_MESSAGES: Assumption = assumed(
    "messages for each schedule: it fires some minutes early, and the message is sent on with the delay that is left",
    2.0,
    "messages",
);
const LOG_BYTES: Assumption = assumed(
    "logs of each invocation: Lambda's own lines, and one of metrics (`Metrics`)",
    1000.0,
    "bytes",
);
const STATUS_EVENTS: Assumption = assumed(
    "events on the default bus for each execution: its start and its end (`StatusEvents`)",
    2.0,
    "events",
);
const ENTRY_DAYS: Assumption = assumed(
    "an execution's entries are kept beyond the retention, or longer while it runs",
    30.0,
    "days",
);
const ITEM_BYTES: Assumption = assumed(
    "DynamoDB's overhead of each item, in table and index",
    100.0,
    "bytes",
);
const INDEX_BYTES: Assumption = assumed("an execution's entry in the index that is listed", 200.0, "bytes");
const EXPRESS_MB: Assumption = assumed("memory of an Express execution", 64.0, "MB");
const EXPRESS_STATE_MILLISECONDS: Assumption =
    assumed("a state of an Express execution, beside its task", 5.0, "ms");

/// All that is assumed; how long tasks take is in the workloads.
pub(crate) const ASSUMPTIONS: &[Assumption] = &[
    FUNCTION_MB,
    API_MILLISECONDS,
    WAKE_MILLISECONDS,
    REQUEST_MILLISECONDS,
    MESSAGE_REQUESTS,
    SCHEDULE_MESSAGES,
    LOG_BYTES,
    STATUS_EVENTS,
    ENTRY_DAYS,
    ITEM_BYTES,
    INDEX_BYTES,
    EXPRESS_MB,
    EXPRESS_STATE_MILLISECONDS,
];

const DAYS_PER_MONTH: f64 = 30.4;
const BYTES_PER_GB: f64 = 1024.0 * 1024.0 * 1024.0;
const MB_PER_GB: f64 = 1024.0;
/// Express: at most five minutes.
const EXPRESS_SECONDS_MAX: f64 = 300.0;
const EXPRESS_STEP_SECONDS: f64 = 0.1;

/// What one execution costs, in dollars.
#[derive(Debug)]
pub(crate) struct Bill {
    /// What is paid for, and how much.
    pub(crate) lines: Vec<(&'static str, f64)>,
    /// Step Functions, Standard.
    pub(crate) standard: f64,
    /// Step Functions, Express; `None` when it cannot run there.
    pub(crate) express: Option<f64>,
    /// Whether durations of functions were measured.
    pub(crate) durations_measured: bool,
}

impl Bill {
    /// Returns the bill of an execution that is kept for so many days after its end.
    pub(crate) fn of(workload: &Workload, retention_days: u32) -> Bill {
        let usage = &workload.usage;
        let at = |amount: f64, price: Price| amount * price.dollars;
        let writes = usage.write_units + usage.index_write_units.values().sum::<f64>();
        let reads = usage.read_units + usage.index_read_units.values().sum::<f64>();
        let standard_messages =
            count(usage.timer_sends + usage.call_sends) + count(usage.schedules) * SCHEDULE_MESSAGES.value;
        let gb_months = stored_gb_months(workload, f64::from(retention_days));
        let invocations = 1.0 + count(workload.wake_ups + usage.schedules + usage.call_sends);
        let lines = vec![
            ("DynamoDB writes", at(writes, prices::TABLE_WRITE)),
            ("DynamoDB reads", at(reads, prices::TABLE_READ)),
            (
                "DynamoDB storage",
                at(gb_months, prices::TABLE_GB_MONTH) + at(gb_months, prices::BACKUP_GB_MONTH),
            ),
            (
                "SQS",
                at(
                    count(usage.mailbox_sends) * MESSAGE_REQUESTS.value + count(usage.message_requests),
                    prices::QUEUE_FIFO,
                ) + at(standard_messages * MESSAGE_REQUESTS.value, prices::QUEUE_STANDARD),
            ),
            ("Scheduler", at(count(usage.schedules), prices::SCHEDULE)),
            (
                "Lambda",
                at(invocations, prices::FUNCTION_REQUEST)
                    + at(
                        function_gb_seconds(workload, invocations),
                        prices::FUNCTION_GB_SECOND,
                    ),
            ),
            ("API Gateway", prices::HTTP_REQUEST.dollars),
            (
                "Logs",
                at(invocations * LOG_BYTES.value / BYTES_PER_GB, prices::LOG_GB),
            ),
            ("Status events", at(STATUS_EVENTS.value, prices::EVENT)),
            (
                "S3 requests",
                at(count(usage.bucket_puts), prices::BUCKET_PUT)
                    + at(count(usage.bucket_gets), prices::BUCKET_GET),
            ),
        ];
        Bill {
            lines,
            standard: at(count(workload.transitions), prices::STANDARD_TRANSITION),
            express: express(workload),
            durations_measured: workload.api_milliseconds.is_some()
                && workload.transition_milliseconds.is_some(),
        }
    }

    /// Returns the sum.
    pub(crate) fn total(&self) -> f64 {
        self.lines.iter().map(|(_, dollars)| dollars).sum()
    }
}

fn stored_gb_months(workload: &Workload, retention_days: f64) -> f64 {
    let head = count(workload.head_bytes) + INDEX_BYTES.value + 2.0 * ITEM_BYTES.value;
    let entries = count(workload.item_bytes.saturating_sub(workload.head_bytes))
        + count(workload.items.saturating_sub(1)) * ITEM_BYTES.value;
    (head * retention_days + entries * (retention_days + ENTRY_DAYS.value)) / DAYS_PER_MONTH / BYTES_PER_GB
}

fn function_gb_seconds(workload: &Workload, invocations: f64) -> f64 {
    let usage = &workload.usage;
    let requests = usage.table_requests.values().sum::<u64>()
        + usage.mailbox_sends
        + usage.timer_sends
        + usage.call_sends
        + 2 * usage.schedules;
    let api = workload.api_milliseconds.unwrap_or(API_MILLISECONDS.value);
    let transition = workload.transition_milliseconds.unwrap_or_else(|| {
        (invocations - 1.0) * WAKE_MILLISECONDS.value
            + count(requests) * REQUEST_MILLISECONDS.value
            + workload.tasks_milliseconds()
    });
    (api + transition) / 1000.0 * FUNCTION_MB.value / MB_PER_GB
}

fn express(workload: &Workload) -> Option<f64> {
    let states = count(workload.transitions.div_ceil(workload.tasks_at_once.max(1)));
    let seconds = count(workload.wait_seconds)
        + (workload.tasks_milliseconds() + states * EXPRESS_STATE_MILLISECONDS.value) / 1000.0;
    if seconds > EXPRESS_SECONDS_MAX {
        return None;
    }
    let billed = (seconds / EXPRESS_STEP_SECONDS).ceil() * EXPRESS_STEP_SECONDS;
    let gb_seconds = billed * EXPRESS_MB.value / MB_PER_GB;
    Some(prices::EXPRESS_REQUEST.dollars + gb_seconds * prices::EXPRESS_GB_SECOND.dollars)
}

#[cfg(test)]
mod tests {
    use super::Bill;
    use crate::commands::cost::workload::Workload;
    use serde_json::{Value, json};

    fn bill(workload: Value) -> Bill {
        Bill::of(&serde_json::from_value::<Workload>(workload).unwrap(), 90)
    }

    fn line(bill: &Bill, name: &str) -> f64 {
        let found = bill.lines.iter().find(|(line, _)| *line == name);
        // A million executions, in thousandths of a dollar.
        (found.unwrap().1 * 1e9).round()
    }

    #[test]
    fn what_was_counted_is_paid_at_list_prices() {
        let bill = bill(json!({
            "name": "n", "title": "t", "transitions": 4, "wake_ups": 1, "items": 1, "item_bytes": 0,
            "api_milliseconds": 1000, "transition_milliseconds": 3000,
            "usage": {
                "write_units": 10, "index_write_units": { "machine": 2 }, "read_units": 4,
                "mailbox_sends": 1, "timer_sends": 1, "bucket_puts": 1, "bucket_gets": 1,
            },
        }));
        let lines = [
            "DynamoDB writes",
            "DynamoDB reads",
            "SQS",
            "Scheduler",
            "Lambda",
            "API Gateway",
            "S3 requests",
        ];
        let dollars = lines.map(|name| line(&bill, name));
        assert_eq!(dollars, [7500.0, 500.0, 2700.0, 0.0, 13733.0, 1000.0, 5400.0]);
        assert!(bill.durations_measured);
        assert_eq!((bill.standard * 1e6).round() as i64, 100);
    }

    #[test]
    fn what_is_kept_for_longer_costs_more() {
        let workload: Workload = serde_json::from_value(json!({
            "name": "n", "title": "t", "transitions": 1, "items": 2, "item_bytes": 3000, "head_bytes": 1000, "usage": {},
        }))
        .unwrap();
        let of = |days| line(&Bill::of(&workload, days), "DynamoDB storage");
        // 1,400 bytes for the retention and 2,100 for a month longer, at 45 cents.
        assert_eq!((of(0), of(90)), (869.0, 5211.0));
    }

    #[test]
    fn a_schedule_is_two_messages_and_two_invocations() {
        let bill = bill(json!({
            "name": "n", "title": "t", "transitions": 1, "wake_ups": 2, "items": 1, "item_bytes": 0,
            "wait_seconds": 1200, "usage": { "schedules": 1 },
        }));
        assert_eq!((line(&bill, "Scheduler"), line(&bill, "SQS")), (1000.0, 2400.0));
        assert!(bill.express.is_none() && !bill.durations_measured);
    }

    #[test]
    fn express_is_billed_by_64_megabytes_and_a_tenth_of_a_second() {
        let bill = bill(json!({
            "name": "n", "title": "t", "transitions": 1, "tasks": 1, "task_milliseconds": 101, "items": 1,
            "item_bytes": 0, "usage": {},
        }));
        assert_eq!((bill.express.unwrap() * 1e9).round() as i64, 1000 + 208);
    }
}
