//! Runs of the engine: the same story told twice, once with a restart after every entry.

use crate::bytes::Bytes;
use crate::machine;
use asl::{MachineType, Timestamp};
use engine::{
    Call, CallId, Effect, Execution, ExecutionKey, ExecutionType, Identity, Image, Limits, Message, Outcome,
    Packed, PayloadId, Program, Status, apply,
};
use integrations::Failure;
use serde_json::json;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

const START: Timestamp = Timestamp(1_700_000_000_000);
/// Messages of one story.
const MESSAGES_MAX: usize = 120;

/// Draws a state machine, an input and what happens to an execution, and lets it happen twice: the journals have to be
/// the same to the byte.
pub fn structured(data: &[u8]) {
    let mut bytes = Bytes::of(data);
    let definition = machine::definition(&mut bytes).to_string();
    let compiled = asl::compile(&definition, MachineType::Standard);
    let diagnostics = compiled.diagnostics;
    let program = compiled
        .program
        .unwrap_or_else(|| panic!("what is drawn is valid: {diagnostics:?} {definition}"));
    let items: Vec<usize> = (0..bytes.below(24)).collect();
    let input = json!({ "k": bytes.below(6), "items": items, "s": "text" }).to_string();
    let limits = Limits {
        history_events: 400,
        payload_bytes: 20_000,
        inline_map_concurrency: 1 + bytes.below(40) as u64,
    };
    let script = data.get(data.len() - rest(&mut bytes)..).unwrap_or_default();
    let straight = Story::new(&program, &input, limits, false).told(script);
    let restarted = Story::new(&program, &input, limits, true).told(script);
    for (number, (one, other)) in straight.iter().zip(&restarted).enumerate() {
        assert_eq!(one, other, "entry {number} of {definition}");
    }
    assert_eq!(straight.len(), restarted.len(), "{definition}");
}

/// Counts the bytes that are left.
fn rest(bytes: &mut Bytes<'_>) -> usize {
    let mut count = 0;
    while !bytes.is_used_up() {
        bytes.byte();
        count += 1;
    }
    count
}

struct Story<'a> {
    program: &'a Program,
    execution: Execution,
    now: Timestamp,
    restarts: bool,
    calls: VecDeque<Call>,
    images: Vec<(u64, Image)>,
    texts: BTreeMap<PayloadId, Arc<str>>,
    journal: Vec<String>,
}

impl<'a> Story<'a> {
    fn new(program: &'a Program, input: &str, limits: Limits, restarts: bool) -> Story<'a> {
        Story {
            program,
            execution: Execution::new(identity(), input.into(), limits),
            now: START,
            restarts,
            calls: VecDeque::new(),
            images: Vec::new(),
            texts: BTreeMap::new(),
            journal: Vec::new(),
        }
    }

    /// Tells the story, and returns the journal.
    fn told(mut self, script: &[u8]) -> Vec<String> {
        let mut script = Bytes::of(script);
        self.tell(Message::Start);
        for _ in 0..MESSAGES_MAX {
            if self.execution.status == Status::Succeeded {
                break;
            }
            let message = self.next(&mut script);
            self.tell(message);
        }
        self.journal
    }

    /// Chooses what happens next.
    fn next(&mut self, script: &mut Bytes<'_>) -> Message {
        self.now = Timestamp(self.now.millis() + script.below(4) as i64 * 700);
        if self.execution.status != Status::Running {
            return match script.below(3) {
                0 => Message::Wake,
                _ => Message::Redrive {
                    client_token: Some(format!("token {}", script.below(3))),
                },
            };
        }
        let turn = script.below(12);
        let of_call = (turn < 8).then(|| self.calls.pop_front()).flatten();
        if let Some(call) = of_call {
            return self.about(call, turn, script);
        }
        match turn {
            8 => Message::Heartbeat {
                call: CallId(script.below(8) as u64),
            },
            9 => answer(CallId(script.below(8) as u64), script),
            10 if script.one_in(16) => Message::Stop {
                error: Some("Fuzz.Stop".to_owned()),
                cause: None,
            },
            _ => {
                let deadline = self.execution.next_deadline();
                // Now and then nothing is due yet.
                if script.below(5) != 4 {
                    self.now = deadline.map_or(self.now, |deadline| deadline.max(self.now));
                }
                Message::Wake
            }
        }
    }

    /// Says what becomes of a call; some are heard of twice.
    fn about(&mut self, call: Call, turn: usize, script: &mut Bytes<'_>) -> Message {
        let id = call.id;
        if script.one_in(4) {
            self.calls.push_back(call);
        }
        match turn {
            0..3 => answer(id, script),
            3 => Message::CallFailed {
                call: id,
                failure: failure(script),
            },
            4 => Message::CallUnknown {
                call: id,
                reason: None,
            },
            5 => Message::Callback {
                call: id,
                result: match script.below(3) {
                    0 => Err(failure(script)),
                    _ => Ok(document(script)),
                },
            },
            6 => Message::ActivityStarted {
                call: id,
                worker_name: Some("worker".to_owned()),
            },
            _ => Message::JobDone {
                call: id,
                submission: "{}".to_owned(),
                result: match script.below(3) {
                    0 => Err(failure(script)),
                    _ => Ok(document(script)),
                },
            },
        }
    }

    /// Applies a message, and goes on while the turn says so.
    fn tell(&mut self, message: Message) {
        let mut message = Some(message);
        while let Some(next) = message.take() {
            let outcome = apply(self.program, &mut self.execution, next, self.now);
            if outcome.unfinished {
                message = Some(Message::Wake);
            }
            self.write(outcome);
        }
    }

    fn write(&mut self, mut outcome: Outcome) {
        let effects = std::mem::take(&mut outcome.effects);
        self.calls.extend(
            effects
                .iter()
                .filter(|effect| !matches!(effect, Effect::Cancel(_)))
                .map(|effect| effect.call().clone()),
        );
        let asked: Vec<String> = effects.iter().map(|effect| format!("{effect:?}")).collect();
        if !outcome.changed {
            assert!(outcome.events.is_empty() && outcome.payloads.is_empty());
            return;
        }
        let entry = self.execution.seal(outcome);
        let image = serde_json::to_string(&entry.image).unwrap();
        let events = serde_json::to_string(&Packed::of(&entry.events)).unwrap();
        let read: Packed<'static> = serde_json::from_str(&events).unwrap();
        assert_eq!(
            read.into_events(),
            entry.events,
            "events are read as they were written"
        );
        let read: Image = serde_json::from_str(&image).unwrap();
        assert_eq!(read, entry.image, "an image is read as it was written");
        self.journal.push(format!(
            "{} {:?} {events} {:?} {image} {:?} {asked:?}",
            entry.seq, entry.time, entry.payloads, entry.closing
        ));
        let texts = entry
            .payloads
            .into_iter()
            .map(|payload| (payload.id, payload.text));
        self.texts.extend(texts);
        if self.restarts && self.execution.status != Status::Succeeded {
            if read.base == entry.seq {
                self.images.clear();
            }
            self.images.push((entry.seq, read));
            self.restart();
        }
    }

    /// Forgets the execution, and reads it again.
    fn restart(&mut self) {
        let closing = self.execution.closing.clone();
        let identity = Arc::clone(&self.execution.identity);
        let limits = self.execution.limits;
        let texts = &self.texts;
        self.execution = Execution::restore(identity, self.images.clone(), limits, &mut |id| {
            texts.get(&id).cloned()
        })
        .unwrap();
        // The head holds it.
        self.execution.closing = closing;
    }
}

fn answer(call: CallId, script: &mut Bytes<'_>) -> Message {
    Message::CallSucceeded {
        call,
        output: document(script),
    }
}

fn document(script: &mut Bytes<'_>) -> String {
    match script.below(8) {
        0 => "{}".to_owned(),
        1 => "{\"k\": 1, \"items\": [3, 4], \"s\": \"t\"}".to_owned(),
        2 => "\"text\"".to_owned(),
        3 => "[1, [2], {\"k\": 1.50}]".to_owned(),
        4 => "null".to_owned(),
        5 => "1e300".to_owned(),
        6 => format!("{{\"k\": {}{}}}", "[".repeat(100), "]".repeat(100)),
        _ => format!("\"{}\"", "x".repeat(200 * script.below(128))),
    }
}

fn failure(script: &mut Bytes<'_>) -> Failure {
    let error = script.pick(&["Fuzz.Error", "", "States.Timeout", "Lambda.Unknown"]);
    Failure {
        error: error.to_owned(),
        cause: Some("cause".to_owned()),
    }
}

pub(crate) fn identity() -> Identity {
    Identity {
        key: ExecutionKey {
            machine: "us-east-1:123456789012:machine".into(),
            name: "run".into(),
        },
        incarnation: "01HF0000000000000000000000".into(),
        arn: "arn:aws:states:us-east-1:123456789012:execution:machine:run".into(),
        name: "run".into(),
        machine_arn: "arn:aws:states:us-east-1:123456789012:stateMachine:machine".into(),
        machine_name: "machine".into(),
        version_arn: None,
        alias_arn: None,
        role_arn: "arn:aws:iam::123456789012:role/role".into(),
        region: "us-east-1".into(),
        execution_type: ExecutionType::Standard,
        started: START,
        seed: "5eed5eed5eed5eed5eed5eed5eed5eed5eed5eed5eed5eed5eed5eed5eed5eed".into(),
        revision: "1".into(),
        parent: None,
        trace_header: None,
        test_case: None,
        map: None,
    }
}
