//! Status changes of Standard executions as EventBridge events.
//!
//! They are those of Step Functions but for their source: AWS takes no events from others whose source begins with
//! `aws.`.

use super::buffer::Change;
use super::escaped;
use super::send;
use super::stored::Stored;
use calls::Caller;
use engine::{ExecutionType, NotRedrivable, Status, Timestamp};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::sync::Arc;

const SOURCE: &str = "stepwell.states";
const DETAIL_TYPE: &str = "Step Functions Execution Status Change";
/// Input and output are left out when they are longer, once they are escaped.
const DATA_BYTES_MAX: usize = 248 * 1024;
/// EventBridge takes so many bytes in one request, and so in one event.
const REQUEST_BYTES_MAX: usize = 256 * 1024;
/// And so many events.
const ENTRIES_MAX: usize = 10;
/// What EventBridge counts for an event's time.
const TIME_BYTES: usize = 14;

/// Tells an event bus of status changes.
pub(super) struct StatusEvents {
    caller: Arc<Caller>,
    bus: Arc<str>,
    stored: Stored,
}

impl StatusEvents {
    pub(super) fn new(caller: Arc<Caller>, bus: Arc<str>, stored: Stored) -> StatusEvents {
        StatusEvents { caller, bus, stored }
    }

    /// Tells of changes; returns how many could not be told.
    pub(super) async fn send(&self, changes: &[Change]) -> u64 {
        let standard = changes
            .iter()
            .filter(|change| change.identity.execution_type == ExecutionType::Standard);
        let entries = join_all(standard.map(async |change| {
            let mut change = change.clone();
            self.stored.complete_change(&mut change).await;
            entry(&change, &self.bus)
        }))
        .await;
        let mut lost = 0;
        // One request after the other: the events of an execution leave in their order.
        for batch in batches(entries) {
            lost += self.put(batch).await;
        }
        lost
    }

    /// Sends a batch, and again what the bus did not take of it; returns how many are left.
    async fn put(&self, mut batch: Vec<Value>) -> u64 {
        let mut attempt = 1;
        loop {
            let members = json!({ "Entries": batch });
            let reason = match send::call(&self.caller, "events", "PutEvents", &members).await {
                Ok(answer) => {
                    let (left, reason) = not_taken(batch, &answer);
                    batch = left;
                    reason
                }
                Err(error) => {
                    attempt = send::ATTEMPTS_MAX;
                    error.to_string()
                }
            };
            if batch.is_empty() {
                return 0;
            }
            if attempt >= send::ATTEMPTS_MAX {
                eprintln!(
                    "{} status changes are not told to `{}`: {reason}",
                    batch.len(),
                    self.bus
                );
                return batch.len() as u64;
            }
            send::pause(attempt).await;
            attempt += 1;
        }
    }
}

/// Returns a change as an entry of PutEvents.
pub(super) fn entry(change: &Change, bus: &str) -> Value {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of centuries are exact")]
    let seconds = change.at.millis() as f64 / 1000.0;
    json!({
        "EventBusName": bus,
        "Time": seconds,
        "Source": SOURCE,
        "DetailType": DETAIL_TYPE,
        "Resources": [&*change.identity.arn],
        "Detail": detail(change),
    })
}

/// Returns an event's detail: DescribeExecution's members, with all that there is no value for.
fn detail(change: &Change) -> String {
    let length = |text: Option<&Arc<str>>| text.map_or(0, |text| escaped::length(text));
    let (input, output) = (length(change.input.as_ref()), length(change.output.as_ref()));
    let shows_input = input + output <= DATA_BYTES_MAX;
    let shows_output = output <= DATA_BYTES_MAX;
    let whole = printed(change, shows_input, shows_output);
    // A long cause besides.
    if whole.len() + RESERVE_BYTES <= REQUEST_BYTES_MAX {
        return whole;
    }
    printed(change, false, false)
}

/// Bytes of an entry besides its detail.
const RESERVE_BYTES: usize = 2 * 1024;

fn printed(change: &Change, shows_input: bool, shows_output: bool) -> String {
    let identity = &change.identity;
    let input = change.input.as_deref().filter(|_| shows_input);
    let output = change.output.as_deref().filter(|_| shows_output);
    let has_output = change.status == Status::Succeeded;
    let refusal = not_redrivable(change.status);
    json!({
        "executionArn": &*identity.arn,
        "stateMachineArn": &*identity.machine_arn,
        "name": &*identity.name,
        "status": change.status.name(),
        "startDate": identity.started.millis(),
        "stopDate": Some(change.at.millis()).filter(|_| change.status != Status::Running),
        "input": input,
        "output": output,
        "stateMachineVersionArn": identity.version_arn.as_deref(),
        "stateMachineAliasArn": identity.alias_arn.as_deref(),
        "redriveCount": change.redrive_count,
        "redriveDate": change.redriven.map(Timestamp::millis),
        "redriveStatus": if refusal.is_some() { "NOT_REDRIVABLE" } else { "REDRIVABLE" },
        "redriveStatusReason": refusal,
        "inputDetails": { "included": input.is_some() },
        "outputDetails": has_output.then(|| json!({ "included": output.is_some() })),
        "error": change.error,
        "cause": change.cause,
    })
    .to_string()
}

/// Says why an execution cannot be redriven in the moment of this change, as DescribeExecution says it.
fn not_redrivable(status: Status) -> Option<String> {
    match status {
        Status::Running | Status::Succeeded => Some(NotRedrivable::Status(status).to_string()),
        Status::Failed | Status::TimedOut | Status::Aborted => None,
    }
}

/// Divides entries into requests.
pub(super) fn batches(entries: Vec<Value>) -> Vec<Vec<Value>> {
    let mut batches: Vec<Vec<Value>> = Vec::new();
    let mut bytes = 0;
    for entry in entries {
        let size = size(&entry);
        let fits = |batch: &&mut Vec<Value>| batch.len() < ENTRIES_MAX && bytes + size <= REQUEST_BYTES_MAX;
        match batches.last_mut().filter(fits) {
            Some(batch) => {
                bytes += size;
                batch.push(entry);
            }
            None => {
                bytes = size;
                batches.push(vec![entry]);
            }
        }
    }
    batches
}

/// Returns an entry's size as EventBridge counts it.
fn size(entry: &Value) -> usize {
    let text = |member: &str| entry.get(member).and_then(Value::as_str).map_or(0, str::len);
    let resource = entry.pointer("/Resources/0").and_then(Value::as_str);
    TIME_BYTES + text("Source") + text("DetailType") + text("Detail") + resource.map_or(0, str::len)
}

/// Returns the entries that PutEvents did not take, and why not.
pub(super) fn not_taken(batch: Vec<Value>, answer: &Value) -> (Vec<Value>, String) {
    let results = answer.get("Entries").and_then(Value::as_array);
    let mut left = Vec::new();
    let mut reason = String::new();
    for (place, entry) in batch.into_iter().enumerate() {
        let result = results.and_then(|results| results.get(place));
        let code = result.and_then(|result| result.get("ErrorCode")?.as_str());
        if let Some(code) = code {
            let message = result.and_then(|result| result.get("ErrorMessage")?.as_str());
            reason = format!("{code}: {}", message.unwrap_or("no message"));
            left.push(entry);
        }
    }
    (left, reason)
}
