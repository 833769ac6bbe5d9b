//! Valid state machines, drawn from bytes.

use crate::bytes::Bytes;
use serde_json::{Map, Value, json};

/// The language of a state's fields.
#[derive(Clone, Copy, PartialEq)]
enum Language {
    Path,
    Jsonata,
}

/// Selections of JSONPath that a template can hold.
const SELECTIONS: [&str; 14] = [
    "$.k",
    "$",
    "$$.Execution.Id",
    "$$.State.EnteredTime",
    "$v",
    "$.items[*]",
    "$..k",
    "$.items[?(@ > 1)]",
    "$.missing",
    "States.UUID()",
    "States.MathRandom(1, 1000)",
    "States.Format('{} of {}', $.k, $v)",
    "States.ArrayRange(0, $.k, 1)",
    "States.JsonToString($)",
];

/// Expressions of JSONata that a field can hold.
const EXPRESSIONS: [&str; 14] = [
    "{% $states.input %}",
    "{% $states.input.k %}",
    "{% $v %}",
    "{% {'k': $v, 'items': [1..5], 'in': $states.input} %}",
    "{% $random() %}",
    "{% $uuid() %}",
    "{% $now() %}",
    "{% $states.context.State.EnteredTime %}",
    "{% $string($states.input) %}",
    "{% $map($states.input.items, function($i) { $i * 2 }) %}",
    "{% $states.input.missing %}",
    "{% $error('no') %}",
    "{% [$states.input.items, $states.input.items] %}",
    "{% $shuffle([1..9]) %}",
];

/// Errors that somebody may catch.
const ERRORS: [&str; 5] = [
    "States.ALL",
    "States.TaskFailed",
    "Fuzz.Error",
    "States.Timeout",
    "States.QueryEvaluationError",
];

/// Draws a definition.
pub(crate) fn definition(bytes: &mut Bytes<'_>) -> Value {
    let mut generator = Generator {
        bytes,
        count: 0,
        level: 0,
    };
    let mut machine = generator.machine(2);
    // A variable that every state can read.
    let start = machine["StartAt"].clone();
    machine["States"]["Begin"] = json!({ "Type": "Pass", "Assign": { "v": [1, "two"] }, "Next": start });
    machine["StartAt"] = json!("Begin");
    if generator.bytes.one_in(6) {
        machine["TimeoutSeconds"] = json!(1 + generator.bytes.below(200));
    }
    machine
}

struct Generator<'b, 'd> {
    bytes: &'b mut Bytes<'d>,
    count: usize,
    /// How many machines are around the state that is drawn.
    level: usize,
}

impl Generator<'_, '_> {
    /// Draws a machine of states one after the other.
    fn machine(&mut self, depth: usize) -> Value {
        let mut states = Map::new();
        let mut next = None;
        self.level += 1;
        for _ in 0..=self.bytes.below(4) {
            self.count += 1;
            let name = format!("S{}", self.count);
            let state = self.state(depth, next.as_deref(), &name);
            states.insert(name.clone(), state);
            next = Some(name);
        }
        self.level -= 1;
        json!({ "StartAt": next, "States": states })
    }

    fn state(&mut self, depth: usize, next: Option<&str>, itself: &str) -> Value {
        let language = match self.bytes.below(2) {
            0 => Language::Path,
            _ => Language::Jsonata,
        };
        let kinds = if depth > 0 { 9 } else { 7 };
        let mut state = match self.bytes.below(kinds) {
            0 | 1 => self.pass(language),
            2 | 3 => self.task(language),
            4 => self.wait(language),
            5 => match next {
                Some(next) => return self.choice(language, next, itself),
                None => return self.last(language),
            },
            // In the middle nothing would lead to what follows.
            6 if next.is_none() => return self.last(language),
            6 => self.pass(language),
            7 => self.parallel(language, depth),
            _ => self.map(language, depth),
        };
        match next {
            Some(next) => state["Next"] = json!(next),
            None => state["End"] = json!(true),
        }
        self.output(language, &mut state);
        state["QueryLanguage"] = name(language);
        state
    }

    /// Draws a value that is looked up when the state runs.
    fn value(&mut self, language: Language) -> Value {
        match language {
            Language::Path => json!({ "k": 3, "items": [1, 2], "a.$": self.bytes.pick(&SELECTIONS) }),
            Language::Jsonata => match self.bytes.below(2) {
                0 => json!(self.bytes.pick(&EXPRESSIONS)),
                _ => json!({ "k": 3, "items": [1, 2], "a": self.bytes.pick(&EXPRESSIONS) }),
            },
        }
    }

    /// Adds what becomes of a state's result.
    fn output(&mut self, language: Language, state: &mut Value) {
        if self.bytes.one_in(3) {
            // What is assigned around a machine cannot be assigned in it.
            let variable = match self.level {
                1 => "v".to_owned(),
                level => format!("w{level}"),
            };
            state["Assign"] = match language {
                Language::Path => json!({ format!("{variable}.$"): self.bytes.pick(&SELECTIONS) }),
                Language::Jsonata => json!({ variable: self.bytes.pick(&EXPRESSIONS) }),
            };
        }
        match language {
            Language::Jsonata if self.bytes.one_in(3) => state["Output"] = self.value(language),
            Language::Path if self.bytes.one_in(3) => {
                state["OutputPath"] = json!(self.bytes.pick(&["$", "$.k", "$.items", "$.result"]));
            }
            Language::Jsonata | Language::Path => {}
        }
        let has_result_path = matches!(state["Type"].as_str(), Some("Pass" | "Task" | "Parallel" | "Map"));
        if language == Language::Path && has_result_path && self.bytes.one_in(2) {
            let paths = ["$.result", "$.k", "$", "$.a.b.c", "$.items[0]"];
            state["ResultPath"] = json!(self.bytes.pick(&paths));
        }
    }

    fn pass(&mut self, language: Language) -> Value {
        let mut state = json!({ "Type": "Pass" });
        if language == Language::Path {
            match self.bytes.below(3) {
                0 => state["Parameters"] = self.value(language),
                1 => state["Result"] = json!({ "k": 2, "items": ["x"] }),
                _ => {}
            }
        }
        state
    }

    fn task(&mut self, language: Language) -> Value {
        let resource = self.bytes.pick(&[
            "arn:aws:lambda:us-east-1:123456789012:function:f",
            "arn:aws:states:::sqs:sendMessage",
            "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "arn:aws:states:us-east-1:123456789012:activity:a",
            "arn:aws:states:::states:startExecution.sync:2",
            "arn:aws:states:::lambda:invoke",
        ]);
        let mut arguments = self.value(language);
        if let (Value::Object(fields), true) = (&mut arguments, resource.starts_with("arn:aws:states:::")) {
            let needed = match resource {
                "arn:aws:states:::lambda:invoke" => json!({ "FunctionName": "f" }),
                "arn:aws:states:::states:startExecution.sync:2" => {
                    json!({ "StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:child" })
                }
                _ => json!({ "QueueUrl": "https://sqs/q", "MessageBody": "m" }),
            };
            *fields = needed.as_object().cloned().unwrap_or_default();
        }
        let mut state = json!({ "Type": "Task", "Resource": resource });
        match language {
            Language::Path => state["Parameters"] = arguments,
            Language::Jsonata => state["Arguments"] = arguments,
        }
        if self.bytes.one_in(3) {
            let seconds = 20 + self.bytes.below(100);
            state["TimeoutSeconds"] = json!(seconds);
            if self.bytes.one_in(2) {
                state["HeartbeatSeconds"] = json!(1 + self.bytes.below(19));
            }
        }
        self.guarded(&mut state);
        state
    }

    fn guarded(&mut self, state: &mut Value) {
        if self.bytes.one_in(2) {
            let error = self.bytes.pick(&ERRORS);
            let mut retrier = json!({ "ErrorEquals": [error], "MaxAttempts": self.bytes.below(4) });
            retrier["IntervalSeconds"] = json!(1 + self.bytes.below(60));
            if self.bytes.one_in(2) {
                retrier["JitterStrategy"] = json!("FULL");
            }
            state["Retry"] = json!([retrier]);
        }
    }

    fn wait(&mut self, language: Language) -> Value {
        match (language, self.bytes.below(3)) {
            (_, 0) => json!({ "Type": "Wait", "Seconds": self.bytes.below(100) }),
            (Language::Path, 1) => json!({ "Type": "Wait", "SecondsPath": "$.k" }),
            (Language::Path, _) => json!({ "Type": "Wait", "Timestamp": "2030-01-01T00:00:00Z" }),
            (Language::Jsonata, 1) => json!({ "Type": "Wait", "Seconds": "{% $states.input.k %}" }),
            (Language::Jsonata, _) => json!({ "Type": "Wait", "Timestamp": "{% $now() %}" }),
        }
    }

    fn choice(&mut self, language: Language, next: &str, itself: &str) -> Value {
        // Some go round until the history is full.
        let round = if self.bytes.one_in(8) { itself } else { next };
        let rule = match language {
            Language::Path => {
                let test = self
                    .bytes
                    .pick(&["NumericGreaterThan", "NumericLessThanEquals", "NumericEquals"]);
                json!({ "Variable": "$.k", test: self.bytes.below(5), "Next": round })
            }
            Language::Jsonata => json!({ "Condition": "{% $states.input.k > 2 %}", "Next": round }),
        };
        json!({ "Type": "Choice", "QueryLanguage": name(language), "Choices": [rule], "Default": next })
    }

    fn last(&mut self, language: Language) -> Value {
        let mut state = match (language, self.bytes.below(3)) {
            (_, 0) => json!({ "Type": "Succeed" }),
            (Language::Path, 1) => json!({ "Type": "Fail", "ErrorPath": "$.s", "Cause": "c" }),
            (Language::Jsonata, 1) => json!({ "Type": "Fail", "Error": "{% $states.input.s %}" }),
            (_, _) => json!({ "Type": "Fail", "Error": "Fuzz.Error" }),
        };
        state["QueryLanguage"] = name(language);
        state
    }

    fn parallel(&mut self, language: Language, depth: usize) -> Value {
        let branches: Vec<Value> = (0..=self.bytes.below(3))
            .map(|_| self.machine(depth - 1))
            .collect();
        let mut state = json!({ "Type": "Parallel", "Branches": branches });
        match (language, self.bytes.below(2)) {
            (_, 0) => {}
            (Language::Path, _) => state["Parameters"] = self.value(language),
            (Language::Jsonata, _) => state["Arguments"] = self.value(language),
        }
        self.guarded(&mut state);
        state
    }

    fn map(&mut self, language: Language, depth: usize) -> Value {
        let mut state = json!({ "Type": "Map", "ItemProcessor": self.machine(depth - 1) });
        match (language, self.bytes.below(3)) {
            (Language::Path, 0) => state["ItemsPath"] = json!("$.items"),
            (Language::Jsonata, 0) => state["Items"] = json!("{% $states.input.items %}"),
            (Language::Jsonata, 1) => state["Items"] = json!("{% [1..20] %}"),
            (_, _) => {}
        }
        if self.bytes.one_in(2) {
            state["ItemSelector"] = match language {
                Language::Path => {
                    json!({ "k.$": "$$.Map.Item.Index", "items": [7], "in.$": "$$.Map.Item.Value" })
                }
                Language::Jsonata => json!({ "k": "{% $states.context.Map.Item.Value %}", "items": [7] }),
            };
        }
        if self.bytes.one_in(2) {
            state["MaxConcurrency"] = json!(self.bytes.below(4));
        }
        if self.bytes.one_in(3) {
            state["ToleratedFailurePercentage"] = json!(self.bytes.below(101));
        }
        self.guarded(&mut state);
        state
    }
}

fn name(language: Language) -> Value {
    match language {
        Language::Path => json!("JSONPath"),
        Language::Jsonata => json!("JSONata"),
    }
}
