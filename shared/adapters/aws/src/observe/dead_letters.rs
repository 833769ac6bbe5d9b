//! Dead letters: looked at where they are, and left there.
//!
//! A queue of dead letters that feeds a function would lose its messages, and the operator wants them: to see what was
//! wrong, and to send them back. So the sweep looks into the queues. It receives a message only to hide it for a
//! minute, and never deletes one. As it sees every message again each time, it tells of one that was seen once, twice,
//! four times, eight times ...: once soon, and then ever more seldom until somebody has dealt with it. A notice that
//! was lost is made up for by the next.

use crate::reason::reason;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// How often a message is received before it is a dead letter: `maxReceiveCount` of the queues in the template.
const RECEIVES_BEFORE: u64 = 10;
/// For how long a message is hidden, so that one look at the queue sees it once.
const HIDDEN_SECONDS: i32 = 60;
/// SQS gives so many messages at once.
const BATCH_MAX: i32 = 10;
/// How often one look asks; further messages are seen the next time.
const RECEIVES_MAX: u32 = 10;

/// Returns the messages of a queue that somebody should be told of now, as the event that a function would be handed.
pub(super) async fn due(queues: &aws_sdk_sqs::Client, url: &Arc<str>) -> Result<Value, String> {
    let mut records = Vec::new();
    for _ in 0..RECEIVES_MAX {
        let request = queues
            .receive_message()
            .queue_url(&**url)
            .max_number_of_messages(BATCH_MAX)
            .visibility_timeout(HIDDEN_SECONDS)
            .message_system_attribute_names(MessageSystemAttributeName::All);
        let received = Box::pin(request.send()).await.map_err(|error| reason(&error))?;
        let messages = received.messages.unwrap_or_default();
        if messages.is_empty() {
            break;
        }
        records.extend(messages.iter().map(|message| record(message, url)));
    }
    records.retain(is_due);
    Ok(json!({ "Records": records }))
}

/// Returns a message as SQS hands it to a function.
fn record(message: &Message, url: &str) -> Value {
    let mut attributes = Map::new();
    let of_message = message.attributes.iter().flatten();
    let mut sorted: Vec<_> = of_message.map(|(name, value)| (name.as_str(), value)).collect();
    sorted.sort_unstable();
    for (name, value) in sorted {
        attributes.insert(name.to_owned(), value.as_str().into());
    }
    json!({
        "messageId": message.message_id,
        "body": message.body,
        "attributes": attributes,
        "eventSourceARN": url.rsplit('/').next(),
    })
}

/// Returns whether it is time to tell of a message.
pub(super) fn is_due(record: &Value) -> bool {
    let count = record
        .pointer("/attributes/ApproximateReceiveCount")
        .and_then(Value::as_str);
    let count: u64 = count.and_then(|count| count.parse().ok()).unwrap_or(1);
    // SQS counts over both queues; who counts anew gets here below.
    let seen = if count > RECEIVES_BEFORE {
        count - RECEIVES_BEFORE
    } else {
        count
    };
    seen.is_power_of_two()
}
