//! What is checked: small state machines, what clients do with them, and which faults may happen.

use super::choice::Faults;
use super::client::{Act, Deed};
use crate::machines::{self, Subject};
use engine::Program;
use ports::Machine;
use serde_json::{Value, json};
use std::sync::Arc;

/// One configuration.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// The machines' names and definitions; clients use the first one.
    machines: Vec<Machine>,
    /// The first one, compiled.
    program: Arc<Program>,
    script: &'static [Step],
    pub(crate) faults: Faults,
    pub(crate) extent: Extent,
    /// How often whoever has a task token reports with it.
    pub(crate) reports: usize,
}

/// How much of a configuration is looked at when nobody asks for more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Every state there is.
    Whole,
    /// As many states as fit into the time that a test may take.
    Capped,
}

/// What a client of the first state machine does.
#[derive(Clone, Copy)]
pub(crate) enum Step {
    Start,
    Stop,
    Redrive,
    ComesBack,
}

/// The name of the execution.
const NAME: &str = "e";

impl Case {
    /// Returns a configuration in which a client starts the first state machine, searched as a whole.
    fn new(name: &'static str, machines: &[(&str, Value)], faults: Faults) -> Case {
        let machine = |(name, definition): &(&str, Value)| machines::machine(name, &definition.to_string());
        let compiled = asl::compile(&machines[0].1.to_string(), asl::MachineType::Standard);
        let program = compiled.program.expect("the definition is a good one");
        Case {
            name,
            machines: machines.iter().map(machine).collect(),
            program: Arc::new(program),
            script: &[Step::Start],
            faults,
            extent: Extent::Whole,
            reports: 1,
        }
    }

    /// Returns the same with other things for a client to do.
    fn with(self, script: &'static [Step]) -> Case {
        Case { script, ..self }
    }

    /// Returns the same with two reports for each task token.
    fn reported_twice(self) -> Case {
        Case { reports: 2, ..self }
    }

    /// Returns the same, not searched as a whole.
    fn capped(self) -> Case {
        Case {
            extent: Extent::Capped,
            ..self
        }
    }

    pub(crate) fn machines(&self) -> Vec<Machine> {
        self.machines.clone()
    }

    /// Returns what clients do.
    pub(crate) fn acts(&self) -> Vec<Act> {
        let subject = Subject {
            machine: self.machines[0].clone(),
            input: "{}".into(),
        };
        let deed = |step: &Step| match step {
            Step::Start => Deed::Start(subject.clone(), Arc::clone(&self.program), NAME),
            Step::Stop => Deed::Stop(subject.clone(), NAME),
            Step::Redrive => Deed::Redrive(subject.clone(), NAME),
            Step::ComesBack => Deed::Waits,
        };
        self.script.iter().map(|step| Act::new(deed(step))).collect()
    }
}

/// A call that must not be made twice.
fn once() -> Value {
    json!({ "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": { "FunctionName": "f" } })
}

/// A call whose service recognises it by a token.
fn token() -> Value {
    json!({
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage",
        "Parameters": { "QueueUrl": "https://sqs/q.fifo", "MessageBody": "m", "MessageGroupId": "g" },
    })
}

/// A call that waits for somebody with its task token.
fn callback() -> Value {
    json!({
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": { "QueueUrl": "https://sqs/q.fifo", "MessageBody": { "token.$": "$$.Task.Token" }, "MessageGroupId": "g" },
    })
}

/// A call that is left to whoever may take long over it.
fn long() -> Value {
    let mut task = once();
    task["TimeoutSeconds"] = 600.into();
    task
}

/// A child execution whose end the task waits for.
fn child() -> Value {
    json!({
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync",
        "Parameters": { "StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:child", "Input": {} },
    })
}

fn wait() -> Value {
    json!({ "Type": "Wait", "Seconds": 5 })
}

/// Returns a state machine of states one after the other.
fn chain(states: &[(&str, Value)]) -> Value {
    let mut all = serde_json::Map::new();
    for (place, (name, state)) in states.iter().enumerate() {
        let mut state = state.clone();
        match states.get(place + 1) {
            Some((next, _)) => state["Next"] = (*next).into(),
            None => state["End"] = true.into(),
        }
        all.insert((*name).to_owned(), state);
    }
    json!({ "StartAt": states[0].0, "States": all })
}

/// One fault at a time, of every kind but those of services.
const FAULTS: Faults = Faults {
    dies: 1,
    stops: 1,
    lost: 1,
    again: 1,
    fails: 0,
    takes: 0,
    all: 1,
};

/// The same, and calls that take long.
const SLOW: Faults = Faults { takes: 1, ..FAULTS };

/// Two faults, of two kinds.
const PAIRS: Faults = Faults { all: 2, ..SLOW };

/// Returns all configurations.
pub(crate) fn all() -> Vec<Case> {
    let mut all = chains();
    all.extend(races());
    all
}

/// Returns a state machine of one state.
fn one(state: Value) -> Vec<(&'static str, Value)> {
    vec![("m", chain(&[("A", state)]))]
}

/// Returns a state machine of two states.
fn two(first: Value, second: Value) -> Vec<(&'static str, Value)> {
    vec![("m", chain(&[("A", first), ("B", second)]))]
}

/// Returns what runs by itself once it was started.
fn chains() -> Vec<Case> {
    let waits = [("m", chain(&[("Wait5_1", wait())]))];
    let three = chain(&[("A", once()), ("B", callback()), ("C", token())]);
    vec![
        Case::new("once", &one(once()), SLOW),
        Case::new("once, two faults", &one(once()), PAIRS).capped(),
        Case::new("once, once", &two(once(), once()), SLOW),
        Case::new("token, token", &two(token(), token()), FAULTS),
        Case::new("callback", &one(callback()), FAULTS),
        Case::new("callback, callback", &two(callback(), callback()), FAULTS)
            .reported_twice()
            .capped(),
        Case::new("once, callback, token", &[("m", three)], FAULTS).capped(),
        Case::new("wait", &waits, FAULTS),
        Case::new("wait, two faults", &waits, PAIRS).capped(),
    ]
}

/// Returns what several clients, branches, executions or processes have to do with.
fn races() -> Vec<Case> {
    use Step::{ComesBack, Redrive, Start, Stop};
    let fork = json!({
        "Type": "Parallel",
        "Branches": [chain(&[("Left", once())]), chain(&[("Right", once())])],
    });
    let family = [
        ("m", chain(&[("A", child())])),
        ("child", chain(&[("A", token())])),
    ];
    // A call that fails leaves an execution to redrive.
    let failing = Faults {
        fails: 1,
        all: 2,
        ..FAULTS
    };
    vec![
        Case::new("a name used again", &one(token()), FAULTS).with(&[Start, ComesBack, Start]),
        Case::new("stopped", &one(once()), FAULTS)
            .with(&[Start, Stop])
            .capped(),
        Case::new("redriven", &one(once()), failing)
            .with(&[Start, Redrive])
            .capped(),
        Case::new("two branches", &one(fork), FAULTS).capped(),
        Case::new("a child", &family, FAULTS).capped(),
        Case::new("handed over", &one(long()), SLOW).capped(),
    ]
}

/// Returns a configuration by its name.
pub(crate) fn named(name: &str) -> Case {
    let found = all().into_iter().find(|case| case.name == name);
    found.unwrap_or_else(|| panic!("there is no configuration `{name}`"))
}
