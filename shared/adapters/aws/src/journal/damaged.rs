//! Items that somebody has damaged: an error, and never a panic.

use super::{Retention, layout};
use crate::item::Item;
use asl::{MachineType, compile};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use engine::{Execution, Identity, Limits, Message, PayloadId, Program, apply};
use ports::{Nonce, StoredPayload, Write};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How many times each item's body is changed.
const CHANGES: u64 = 2_000;

/// Returns the items of an execution that has ended with its second entry: its head, and that entry.
fn items() -> [Item; 2] {
    let definition = json!({ "StartAt": "Look", "States": {
        "Look": { "Type": "Pass", "Result": { "text": "x".repeat(300) }, "Assign": { "n": 1 }, "Next": "Both" },
        "Both": { "Type": "Parallel", "End": true, "Branches": [
            { "StartAt": "Wait", "States": { "Wait": { "Type": "Wait", "Seconds": 10, "End": true } } },
            { "StartAt": "Pass", "States": { "Pass": { "Type": "Pass", "End": true } } },
        ] },
    } });
    let program = compile(&definition.to_string(), MachineType::Standard)
        .program
        .unwrap();
    let mut execution = Execution::new(identity(), Arc::from("{\"order\":1}"), Limits::default());
    let identity = Arc::clone(&execution.identity);
    let start = turn(&program, &mut execution, Message::Start, 0);
    let end = turn(&program, &mut execution, Message::Wake, 60);
    let retention = Retention::default();
    let partition = layout::partition(&identity.key);
    [
        layout::first(&identity, &start, retention).unwrap(),
        layout::entry(&partition, &identity.incarnation, &end, retention).unwrap(),
    ]
}

fn turn(program: &Program, execution: &mut Execution, message: Message, seconds: u64) -> Write {
    let now = execution.identity.started.plus_seconds(seconds);
    let outcome = apply(program, execution, message, now);
    assert!(outcome.changed);
    let entry = execution.seal(outcome);
    let payloads = entry.payloads.iter();
    let payloads = payloads.map(|payload| (payload.id, StoredPayload::Text(Arc::clone(&payload.text))));
    let output = entry.closing.as_ref().and_then(|closing| closing.output.as_ref());
    Write {
        payloads: payloads.collect(),
        nonce: Nonce("n".to_owned()),
        lease_until: now,
        next_deadline: None,
        output: output.map(|output| StoredPayload::Text(Arc::clone(output.text()))),
        entry,
    }
}

fn identity() -> Identity {
    serde_json::from_value(json!({
        "key": { "machine": "us-east-1:123456789012:m", "name": "e" },
        "incarnation": "01HF0000000000000000000000",
        "arn": "arn:aws:states:us-east-1:123456789012:execution:m:e",
        "name": "e",
        "machine_arn": "arn:aws:states:us-east-1:123456789012:stateMachine:m",
        "machine_name": "m",
        "role_arn": "arn:aws:iam::123456789012:role/r",
        "region": "us-east-1",
        "execution_type": "Standard",
        "started": 1_700_000_000_000_i64,
        "seed": "5eed".repeat(16),
        "revision": "1",
    }))
    .unwrap()
}

/// Reads everything that is ever read of an item; returns how much of that there was.
fn read(item: &Item) -> usize {
    let mut wanted = BTreeSet::from([PayloadId::new(0, 0), PayloadId::new(1, 0)]);
    let mut found = BTreeMap::new();
    let documents = layout::documents(item, &mut wanted, &mut found);
    let mut readable = usize::from(documents.is_ok());
    for outcome in [
        layout::seq(item).map(drop),
        layout::status(item).map(drop),
        layout::started(item).map(drop),
        layout::head(item).map(drop),
        layout::output(item).map(drop),
        layout::output_place(item).map(drop),
        layout::small_output(item).map(drop),
        layout::events(item).map(drop),
    ] {
        match outcome {
            Ok(()) => readable += 1,
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    if let Ok(image) = layout::image(item) {
        let seq = layout::seq(item).unwrap_or_default();
        let mut find = |id: PayloadId| (id.number() % 5 < 4).then(|| Arc::from("[1]"));
        let restored = Execution::restore(
            Arc::new(identity()),
            vec![(seq, image)],
            Limits::default(),
            &mut find,
        );
        readable += 1 + usize::from(restored.is_ok());
    }
    readable
}

#[test]
fn what_is_whole_is_read() {
    let [head, end] = items();
    // An entry behind the first says neither when its execution was started nor what it is.
    assert_eq!((read(&head), read(&end)), (11, 9));
    assert_eq!(
        layout::events(&end).unwrap().last().unwrap().details.event_type(),
        "ExecutionSucceeded"
    );
}

#[test]
fn attributes_that_are_missing_or_of_another_kind_are_errors() {
    for item in items() {
        let whole = read(&item);
        let names: BTreeSet<&String> = item.0.keys().collect();
        for name in names {
            let others = [
                AttributeValue::S("x".to_owned()),
                AttributeValue::S("#".to_owned()),
                AttributeValue::N("-1".to_owned()),
                AttributeValue::N("1e400".to_owned()),
                AttributeValue::B(Blob::new("")),
                AttributeValue::B(Blob::new([1_u8])),
                AttributeValue::Null(true),
            ];
            for other in others.map(Some).into_iter().chain([None]) {
                let mut damaged = item.clone();
                match other {
                    Some(other) => damaged.0.insert(name.clone(), other),
                    None => damaged.0.remove(name),
                };
                assert!(read(&damaged) <= whole, "{name}");
            }
        }
    }
}

#[test]
fn bodies_that_are_changed_anywhere_are_read_without_harm() {
    for item in items() {
        let AttributeValue::B(packed) = &item.0["body"] else {
            panic!("a body is bytes")
        };
        let plain = serde_json::to_vec(&crate::packed::unpack::<Value>(packed).unwrap()).unwrap();
        let mut state = 0x5eed;
        let mut errors = 0;
        for form in [packed.as_ref(), &plain] {
            for _ in 0..CHANGES {
                let damaged = item.clone().bytes("body", changed(form, &mut state));
                errors += usize::from(layout::image(&damaged).is_err());
                read(&damaged);
            }
        }
        assert!(errors > 500, "{errors}");
    }
}

/// Changes, takes out or puts in a few bytes.
fn changed(bytes: &[u8], state: &mut u64) -> Vec<u8> {
    // A linear congruential generator, by Knuth's numbers.
    let mut draw = |below: usize| {
        *state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (*state >> 33) as usize % below.max(1)
    };
    let mut bytes = bytes.to_vec();
    for _ in 0..=draw(3) {
        let at = draw(bytes.len());
        match draw(5) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, b"0\"{}[],-9e"[draw(10)]),
            2 => drop(bytes.drain(at..(at + draw(9)).min(bytes.len()))),
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = match draw(2) {
                        0 => b"0\"{}[],-9e"[draw(10)],
                        _ => *byte ^ (1 << draw(8)),
                    };
                }
            }
        }
    }
    bytes
}
