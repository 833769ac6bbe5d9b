use super::Packed;
use crate::{Details, Event, PayloadId, StateType, Target, TaskType, Why};
use asl::Timestamp;
use std::path::PathBuf;
use std::sync::Arc;

fn why() -> Why {
    Why {
        error: Some("E".to_owned()),
        cause: Some("because".to_owned()),
    }
}

fn target() -> Target {
    Target {
        resource_type: "sqs".to_owned(),
        resource: "sendMessage".to_owned(),
    }
}

/// Returns one of each kind of details, with and without what may be absent.
fn all() -> Vec<Details> {
    let (document, name) = (PayloadId::new(2, 7), || Arc::<str>::from("Näme \"1\""));
    let iteration = |make: fn(Arc<str>, u32) -> Details| make(name(), 3);
    let task = TaskType::LambdaFunction;
    let mut all = vec![
        Details::ExecutionStarted {
            input: PayloadId::new(0, 0),
            role_arn: "arn:aws:iam::123456789012:role/r".into(),
        },
        Details::ExecutionSucceeded { output: document },
        Details::ExecutionFailed(why()),
        Details::ExecutionAborted(Why::default()),
        Details::ExecutionTimedOut(Why { cause: None, ..why() }),
        Details::StateExited {
            state: StateType::Pass,
            name: name(),
            output: PayloadId::new(0, 4),
            assigned: vec![("x".to_owned(), document), ("y".to_owned(), PayloadId::new(0, 5))],
        },
        Details::ParallelStateStarted,
        Details::ParallelStateSucceeded,
        Details::ParallelStateFailed,
        Details::MapStateStarted { length: 1_000 },
        Details::MapStateSucceeded,
        Details::MapStateFailed,
        iteration(|name, index| Details::MapIterationStarted { name, index }),
        iteration(|name, index| Details::MapIterationSucceeded { name, index }),
        iteration(|name, index| Details::MapIterationFailed { name, index }),
        iteration(|name, index| Details::MapIterationAborted { name, index }),
        Details::ActivityStarted { worker_name: None },
        Details::ActivityStarted {
            worker_name: Some("w".to_owned()),
        },
        Details::TaskSubmitted {
            target: target(),
            output: document,
        },
        Details::TaskSubmitFailed {
            target: target(),
            why: why(),
        },
        Details::Succeeded {
            task,
            target: target(),
            output: document,
        },
        Details::Failed {
            task: TaskType::Activity,
            target: target(),
            why: why(),
        },
        Details::TimedOut {
            task,
            target: target(),
            why: Why::default(),
        },
        Details::EvaluationFailed {
            why: why(),
            location: "Output".to_owned(),
            state: name(),
        },
    ];
    for state in [
        StateType::Pass,
        StateType::Task,
        StateType::Choice,
        StateType::Wait,
        StateType::Succeed,
        StateType::Fail,
        StateType::Parallel,
        StateType::Map,
    ] {
        all.push(Details::StateEntered {
            state,
            name: name(),
            input: document,
        });
        all.push(Details::StateExited {
            state,
            name: name(),
            output: document,
            assigned: Vec::new(),
        });
        all.push(Details::StateAborted { state });
    }
    for task in [TaskType::Task, TaskType::LambdaFunction, TaskType::Activity] {
        all.push(Details::Scheduled {
            task,
            target: target(),
            region: "us-east-1".into(),
            parameters: document,
            timeout_seconds: None,
            heartbeat_seconds: None,
            role_arn: None,
        });
        all.push(Details::Started {
            task,
            target: target(),
        });
    }
    all.push(Details::Scheduled {
        task: TaskType::Task,
        target: target(),
        region: "us-east-1".into(),
        parameters: document,
        timeout_seconds: Some(60),
        heartbeat_seconds: Some(30),
        role_arn: Some("arn:aws:iam::123456789012:role/x".to_owned()),
    });
    all.push(Details::ExecutionRedriven { redrive_count: 2 });
    all
}

/// Returns the events: mostly in a row, some led to by earlier ones, at several times.
fn events() -> Vec<Event> {
    (1..)
        .zip(all())
        .map(|(id, details)| Event {
            id,
            previous: if id % 5 == 0 { id / 3 } else { id - 1 },
            time: Timestamp(1_800_000_000_000 + i64::try_from(id / 20).unwrap()),
            details,
        })
        .collect()
}

#[test]
fn every_kind_of_event_comes_back() {
    let events = events();
    for some in [events.as_slice(), &events[3..9], &[]] {
        let text = serde_json::to_string(&Packed::of(some)).unwrap();
        let read: Packed<'static> = serde_json::from_str(&text).unwrap();
        assert_eq!(read.into_events(), some, "{text}");
    }
    for event in events {
        let text = serde_json::to_string(&event).unwrap();
        assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event, "{text}");
    }
}

#[test]
fn a_gap_in_the_ids_and_an_event_without_a_cause_come_back() {
    let mut events = events();
    events.remove(4);
    events[7].previous = 0;
    let text = serde_json::to_string(&Packed::of(&events)).unwrap();
    let read: Packed<'static> = serde_json::from_str(&text).unwrap();
    assert_eq!(read.into_events(), events);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the golden file is a file")]
fn the_stored_form_stays_readable() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/events-v1.json");
    let mut text = serde_json::to_string(&Packed::of(&events())).unwrap();
    text.push('\n');
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let then = std::fs::read_to_string(&path).unwrap();
    let read: Packed<'static> = serde_json::from_str(&then).unwrap();
    assert_eq!(
        read.into_events(),
        events(),
        "what an earlier version stored is read"
    );
    assert_eq!(text, then, "the stored form has changed");
}

#[test]
fn damage_is_reported() {
    for text in [
        "{}",
        r#"[{"i":1,"t":1,"e":[[1]]}]"#,
        r#"[{"i":1,"t":1,"e":["nothing"]}]"#,
        r#"[{"i":1,"t":1,"e":[{"in":["P","a"]}]}]"#,
        r#"[{"i":1,"t":1,"e":[{"in":["P","a","1.2.3"]}]}]"#,
        r#"[{"i":1,"t":1,"e":[{"in":["P","a",4294967296]}]}]"#,
        r#"[{"i":18446744073709551615,"t":1,"e":["L","Lok"]}]"#,
    ] {
        assert!(serde_json::from_str::<Packed<'static>>(text).is_err(), "{text}");
    }
}
