use super::LocalTimers;
use crate::{LocalClock, SystemClock, VirtualClock};
use engine::{ExecutionKey, Timestamp};
use ports::{Clock as _, Envelope, Timers as _};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

fn key(name: &str) -> ExecutionKey {
    ExecutionKey {
        machine: "m".into(),
        name: name.into(),
    }
}

fn timers(clock: Arc<dyn LocalClock>) -> (LocalTimers, UnboundedReceiver<Envelope>) {
    let (post, arrivals) = unbounded_channel();
    (LocalTimers::new(clock, post), arrivals)
}

async fn next(arrivals: &mut UnboundedReceiver<Envelope>) -> String {
    let envelope = tokio::time::timeout(Duration::from_secs(10), arrivals.recv())
        .await
        .unwrap()
        .unwrap();
    envelope.key.name.to_string()
}

#[tokio::test]
async fn a_moved_clock_wakes_at_once_and_in_order() {
    let clock = Arc::new(VirtualClock::default());
    let (timers, mut arrivals) = timers(Arc::clone(&clock) as Arc<dyn LocalClock>);
    assert_eq!(timers.earliest(), None);
    let start = clock.now();
    let (day, year) = (start.plus_seconds(86_400), start.plus_seconds(86_400 * 365));
    timers.arm(&key("year"), "i", year).await.unwrap();
    timers.arm(&key("day"), "i", day).await.unwrap();
    assert_eq!(timers.earliest(), Some(day));
    clock.advance_to(day);
    assert_eq!(next(&mut arrivals).await, "day");
    assert!(clock.now() >= day && clock.now() < year);
    assert_eq!(timers.earliest(), Some(year));
    clock.advance_to(year);
    assert_eq!(next(&mut arrivals).await, "year");
    assert_eq!(timers.earliest(), None);
}

#[tokio::test]
async fn the_same_deadline_wakes_once() {
    let (timers, mut arrivals) = timers(Arc::new(SystemClock));
    let soon = Timestamp(SystemClock.now().millis() + 50);
    for _ in 0..3 {
        timers.arm(&key("one"), "i", soon).await.unwrap();
    }
    timers
        .arm(&key("two"), "i", Timestamp(soon.millis() + 50))
        .await
        .unwrap();
    assert_eq!(next(&mut arrivals).await, "one");
    assert_eq!(next(&mut arrivals).await, "two");
}

#[tokio::test]
async fn an_earlier_deadline_is_not_slept_through() {
    let (timers, mut arrivals) = timers(Arc::new(SystemClock));
    timers
        .arm(&key("late"), "i", SystemClock.now().plus_seconds(3600))
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    let begun = std::time::Instant::now();
    timers
        .arm(&key("soon"), "i", Timestamp(SystemClock.now().millis() + 30))
        .await
        .unwrap();
    assert_eq!(next(&mut arrivals).await, "soon");
    assert!(
        begun.elapsed() < Duration::from_millis(800),
        "before the longest sleep is over"
    );
}

#[tokio::test]
async fn timers_without_a_receiver_say_so() {
    let (timers, arrivals) = timers(Arc::new(SystemClock));
    drop(arrivals);
    timers.arm(&key("one"), "i", Timestamp(0)).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let error = timers.arm(&key("one"), "i", Timestamp(0)).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the timers failed: nobody receives their messages any more"
    );
}

#[tokio::test]
async fn an_ended_execution_is_forgotten() {
    let clock = Arc::new(VirtualClock::default());
    let (timers, mut arrivals) = timers(Arc::clone(&clock) as Arc<dyn LocalClock>);
    let year = clock.now().plus_seconds(86_400 * 365);
    timers.arm(&key("ended"), "i", year).await.unwrap();
    timers
        .arm(&key("ended"), "i", year.plus_seconds(1))
        .await
        .unwrap();
    timers
        .arm(&key("ended"), "another", year.plus_seconds(2))
        .await
        .unwrap();
    timers.arm(&key("open"), "i", year.plus_seconds(3)).await.unwrap();
    timers.disarm(&key("ended"), "i").await;
    timers.disarm(&key("unknown"), "i").await;
    assert_eq!(timers.earliest(), Some(year.plus_seconds(2)));
    clock.advance_to(year.plus_seconds(3));
    assert_eq!(next(&mut arrivals).await, "ended");
    assert_eq!(next(&mut arrivals).await, "open");
    assert_eq!(format!("{timers:?}"), "LocalTimers(0 armed)");
}
