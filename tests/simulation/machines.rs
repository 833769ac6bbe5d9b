//! State machines to run: generated from every type of state, and the example.

use crate::dice::Dice;
use engine::{ExecutionType, Timestamp};
use ports::{Machine, MachineStatus, Owner, Revision};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The order workflow.
const ORDERS: &str = include_str!("../../examples/order-processing/workflow.asl.json");
const ORDER: &str = include_str!("../../examples/order-processing/inputs/good.json");

/// A state machine, and what its executions begin with.
#[derive(Clone)]
pub(crate) struct Subject {
    pub(crate) machine: Machine,
    pub(crate) input: Arc<str>,
}

/// Draws the state machines of a run; the first one is the child of the others.
pub(crate) fn draw(dice: &mut Dice, count: usize) -> Vec<Subject> {
    let mut subjects = vec![Subject {
        machine: machine("child", &generate(dice, 1, 2, Tasks::Childless)),
        input: input(dice),
    }];
    for number in 0..count {
        if dice.chance(80) {
            subjects.push(Subject {
                machine: machine(&format!("orders{number}"), ORDERS),
                input: ORDER.into(),
            });
            continue;
        }
        let is_express = dice.chance(120);
        let tasks = if is_express { Tasks::Answered } else { Tasks::All };
        let definition = generate(dice, 2, 4, tasks);
        let mut machine = machine(&format!("main{number}"), &definition);
        if is_express {
            machine.machine_type = ExecutionType::Express;
        }
        subjects.push(Subject {
            machine,
            input: input(dice),
        });
    }
    subjects
}

fn input(dice: &mut Dice) -> Arc<str> {
    let items: Vec<u64> = (0..dice.between(1, 4)).collect();
    json!({ "k": dice.below(10), "items": items }).to_string().into()
}

/// Returns a state machine of this definition.
pub(crate) fn machine(name: &str, definition: &str) -> Machine {
    let owner = Owner {
        region: "us-east-1".into(),
        account: "123456789012".into(),
    };
    Machine {
        owner,
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

fn arn(name: &str) -> String {
    format!("arn:aws:states:us-east-1:123456789012:stateMachine:{name}")
}

/// Draws a definition; `depth` says how deep Parallel and Map may nest.
fn generate(dice: &mut Dice, depth: u64, length: u64, tasks: Tasks) -> String {
    let mut generator = Generator {
        dice,
        count: 0,
        tasks,
    };
    let mut definition = generator.block(depth, length);
    if generator.dice.chance(150) {
        definition["TimeoutSeconds"] = generator.dice.between(60, 1_500).into();
    }
    definition.to_string()
}

struct Generator<'a> {
    dice: &'a mut Dice,
    count: u32,
    tasks: Tasks,
}

/// Which kinds of tasks a state machine may have.
#[derive(Clone, Copy)]
enum Tasks {
    /// Those whose end is the answer: an Express execution has no others.
    Answered,
    /// Those that end later, too, but no child executions.
    Childless,
    All,
}

impl Generator<'_> {
    fn name(&mut self, kind: &str) -> String {
        self.count += 1;
        format!("{kind}_{}", self.count)
    }

    /// Returns a machine of states one after the other.
    fn block(&mut self, depth: u64, length: u64) -> Value {
        let mut states = Map::new();
        let end = self.name("Last");
        let last = match self.dice.below(12) {
            0 => json!({ "Type": "Fail", "Error": "Sim.Designed", "Cause": "by design" }),
            1..5 => json!({ "Type": "Succeed" }),
            _ => json!({ "Type": "Pass", "End": true }),
        };
        states.insert(end.clone(), last);
        let mut next = end;
        for _ in 0..self.dice.between(1, length) {
            next = self.state(depth, &next, &mut states);
        }
        json!({ "StartAt": next, "States": states })
    }

    /// Adds a state before another; returns its name.
    fn state(&mut self, depth: u64, next: &str, states: &mut Map<String, Value>) -> String {
        let (name, mut state) = match self.dice.below(if depth > 0 { 14 } else { 12 }) {
            0 => {
                let size = if self.dice.chance(300) { 9_000 } else { 10 };
                (
                    self.name("Pass"),
                    json!({ "Type": "Pass", "Result": "x".repeat(size), "ResultPath": "$.passed" }),
                )
            }
            1 => {
                let name = self.name("Choice");
                let by_default = self.name("Default");
                states.insert(by_default.clone(), json!({ "Type": "Pass", "Next": next }));
                let choice =
                    json!({ "Variable": "$.k", "NumericGreaterThan": self.dice.below(10), "Next": next });
                let state = json!({ "Type": "Choice", "Choices": [choice], "Default": by_default });
                states.insert(name.clone(), state);
                return name;
            }
            2 | 3 => {
                let seconds = match self.dice.below(4) {
                    0 => self.dice.between(60, 600),
                    _ => self.dice.between(1, 30),
                };
                (
                    self.name(&format!("Wait{seconds}")),
                    json!({ "Type": "Wait", "Seconds": seconds }),
                )
            }
            12 => {
                let branches: Vec<Value> = (0..self.dice.between(1, 3))
                    .map(|_| self.block(depth - 1, 2))
                    .collect();
                let state = json!({ "Type": "Parallel", "Branches": branches, "ResultPath": "$.forked" });
                (self.name("Parallel"), self.guarded(state, next))
            }
            13 => {
                let state = json!({
                    "Type": "Map",
                    "ItemsPath": "$.items",
                    "ItemSelector": { "k.$": "$$.Map.Item.Value", "items": [1, 2] },
                    "MaxConcurrency": self.dice.below(3),
                    "ItemProcessor": self.block(depth - 1, 2),
                    "ResultPath": "$.mapped",
                });
                (self.name("Map"), self.guarded(state, next))
            }
            _ => {
                let (kind, task) = self.task();
                (self.name(kind), self.guarded(task, next))
            }
        };
        state["Next"] = next.into();
        states.insert(name.clone(), state);
        name
    }

    fn task(&mut self) -> (&'static str, Value) {
        let (kind, resource, parameters) = match self.dice.below(match self.tasks {
            Tasks::Answered => 6,
            Tasks::Childless => 9,
            Tasks::All => 12,
        }) {
            0 | 1 => (
                "Invoke",
                "arn:aws:states:::lambda:invoke",
                json!({ "FunctionName": "f" }),
            ),
            2 => (
                "Publish",
                "arn:aws:states:::sns:publish",
                json!({ "TopicArn": "arn:aws:sns:us-east-1:123456789012:t", "Message": "m" }),
            ),
            3 => (
                "Function",
                "arn:aws:lambda:us-east-1:123456789012:function:f",
                json!({}),
            ),
            4 => (
                "Get",
                "arn:aws:states:::dynamodb:getItem",
                json!({ "TableName": "t", "Key": { "id": { "S": "1" } } }),
            ),
            5 => (
                "Send",
                "arn:aws:states:::sqs:sendMessage",
                json!({ "QueueUrl": "https://sqs/q.fifo", "MessageBody": "m", "MessageGroupId": "g" }),
            ),
            6 => (
                "Long",
                "arn:aws:states:::lambda:invoke",
                json!({ "FunctionName": "f" }),
            ),
            7 | 8 => (
                "Ask",
                "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                json!({
                    "QueueUrl": if self.dice.chance(500) { "https://sqs/q" } else { "https://sqs/q.fifo" },
                    "MessageBody": { "token.$": "$$.Task.Token" },
                }),
            ),
            9 => ("Launch", "arn:aws:states:::states:startExecution", child()),
            10 => ("Nest", "arn:aws:states:::states:startExecution.sync", child()),
            _ => ("Nest", "arn:aws:states:::states:startExecution.sync:2", child()),
        };
        let mut task =
            json!({ "Type": "Task", "Resource": resource, "Parameters": parameters, "ResultPath": "$.last" });
        match kind {
            "Long" => task["TimeoutSeconds"] = self.dice.between(100, 900).into(),
            "Ask" if self.dice.chance(600) => {
                task["TimeoutSeconds"] = self.dice.between(60, 600).into();
                if self.dice.chance(300) {
                    task["HeartbeatSeconds"] = self.dice.between(20, 59).into();
                }
            }
            "Invoke" | "Nest" if self.dice.chance(200) => {
                task["TimeoutSeconds"] = self.dice.between(5, 60).into();
            }
            _ => {}
        }
        (kind, task)
    }

    /// Adds Retry and Catch, or neither.
    fn guarded(&mut self, mut state: Value, next: &str) -> Value {
        if self.dice.chance(400) {
            let error = *self.dice.pick(&["Sim.Busy", "States.TaskFailed", "States.ALL"]);
            state["Retry"] = json!([{
                "ErrorEquals": [error],
                "IntervalSeconds": self.dice.between(1, 20),
                "MaxAttempts": self.dice.between(1, 3),
                "BackoffRate": 1.5,
            }]);
        }
        if self.dice.chance(400) {
            state["Catch"] =
                json!([{ "ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": next }]);
        }
        state
    }
}

fn child() -> Value {
    json!({ "StateMachineArn": arn("child"), "Input": { "k": 4, "items": [1, 2] } })
}
