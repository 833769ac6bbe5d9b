//! What a person is told.

use super::*;
use crate::observe::{dead_letters, notices};

#[test]
fn failures_and_time_outs_are_noticed() {
    let notice = notices::of_change(&Change {
        error: Some("Broken".to_owned()),
        cause: Some("by design".to_owned()),
        ..change(Status::Failed)
    })
    .unwrap();
    assert_eq!(notice.subject, "Stepwell: an execution of Orders failed");
    assert_eq!(
        notice.body,
        json!({
            "message": "Execution `one` of state machine `Orders` failed: Broken",
            "kind": "ExecutionStatusChange",
            "status": "FAILED",
            "executionArn": EXECUTION,
            "stateMachineArn": MACHINE,
            "name": "one",
            "startDate": "2027-01-15T08:00:00.123Z",
            "stopDate": "2027-01-15T08:00:02.123Z",
            "error": "Broken",
            "cause": "by design",
            "redriveCount": 0,
        })
    );
    let late = notices::of_change(&change(Status::TimedOut)).unwrap();
    assert_eq!(
        late.body["message"],
        "Execution `one` of state machine `Orders` timed out"
    );
    for status in [Status::Running, Status::Succeeded, Status::Aborted] {
        assert_eq!(notices::of_change(&change(status)), None);
    }
    let mut identity = identity();
    identity.machine_name = format!("é{}", "x".repeat(200)).into();
    let long = notices::of_change(&Change {
        identity: Arc::new(identity),
        ..change(Status::Failed)
    });
    let subject = long.unwrap().subject;
    assert_eq!(subject.len(), 99);
    assert!(subject.starts_with("Stepwell: an execution of ?xxx"), "{subject}");
}

#[test]
fn a_dead_letter_says_whose_it_is() {
    let body = json!({
        "key": { "machine": "us-east-1:123456789012:Orders", "name": "one" },
        "incarnation": "01",
        "message": "Wake",
    })
    .to_string();
    let event = json!({ "Records": [
        {
            "messageId": "m1",
            "body": body,
            "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:letters.fifo",
            "attributes": { "ApproximateReceiveCount": "11", "SentTimestamp": "1800000000123" },
        },
        { "messageId": "m2", "body": "x".repeat(300 * 1024) },
    ] });
    let notices = notices::of_dead_letters(&event);
    assert_eq!(notices[0].subject, "Stepwell: a message is left in letters.fifo");
    assert_eq!(
        notices[0].body,
        json!({
            "message": "A message of execution `one` of `us-east-1:123456789012:Orders` could not be handled \
                        and is kept in the queue `letters.fifo`",
            "kind": "DeadLetter",
            "queue": "letters.fifo",
            "messageId": "m1",
            "receiveCount": 11,
            "sentDate": "2027-01-15T08:00:00.123Z",
            "execution": { "machine": "us-east-1:123456789012:Orders", "name": "one" },
            "incarnation": "01",
            "body": body,
            "bodyTruncated": false,
        })
    );
    assert_eq!(notices[1].body["execution"], Value::Null);
    assert_eq!(notices[1].body["bodyTruncated"], true);
    assert!(notices[1].body.to_string().len() < 256 * 1024);
}

#[test]
fn a_dead_letter_is_told_of_soon_and_then_ever_more_seldom() {
    let due = |count: u64| {
        let count = count.to_string();
        dead_letters::is_due(&json!({ "attributes": { "ApproximateReceiveCount": count } }))
    };
    let told: Vec<u64> = (11..60).filter(|count| due(*count)).collect();
    assert_eq!(told, [11, 12, 14, 18, 26, 42]);
    // Somebody looked at it first, or the queue counts anew.
    assert!(due(1) && due(2) && !due(3) && due(4));
    assert!(dead_letters::is_due(&json!({})));
}
