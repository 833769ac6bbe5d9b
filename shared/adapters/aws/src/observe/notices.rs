//! What a person should look at: failed executions and dead letters, published to an SNS topic.
//!
//! A notice is a JSON document whose first member says in a sentence what happened.

use super::buffer::Change;
use super::escaped;
use crate::reason::reason;
use aws_sdk_sns::types::PublishBatchRequestEntry;
use engine::Status;
use serde_json::{Value, json};
use std::sync::Arc;

/// SNS takes subjects of fewer characters.
const SUBJECT_MAX: usize = 99;
/// Bytes of a cause or of a dead letter, once it is escaped; SNS takes 256 KiB for all of a request.
const TEXT_BYTES_MAX: usize = 192 * 1024;
const REQUEST_BYTES_MAX: usize = 256 * 1024;
/// SNS takes so many messages in one request.
const BATCH_MAX: usize = 10;
/// More notices at once help nobody.
const NOTICES_MAX: usize = 100;

/// One message to the topic.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Notice {
    pub(super) subject: String,
    pub(super) body: Value,
}

/// Publishes notices to a topic.
#[derive(Debug)]
pub(super) struct Notices {
    topics: aws_sdk_sns::Client,
    topic: Arc<str>,
}

impl Notices {
    pub(super) fn new(topics: aws_sdk_sns::Client, topic: Arc<str>) -> Notices {
        Notices { topics, topic }
    }

    /// Publishes notices; returns how many could not be published.
    pub(super) async fn send(&self, mut notices: Vec<Notice>) -> u64 {
        let mut lost = notices.len().saturating_sub(NOTICES_MAX) as u64;
        if lost > 0 {
            eprintln!(
                "{lost} notices are too many at once, and are not sent to `{}`",
                self.topic
            );
            notices.truncate(NOTICES_MAX);
        }
        for batch in batches(&notices) {
            lost += self.publish(batch).await;
        }
        lost
    }

    async fn publish(&self, batch: Vec<(String, String)>) -> u64 {
        let sent = batch.len() as u64;
        let mut request = self.topics.publish_batch().topic_arn(&*self.topic);
        for (number, (subject, message)) in batch.into_iter().enumerate() {
            let entry = PublishBatchRequestEntry::builder()
                .id(number.to_string())
                .subject(subject)
                .message(message);
            match entry.build() {
                Ok(entry) => request = request.publish_batch_request_entries(entry),
                Err(error) => eprintln!("a notice cannot be sent: {error}"),
            }
        }
        match Box::pin(request.send()).await {
            Ok(answer) => {
                for failed in answer.failed() {
                    let message = failed.message().unwrap_or("no message");
                    eprintln!(
                        "a notice is not sent to `{}`: {}: {message}",
                        self.topic,
                        failed.code()
                    );
                }
                sent.saturating_sub(answer.successful().len() as u64)
            }
            Err(error) => {
                eprintln!(
                    "{sent} notices are not sent to `{}`: {}",
                    self.topic,
                    reason(&error)
                );
                sent
            }
        }
    }
}

/// Returns the notice of an execution that failed or timed out; no other change needs a person.
pub(super) fn of_change(change: &Change) -> Option<Notice> {
    let happened = match change.status {
        Status::Failed => "failed",
        Status::TimedOut => "timed out",
        Status::Running | Status::Succeeded | Status::Aborted => return None,
    };
    let identity = &change.identity;
    let (name, machine) = (&identity.name, &identity.machine_name);
    let error = change
        .error
        .as_deref()
        .map_or(String::new(), |error| format!(": {error}"));
    let cause = change
        .cause
        .as_deref()
        .map(|cause| escaped::cut(cause, TEXT_BYTES_MAX).0);
    Some(Notice {
        subject: subject(&format!("Stepwell: an execution of {machine} {happened}")),
        body: json!({
            "message": format!("Execution `{name}` of state machine `{machine}` {happened}{error}"),
            "kind": "ExecutionStatusChange",
            "status": change.status.name(),
            "executionArn": &*identity.arn,
            "stateMachineArn": &*identity.machine_arn,
            "name": &**name,
            "startDate": identity.started.to_string(),
            "stopDate": change.at.to_string(),
            "error": change.error,
            "cause": cause,
            "redriveCount": change.redrive_count,
        }),
    })
}

/// Returns the notices of dead letters, given as the event that SQS hands to a Lambda function.
pub(super) fn of_dead_letters(event: &Value) -> Vec<Notice> {
    let records = event.get("Records").and_then(Value::as_array);
    records.into_iter().flatten().map(of_dead_letter).collect()
}

fn of_dead_letter(record: &Value) -> Notice {
    let text = |member: &str| record.get(member).and_then(Value::as_str).unwrap_or_default();
    let attribute = |name: &str| record.get("attributes").and_then(|all| all.get(name)?.as_str());
    let queue = text("eventSourceARN").rsplit(':').next().unwrap_or_default();
    let body = text("body");
    let read: Option<Value> = serde_json::from_str(body).ok();
    let key = read.as_ref().and_then(|read| read.get("key"));
    let of_key = |member: &str| key.and_then(|key| key.get(member)?.as_str());
    let execution = of_key("machine").zip(of_key("name"));
    let whose = execution.map_or(String::new(), |(machine, name)| {
        format!(" of execution `{name}` of `{machine}`")
    });
    let (shown, is_whole) = escaped::cut(body, TEXT_BYTES_MAX);
    let count = attribute("ApproximateReceiveCount").and_then(|count| count.parse::<u64>().ok());
    let sent = attribute("SentTimestamp").and_then(|millis| millis.parse().ok());
    Notice {
        subject: subject(&format!("Stepwell: a message is left in {queue}")),
        body: json!({
            "message": format!("A message{whose} could not be handled and is kept in the queue `{queue}`"),
            "kind": "DeadLetter",
            "queue": queue,
            "messageId": text("messageId"),
            "receiveCount": count,
            "sentDate": sent.map(|millis| engine::Timestamp(millis).to_string()),
            "execution": execution.map(|(machine, name)| json!({ "machine": machine, "name": name })),
            "incarnation": read.as_ref().and_then(|read| read.get("incarnation")?.as_str()),
            "body": shown,
            "bodyTruncated": !is_whole,
        }),
    }
}

/// Returns a subject that SNS takes: one short line of printable ASCII.
fn subject(text: &str) -> String {
    let printable = |letter: char| match letter {
        ' '..='~' => letter,
        _ => '?',
    };
    text.chars().map(printable).take(SUBJECT_MAX).collect()
}

/// Divides notices into requests; each is a subject and a message.
fn batches(notices: &[Notice]) -> Vec<Vec<(String, String)>> {
    let mut batches: Vec<Vec<(String, String)>> = Vec::new();
    let mut bytes = 0;
    for notice in notices {
        // It cannot fail: the keys are strings.
        let message = serde_json::to_string_pretty(&notice.body).unwrap_or_default();
        let size = notice.subject.len() + message.len();
        let fits =
            |batch: &&mut Vec<(String, String)>| batch.len() < BATCH_MAX && bytes + size <= REQUEST_BYTES_MAX;
        match batches.last_mut().filter(fits) {
            Some(batch) => {
                bytes += size;
                batch.push((notice.subject.clone(), message));
            }
            None => {
                bytes = size;
                batches.push(vec![(notice.subject.clone(), message)]);
            }
        }
    }
    batches
}
