//! What every mailbox must do.

use super::unique;
use crate::{ActivityTask, Envelope, Mailbox, Watcher};
use engine::{CallId, ExecutionKey, Message};
use std::sync::Arc;
use std::time::Duration;

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(30);
/// Long enough to see that nothing comes.
const SHORT: Duration = Duration::from_millis(50);

/// Runs all tests of mailboxes; `arrival` waits for the next message at the other end.
pub async fn all(mailbox: &dyn Mailbox, arrival: &mut impl AsyncFnMut() -> Envelope) {
    delivers(mailbox, arrival).await;
    gives_tasks_in_order(mailbox).await;
    wakes_who_waits(mailbox).await;
    keeps_tasks_of_those_who_gave_up(mailbox).await;
}

/// A message arrives as it was sent.
pub async fn delivers(mailbox: &dyn Mailbox, arrival: &mut impl AsyncFnMut() -> Envelope) {
    let messages = [
        Message::Start,
        Message::CallSucceeded {
            call: CallId(3),
            output: "{\"a\": 1}".to_owned(),
        },
        Message::Stop {
            error: None,
            cause: Some("c".to_owned()),
        },
    ];
    for (number, message) in messages.into_iter().enumerate() {
        let envelope = Envelope {
            key: ExecutionKey {
                machine: "us-east-1:123456789012:M".into(),
                name: unique().into(),
            },
            incarnation: unique().into(),
            message,
            deduplication: format!("{number}#test"),
        };
        mailbox.post(envelope.clone()).await.expect("post");
        let arrived = tokio::time::timeout(LONG, arrival())
            .await
            .expect("the message arrives");
        assert_eq!(arrived, envelope);
    }
}

/// The oldest task is taken first, each once, by workers of its own activity.
pub async fn gives_tasks_in_order(mailbox: &dyn Mailbox) {
    let (one, other) = (unique(), unique());
    assert_eq!(take(mailbox, &one, Duration::ZERO).await, None);
    for call in 0..3 {
        mailbox.offer(task(&one, call)).await.expect("offer");
        mailbox.offer(task(&one, call)).await.expect("offer again");
    }
    assert_eq!(
        take(mailbox, &other, SHORT).await,
        None,
        "another activity's task"
    );
    for call in 0..3 {
        assert_eq!(take(mailbox, &one, LONG).await, Some(task(&one, call)));
    }
    assert_eq!(take(mailbox, &one, SHORT).await, None, "each is taken once");
    mailbox.offer(task(&one, 1)).await.expect("offer");
    assert_eq!(
        take(mailbox, &one, Duration::ZERO).await,
        Some(task(&one, 1)),
        "offered again after it was taken"
    );
}

/// Those who wait get what comes, one task each.
pub async fn wakes_who_waits(mailbox: &dyn Mailbox) {
    let activity = unique();
    let offer = async {
        tokio::time::sleep(SHORT).await;
        assert_eq!(
            take(mailbox, &activity, Duration::ZERO).await,
            None,
            "asking without waiting disturbs nobody"
        );
        for call in 0..3 {
            mailbox.offer(task(&activity, call)).await.expect("offer");
        }
    };
    let waiting = || take(mailbox, &activity, LONG);
    let (first, second, third, ()) = tokio::join!(waiting(), waiting(), waiting(), offer);
    let mut calls: Vec<u64> = [first, second, third]
        .into_iter()
        .flatten()
        .map(|task| task.call.0)
        .collect();
    calls.sort_unstable();
    assert_eq!(calls, [0, 1, 2]);
}

/// A task is never lost with somebody who stopped waiting for it.
pub async fn keeps_tasks_of_those_who_gave_up(mailbox: &dyn Mailbox) {
    let activity = unique();
    assert_eq!(take(mailbox, &activity, SHORT).await, None);
    {
        let mut gone = Box::pin(take(mailbox, &activity, LONG));
        assert!(tokio::time::timeout(SHORT, &mut gone).await.is_err());
    }
    {
        let mut gone = Box::pin(take(mailbox, &activity, LONG));
        assert!(tokio::time::timeout(SHORT, &mut gone).await.is_err());
        // The task is on its way to somebody who will not look any more.
        mailbox.offer(task(&activity, 1)).await.expect("offer");
        mailbox.offer(task(&activity, 2)).await.expect("offer");
    }
    assert_eq!(take(mailbox, &activity, LONG).await, Some(task(&activity, 1)));
    assert_eq!(take(mailbox, &activity, LONG).await, Some(task(&activity, 2)));
}

async fn take(mailbox: &dyn Mailbox, activity: &str, wait: Duration) -> Option<ActivityTask> {
    mailbox.take(&arn(activity), wait).await.expect("take")
}

fn task(activity: &str, call: u64) -> ActivityTask {
    ActivityTask {
        activity_arn: arn(activity).into(),
        key: ExecutionKey {
            machine: "us-east-1:123456789012:M".into(),
            name: activity.into(),
        },
        incarnation: "incarnation".into(),
        call: CallId(call),
        token: format!("token-{call}"),
        input: Arc::from("{}"),
    }
}

fn arn(activity: &str) -> String {
    format!("arn:aws:states:us-east-1:123456789012:activity:{activity}")
}

/// Who waits for a job is found by what events call it; for mailboxes that news of jobs reach.
pub async fn remembers_who_waits_for_a_job(mailbox: &dyn Mailbox) {
    let handle = format!("aws.glue:{}", unique());
    assert_eq!(mailbox.watcher(&handle).await.expect("watcher"), None);
    for call in [7, 8] {
        let watcher = Watcher {
            key: ExecutionKey {
                machine: "us-east-1:123456789012:M".into(),
                name: "e".into(),
            },
            incarnation: "1".into(),
            call: CallId(call),
        };
        mailbox.watch(&handle, watcher.clone()).await.expect("watch");
        let found = mailbox.watcher(&handle).await.expect("watcher");
        assert_eq!(found, Some(watcher), "the latest counts");
    }
}
