//! Wake-ups through an SQS FIFO queue, long calls through a standard one; activity tasks in the table.

use crate::activities::Activities;
use crate::hash;
use crate::jobs::Jobs;
use crate::journal::Retention;
use crate::meter::Meter;
use crate::reason::reason;
use crate::store::{Store, StoreError};
use async_trait::async_trait;
use aws_sdk_sqs::Client;
use ports::{ActivityTask, Envelope, Mailbox, MailboxError, Watcher};
use std::sync::Arc;
use std::time::Duration;

/// The mailbox: a FIFO queue to the driver, a queue of long calls, and a table of tasks for workers.
#[derive(Clone, Debug)]
pub struct AwsMailbox {
    client: Client,
    url: Arc<str>,
    calls_url: Arc<str>,
    activities: Activities,
    jobs: Jobs,
    meter: Option<Meter>,
}

impl AwsMailbox {
    /// Returns the mailbox of two queues and a table: `url` is the FIFO queue's, `calls_url` that of the long calls.
    pub fn new(
        client: Client,
        url: impl Into<Arc<str>>,
        calls_url: impl Into<Arc<str>>,
        store: Store,
        retention: Retention,
    ) -> AwsMailbox {
        AwsMailbox {
            client,
            url: url.into(),
            calls_url: calls_url.into(),
            jobs: Jobs {
                store: store.clone(),
                retention,
            },
            activities: Activities { store, retention },
            meter: None,
        }
    }

    /// Returns the same mailbox, whose messages this meter counts; its table's requests are counted by the store.
    pub fn metered(self, meter: Option<Meter>) -> AwsMailbox {
        AwsMailbox { meter, ..self }
    }
}

/// Reads a message of the queue.
///
/// # Errors
///
/// When the text is not what a mailbox posts.
pub fn envelope(body: &str) -> Result<Envelope, serde_json::Error> {
    serde_json::from_str(body)
}

/// SQS: 1 MiB.
const BODY_BYTES_MAX: usize = 1024 * 1024;

/// What SQS is told of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Posted {
    /// Messages of one execution arrive one after the other.
    group: String,
    /// SQS drops a second message with this within five minutes, even after the first was deleted: it is never constant.
    deduplication: String,
    body: String,
}

fn posted(envelope: &Envelope) -> Result<Posted, MailboxError> {
    let body = serde_json::to_string(envelope).map_err(|error| MailboxError(error.to_string()))?;
    if body.len() > BODY_BYTES_MAX {
        return Err(MailboxError(format!(
            "a message to the execution `{}` has {} bytes, but SQS takes at most {BODY_BYTES_MAX}",
            envelope.key.name,
            body.len()
        )));
    }
    let key = &envelope.key;
    // A sweep looks after executions whose last message is in the hands of somebody who may be dead, and would hold up
    // every other message of the group until it comes back.
    let group: &[&str] = if envelope.deduplication.ends_with("#sweep") {
        &[&key.machine, &key.name, "sweep"]
    } else {
        &[&key.machine, &key.name]
    };
    Ok(Posted {
        group: hash::name_of(group),
        // SQS remembers it for the whole queue, so that it must name the execution; its incarnation does.
        deduplication: hash::name_of(&[&envelope.incarnation, &envelope.deduplication]),
        body,
    })
}

#[async_trait]
impl Mailbox for AwsMailbox {
    async fn post(&self, envelope: Envelope) -> Result<(), MailboxError> {
        let posted = posted(&envelope)?;
        if let Some(meter) = &self.meter {
            meter.posted(&posted.body);
        }
        let request = self
            .client
            .send_message()
            .queue_url(&*self.url)
            .message_group_id(posted.group)
            .message_deduplication_id(posted.deduplication)
            .message_body(posted.body);
        let sent = Box::pin(request.send()).await;
        sent.map(|_| ()).map_err(|error| MailboxError(reason(&error)))
    }

    async fn hand_over(&self, envelope: Envelope) -> Result<(), MailboxError> {
        let body = posted(&envelope)?.body;
        if let Some(meter) = &self.meter {
            meter.handed_over(&body);
        }
        let request = self
            .client
            .send_message()
            .queue_url(&*self.calls_url)
            .message_body(body);
        let sent = Box::pin(request.send()).await;
        sent.map(|_| ()).map_err(|error| MailboxError(reason(&error)))
    }

    async fn offer(&self, task: ActivityTask) -> Result<(), MailboxError> {
        Ok(self.activities.offer(&task).await?)
    }

    async fn take(&self, activity_arn: &str, wait: Duration) -> Result<Option<ActivityTask>, MailboxError> {
        Ok(self.activities.take(activity_arn, wait).await?)
    }

    async fn watch(&self, handle: &str, watcher: Watcher) -> Result<(), MailboxError> {
        Ok(self.jobs.watch(handle, &watcher).await?)
    }

    async fn watcher(&self, handle: &str) -> Result<Option<Watcher>, MailboxError> {
        Ok(self.jobs.watcher(handle).await?)
    }
}

impl From<StoreError> for MailboxError {
    fn from(error: StoreError) -> MailboxError {
        MailboxError(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::{envelope, posted};
    use engine::{CallId, ExecutionKey, Message};
    use ports::Envelope;

    fn example(incarnation: &str, deduplication: &str) -> Envelope {
        Envelope {
            key: ExecutionKey {
                machine: "us-east-1:123456789012:M".into(),
                name: "e".into(),
            },
            incarnation: incarnation.into(),
            message: Message::CallSucceeded {
                call: CallId(3),
                output: "{\"a\": \"ä\"}".to_owned(),
            },
            deduplication: deduplication.to_owned(),
        }
    }

    #[test]
    fn a_message_arrives_as_it_was_posted() {
        let sent = example("1", "3#result");
        assert_eq!(envelope(&posted(&sent).unwrap().body).unwrap(), sent);
        assert!(envelope("{}").is_err());
    }

    #[test]
    fn the_group_is_the_execution_and_the_deduplication_its_incarnation_and_reason() {
        let one = posted(&example("1", "3#result")).unwrap();
        let same = posted(&example("1", "3#result")).unwrap();
        let reason = posted(&example("1", "4#result")).unwrap();
        let incarnation = posted(&example("2", "3#result")).unwrap();
        assert_eq!(one, same);
        assert_eq!((&one.group, &one.group), (&reason.group, &incarnation.group));
        assert_ne!(one.deduplication, reason.deduplication);
        assert_ne!(one.deduplication, incarnation.deduplication);
        let mut other = example("1", "3#result");
        other.key.name = "f".into();
        assert_ne!(posted(&other).unwrap().group, one.group);
    }

    #[test]
    fn what_sqs_would_not_take_is_refused_with_its_size() {
        let mut large = example("1", "3#result");
        large.message = Message::Poison {
            cause: "x".repeat(1024 * 1024),
        };
        let error = posted(&large).unwrap_err().to_string();
        assert!(error.contains("SQS takes at most 1048576"), "{error}");
    }
}
