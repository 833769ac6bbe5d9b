//! Definitions to run: drawn from every type of state, in both query languages, mixed per state as well.

use crate::dice::Dice;
use crate::machines::{ACTIVITY, arn};
use crate::world::START_MILLIS;
use engine::Timestamp;
use serde_json::{Map, Value, json};

/// Which kinds of tasks a state machine may have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tasks {
    /// Those whose end is the answer, but no child executions.
    Leaf,
    /// Those whose end is the answer: an Express execution has no others.
    Answered,
    /// Those that end later, too, but no child executions.
    Childless,
    All,
}

/// In which language a state machine's states are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Language {
    Path,
    Jsonata,
    /// Each state in one of them.
    Mixed,
}

/// How long a `Wait` may be that no run waits for by chance: beyond what a name stays taken.
const LONG_WAIT_SECONDS: u64 = 100 * 86_400;

/// Draws a definition; `depth` says how deep Parallel and Map may nest.
pub(crate) fn generate(dice: &mut Dice, depth: u64, length: u64, tasks: Tasks) -> String {
    let language = *dice.pick(&[Language::Path, Language::Jsonata, Language::Mixed]);
    let mut generator = Generator {
        dice,
        count: 0,
        tasks,
        language,
        top: depth,
    };
    let mut definition = generator.block(depth, length);
    if language == Language::Jsonata {
        definition["QueryLanguage"] = "JSONata".into();
    }
    if generator.dice.chance(150) {
        definition["TimeoutSeconds"] = generator.dice.between(60, 1_500).into();
    }
    definition.to_string()
}

struct Generator<'a> {
    dice: &'a mut Dice,
    count: u32,
    tasks: Tasks,
    language: Language,
    top: u64,
}

impl Generator<'_> {
    fn name(&mut self, kind: &str) -> String {
        self.count += 1;
        format!("{kind}_{}", self.count)
    }

    /// Returns a machine of states one after the other.
    fn block(&mut self, depth: u64, length: u64) -> Value {
        let mut states = Map::new();
        let end = self.last(&mut states);
        let mut next = end;
        for _ in 0..self.dice.between(1, length) {
            next = self.state(depth, &next, &mut states);
        }
        json!({ "StartAt": next, "States": states })
    }

    /// Adds the state that a machine ends with.
    fn last(&mut self, states: &mut Map<String, Value>) -> String {
        let is_jsonata = self.is_jsonata();
        let mut state = match (self.dice.below(12), is_jsonata) {
            (0, false) => json!({ "Type": "Fail", "Error": "Sim.Designed", "Cause": "by design" }),
            (0, true) => json!({ "Type": "Fail", "Error": "{% 'Sim.' & 'Designed' %}" }),
            (1..3, _) => json!({ "Type": "Succeed" }),
            (3..5, true) => json!({ "Type": "Succeed", "Output": { "k": "{% $states.input.k %}" } }),
            (3..5, false) => json!({ "Type": "Succeed", "OutputPath": "$.k" }),
            _ => json!({ "Type": "Pass", "End": true }),
        };
        self.mark(&mut state, is_jsonata);
        let name = self.name("Last");
        states.insert(name.clone(), state);
        name
    }

    fn is_jsonata(&mut self) -> bool {
        match self.language {
            Language::Path => false,
            Language::Jsonata => true,
            Language::Mixed => self.dice.chance(500),
        }
    }

    /// Says in which language a state is, where that does not follow from the definition.
    fn mark(&self, state: &mut Value, is_jsonata: bool) {
        if is_jsonata && self.language == Language::Mixed {
            state["QueryLanguage"] = "JSONata".into();
        }
    }

    fn add(&mut self, kind: &str, state: Value, next: &str, states: &mut Map<String, Value>) -> String {
        let name = self.name(kind);
        let mut state = state;
        state["Next"] = next.into();
        states.insert(name.clone(), state);
        name
    }

    /// Adds a state before another; returns its name.
    fn state(&mut self, depth: u64, next: &str, states: &mut Map<String, Value>) -> String {
        let is_jsonata = self.is_jsonata();
        let (kind, mut state) = match self.dice.below(if depth > 0 { 17 } else { 14 }) {
            0 => self.pass(is_jsonata),
            1 => return self.choice(is_jsonata, next, states),
            2 | 3 => self.wait(is_jsonata),
            4 => return self.repeat(is_jsonata, next, states),
            14 => {
                let branches: Vec<Value> = (0..self.dice.between(1, 3))
                    .map(|_| self.block(depth - 1, 2))
                    .collect();
                let state = kept(
                    json!({ "Type": "Parallel", "Branches": branches }),
                    is_jsonata,
                    "forked",
                );
                ("Parallel".to_owned(), self.guarded(state, is_jsonata, next))
            }
            15 | 16 => {
                let state = self.map(depth, is_jsonata);
                ("Map".to_owned(), self.guarded(state, is_jsonata, next))
            }
            _ => {
                let (kind, task) = self.task(is_jsonata);
                (kind.to_owned(), self.guarded(task, is_jsonata, next))
            }
        };
        self.mark(&mut state, is_jsonata);
        self.add(&kind, state, next, states)
    }

    fn pass(&mut self, is_jsonata: bool) -> (String, Value) {
        let size = if self.dice.chance(300) { 9_000 } else { 10 };
        let text = "x".repeat(size);
        let mut state = if is_jsonata {
            json!({ "Type": "Pass", "Output": merged("passed", &format!("'{text}'")) })
        } else {
            json!({ "Type": "Pass", "Result": text, "ResultPath": "$.passed" })
        };
        if self.dice.chance(300) {
            let variable = self.name("seen");
            state["Assign"] = match is_jsonata {
                true => json!({ variable: "{% $states.input.k %}" }),
                // There `$` is the result.
                false => json!({ format!("{variable}.$"): "$" }),
            };
        }
        ("Pass".to_owned(), state)
    }

    fn choice(&mut self, is_jsonata: bool, next: &str, states: &mut Map<String, Value>) -> String {
        let by_default = self.add("Default", json!({ "Type": "Pass" }), next, states);
        let most = self.dice.below(10);
        let choice = match is_jsonata {
            true => json!({ "Condition": format!("{{% $states.input.k > {most} %}}"), "Next": next }),
            false => json!({ "Variable": "$.k", "NumericGreaterThan": most, "Next": next }),
        };
        let mut state = json!({ "Type": "Choice", "Choices": [choice], "Default": by_default });
        self.mark(&mut state, is_jsonata);
        let name = self.name("Choice");
        states.insert(name.clone(), state);
        name
    }

    /// Draws a wait; how long it is stands in its name, so that it can be checked.
    fn wait(&mut self, is_jsonata: bool) -> (String, Value) {
        let seconds = match self.dice.below(100) {
            0 if self.tasks == Tasks::All => LONG_WAIT_SECONDS,
            1..25 => self.dice.between(60, 600),
            _ => self.dice.between(1, 30),
        };
        if self.dice.chance(100) {
            let millis = START_MILLIS + i64::try_from(seconds * 1_000).unwrap_or(0);
            let state = json!({ "Type": "Wait", "Timestamp": Timestamp(millis).to_string() });
            return (format!("Until{seconds}"), state);
        }
        let state = match is_jsonata && self.dice.chance(500) {
            true => json!({ "Type": "Wait", "Seconds": format!("{{% {seconds} %}}") }),
            false => json!({ "Type": "Wait", "Seconds": seconds }),
        };
        (format!("Wait{seconds}"), state)
    }

    /// Adds a loop: a Choice counts its rounds in a variable.
    fn repeat(&mut self, is_jsonata: bool, next: &str, states: &mut Map<String, Value>) -> String {
        let (again, counter) = (self.name("Again"), self.name("round"));
        let (body, rounds) = if self.dice.chance(600) {
            (self.state(0, &again, states), self.dice.between(1, 3))
        } else {
            (again.clone(), self.dice.between(1, 40))
        };
        let choice = match is_jsonata {
            true => json!({
                "Condition": format!("{{% ${counter} < {rounds} %}}"),
                "Assign": { &counter: format!("{{% ${counter} + 1 %}}") },
                "Next": body,
            }),
            false => json!({
                "Variable": format!("${counter}"),
                "NumericLessThan": rounds,
                "Assign": { format!("{counter}.$"): format!("States.MathAdd(${counter}, 1)") },
                "Next": body,
            }),
        };
        let mut state = json!({ "Type": "Choice", "Choices": [choice], "Default": next });
        self.mark(&mut state, is_jsonata);
        states.insert(again.clone(), state);
        self.add(
            "Begin",
            json!({ "Type": "Pass", "Assign": { counter: 0 } }),
            &again,
            states,
        )
    }

    fn map(&mut self, depth: u64, is_jsonata: bool) -> Value {
        // More than sixteen lines of control are stored as what has changed.
        let is_wide = depth == self.top && self.dice.chance(100);
        let (items, width, length) = match is_wide {
            true => ("many", *self.dice.pick(&[0, 5, 40]), 1),
            false => ("items", self.dice.below(3), 2),
        };
        let processor = self.block(if is_wide { 0 } else { depth - 1 }, length);
        let mut state = match is_jsonata {
            true => json!({
                "Type": "Map",
                "Items": format!("{{% $states.input.{items} %}}"),
                "ItemSelector": { "k": "{% $states.context.Map.Item.Value %}", "items": [1, 2] },
            }),
            false => json!({
                "Type": "Map",
                "ItemsPath": format!("$.{items}"),
                "ItemSelector": { "k.$": "$$.Map.Item.Value", "items": [1, 2] },
            }),
        };
        state["MaxConcurrency"] = width.into();
        state["ItemProcessor"] = processor;
        if self.dice.chance(150) {
            state["ToleratedFailureCount"] = self.dice.between(1, 3).into();
        }
        kept(state, is_jsonata, "mapped")
    }

    fn task(&mut self, is_jsonata: bool) -> (&'static str, Value) {
        let kinds = match self.tasks {
            Tasks::Leaf => 6,
            Tasks::Answered => 7,
            Tasks::Childless => 14,
            Tasks::All => 18,
        };
        let (kind, resource, arguments) = match self.dice.below(kinds) {
            0 | 1 => ("Invoke", INVOKE, json!({ "FunctionName": "f" })),
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
            6 => ("Launch", START, child("quick")),
            7 => ("Long", INVOKE, json!({ "FunctionName": "f" })),
            8 | 9 => {
                let queue = *self.dice.pick(&["https://sqs/q", "https://sqs/q.fifo"]);
                let body = match is_jsonata {
                    true => json!({ "token": "{% $states.context.Task.Token %}" }),
                    false => json!({ "token.$": "$$.Task.Token" }),
                };
                (
                    "Ask",
                    "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                    json!({ "QueueUrl": queue, "MessageBody": body }),
                )
            }
            10 | 11 => ("Work", ACTIVITY, json!({})),
            12 | 13 => self.job(),
            14 => ("Launch", START, child("child")),
            15 | 16 => (
                "Nest",
                "arn:aws:states:::states:startExecution.sync",
                child("child"),
            ),
            _ => (
                "Nest",
                "arn:aws:states:::states:startExecution.sync:2",
                child("child"),
            ),
        };
        let mut task = json!({ "Type": "Task", "Resource": resource });
        task[if is_jsonata { "Arguments" } else { "Parameters" }] = arguments;
        self.limit(kind, &mut task);
        (kind, kept(task, is_jsonata, "last"))
    }

    fn job(&mut self) -> (&'static str, &'static str, Value) {
        let (resource, arguments) = match self.dice.below(5) {
            0 => (
                "arn:aws:states:::glue:startJobRun.sync",
                json!({ "JobName": "j" }),
            ),
            1 => (
                "arn:aws:states:::codebuild:startBuild.sync",
                json!({ "ProjectName": "p" }),
            ),
            2 => (
                "arn:aws:states:::ecs:runTask.sync",
                json!({ "Cluster": "c", "TaskDefinition": "d" }),
            ),
            3 => (
                "arn:aws:states:::batch:submitJob.sync",
                json!({ "JobName": "j", "JobQueue": "q", "JobDefinition": "d" }),
            ),
            _ => (
                "arn:aws:states:::athena:startQueryExecution.sync",
                json!({ "QueryString": "SELECT 1", "WorkGroup": "w" }),
            ),
        };
        ("Job", resource, arguments)
    }

    /// Gives a task its time-outs, where it needs or draws some.
    fn limit(&mut self, kind: &str, task: &mut Value) {
        let has_heartbeat = self.dice.chance(300);
        let seconds = match kind {
            "Long" => self.dice.between(100, 900),
            "Ask" if self.dice.chance(600) => self.dice.between(60, 600),
            // What a worker has taken and never reports is ended by this alone.
            "Work" => self.dice.between(60, 600),
            "Job" if self.dice.chance(300) => self.dice.between(20, 1_200),
            "Invoke" | "Nest" if self.dice.chance(200) => self.dice.between(5, 60),
            _ => return,
        };
        task["TimeoutSeconds"] = seconds.into();
        if has_heartbeat && matches!(kind, "Ask" | "Work") {
            task["HeartbeatSeconds"] = self.dice.between(20, 59).into();
        }
    }

    /// Adds Retry and Catch, or neither.
    fn guarded(&mut self, mut state: Value, is_jsonata: bool, next: &str) -> Value {
        if self.dice.chance(400) {
            let error = *self.dice.pick(&["Sim.Busy", "States.TaskFailed", "States.ALL"]);
            state["Retry"] = json!([{
                "ErrorEquals": [error],
                "IntervalSeconds": self.dice.between(1, 20),
                "MaxAttempts": self.dice.between(1, 3),
                "BackoffRate": 1.5,
            }]);
            if self.dice.chance(300) {
                state["Retry"][0]["JitterStrategy"] = "FULL".into();
            }
        }
        if self.dice.chance(400) {
            let mut catch = json!({ "ErrorEquals": ["States.ALL"], "Next": next });
            match is_jsonata {
                true => catch["Output"] = merged("error", "$states.errorOutput"),
                false => catch["ResultPath"] = "$.error".into(),
            }
            state["Catch"] = json!([catch]);
        }
        state
    }
}

const INVOKE: &str = "arn:aws:states:::lambda:invoke";
const START: &str = "arn:aws:states:::states:startExecution";

fn child(name: &str) -> Value {
    json!({ "StateMachineArn": arn(name), "Input": { "k": 4, "items": [1, 2], "many": [1] } })
}

/// Adds a state's result to its input, which every later state needs.
fn kept(mut state: Value, is_jsonata: bool, field: &str) -> Value {
    match is_jsonata {
        true => state["Output"] = merged(field, "$states.result"),
        false => state["ResultPath"] = format!("$.{field}").into(),
    }
    state
}

fn merged(field: &str, what: &str) -> Value {
    format!("{{% $merge([$states.input, {{'{field}': {what}}}]) %}}").into()
}
