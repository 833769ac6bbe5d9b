//! A clock that is set, while executions run and between two processes.

use crate::rig::{BEGINNING, Lone};
use driver::{Stopped, TaskAnswer};
use engine::{Status, TaskToken};
use serde_json::json;

const HOUR: i64 = 3600;

fn wait() -> serde_json::Value {
    json!({ "First": { "Type": "Wait", "Seconds": 60, "End": true } })
}

fn callback() -> serde_json::Value {
    json!({
        "First": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "Parameters": { "QueueUrl": "https://q", "MessageBody.$": "$$.Task.Token" },
            "HeartbeatSeconds": 60,
            "TimeoutSeconds": 600,
            "Retry": [{ "ErrorEquals": ["States.ALL"], "IntervalSeconds": 30, "MaxAttempts": 1 }],
            "End": true
        }
    })
}

/// Panics when an event is older than the one before it, or the end than the beginning.
async fn is_in_order(lone: &Lone) {
    let history = lone.history().await;
    assert!(history.is_sorted_by_key(|(_, seconds)| *seconds), "{history:?}");
    let head = lone.head().await;
    assert!(
        head.stopped
            .is_none_or(|stopped| stopped >= head.identity.started)
    );
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_back_delays_a_wait_until_it_shows_its_end() {
    let lone = Lone::new(wait()).await;
    lone.start().await.unwrap();
    lone.idle().await;
    lone.clock.set(-HOUR);
    tokio::time::sleep(std::time::Duration::from_secs(90)).await;
    assert_eq!(lone.head().await.status, Status::Running);
    lone.clock.set(59);
    tokio::time::sleep(std::time::Duration::from_secs(90)).await;
    assert_eq!(lone.head().await.status, Status::Running);
    lone.clock.set(60);
    assert_eq!(lone.ended().await.status, Status::Succeeded);
    is_in_order(&lone).await;
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_forward_ends_a_wait_at_once() {
    let lone = Lone::new(wait()).await;
    lone.start().await.unwrap();
    lone.idle().await;
    lone.clock.set(24 * HOUR);
    let ended = lone.ended().await;
    assert_eq!(ended.status, Status::Succeeded);
    let end = lone.history().await.pop();
    assert_eq!(end, Some(("ExecutionSucceeded".to_owned(), 24 * HOUR)));
    // It is right again, and what has ended has ended in the future.
    lone.clock.set(1);
    let stopped = lone.driver.stop(&lone.key(), None, None).await.unwrap();
    assert!(matches!(stopped, Stopped::Already(at) if at == BEGINNING.plus_seconds(24 * 3600)));
}

#[tokio::test(start_paused = true)]
async fn a_journal_does_not_go_back_with_the_clock() {
    let lone = Lone::new(wait()).await;
    lone.clock.set(30);
    lone.start().await.unwrap();
    lone.idle().await;
    lone.clock.set(-HOUR);
    let stopped = lone
        .driver
        .stop(&lone.key(), Some("E".into()), None)
        .await
        .unwrap();
    assert!(matches!(stopped, Stopped::Now(at) if at == BEGINNING.plus_seconds(30)));
    let end = lone.history().await.pop();
    assert_eq!(end, Some(("ExecutionAborted".to_owned(), 30)));
    is_in_order(&lone).await;
}

#[tokio::test(start_paused = true)]
async fn a_process_with_an_earlier_clock_goes_on_where_the_one_before_it_stood() {
    let lone = Lone::new(wait()).await;
    lone.start().await.unwrap();
    lone.idle().await;
    let lone = lone.restarted(-24 * HOUR).await;
    lone.idle().await;
    assert_eq!(lone.head().await.status, Status::Running);
    lone.clock.set(60);
    assert_eq!(lone.ended().await.status, Status::Succeeded);
    is_in_order(&lone).await;
}

#[tokio::test(start_paused = true)]
async fn heartbeats_and_retries_count_from_the_journals_time() {
    let lone = Lone::new(callback()).await;
    lone.start().await.unwrap();
    lone.called(1).await;
    lone.calls.may_answer.add_permits(2);
    lone.idle().await;
    let token = lone.calls.made.lock().unwrap()[0].call.token.clone().unwrap();
    let token = TaskToken::parse(&token).unwrap();
    lone.clock.set(40);
    assert_eq!(
        lone.driver.task_heartbeat(&token).await.unwrap(),
        TaskAnswer::Accepted
    );
    // The heartbeat of an earlier time is one of the journal's latest time.
    lone.clock.set(-HOUR);
    assert_eq!(
        lone.driver.task_heartbeat(&token).await.unwrap(),
        TaskAnswer::Accepted
    );
    lone.clock.set(99);
    lone.idle().await;
    assert_eq!(lone.calls.made.lock().unwrap().len(), 1);
    // Sixty seconds after the last heartbeat it is over, thirty later the second attempt begins.
    lone.clock.set(100);
    lone.reached("TaskTimedOut").await;
    lone.clock.set(-HOUR);
    lone.idle().await;
    assert_eq!(lone.calls.made.lock().unwrap().len(), 1);
    lone.clock.set(130);
    lone.called(2).await;
    assert_eq!(
        lone.driver.task_heartbeat(&token).await.unwrap(),
        TaskAnswer::TimedOut,
        "the first attempt's token is no token of the second one"
    );
    is_in_order(&lone).await;
}
