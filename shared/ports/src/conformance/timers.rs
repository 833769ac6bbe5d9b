//! What all timers must do.

use super::unique;
use crate::{Clock, Envelope, Timers};
use engine::{ExecutionKey, Message, Timestamp};
use std::time::Duration;

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(30);

/// Runs all tests of timers; `arrival` waits for the next message at the other end.
pub async fn all(timers: &dyn Timers, clock: &dyn Clock, arrival: &mut impl AsyncFnMut() -> Envelope) {
    wakes_at_the_time(timers, clock, arrival).await;
}

/// Each deadline wakes its own execution, in the order of time, and not before.
pub async fn wakes_at_the_time(
    timers: &dyn Timers,
    clock: &dyn Clock,
    arrival: &mut impl AsyncFnMut() -> Envelope,
) {
    let start = clock.now();
    let incarnation = unique();
    let due = [("past", -5_000), ("second", 400), ("first", 150), ("third", 900)];
    for (name, millis) in due {
        timers
            .arm(&key(name), &incarnation, Timestamp(start.millis() + millis))
            .await
            .expect("arm");
    }
    for (name, millis) in [("past", -5_000), ("first", 150), ("second", 400), ("third", 900)] {
        let envelope = tokio::time::timeout(LONG, arrival())
            .await
            .expect("the execution is woken");
        assert!(
            clock.now().millis() >= start.millis() + millis,
            "`{name}` was woken too early"
        );
        assert_eq!(
            (&*envelope.key.name, &*envelope.incarnation),
            (name, incarnation.as_str())
        );
        let at = Timestamp(start.millis() + millis);
        assert_eq!(envelope.message, Message::Due { at });
    }
}

fn key(name: &str) -> ExecutionKey {
    ExecutionKey {
        machine: "us-east-1:123456789012:M".into(),
        name: name.into(),
    }
}
