//! Mailbox and timers on the SQS and the Scheduler that `STEPWELL_QUEUES_ENDPOINT` names; an emulator will do.
//!
//! Without the variable these tests say so and do nothing.
#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

use aws::{AwsMailbox, AwsTimers, Places, Retention, Store, SystemClock, envelope};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_sqs::types::{Message as Received, QueueAttributeName};
use aws_smithy_http_client::Builder;
use engine::{ExecutionKey, Message, Timestamp};
use ports::conformance::{self, unique};
use ports::{Clock as _, Envelope, Mailbox as _, Timers as _};
use std::time::Duration;

const ENDPOINT: &str = "STEPWELL_QUEUES_ENDPOINT";

fn configuration(test: &str) -> Option<SdkConfig> {
    let Ok(endpoint) = std::env::var(ENDPOINT) else {
        println!("`{test}` is skipped: {ENDPOINT} is not set");
        return None;
    };
    let credentials = Credentials::new("test", "test", None, None, "test");
    Some(
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(Builder::new().build_http())
            .endpoint_url(endpoint)
            .build(),
    )
}

/// A queue, and the end where its messages arrive.
struct Queue {
    client: aws_sdk_sqs::Client,
    url: String,
}

impl Queue {
    async fn new(configuration: &SdkConfig, is_fifo: bool) -> Queue {
        let client = aws_sdk_sqs::Client::new(configuration);
        let (name, attribute) = match is_fifo {
            true => (format!("{}.fifo", unique()), Some("true".to_owned())),
            false => (unique(), None),
        };
        let mut request = client.create_queue().queue_name(name);
        if let Some(value) = attribute {
            request = request.attributes(QueueAttributeName::FifoQueue, value);
        }
        let url = Box::pin(request.send()).await.unwrap().queue_url.unwrap();
        Queue { client, url }
    }

    /// Takes the next message off the queue; `None` when none comes for a while.
    async fn arrival(&self, wait_seconds: i32) -> Option<String> {
        let request = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .wait_time_seconds(wait_seconds);
        let received = Box::pin(request.send()).await.unwrap().messages?;
        let Received {
            body, receipt_handle, ..
        } = received.into_iter().next()?;
        let delete = self.client.delete_message().queue_url(&self.url);
        Box::pin(delete.receipt_handle(receipt_handle.unwrap()).send())
            .await
            .unwrap();
        body
    }
}

fn key(name: &str) -> ExecutionKey {
    ExecutionKey {
        machine: "us-east-1:123456789012:M".into(),
        name: name.into(),
    }
}

#[tokio::test]
async fn messages_arrive_as_they_were_posted() {
    let Some(configuration) = configuration("messages_arrive_as_they_were_posted") else {
        return;
    };
    let queue = Queue::new(&configuration, true).await;
    // The table is not asked for anything here.
    let store = Store::new(aws_sdk_dynamodb::Client::new(&configuration), "none");
    let mailbox = AwsMailbox::new(
        queue.client.clone(),
        queue.url.as_str(),
        "http://nowhere",
        store,
        Retention::default(),
    );
    conformance::mailbox::delivers(&mailbox, &mut async || {
        envelope(&queue.arrival(10).await.unwrap()).unwrap()
    })
    .await;

    let sent = Envelope {
        key: key("e"),
        incarnation: unique().into(),
        message: Message::Wake,
        deduplication: "1#wake".to_owned(),
    };
    mailbox.post(sent.clone()).await.unwrap();
    mailbox.post(sent.clone()).await.unwrap();
    let next = Envelope {
        deduplication: "2#wake".to_owned(),
        ..sent.clone()
    };
    mailbox.post(next.clone()).await.unwrap();
    for expected in [sent, next] {
        let arrived = queue.arrival(10).await.unwrap();
        assert_eq!(
            envelope(&arrived).unwrap(),
            expected,
            "each reason once, in order"
        );
    }
    assert_eq!(queue.arrival(1).await, None);
}

struct Timing {
    queue: Queue,
    scheduler: aws_sdk_scheduler::Client,
    group: String,
    timers: AwsTimers,
}

async fn timing(configuration: &SdkConfig) -> Timing {
    let queue = Queue::new(configuration, false).await;
    let scheduler = aws_sdk_scheduler::Client::new(configuration);
    let group = unique();
    Box::pin(scheduler.create_schedule_group().name(&group).send())
        .await
        .unwrap();
    let name = queue.url.rsplit('/').next().unwrap();
    let places = Places {
        queue_url: queue.url.as_str().into(),
        queue_arn: format!("arn:aws:sqs:us-east-1:000000000000:{name}").into(),
        schedule_group: group.as_str().into(),
        schedule_role: "arn:aws:iam::000000000000:role/schedules".into(),
    };
    let timers = AwsTimers::new(queue.client.clone(), scheduler.clone(), places);
    Timing {
        queue,
        scheduler,
        group,
        timers,
    }
}

#[tokio::test]
async fn a_deadline_soon_comes_through_the_queue_and_not_early() {
    let Some(configuration) = configuration("a_deadline_soon_comes_through_the_queue_and_not_early") else {
        return;
    };
    let Timing { queue, timers, .. } = timing(&configuration).await;
    let start = SystemClock.now();
    for (name, millis) in [("past", -5_000), ("soon", 1_200)] {
        let at = Timestamp(start.millis() + millis);
        timers.arm(&key(name), "1", at).await.unwrap();
    }
    for (name, millis) in [("past", -5_000), ("soon", 1_200)] {
        let body = queue.arrival(10).await.unwrap();
        let woken = timers.fired(&body).await.unwrap().unwrap();
        assert!(SystemClock.now().millis() >= start.millis() + millis, "{name}");
        assert_eq!((&*woken.key.name, &*woken.incarnation), (name, "1"));
        let at = Timestamp(start.millis() + millis);
        assert_eq!(woken.message, Message::Due { at });
    }
}

#[tokio::test]
async fn a_message_that_comes_early_is_sent_on() {
    let Some(configuration) = configuration("a_message_that_comes_early_is_sent_on") else {
        return;
    };
    let Timing { queue, timers, .. } = timing(&configuration).await;
    let at = SystemClock.now().plus_seconds(3);
    timers.arm(&key("e"), "1", at).await.unwrap();
    let body = queue.arrival(10).await.unwrap();
    let later = at.plus_seconds(2).millis().to_string();
    let early = body.replace(&at.millis().to_string(), &later);
    assert_ne!(early, body);
    assert_eq!(timers.fired(&early).await.unwrap(), None);
    let again = queue.arrival(10).await.unwrap();
    assert_eq!(again, early);
    assert!(timers.fired(&again).await.unwrap().is_some());
    assert!(timers.fired("{}").await.is_err());
}

#[tokio::test]
async fn a_deadline_far_away_is_one_schedule_however_often_it_is_armed() {
    let Some(configuration) = configuration("a_deadline_far_away_is_one_schedule_however_often_it_is_armed")
    else {
        return;
    };
    let Timing {
        queue,
        scheduler,
        group,
        timers,
    } = timing(&configuration).await;
    let at = SystemClock.now().plus_seconds(7 * 86_400);
    for _ in 0..3 {
        timers.arm(&key("e"), "1", at).await.unwrap();
    }
    let list = || scheduler.list_schedules().group_name(&group);
    let listed = Box::pin(list().send()).await.unwrap().schedules;
    assert_eq!(listed.len(), 1);
    let request = scheduler
        .get_schedule()
        .group_name(&group)
        .name(listed[0].name().unwrap());
    let schedule = Box::pin(request.send()).await.unwrap();
    let fires = schedule.schedule_expression().unwrap().to_owned();
    let time = fires
        .strip_prefix("at(")
        .and_then(|rest| rest.strip_suffix(')'))
        .unwrap();
    let time: jiff::Timestamp = format!("{time}Z").parse().unwrap();
    let early = (at.millis() - time.as_millisecond()) / 1000;
    assert!((59..=14 * 60 + 1).contains(&early), "{early} s");
    assert_eq!(schedule.action_after_completion().unwrap().as_str(), "DELETE");
    // What the schedule will send is what the queue carries.
    let body = schedule.target().unwrap().input().unwrap();
    assert_eq!(timers.fired(body).await.unwrap(), None);
    timers.arm(&key("e"), "1", at.plus_seconds(1)).await.unwrap();
    assert_eq!(Box::pin(list().send()).await.unwrap().schedules.len(), 2);
    let none = tokio::time::timeout(Duration::from_secs(5), queue.arrival(0)).await;
    assert_eq!(none.unwrap(), None, "nothing waits in the queue for so long");
}
