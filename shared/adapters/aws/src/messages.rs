//! What SQS hands over: wake-ups of the mailbox, long calls, and timers of the delay queue.
//!
//! A message is what brings an execution back after a crash, so it stays in its queue until it is taken. How soon it
//! comes back is a matter of its visibility: the queues' own is longer than a function may run, because Lambda demands
//! it, and [`Messages`] shortens it to a minute and a half as long as somebody is alive to extend it.

use crate::mailbox::envelope;
use crate::meter::Meter;
use crate::settings::AwsSettings;
use crate::timers::AwsTimers;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, MessageSystemAttributeName,
};
use futures_util::future::{Either, join_all, select};
use ports::Envelope;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

/// The queues, for whoever takes their messages.
#[derive(Clone, Debug)]
pub struct Messages {
    client: Client,
    timers: AwsTimers,
    /// The queues' URLs, by their names.
    urls: BTreeMap<String, Arc<str>>,
    meter: Option<Meter>,
}

/// How long work lasts before its messages are looked after: most is done earlier, and costs no requests.
const FIRST_LOOK: Duration = Duration::from_secs(2);
/// How often they are looked after then.
const LOOK_AGAIN: Duration = Duration::from_secs(30);
/// For how long a message is invisible that somebody is at work on: two looks may fail.
const VISIBLE_AFTER_SECONDS: i32 = 90;
/// SQS: messages in one request.
const BATCH_MAX: usize = 10;
/// SQS: how long a request may wait for messages.
const POLL_SECONDS: i32 = 20;
/// How long a poller rests after SQS has failed it.
const POLL_PAUSE: Duration = Duration::from_secs(5);

/// One message that was received.
#[derive(Debug)]
struct Received {
    /// The queue; `None` when it is none of ours.
    url: Option<Arc<str>>,
    id: String,
    receipt: String,
    body: String,
    /// How often it has come, this time included.
    receives: u32,
    standing: AtomicU8,
}

const AT_WORK: u8 = 0;
const TAKEN: u8 = 1;
const REFUSED: u8 = 2;
const DELETED: u8 = 3;

impl Messages {
    /// Returns the messages of these queues.
    pub fn new(client: Client, timers: AwsTimers, urls: impl IntoIterator<Item = Arc<str>>) -> Messages {
        let named = urls.into_iter().map(|url| (name_of(&url).to_owned(), url));
        Messages {
            client,
            timers,
            urls: named.collect(),
            meter: None,
        }
    }

    /// Returns the same messages, whose receiving, extending and deleting this meter counts; Lambda's own is not seen.
    pub fn metered(self, meter: Option<Meter>) -> Messages {
        Messages {
            timers: self.timers.metered(meter.clone()),
            meter,
            ..self
        }
    }

    fn count(&self) {
        if let Some(meter) = &self.meter {
            meter.handled();
        }
    }

    /// Returns the messages of a stack's queues; uses no network.
    pub async fn of(settings: &AwsSettings) -> Messages {
        let configuration = crate::clients::configuration().await;
        let client = Client::new(&configuration);
        let timers = crate::timers_of(settings, &configuration, client.clone());
        let urls = [&settings.mailbox_url, &settings.calls_url, &settings.timers_url];
        Messages::new(client, timers, urls.map(Arc::clone))
    }

    /// Gives every message of a Lambda function's SQS event to `take`, all at once, with how often it has come; returns
    /// the partial batch response.
    ///
    /// A message that is not taken stays in its queue and comes again; one bad message holds up no other, and neither
    /// does a slow one: what is done long before the last message of its batch is deleted at once.
    pub async fn each<F, T, E>(&self, event: &Value, take: F) -> Value
    where
        F: Fn(Envelope, u32) -> T,
        T: Future<Output = Result<(), E>>,
        E: Display,
    {
        let records = event.get("Records").and_then(Value::as_array);
        let received: Vec<Received> = records
            .into_iter()
            .flatten()
            .map(|record| self.record(record))
            .collect();
        let work = join_all(received.iter().map(|message| self.handle(message, &take)));
        self.keep_while(&received, work).await;
        let refused = received.iter().filter(|message| message.stands(REFUSED));
        let failures: Vec<Value> = refused
            .map(|message| json!({ "itemIdentifier": message.id }))
            .collect();
        json!({ "batchItemFailures": failures })
    }

    /// Polls a queue until `stop` ends, and gives every message to `take`, at most `most` at once; a message that was
    /// taken is deleted. Returns when the messages that were received are done.
    pub async fn poll<F, T, E>(&self, url: &Arc<str>, most: usize, stop: impl Future<Output = ()>, take: F)
    where
        F: Fn(Envelope, u32) -> T + Clone + Send + Sync + 'static,
        T: Future<Output = Result<(), E>> + Send,
        E: Display + Send,
    {
        let slots = Arc::new(tokio::sync::Semaphore::new(most.max(1)));
        let mut stop = pin!(stop);
        loop {
            let free = slots.available_permits().clamp(1, BATCH_MAX);
            let permits = pin!(Arc::clone(&slots).acquire_many_owned(u32::try_from(free).unwrap_or(1)));
            let permits = match select(permits, &mut stop).await {
                Either::Left((Ok(permits), _)) => permits,
                Either::Left((Err(_), _)) | Either::Right(_) => break,
            };
            let receive = pin!(self.receive(url, free));
            let received = match select(receive, &mut stop).await {
                Either::Left((Ok(received), _)) => received,
                Either::Left((Err(reason), _)) => {
                    eprintln!("the queue `{}` does not answer: {reason}", name_of(url));
                    tokio::time::sleep(POLL_PAUSE).await;
                    continue;
                }
                Either::Right(_) => break,
            };
            let mut permits = permits;
            for message in received {
                let (this, take, permit) = (self.clone(), take.clone(), permits.split(1));
                tokio::spawn(async move {
                    let message = [message];
                    this.keep_while(&message, this.handle(&message[0], &take)).await;
                    this.delete(message.iter().filter(|message| message.stands(TAKEN)).collect())
                        .await;
                    drop(permit);
                });
            }
        }
        let all = u32::try_from(most.max(1)).unwrap_or(u32::MAX);
        // Every message that is being worked on holds a permit.
        let _ = slots.acquire_many(all).await;
    }

    async fn receive(&self, url: &Arc<str>, most: usize) -> Result<Vec<Received>, String> {
        self.count();
        let request = self
            .client
            .receive_message()
            .queue_url(&**url)
            .max_number_of_messages(i32::try_from(most).unwrap_or(1))
            .wait_time_seconds(POLL_SECONDS)
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount);
        let answer = Box::pin(request.send())
            .await
            .map_err(|error| crate::reason::reason(&error))?;
        let received = answer.messages.unwrap_or_default().into_iter().map(|message| {
            let count = message.attributes.and_then(|attributes| {
                let count = attributes.get(&MessageSystemAttributeName::ApproximateReceiveCount)?;
                count.parse().ok()
            });
            Received {
                url: Some(Arc::clone(url)),
                id: message.message_id.unwrap_or_default(),
                receipt: message.receipt_handle.unwrap_or_default(),
                body: message.body.unwrap_or_default(),
                receives: count.unwrap_or(1),
                standing: AtomicU8::new(AT_WORK),
            }
        });
        Ok(received.collect())
    }

    fn record(&self, record: &Value) -> Received {
        let text = |name: &str| {
            let text = record.get(name).and_then(Value::as_str);
            text.unwrap_or_default().to_owned()
        };
        let source = text("eventSourceARN");
        let count = record.pointer("/attributes/ApproximateReceiveCount");
        Received {
            url: self
                .urls
                .get(source.rsplit(':').next().unwrap_or_default())
                .cloned(),
            id: text("messageId"),
            receipt: text("receiptHandle"),
            body: text("body"),
            receives: count
                .and_then(Value::as_str)
                .and_then(|count| count.parse().ok())
                .unwrap_or(1),
            standing: AtomicU8::new(AT_WORK),
        }
    }

    async fn handle<F, T, E>(&self, message: &Received, take: &F)
    where
        F: Fn(Envelope, u32) -> T,
        T: Future<Output = Result<(), E>>,
        E: Display,
    {
        let envelope = match envelope(&message.body) {
            Ok(envelope) => Ok(Some(envelope)),
            Err(_) => self
                .timers
                .fired(&message.body)
                .await
                .map_err(|error| error.to_string()),
        };
        let outcome = match envelope {
            Ok(Some(envelope)) => take(envelope, message.receives)
                .await
                .map_err(|error| error.to_string()),
            // The timer was sent on, because its time has not come.
            Ok(None) => Ok(()),
            Err(reason) => Err(reason),
        };
        let standing = match outcome {
            Ok(()) => TAKEN,
            Err(reason) => {
                // Lambda's log takes what a function writes.
                eprintln!("message {} stays in its queue: {reason}", message.id);
                REFUSED
            }
        };
        message.standing.store(standing, Ordering::Relaxed);
    }

    /// Does the work on messages and looks after them: those that it is still at stay invisible, those that are done
    /// long before the others are deleted.
    async fn keep_while(&self, received: &[Received], work: impl Future) {
        let mut work = pin!(work);
        let mut pause = FIRST_LOOK;
        loop {
            let rest = pin!(tokio::time::sleep(pause));
            if let Either::Left(_) = select(&mut work, rest).await {
                return;
            }
            pause = LOOK_AGAIN;
            let keep = async {
                let those = |standing| received.iter().filter(move |message| message.stands(standing));
                self.extend(those(AT_WORK).collect()).await;
                self.delete(those(TAKEN).collect()).await;
            };
            if let Either::Left(_) = select(&mut work, pin!(keep)).await {
                return;
            }
        }
    }

    async fn extend(&self, messages: Vec<&Received>) {
        for (url, messages) in by_queue(messages) {
            let entries = messages.iter().map(|message| {
                ChangeMessageVisibilityBatchRequestEntry::builder()
                    .id(&message.id)
                    .receipt_handle(&message.receipt)
                    .visibility_timeout(VISIBLE_AFTER_SECONDS)
                    .build()
            });
            let Ok(entries) = entries.collect() else { return };
            self.count();
            let request = self.client.change_message_visibility_batch().queue_url(&*url);
            let sent = Box::pin(request.set_entries(Some(entries)).send()).await;
            if let Err(error) = sent {
                eprintln!("messages may come twice: {}", crate::reason::reason(&error));
            }
        }
    }

    async fn delete(&self, messages: Vec<&Received>) {
        for (url, messages) in by_queue(messages) {
            let entries = messages.iter().map(|message| {
                DeleteMessageBatchRequestEntry::builder()
                    .id(&message.id)
                    .receipt_handle(&message.receipt)
                    .build()
            });
            let Ok(entries) = entries.collect() else { return };
            self.count();
            let request = self.client.delete_message_batch().queue_url(&*url);
            match Box::pin(request.set_entries(Some(entries)).send()).await {
                Ok(answer) => {
                    for message in messages {
                        if answer.successful.iter().any(|deleted| deleted.id == message.id) {
                            message.standing.store(DELETED, Ordering::Relaxed);
                        }
                    }
                }
                Err(error) => eprintln!("messages will come twice: {}", crate::reason::reason(&error)),
            }
        }
    }
}

impl Received {
    fn stands(&self, standing: u8) -> bool {
        self.standing.load(Ordering::Relaxed) == standing
    }
}

/// Returns the messages of our queues, as many together as one request takes.
fn by_queue(messages: Vec<&Received>) -> Vec<(Arc<str>, Vec<&Received>)> {
    let mut queues: Vec<(Arc<str>, Vec<&Received>)> = Vec::new();
    for message in messages {
        let Some(url) = &message.url else { continue };
        let queue = queues
            .iter_mut()
            .find(|(known, messages)| known == url && messages.len() < BATCH_MAX);
        match queue {
            Some((_, messages)) => messages.push(message),
            None => queues.push((Arc::clone(url), vec![message])),
        }
    }
    queues
}

fn name_of(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::Messages;
    use crate::timers::{AwsTimers, Places};
    use ports::Envelope;
    use serde_json::json;

    fn messages() -> Messages {
        let sqs =
            aws_sdk_sqs::Config::builder().behavior_version(aws_sdk_sqs::config::BehaviorVersion::latest());
        let scheduler = aws_sdk_scheduler::Config::builder()
            .behavior_version(aws_sdk_scheduler::config::BehaviorVersion::latest());
        let places = Places {
            queue_url: "https://sqs/t".into(),
            queue_arn: "arn:aws:sqs:us-east-1:123456789012:t".into(),
            schedule_group: "g".into(),
            schedule_role: "r".into(),
        };
        let sqs = aws_sdk_sqs::Client::from_conf(sqs.build());
        let timers = AwsTimers::new(
            sqs.clone(),
            aws_sdk_scheduler::Client::from_conf(scheduler.build()),
            places,
        );
        Messages::new(
            sqs,
            timers,
            ["https://sqs/1/t".into(), "https://sqs/1/m.fifo".into()],
        )
    }

    #[tokio::test]
    async fn a_message_that_is_not_taken_stays_and_the_others_go() {
        let wake = |name: &str| {
            json!({
                "key": { "machine": "r:a:m", "name": name },
                "incarnation": "1",
                "message": "Wake",
                "deduplication": "0#start",
            })
            .to_string()
        };
        let event = json!({ "Records": [
            { "messageId": "1", "body": wake("good") },
            { "messageId": "2", "body": wake("bad"), "attributes": { "ApproximateReceiveCount": "3" } },
            { "messageId": "3", "body": "neither" },
            { "messageId": "4", "body": json!({ "key": { "machine": "r:a:m", "name": "due" }, "incarnation": "1", "at": 5 }).to_string() },
        ] });
        let seen = std::cell::RefCell::new(Vec::new());
        let answer = messages()
            .each(&event, async |envelope: Envelope, receives| {
                seen.borrow_mut().push((envelope.key.name.to_string(), receives));
                if *envelope.key.name == *"bad" {
                    Err("no")
                } else {
                    Ok(())
                }
            })
            .await;
        assert_eq!(
            answer,
            json!({ "batchItemFailures": [{ "itemIdentifier": "2" }, { "itemIdentifier": "3" }] })
        );
        let seen = seen.into_inner();
        let names: Vec<(&str, u32)> = seen.iter().map(|(name, count)| (name.as_str(), *count)).collect();
        assert_eq!(names, [("good", 1), ("bad", 3), ("due", 1)]);
    }

    #[test]
    fn a_record_knows_its_queue_by_name() {
        let record = json!({ "messageId": "1", "eventSourceARN": "arn:aws:sqs:us-east-1:1:m.fifo" });
        let messages = messages();
        assert_eq!(
            messages.record(&record).url.as_deref(),
            Some("https://sqs/1/m.fifo")
        );
        let record = json!({ "messageId": "1", "eventSourceARN": "arn:aws:sqs:us-east-1:1:other" });
        assert_eq!(messages.record(&record).url, None);
    }
}
