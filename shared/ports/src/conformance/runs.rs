//! Real executions to write down: the engine runs small programs, and gives the entries.

use super::unique;
use crate::{Nonce, StoredPayload, Write};
use asl::MachineType;
use engine::{
    CallId, Entry, Execution, ExecutionKey, ExecutionType, Identity, Limits, Message, Outcome, Program,
    Timestamp, apply,
};
use std::sync::Arc;

/// When the tests' executions begin, unless they say otherwise.
pub(crate) const START: Timestamp = Timestamp(1_800_000_000_000);

/// An execution in memory that says what it would write.
#[derive(Debug)]
pub struct Run {
    /// The execution.
    pub execution: Execution,
    program: Arc<Program>,
    /// The calls that are asked for and not yet answered, oldest first.
    pub calls: Vec<CallId>,
}

impl Run {
    /// Begins an execution of `definition` at `started`; its first write is the second value.
    pub fn begin(
        machine: &str,
        name: &str,
        definition: &str,
        input: &str,
        started: Timestamp,
    ) -> (Run, Arc<Write>) {
        let compiled = asl::compile(definition, MachineType::Standard);
        let program = compiled
            .program
            .unwrap_or_else(|| panic!("not a program: {:?}", compiled.diagnostics));
        let execution = Execution::new(identity(machine, name, started), input.into(), Limits::default());
        let mut run = Run {
            execution,
            program: Arc::new(program),
            calls: Vec::new(),
        };
        let write = run.message(Message::Start, started);
        (run, write)
    }

    /// Takes the place of the execution in memory: for one that was restored.
    pub fn with(&self, execution: Execution) -> Run {
        Run {
            execution,
            program: Arc::clone(&self.program),
            calls: self.calls.clone(),
        }
    }

    /// Applies a message, and returns what is to be written then.
    pub fn message(&mut self, message: Message, now: Timestamp) -> Arc<Write> {
        let outcome = apply(&self.program, &mut self.execution, message, now);
        assert!(
            outcome.accepted && outcome.changed && !outcome.unfinished,
            "the program is not fit for this test"
        );
        self.calls
            .extend(outcome.effects.iter().map(|effect| effect.call().id));
        self.seal(outcome)
    }

    /// Answers the oldest call, and returns what is to be written then.
    pub fn answer(&mut self, output: &str, now: Timestamp) -> Arc<Write> {
        let call = self.calls.remove(0);
        self.message(
            Message::CallSucceeded {
                call,
                output: output.to_owned(),
            },
            now,
        )
    }

    /// Names the execution.
    pub fn key(&self) -> &ExecutionKey {
        &self.execution.identity.key
    }

    /// Returns what the execution is.
    pub fn identity(&self) -> Arc<Identity> {
        Arc::clone(&self.execution.identity)
    }

    fn seal(&mut self, outcome: Outcome) -> Arc<Write> {
        let entry = self.execution.seal(outcome);
        Arc::new(write(entry, self.execution.next_deadline()))
    }
}

/// Returns the same entry as another attempt would write it.
pub(crate) fn rival(write: &Write) -> Arc<Write> {
    Arc::new(Write {
        nonce: Nonce(unique()),
        ..write.clone()
    })
}

fn write(entry: Entry, next_deadline: Option<Timestamp>) -> Write {
    let stored = |text: &Arc<str>| StoredPayload::Text(Arc::clone(text));
    Write {
        payloads: entry
            .payloads
            .iter()
            .map(|payload| (payload.id, stored(&payload.text)))
            .collect(),
        nonce: Nonce(unique()),
        lease_until: entry.time.plus_seconds(60),
        next_deadline,
        output: entry
            .closing
            .as_ref()
            .and_then(|closing| closing.output.as_ref())
            .map(|data| stored(data.text())),
        entry,
    }
}

/// Returns an identity with an incarnation of its own.
pub(crate) fn identity(machine: &str, name: &str, started: Timestamp) -> Identity {
    let machine_name = machine.rsplit(':').next().unwrap_or(machine);
    Identity {
        key: ExecutionKey {
            machine: machine.into(),
            name: name.into(),
        },
        incarnation: unique().into(),
        arn: format!("arn:aws:states:us-east-1:123456789012:execution:{machine_name}:{name}").into(),
        name: name.into(),
        machine_arn: format!("arn:aws:states:us-east-1:123456789012:stateMachine:{machine_name}").into(),
        machine_name: machine_name.into(),
        version_arn: None,
        alias_arn: None,
        role_arn: "arn:aws:iam::123456789012:role/test".into(),
        region: "us-east-1".into(),
        execution_type: ExecutionType::Standard,
        started,
        seed: "00".repeat(32).into(),
        revision: "1".into(),
        parent: None,
        trace_header: None,
        test_case: None,
        map: None,
    }
}

/// Ends at once, with its input.
pub(crate) const PASS: &str = r#"{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}"#;

/// Waits for an hour, then ends with something new.
pub(crate) const WAIT: &str = r#"{"StartAt":"W","States":{
    "W":{"Type":"Wait","Seconds":3600,"Next":"P"},
    "P":{"Type":"Pass","Result":{"waited":true},"End":true}}}"#;

/// Fails at once.
pub(crate) const FAIL: &str =
    r#"{"StartAt":"F","States":{"F":{"Type":"Fail","Error":"Broken","Cause":"by design"}}}"#;

/// Makes 30 calls at once, each with an item of the input `{"items":[...]}`.
pub(crate) const MAP: &str = r#"{"StartAt":"M","States":{"M":{"Type":"Map","ItemsPath":"$.items","End":true,
    "ItemProcessor":{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage",
    "Parameters":{"QueueUrl":"https://queue","MessageBody.$":"$"},"End":true}}}}}}"#;

/// Makes `count` calls, one after the other.
pub(crate) fn chain(count: usize) -> String {
    let states: Vec<String> = (0..count)
        .map(|number| {
            let next = if number + 1 == count {
                r#""End":true"#.to_owned()
            } else {
                format!(r#""Next":"T{}""#, number + 1)
            };
            format!(
                r#""T{number}":{{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage",
                "Parameters":{{"QueueUrl":"https://queue","MessageBody.$":"$.body"}},"ResultPath":"$.result",{next}}}"#
            )
        })
        .collect();
    format!(r#"{{"StartAt":"T0","States":{{{}}}}}"#, states.join(","))
}
