//! A store that fails for a while, such as one whose disk is full.

use crate::rig::Lone;
use engine::Status;
use serde_json::json;
use std::sync::atomic::Ordering;
use std::time::Duration;

const FULL: &str = "the journal's store failed: database or disk is full";

fn function() -> serde_json::Value {
    json!({
        "First": {
            "Type": "Task",
            "Resource": "arn:aws:lambda:us-east-1:123456789012:function:charge",
            "Next": "Second"
        },
        "Second": { "Type": "Wait", "Seconds": 10, "End": true }
    })
}

#[tokio::test(start_paused = true)]
async fn what_a_call_has_returned_is_kept_until_it_can_be_written() {
    let lone = Lone::new(function()).await;
    lone.start().await.unwrap();
    lone.called(1).await;
    lone.disk.is_full.store(true, Ordering::SeqCst);
    lone.calls.may_answer.add_permits(1);
    // Nobody may be told that it was stopped; and everything can be read.
    for _ in 0..3 {
        let refused = lone.driver.stop(&lone.key(), None, None).await.unwrap_err();
        assert_eq!(refused.to_string(), FULL);
        tokio::time::sleep(Duration::from_secs(20)).await;
        assert_eq!(lone.head().await.status, Status::Running);
    }
    lone.disk.is_full.store(false, Ordering::SeqCst);
    lone.idle().await;
    lone.clock.set(10);
    let ended = lone.ended().await;
    assert_eq!((ended.status, ended.error), (Status::Succeeded, None));
    assert_eq!(lone.calls.made.lock().unwrap().len(), 1, "it was called once");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_returns_while_the_store_fails_is_not_made_again() {
    let branches = ["a", "b"].map(|name| {
        json!({
            "StartAt": name,
            "States": { name: {
                "Type": "Task",
                "Resource": format!("arn:aws:lambda:us-east-1:123456789012:function:{name}"),
                "End": true
            } }
        })
    });
    let states = json!({ "First": { "Type": "Parallel", "Branches": branches, "End": true } });
    let lone = Lone::new(states).await;
    lone.start().await.unwrap();
    lone.called(2).await;
    lone.disk.is_full.store(true, Ordering::SeqCst);
    lone.calls.may_answer.add_permits(1);
    tokio::time::sleep(Duration::from_secs(60)).await;
    // The other one is in flight since before, and ends when the store is long known to fail.
    lone.calls.may_answer.add_permits(1);
    tokio::time::sleep(Duration::from_secs(60)).await;
    lone.disk.is_full.store(false, Ordering::SeqCst);
    let ended = lone.ended().await;
    assert_eq!((ended.status, ended.error), (Status::Succeeded, None));
    assert_eq!(lone.calls.made.lock().unwrap().len(), 2, "each was called once");
}

#[tokio::test(start_paused = true)]
async fn a_start_that_cannot_be_written_is_refused_and_can_be_made_again() {
    let lone = Lone::new(function()).await;
    lone.disk.is_full.store(true, Ordering::SeqCst);
    assert_eq!(lone.start().await.unwrap_err().to_string(), FULL);
    let journal = &lone.driver.ports().journal;
    assert!(journal.head(&lone.key()).await.unwrap().is_none());
    assert!(
        lone.calls.made.lock().unwrap().is_empty(),
        "no call without its intent"
    );
    lone.disk.is_full.store(false, Ordering::SeqCst);
    lone.start().await.unwrap();
    lone.called(1).await;
}
