//! The stored form: what this version wrote must stay readable.
//!
//! `UPDATE_GOLDEN=1 cargo test -p engine` writes the files anew: only when the form's version was raised.

use crate::play::{FUNCTION, Play, TOKEN, identity, machine};
use engine::{Execution, Image, Limits, Message, PayloadId, RestoreError, Status};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// An execution as it is stored: its images from the last full one on, and the documents they refer to.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Stored {
    definition: Value,
    images: Vec<(u64, Value)>,
    payloads: BTreeMap<String, Value>,
}

/// Every kind of phase but those of a thread between two turns.
fn small() -> Value {
    let branch = |name: &str, state: Value| json!({ "StartAt": name, "States": { name: state } });
    machine(json!({
        "Set": { "Type": "Pass", "Assign": { "v": [1] }, "Next": "P" },
        "P": { "Type": "Parallel", "End": true, "Branches": [
            branch("Wait", json!({ "Type": "Wait", "Seconds": 1000, "End": true })),
            branch("Call", json!({ "Type": "Task", "Resource": TOKEN, "TimeoutSeconds": 500, "HeartbeatSeconds": 50, "End": true })),
            branch("Retry", json!({ "Type": "Task", "Resource": FUNCTION, "End": true, "Retry": [{ "ErrorEquals": ["E"], "IntervalSeconds": 40 }] })),
            branch("Done", json!({ "Type": "Pass", "End": true })),
            branch("Map", json!({ "Type": "Map", "End": true, "ItemsPath": "$.items", "ToleratedFailureCount": 1, "ItemProcessor":
                branch("Item", json!({ "Type": "Task", "Resource": FUNCTION, "End": true })) })),
        ] },
    }))
}

fn play_small() -> Play {
    let mut play = Play::new(&small().to_string(), "{\"items\":[1,2]}").unwrap();
    let call = play.calls[0].id;
    play.tell(Message::CallSucceeded {
        call,
        output: "{}".into(),
    });
    play.calls.pop_front();
    play.refuse("E", "C");
    play.refuse("E", "tolerated");
    play
}

/// More than 16 threads: images of what changed.
fn large() -> Value {
    let item = json!({ "StartAt": "Item", "States": { "Item": { "Type": "Task", "Resource": FUNCTION, "End": true } } });
    machine(json!({ "Map": { "Type": "Map", "ItemProcessor": item, "End": true } }))
}

fn play_large() -> Play {
    let items: Vec<u32> = (0..24).collect();
    let mut play = Play::new(&large().to_string(), &json!(items).to_string()).unwrap();
    for _ in 0..4 {
        play.answer(json!("done"));
    }
    play
}

fn stored(definition: Value, play: &Play) -> Stored {
    let images = play
        .images
        .iter()
        .map(|(seq, image)| (*seq, serde_json::to_value(image).unwrap()))
        .collect();
    let ids: std::collections::BTreeSet<PayloadId> = play
        .images
        .iter()
        .flat_map(|(_, image)| image.payload_ids())
        .collect();
    let payloads = ids
        .into_iter()
        .map(|id| (format!("{id:?}"), play.value(id)))
        .collect();
    Stored {
        definition,
        images,
        payloads,
    }
}

fn restored(stored: &Stored) -> Play {
    let mut play = Play::unstarted(
        engine::ExecutionType::Standard,
        &stored.definition.to_string(),
        "{}",
        Limits::default(),
    )
    .unwrap();
    let images: Vec<(u64, Image)> = stored
        .images
        .iter()
        .map(|(seq, image)| (*seq, serde_json::from_value(image.clone()).unwrap()))
        .collect();
    let mut payload = |id: PayloadId| {
        stored
            .payloads
            .get(&format!("{id:?}"))
            .map(|value| value.to_string().into())
    };
    play.execution =
        Execution::restore(Arc::new(identity()), images, Limits::default(), &mut payload).unwrap();
    play.restores = false;
    play
}

fn golden(name: &str, definition: Value, play: &Play) -> Stored {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    let now = stored(definition, play);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(
            &path,
            format!("{}\n", serde_json::to_string_pretty(&now).unwrap()),
        )
        .unwrap();
    }
    let then: Stored = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(
        now, then,
        "the stored form has changed: raise SCHEMA_VERSION if an older reader would misread it"
    );
    then
}

#[test]
fn a_small_execution_stays_readable() {
    let play = play_small();
    let stored = golden("image-v1.json", small(), &play);
    assert_eq!(stored.images.len(), 1, "the whole state stands in the last image");
    let mut restored = restored(&stored);
    assert_eq!(restored.image(), play.image());
    for effect in restored.execution.outstanding(&restored.program) {
        let call = effect.0.call().id;
        assert!(restored.tell(Message::CallSucceeded {
            call,
            output: "2".into()
        }));
    }
    restored.pass(40);
    let (effect, _) = restored.execution.outstanding(&restored.program).remove(0);
    restored.tell(Message::CallSucceeded {
        call: effect.call().id,
        output: "3".into(),
    });
    restored.tell(Message::Callback {
        call: play.scheduled.values().next().unwrap().id,
        result: Ok("1".into()),
    });
    restored.pass(1000);
    assert_eq!(
        restored.output(),
        json!([{ "items": [1, 2] }, 1, 3, { "items": [1, 2] }, [2]])
    );
}

#[test]
fn a_large_execution_stays_readable() {
    let play = play_large();
    let stored = golden("image-v1-deltas.json", large(), &play);
    assert!(stored.images.len() > 1, "a full image and what changed since");
    let mut restored = restored(&stored);
    assert_eq!(restored.image(), play.image());
    while restored.status() == Status::Running {
        let (effect, _) = restored.execution.outstanding(&restored.program).remove(0);
        restored.tell(Message::CallSucceeded {
            call: effect.call().id,
            output: "\"later\"".into(),
        });
    }
    let output = restored.output();
    assert_eq!((&output[3], &output[4]), (&json!("done"), &json!("later")));
}

#[test]
fn a_later_form_is_refused_by_name() {
    let mut play = play_small();
    play.images[0].1.schema = 2;
    let identity = Arc::clone(&play.execution.identity);
    let error =
        Execution::restore(identity, play.images.clone(), Limits::default(), &mut |_| None).unwrap_err();
    assert_eq!(error, RestoreError::Schema { found: 2 });
}

#[test]
fn what_is_missing_is_said() {
    let play = play_large();
    let identity = || Arc::new(identity());
    let none = Execution::restore(identity(), Vec::new(), Limits::default(), &mut |_| None).unwrap_err();
    assert_eq!(none, RestoreError::NoImage);
    let tail = play.images[1..].to_vec();
    assert_eq!(
        Execution::restore(identity(), tail, Limits::default(), &mut |_| None).unwrap_err(),
        RestoreError::NoImage
    );
    let mut foreign = play.images.clone();
    foreign[1].1.base += 1000;
    assert_eq!(
        Execution::restore(identity(), foreign, Limits::default(), &mut |_| Some("1".into())).unwrap_err(),
        RestoreError::NoImage
    );
    let lost =
        Execution::restore(identity(), play.images.clone(), Limits::default(), &mut |_| None).unwrap_err();
    assert!(matches!(lost, RestoreError::Payload { .. }), "{lost}");
}

#[test]
fn the_last_image_of_a_success_is_empty_and_whole() {
    let mut play = Play::unstarted(
        engine::ExecutionType::Standard,
        &large().to_string(),
        "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18]",
        Limits::default(),
    )
    .unwrap();
    play.restores = false;
    let outcome = engine::apply(&play.program, &mut play.execution, Message::Start, play.now);
    let calls: Vec<_> = outcome.effects.iter().map(|effect| effect.call().id).collect();
    play.execution.seal(outcome);
    let mut last = None;
    for call in calls {
        let outcome = engine::apply(
            &play.program,
            &mut play.execution,
            Message::CallSucceeded {
                call,
                output: "1".into(),
            },
            play.now,
        );
        last = Some(play.execution.seal(outcome));
    }
    let entry = last.unwrap();
    assert_eq!(
        (entry.image.status, entry.image.base, entry.image.threads.len()),
        (Status::Succeeded, entry.seq, 0)
    );
}

#[test]
fn an_execution_that_has_ended_waits_for_nothing_after_a_restart() {
    let task = json!({ "Type": "Task", "Resource": FUNCTION, "TimeoutSeconds": 9, "End": true });
    let mut play = crate::play::play(json!({ "S": task }), json!({}));
    play.restores = false;
    let outcome = engine::apply(
        &play.program,
        &mut play.execution,
        Message::Stop {
            error: None,
            cause: None,
        },
        play.now,
    );
    play.texts.extend(
        outcome
            .payloads
            .iter()
            .map(|payload| (payload.id, Arc::clone(&payload.text))),
    );
    let entry = play.execution.seal(outcome);
    let execution = Execution::restore(
        Arc::new(identity()),
        vec![(entry.seq, entry.image)],
        Limits::default(),
        &mut |id| play.texts.get(&id).cloned(),
    )
    .unwrap();
    assert_eq!(execution.status, Status::Aborted);
    assert!(execution.outstanding(&play.program).is_empty());
    assert_eq!(execution.next_deadline(), None);
}

#[test]
fn a_state_that_contradicts_itself_is_damage() {
    let play = play_small();
    let (seq, image) = play.images[0].clone();
    let whole = serde_json::to_value(&image).unwrap();
    let restore = |changed: Value| {
        let image: Image = serde_json::from_value(changed).unwrap();
        let texts = play.texts.clone();
        let mut find = |id: PayloadId| texts.get(&id).cloned();
        Execution::restore(
            Arc::new(identity()),
            vec![(seq, image)],
            Limits::default(),
            &mut find,
        )
    };
    assert!(restore(whole.clone()).is_ok());
    for (place, value) in [
        // Its own parent, and a parent that began after it: whoever looks upwards would go round for ever.
        ("/threads/1/1/P", whole["threads"][1][0].clone()),
        ("/threads/1/1/P", whole["threads"][2][0].clone()),
        ("/threads/1/0", json!(4_000_000_000_u32)),
        ("/counters/last_event", json!(u64::MAX)),
        ("/counters/next_call", json!(u64::MAX)),
        ("/counters/draws", json!(u64::MAX)),
        ("/counters/next_thread", json!(u32::MAX)),
        ("/counters/next_thread", json!(1)),
    ] {
        let mut changed = whole.clone();
        *changed.pointer_mut(place).unwrap() = value;
        let error = restore(changed).unwrap_err();
        assert!(matches!(error, RestoreError::Damaged(_)), "{place}: {error}");
    }
}
