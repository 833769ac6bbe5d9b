//! What SQS hands to a Lambda function: wake-ups of the mailbox, and timers of the delay queue.

use crate::mailbox::envelope;
use crate::timers::AwsTimers;
use futures_util::future::join_all;
use ports::Envelope;
use serde_json::{Value, json};
use std::fmt::Display;

/// Gives every message of an SQS event to `take`, all at once, and returns the partial batch response.
///
/// A message that is not taken stays in its queue and comes again; one bad message holds up no other.
pub async fn each_message<F, T, E>(event: &Value, timers: &AwsTimers, take: F) -> Value
where
    F: Fn(Envelope) -> T,
    T: Future<Output = Result<(), E>>,
    E: Display,
{
    let records = event.get("Records").and_then(Value::as_array);
    let taken = records.into_iter().flatten().map(|record| {
        let take = &take;
        async move {
            let text = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or_default();
            let envelope = match envelope(text("body")) {
                Ok(envelope) => Ok(Some(envelope)),
                Err(_) => timers
                    .fired(text("body"))
                    .await
                    .map_err(|error| error.to_string()),
            };
            let outcome = match envelope {
                Ok(Some(envelope)) => take(envelope).await.map_err(|error| error.to_string()),
                // The timer was sent on, because its time has not come.
                Ok(None) => Ok(()),
                Err(reason) => Err(reason),
            };
            outcome.err().map(|reason| {
                // Lambda's log takes what a function writes.
                eprintln!("message {} stays in its queue: {reason}", text("messageId"));
                json!({ "itemIdentifier": text("messageId") })
            })
        }
    });
    let failures: Vec<Value> = join_all(taken).await.into_iter().flatten().collect();
    json!({ "batchItemFailures": failures })
}

#[cfg(test)]
mod tests {
    use super::each_message;
    use crate::timers::{AwsTimers, Places};
    use ports::Envelope;
    use serde_json::json;

    fn timers() -> AwsTimers {
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
        AwsTimers::new(
            sqs,
            aws_sdk_scheduler::Client::from_conf(scheduler.build()),
            places,
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
            { "messageId": "2", "body": wake("bad") },
            { "messageId": "3", "body": "neither" },
            { "messageId": "4", "body": json!({ "key": { "machine": "r:a:m", "name": "due" }, "incarnation": "1", "at": 5 }).to_string() },
        ] });
        let seen = std::cell::RefCell::new(Vec::new());
        let answer = each_message(&event, &timers(), async |envelope: Envelope| {
            seen.borrow_mut().push(envelope.key.name.to_string());
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
        assert_eq!(seen.into_inner(), ["good", "bad", "due"]);
    }
}
