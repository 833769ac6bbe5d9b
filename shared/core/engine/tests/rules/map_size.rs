//! What a Map of many items costs: the journal grows with the items, not with their square.

use crate::play::{FUNCTION, Play, machine};
use engine::{Limits, Status};
use serde_json::json;

/// Runs a Map of `count` items, each with one call, answered one by one; returns the bytes of all its images.
fn images_of(count: u32) -> usize {
    let processor =
        json!({ "StartAt": "I", "States": { "I": { "Type": "Task", "Resource": FUNCTION, "End": true } } });
    let definition = machine(json!({ "M": { "Type": "Map", "ItemProcessor": processor, "End": true } }));
    let items: Vec<u32> = (0..count).collect();
    let limits = Limits {
        history_events: 1_000_000,
        ..Limits::default()
    };
    let mut play = Play::with_limits(&definition.to_string(), &json!(items).to_string(), limits).unwrap();
    play.restores = false;
    while play.status() == Status::Running {
        play.answer(json!(1));
    }
    assert_eq!(play.output().as_array().map(Vec::len), Some(count as usize));
    play.image_bytes.iter().sum()
}

#[test]
fn images_grow_with_the_items() {
    let (small, large) = (images_of(2_000), images_of(8_000));
    let growth = large as f64 / small as f64;
    assert!(
        growth < 4.6,
        "four times the items, {growth} times the bytes ({small}, {large})"
    );
}

#[test]
fn ten_thousand_items_run_when_the_limit_is_raised() {
    assert!(images_of(10_000) > 0);
}

#[test]
fn what_is_restored_from_many_images_goes_on() {
    let processor =
        json!({ "StartAt": "I", "States": { "I": { "Type": "Task", "Resource": FUNCTION, "End": true } } });
    let definition = machine(json!({ "M": { "Type": "Map", "ItemProcessor": processor, "End": true } }));
    let items: Vec<u32> = (0..150).collect();
    let mut play = Play::new(&definition.to_string(), &json!(items).to_string()).unwrap();
    while play.status() == Status::Running {
        play.answer(json!(1));
    }
    assert_eq!(play.output(), json!(vec![1; 150]));
}
