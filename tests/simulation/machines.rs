//! State machines to run: generated ones, and all of `examples/`.

use crate::definitions::{Tasks, generate};
use crate::dice::Dice;
use engine::{ExecutionType, Timestamp};
use ports::{Activity, Machine, MachineStatus, Owner, Revision};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

macro_rules! example {
    ($name:literal) => {
        (
            $name,
            include_str!(concat!("../../examples/states/", $name, ".asl.json")),
            include_str!(concat!("../../examples/states/", $name, ".input.json")),
        )
    };
}

/// The order workflow, and its inputs.
const ORDERS: &str = include_str!("../../examples/order-processing/workflow.asl.json");
const ORDER_INPUTS: &[&str] = &[
    include_str!("../../examples/order-processing/inputs/good.json"),
    include_str!("../../examples/order-processing/inputs/declined.json"),
    include_str!("../../examples/order-processing/inputs/out-of-stock.json"),
];

/// The small examples: name, definition and input.
const STATES: &[(&str, &str, &str)] = &[
    example!("callback"),
    example!("choice"),
    example!("fail"),
    example!("jsonata"),
    ("loop", include_str!("../../examples/states/loop.asl.json"), "{}"),
    example!("map"),
    example!("nested"),
    example!("parallel"),
    example!("pass"),
    example!("retry-and-catch"),
    example!("succeed"),
    example!("task"),
    example!("variables"),
    example!("wait"),
];

/// The activity that tasks are offered to.
pub(crate) const ACTIVITY: &str = "arn:aws:states:us-east-1:123456789012:activity:a";

/// A state machine, and what its executions begin with.
#[derive(Clone)]
pub(crate) struct Subject {
    pub(crate) machine: Machine,
    pub(crate) input: Arc<str>,
}

/// Draws the state machines of a run; the first three are started by the others alone.
pub(crate) fn draw(dice: &mut Dice, count: usize) -> (Vec<Subject>, Vec<Subject>) {
    let subject = |name: &str, definition: &str, input: &str| Subject {
        machine: machine(name, definition),
        input: input.into(),
    };
    let mut quick = subject("quick", &generate(dice, 1, 2, Tasks::Leaf), "{}");
    quick.machine.machine_type = ExecutionType::Express;
    let children = vec![
        subject("child", &generate(dice, 1, 2, Tasks::Childless), "{}"),
        quick,
        // The child of `nested`.
        subject("pass", include_str!("../../examples/states/pass.asl.json"), "{}"),
    ];
    let subjects = (0..count).map(|number| {
        if dice.chance(80) {
            return subject(
                &format!("orders{number}"),
                ORDERS,
                dice.pick::<&str>(ORDER_INPUTS),
            );
        }
        if dice.chance(120) {
            let (name, definition, input) = dice.pick(STATES);
            // Ten thousand rounds take as long as all the rest.
            let definition = definition.replace("10000", "300");
            return subject(&format!("{name}{number}"), &definition, input);
        }
        let is_express = dice.chance(130);
        let tasks = if is_express { Tasks::Answered } else { Tasks::All };
        let definition = generate(dice, 2, 4, tasks);
        let mut subject = subject(&format!("main{number}"), &definition, &input(dice));
        if is_express {
            subject.machine.machine_type = ExecutionType::Express;
        }
        subject
    });
    let subjects = subjects.collect();
    (children, subjects)
}

fn input(dice: &mut Dice) -> String {
    let items: Vec<u64> = (0..dice.between(1, 4)).collect();
    let many: Vec<u64> = (0..dice.between(17, 40)).collect();
    json!({ "k": dice.below(10), "items": items, "many": many }).to_string()
}

/// Returns the activity.
pub(crate) fn activity() -> Activity {
    Activity {
        owner: owner(),
        name: "a".to_owned(),
        arn: ACTIVITY.to_owned(),
        created: Timestamp(0),
        encryption: None,
        tags: BTreeMap::new(),
    }
}

fn owner() -> Owner {
    Owner {
        region: "us-east-1".into(),
        account: "123456789012".into(),
    }
}

/// Returns a state machine of this definition.
pub(crate) fn machine(name: &str, definition: &str) -> Machine {
    Machine {
        owner: owner(),
        arn: arn(name),
        name: name.to_owned(),
        machine_type: ExecutionType::Standard,
        status: MachineStatus::Active,
        created: Timestamp(0),
        updated: Timestamp(0),
        revision: Revision {
            id: "1".to_owned(),
            definition: definition.into(),
            role_arn: "arn:aws:iam::123456789012:role/r".into(),
            logging: None,
            tracing: None,
            encryption: None,
            created: Timestamp(0),
        },
        tags: BTreeMap::new(),
        published: Arc::default(),
        edits: 0,
    }
}

/// Returns the ARN of a state machine.
pub(crate) fn arn(name: &str) -> String {
    format!("arn:aws:states:us-east-1:123456789012:stateMachine:{name}")
}
