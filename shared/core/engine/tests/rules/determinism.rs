//! The same messages at the same times give the same events, with or without a restart in between.

use crate::play::{FUNCTION, Play, machine};
use engine::{Event, Limits, Status};
use serde_json::{Value, json};

fn definition() -> String {
    let processor = json!({ "StartAt": "T", "States": {
        "T": {
            "Type": "Task", "Resource": FUNCTION, "Next": "W",
            "Parameters": { "random.$": "States.MathRandom(1, 1000000)", "id.$": "States.UUID()" },
            "Retry": [{ "ErrorEquals": ["E"], "IntervalSeconds": 50, "JitterStrategy": "FULL" }],
        },
        "W": { "Type": "Wait", "Seconds": 3, "End": true },
    } });
    machine(json!({ "M": { "Type": "Map", "MaxConcurrency": 20, "ItemProcessor": processor, "End": true } }))
        .to_string()
}

fn run(restores: bool) -> (Vec<Event>, Vec<Value>) {
    let items: Vec<u32> = (0..60).collect();
    let mut play = Play::with_limits(&definition(), &json!(items).to_string(), Limits::default()).unwrap();
    play.restores = restores;
    let mut called = Vec::new();
    let mut turn = 0;
    while play.status() == Status::Running {
        turn += 1;
        if play.calls.is_empty() {
            let deadline = play.execution.next_deadline().unwrap();
            play.now = play.now.max(deadline);
            play.tell(engine::Message::Wake);
            continue;
        }
        called.push(play.calls[0].parameters.value().clone());
        if turn % 3 == 0 {
            play.refuse("E", "C")
        } else {
            play.answer(json!(turn))
        };
    }
    (play.events, called)
}

#[test]
fn the_same_run_twice_is_the_same() {
    assert_eq!(run(true), run(true));
}

#[test]
fn restarts_do_not_show() {
    assert_eq!(run(true), run(false));
}

#[test]
fn ids_have_no_gap_and_point_back() {
    let (events, _) = run(true);
    for (event, id) in events.iter().zip(1..) {
        assert_eq!(event.id, id);
        assert!(event.previous < id);
    }
    assert!(events.windows(2).all(|pair| pair[0].time <= pair[1].time));
}

#[test]
fn another_seed_draws_other_numbers() {
    let draw = |seed: &str| {
        let mut play = Play::unstarted(
            engine::ExecutionType::Standard,
            &definition(),
            "[1]",
            Limits::default(),
        )
        .unwrap();
        let identity = engine::Identity {
            seed: seed.into(),
            ..crate::play::identity()
        };
        play.execution = engine::Execution::new(identity, "[1]".into(), Limits::default());
        play.tell(engine::Message::Start);
        play.calls[0].parameters.value().clone()
    };
    assert_ne!(draw(&"1".repeat(64)), draw(&"2".repeat(64)));
}
