//! What is run: the examples, with their mocks, and generated machines, so changed that nothing in them is a matter of
//! time: what takes longer because somebody died must not end otherwise for that alone.

use super::script::{Mocks, Part, Script};
use crate::dice::Dice;
use crate::machines::{self, Subject, machine};
use asl::MachineType;
use engine::{ExecutionKey, ExecutionType, Program};
use mocks::MockConfiguration;
use ports::machine_key;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the execution of every case is called.
pub(crate) const NAME: &str = "e";

/// A machine to run, with all that belongs to it.
pub(crate) struct Case {
    pub(crate) name: String,
    /// The one that is started.
    pub(crate) subject: Subject,
    /// Those that it starts.
    pub(crate) children: Vec<Subject>,
    pub(crate) script: Arc<Script>,
    pub(crate) programs: Arc<BTreeMap<Arc<str>, Arc<Program>>>,
    pub(crate) seed: u64,
    /// Whether the mailbox keeps the order of a group; nothing may depend on it.
    pub(crate) fifo: bool,
    /// Whether somebody looks for what was lost while others recover.
    pub(crate) sweeps: bool,
    /// What its client asks for besides, and after how many seconds.
    pub(crate) asks: Vec<(u64, Request)>,
}

/// What a client may ask for besides a start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    Stop,
    Redrive,
}

impl Case {
    fn new(name: String, subject: Subject, children: Vec<Subject>, script: Script, seed: u64) -> Case {
        let all = children.iter().chain([&subject]);
        let programs = all.map(|subject| (key(subject), program(subject))).collect();
        Case {
            name,
            subject,
            children,
            script: Arc::new(script),
            programs: Arc::new(programs),
            seed,
            fifo: seed.is_multiple_of(2),
            sweeps: (seed / 2).is_multiple_of(2),
            asks: Vec::new(),
        }
    }
}

impl Case {
    fn into_express(mut self) -> Case {
        self.subject.machine.machine_type = ExecutionType::Express;
        let programs = [(key(&self.subject), program(&self.subject))];
        self.programs = Arc::new(programs.into());
        self
    }

    /// Returns the key of its execution called [`NAME`].
    pub(crate) fn key(&self) -> ExecutionKey {
        ExecutionKey {
            machine: key(&self.subject),
            name: NAME.into(),
        }
    }
}

fn key(subject: &Subject) -> Arc<str> {
    machine_key(&subject.machine.owner, &subject.machine.name).into()
}

fn program(subject: &Subject) -> Arc<Program> {
    let machine = &subject.machine;
    let machine_type = match machine.machine_type {
        ExecutionType::Standard => MachineType::Standard,
        ExecutionType::Express => MachineType::Express,
    };
    let compiled = asl::compile(&machine.revision.definition, machine_type);
    let diagnostics = compiled.diagnostics;
    let Some(program) = compiled.program else {
        let definition = &machine.revision.definition;
        panic!("`{}` is no program: {diagnostics:?}\n{definition}", machine.name);
    };
    Arc::new(program)
}

macro_rules! state {
    ($name:literal) => {
        state!($name, "{}", "{}")
    };
    ($name:literal, input) => {
        state!(
            $name,
            include_str!(concat!("../../../examples/states/", $name, ".input.json")),
            "{}"
        )
    };
    ($name:literal, input, mocks) => {
        state!(
            $name,
            include_str!(concat!("../../../examples/states/", $name, ".input.json")),
            include_str!(concat!("../../../examples/states/", $name, ".mocks.json"))
        )
    };
    ($name:literal, $input:expr, $mocks:expr) => {
        (
            $name,
            include_str!(concat!("../../../examples/states/", $name, ".asl.json")),
            $input,
            $mocks,
        )
    };
}

/// The definitions of `examples/states`: name, definition, input and mocks.
const STATES: &[(&str, &str, &str, &str)] = &[
    state!("callback", input, mocks),
    state!("choice", input),
    state!("fail", input),
    state!("jsonata", input),
    state!("loop"),
    state!("map", input),
    state!("nested", input),
    state!("parallel", input),
    state!("pass", input),
    state!("retry-and-catch", input, mocks),
    state!("succeed", input),
    state!("task", input, mocks),
    state!("variables", input),
    state!("wait", input),
];

const ORDERS: &str = include_str!("../../../examples/order-processing/workflow.asl.json");
const ORDER_MOCKS: &str = include_str!("../../../examples/order-processing/mocks.json");
/// The order workflow's test cases, and their inputs.
const ORDER_INPUTS: [(&str, &str); 3] = [
    (
        "Good",
        include_str!("../../../examples/order-processing/inputs/good.json"),
    ),
    (
        "Declined",
        include_str!("../../../examples/order-processing/inputs/declined.json"),
    ),
    (
        "OutOfStock",
        include_str!("../../../examples/order-processing/inputs/out-of-stock.json"),
    ),
];

/// Returns the examples of the repository, each with every one of its test cases.
pub(crate) fn examples() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |name: &str, definition: &str, input: &str, mocks: Option<Mocks>| {
        let test_case = mocks.as_ref().map_or("", |mocks| &mocks.test_case);
        let called = format!("{name} {test_case}").trim_end().to_owned();
        let subject = Subject {
            machine: machine(name, definition),
            input: input.into(),
        };
        let children = if name == "nested" {
            vec![child_of_nested()]
        } else {
            Vec::new()
        };
        let script = Script {
            parts: BTreeMap::new(),
            mocks,
        };
        let seed = cases.len() as u64;
        cases.push(Case::new(called, subject, children, script, seed));
    };
    for (name, definition, input, mocks) in STATES {
        // Ten thousand rounds take as long as all the rest; a week is further away than any run lasts.
        let mut definition = definition.replace("10000", "100").replace("604800", "3600");
        if *name == "task" {
            // Ten seconds are shorter than a recovery.
            definition = definition.replace("\"TimeoutSeconds\": 10", "\"TimeoutSeconds\": 10000");
        }
        let test_cases = test_cases(mocks, name);
        if test_cases.is_empty() {
            add(name, &definition, input, None);
        }
        for test_case in test_cases {
            add(name, &definition, input, Some(of(mocks, name, &test_case)));
        }
    }
    let mocks = with_functions(ORDER_MOCKS);
    for (test_case, input) in ORDER_INPUTS {
        let mocks = of(&mocks, "order-processing", test_case);
        add("order-processing", ORDERS, input, Some(mocks));
    }
    cases
}

fn child_of_nested() -> Subject {
    Subject {
        machine: machine("pass", include_str!("../../../examples/states/pass.asl.json")),
        input: "{}".into(),
    }
}

fn test_cases(mocks: &str, machine: &str) -> Vec<String> {
    let mocks: Value = serde_json::from_str(mocks).expect("mocks are JSON");
    let cases = mocks["StateMachines"][machine]["TestCases"].as_object();
    cases.map_or_else(Vec::new, |cases| cases.keys().cloned().collect())
}

fn of(mocks: &str, machine: &str, test_case: &str) -> Mocks {
    Mocks {
        configuration: MockConfiguration::parse(mocks).expect("the mocks of an example are right"),
        machine: machine.to_owned(),
        test_case: test_case.to_owned(),
    }
}

/// Adds what the order workflow's functions answer, which are programs of their own.
fn with_functions(mocks: &str) -> String {
    let mut mocks: Value = serde_json::from_str(mocks).expect("mocks are JSON");
    let returns = |payload: Value| json!({ "0-9": { "Return": { "StatusCode": 200, "Payload": payload } } });
    let declined = json!({ "errorType": "PaymentDeclined", "errorMessage": "the card is declined" });
    let responses = &mut mocks["MockedResponses"];
    responses["Authorized"] = returns(json!({ "authorizationId": "a" }));
    responses["CardDeclined"] =
        json!({ "0-9": { "Throw": { "Error": "PaymentDeclined", "Cause": declined.to_string() } } });
    responses["Refunded"] = returns(json!({ "refundId": "r" }));
    responses["Invoiced"] = returns(json!({ "invoiceId": "i" }));
    for (test_case, _) in ORDER_INPUTS {
        let states = &mut mocks["StateMachines"]["order-processing"]["TestCases"][test_case];
        let is_declined = test_case == "Declined";
        states["ValidatePayment"] = if is_declined { "CardDeclined" } else { "Authorized" }.into();
        states["RefundPayment"] = "Refunded".into();
        states["CreateInvoice"] = "Invoiced".into();
    }
    mocks.to_string()
}

/// Returns machines in which much is cut off, and by whom is known: all that goes on beside it takes longer than a
/// recovery.
pub(crate) fn cut() -> Vec<Case> {
    let ask = json!({
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": { "QueueUrl": "https://sqs/q.fifo", "MessageBody": { "token.$": "$$.Task.Token" } },
        "End": true,
    });
    let nest = json!({
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Parameters": { "StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:child" },
        "End": true,
    });
    let call = json!({
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": { "FunctionName": "f" },
        "End": true,
    });
    let only = |name: &str, state: &Value| json!({ "StartAt": name, "States": { name: state } });
    let fails = json!({ "StartAt": "Later", "States": {
        "Later": { "Type": "Wait", "Seconds": 600, "Next": "No" },
        "No": { "Type": "Fail", "Error": "Sim.Designed" },
    } });
    let beside = json!({ "StartAt": "Beside", "States": {
        "Beside": {
            "Type": "Parallel",
            "Branches": [fails, only("Ask", &ask), only("Nest", &nest)],
            "Catch": [{ "ErrorEquals": ["Sim.Designed"], "Next": "Call" }],
            "End": true,
        },
        "Call": call,
    } });
    let mut late = only("Nest", &nest);
    late["TimeoutSeconds"] = 900.into();
    let child = only("Hour", &json!({ "Type": "Wait", "Seconds": 3_600, "End": true }));
    let mut cases = Vec::new();
    let mut add = |name: &str, definition: &Value, parts: &[(&str, Part)], asks: &[(u64, Request)]| {
        let subject = |name: &str, definition: &Value| Subject {
            machine: machine(name, &definition.to_string()),
            input: "{}".into(),
        };
        let part = |(state, part): &(&str, Part)| (("main".to_owned(), (*state).to_owned()), *part);
        let script = Script {
            parts: parts.iter().map(part).collect(),
            mocks: None,
        };
        let children = vec![subject("child", &child)];
        let seed = cases.len() as u64;
        let case = Case::new(
            name.to_owned(),
            subject("main", definition),
            children,
            script,
            seed,
        );
        cases.push(Case {
            asks: asks.to_vec(),
            ..case
        });
    };
    let silent = ("Ask", Part::Silent);
    add("a branch fails", &beside, &[silent], &[]);
    add("the end of its time", &late, &[], &[]);
    add(
        "stopped while a child runs",
        &only("Nest", &nest),
        &[],
        &[(600, Request::Stop)],
    );
    add(
        "stopped while a token is out",
        &only("Ask", &ask),
        &[silent],
        &[(600, Request::Stop)],
    );
    let once = ("Call", Part::Fails(1));
    add(
        "redriven",
        &only("Call", &call),
        &[once],
        &[(600, Request::Redrive)],
    );
    let mut call_again = call.clone();
    call_again["Retry"] = json!([{ "ErrorEquals": ["Sim.Busy"], "IntervalSeconds": 20 }]);
    let mut express = only("Call", &call_again);
    express["StartAt"] = "Wait".into();
    express["States"]["Wait"] = json!({ "Type": "Wait", "Seconds": 20, "Next": "Call" });
    add("an Express execution that waits", &express, &[once], &[]);
    if let Some(express) = cases.pop() {
        cases.push(express.into_express());
    }
    cases
}

/// Returns the machine that a seed draws, without so many of its states.
pub(crate) fn generated(seed: u64, without: u64) -> Case {
    let mut dice = Dice::new(seed);
    let mut script = Script::default();
    let (mut children, mut subjects) = machines::draw(&mut dice, 1);
    while !subjects[0].machine.name.starts_with("main") {
        // It is among the examples.
        (children, subjects) = machines::draw(&mut dice, 1);
    }
    let subject = subjects.pop().expect("one was asked for");
    children.push(subject);
    for subject in &mut children {
        let is_started = subject.machine.name.starts_with("main");
        let mut definition: Value =
            serde_json::from_str(&subject.machine.revision.definition).expect("a definition is JSON");
        let mut calm = Calm {
            dice: &mut dice,
            machine: subject.machine.name.clone(),
            is_express: subject.machine.machine_type == ExecutionType::Express,
            script: &mut script,
        };
        calm.block(&mut definition, false);
        if is_started {
            for _ in 0..without {
                shorten(&mut dice, &mut definition);
            }
        }
        subject.machine.revision.definition = definition.to_string().into();
    }
    let subject = children.pop().expect("it was put there");
    Case::new(format!("seed {seed}"), subject, children, script, seed)
}

/// Takes out of a definition what is a matter of time.
struct Calm<'a> {
    dice: &'a mut Dice,
    machine: String,
    is_express: bool,
    script: &'a mut Script,
}

/// A time-out of so many seconds may come before its answer; longer ones never do.
const SLOW_SECONDS_MAX: u64 = 60;
/// What makes a time-out longer than any run.
const FAR_SECONDS: u64 = 50_000_000;
/// The kinds of tasks that end by themselves here; any other is replaced.
const KNOWN: [&str; 6] = [
    "arn:aws:states:::lambda:invoke",
    "arn:aws:states:::sns:publish",
    "arn:aws:states:::dynamodb:getItem",
    "arn:aws:states:::sqs:sendMessage",
    "arn:aws:states:::states:startExecution",
    "arn:aws:lambda:",
];

impl Calm<'_> {
    /// Changes a machine or a branch; `is_beside` says that others run beside it, which its failure would cut off at
    /// some moment.
    fn block(&mut self, block: &mut Value, is_beside: bool) {
        lengthen(block, "TimeoutSeconds");
        let Some(states) = block.get_mut("States").and_then(Value::as_object_mut) else {
            return;
        };
        for (name, state) in states {
            match state["Type"].as_str() {
                Some("Task") => self.task(name, state, is_beside),
                // Five minutes have to be enough for a recovery, too, and nothing here goes on for months.
                Some("Wait")
                    if state["Seconds"]
                        .as_u64()
                        .is_none_or(|seconds| seconds > self.wait_max()) =>
                {
                    let next = state["Next"].clone();
                    *state = json!({ "Type": "Pass", "Next": next });
                }
                Some("Fail") if is_beside => *state = json!({ "Type": "Succeed" }),
                Some("Parallel") => {
                    let Some(branches) = state["Branches"].as_array_mut() else {
                        continue;
                    };
                    let is_beside = is_beside || branches.len() > 1;
                    for branch in branches {
                        self.block(branch, is_beside);
                    }
                }
                Some("Map") => {
                    let is_beside = is_beside || state["MaxConcurrency"] != 1;
                    self.block(&mut state["ItemProcessor"], is_beside);
                }
                _ => {}
            }
        }
    }

    /// Returns how many seconds a Wait has at most.
    fn wait_max(&self) -> u64 {
        if self.is_express { 5 } else { 600 }
    }

    fn task(&mut self, name: &str, task: &mut Value, is_beside: bool) {
        let resource = task["Resource"].as_str().unwrap_or_default().to_owned();
        let is_known = KNOWN.iter().any(|known| resource.starts_with(known));
        // An Express child that nobody waits for runs at least once.
        let child = |field: &str| task[field]["StateMachineArn"].as_str().map(str::to_owned);
        let child = child("Parameters").or_else(|| child("Arguments"));
        let is_known = is_known && child.is_none_or(|child| !child.ends_with(":quick"));
        if !is_known || resource.starts_with("arn:aws:states:::lambda:invoke.") {
            replace(task);
        }
        if is_beside
            && task.get("Catch").is_none()
            && let Some(next) = task.get("Next").cloned()
        {
            task["Catch"] = json!([{ "ErrorEquals": ["States.ALL"], "Next": next }]);
            if task.get("Parameters").is_some() {
                task["Catch"][0]["ResultPath"] = "$.error".into();
            }
        }
        let asks = resource.ends_with(".waitForTaskToken");
        let starts = resource.contains(":states:startExecution");
        let limit = task["TimeoutSeconds"].as_u64();
        let part = match limit {
            Some(_) if asks && self.dice.chance(300) => Some(Part::Silent),
            Some(seconds)
                if !self.is_express
                    && !asks
                    && !starts
                    && seconds <= SLOW_SECONDS_MAX
                    && self.dice.chance(400) =>
            {
                Some(Part::Slow((seconds + 30) * 1_000))
            }
            _ => {
                lengthen(task, "TimeoutSeconds");
                lengthen(task, "HeartbeatSeconds");
                let may_fail = !starts && !self.is_express && self.dice.chance(250);
                let fails = Part::Fails(u32::try_from(self.dice.between(1, 2)).unwrap_or(1));
                may_fail.then_some(if asks { Part::Refuses } else { fails })
            }
        };
        if let Some(part) = part {
            self.script
                .parts
                .insert((self.machine.clone(), name.to_owned()), part);
        }
    }
}

/// Takes a state out of a definition, if one can be spared; whatever led to it leads to the next one.
fn shorten(dice: &mut Dice, definition: &mut Value) {
    let mut spare = Vec::new();
    each_block(definition, &mut |block| {
        let states = block["States"].as_object().into_iter().flatten();
        let follows =
            |(name, state): (&String, &Value)| Some((name.clone(), state["Next"].as_str()?.to_owned()));
        spare.extend(states.filter_map(follows));
    });
    if spare.is_empty() {
        return;
    }
    let (name, next) = dice.pick(&spare).clone();
    each_block(definition, &mut |block| {
        let Some(states) = block["States"].as_object_mut() else {
            return;
        };
        if states.shift_remove(&name).is_some() {
            lead_on(block, &name, &next);
        }
    });
}

/// Visits a machine and all branches and iterations in it, the inner ones first.
fn each_block(block: &mut Value, visit: &mut impl FnMut(&mut Value)) {
    let states = block["States"].as_object_mut();
    for state in states.into_iter().flat_map(|states| states.values_mut()) {
        if let Some(branches) = state.get_mut("Branches").and_then(Value::as_array_mut) {
            branches.iter_mut().for_each(|branch| each_block(branch, visit));
        }
        if let Some(processor) = state.get_mut("ItemProcessor") {
            each_block(processor, visit);
        }
    }
    visit(block);
}

/// Names are unique in a definition: every text that is one leads there.
fn lead_on(value: &mut Value, from: &str, to: &str) {
    match value {
        Value::Object(fields) => fields.values_mut().for_each(|field| lead_on(field, from, to)),
        Value::Array(items) => items.iter_mut().for_each(|item| lead_on(item, from, to)),
        Value::String(text) if text == from => *text = to.to_owned(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn lengthen(state: &mut Value, field: &str) {
    if let Some(seconds) = state.get(field).and_then(Value::as_u64) {
        state[field] = (seconds + FAR_SECONDS).into();
    }
}

/// Makes a task of a kind that this test cannot answer one that it can.
fn replace(task: &mut Value) {
    task["Resource"] = KNOWN[0].into();
    for field in ["Parameters", "Arguments"] {
        if task.get(field).is_some() {
            task[field] = json!({ "FunctionName": "f" });
        }
    }
}
