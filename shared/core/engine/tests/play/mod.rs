//! Plays an execution without anything around it: time is a number, and calls are answered by the test.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of it")]

pub mod compare;

use asl::{MachineType, Timestamp};
use engine::{
    Call, Details, Effect, Event, Execution, ExecutionKey, ExecutionType, Identity, Limits, Message, Outcome,
    PayloadId, Program, Status, Target, TaskType, Why, apply,
};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

pub const START: Timestamp = Timestamp(1_700_000_000_000);

/// An execution under test.
pub struct Play {
    pub program: Program,
    pub execution: Execution,
    pub now: Timestamp,
    pub events: Vec<Event>,
    pub texts: BTreeMap<PayloadId, Arc<str>>,
    /// Calls that wait for an answer.
    pub calls: VecDeque<Call>,
    /// What was asked for besides calls: about jobs.
    pub asides: Vec<Effect>,
    /// Every call so far, under the id of its `...Scheduled` event.
    pub scheduled: BTreeMap<u64, Call>,
    /// The sizes of the images of all entries so far, in bytes of JSON.
    pub image_bytes: Vec<usize>,
    /// Whether the execution is written down and read again after every message.
    pub restores: bool,
    pub images: Vec<(u64, engine::Image)>,
}

impl Play {
    pub fn new(definition: &str, input: &str) -> Result<Play, String> {
        Play::with_limits(definition, input, Limits::default())
    }

    pub fn with_limits(definition: &str, input: &str, limits: Limits) -> Result<Play, String> {
        Play::of_type(ExecutionType::Standard, definition, input, limits)
    }

    pub fn of_type(
        execution_type: ExecutionType,
        definition: &str,
        input: &str,
        limits: Limits,
    ) -> Result<Play, String> {
        let mut play = Play::unstarted(execution_type, definition, input, limits)?;
        play.tell(Message::Start);
        Ok(play)
    }

    pub fn unstarted(
        execution_type: ExecutionType,
        definition: &str,
        input: &str,
        limits: Limits,
    ) -> Result<Play, String> {
        let machine_type = match execution_type {
            ExecutionType::Standard => MachineType::Standard,
            ExecutionType::Express => MachineType::Express,
        };
        let compiled = asl::compile(definition, machine_type);
        let program = compiled
            .program
            .ok_or_else(|| format!("{:?}", compiled.diagnostics))?;
        let identity = Identity {
            execution_type,
            ..identity()
        };
        let execution = Execution::new(identity, input.into(), limits);
        Ok(Play {
            program,
            execution,
            now: START,
            events: Vec::new(),
            texts: BTreeMap::new(),
            calls: VecDeque::new(),
            asides: Vec::new(),
            scheduled: BTreeMap::new(),
            image_bytes: Vec::new(),
            restores: true,
            images: Vec::new(),
        })
    }

    /// What a message would lead to, told to a copy that is thrown away: whether it is accepted, whether it changes.
    pub fn probe(&mut self, message: Message) -> (bool, bool) {
        let before = self.image();
        let outcome = apply(&self.program, &mut self.execution, message, self.now);
        let told = (outcome.accepted, outcome.changed);
        if !outcome.changed {
            assert!(outcome.events.is_empty() && outcome.effects.is_empty() && outcome.payloads.is_empty());
            assert_eq!(
                self.image(),
                before,
                "a message that changes nothing leaves the state as it is"
            );
        }
        told
    }

    /// Everything that can be seen of the execution's state.
    pub fn image(&self) -> String {
        format!("{:?}", self.execution)
    }

    /// Applies a message, and goes on while the turn says so.
    pub fn tell(&mut self, message: Message) -> bool {
        let outcome = apply(&self.program, &mut self.execution, message, self.now);
        let accepted = outcome.accepted;
        let mut unfinished = outcome.unfinished;
        self.take(outcome);
        while unfinished {
            let outcome = apply(&self.program, &mut self.execution, Message::Wake, self.now);
            unfinished = outcome.unfinished;
            self.take(outcome);
        }
        accepted
    }

    fn take(&mut self, mut outcome: Outcome) {
        let (effects, asides): (Vec<Effect>, Vec<Effect>) = std::mem::take(&mut outcome.effects)
            .into_iter()
            .partition(|effect| {
                matches!(
                    effect,
                    Effect::Call(_) | Effect::OfferActivity(_) | Effect::StartChild(_)
                )
            });
        self.asides.extend(asides);
        let intents = outcome
            .events
            .iter()
            .filter(|event| matches!(event.details, Details::Scheduled { .. }));
        for (event, effect) in intents.zip(&effects) {
            self.scheduled.insert(event.id, effect.call().clone());
        }
        self.calls
            .extend(effects.iter().map(|effect| effect.call().clone()));
        if !outcome.changed {
            return;
        }
        let entry = self.execution.seal(outcome);
        self.events.extend(entry.events);
        self.texts.extend(
            entry
                .payloads
                .into_iter()
                .map(|payload| (payload.id, payload.text)),
        );
        // As stored: through JSON and back.
        let text = serde_json::to_string(&entry.image).unwrap();
        self.image_bytes.push(text.len());
        // What succeeded is never gone on with.
        if self.restores && self.execution.status != Status::Succeeded {
            let closing = self.execution.closing.clone();
            if entry.image.base == entry.seq {
                self.images.clear();
            }
            self.images
                .push((entry.seq, serde_json::from_str(&text).unwrap()));
            let identity = Arc::clone(&self.execution.identity);
            let limits = self.execution.limits;
            self.execution = Execution::restore(identity, self.images.clone(), limits, &mut |id| {
                self.texts.get(&id).cloned()
            })
            .unwrap();
            // The head holds it.
            self.execution.closing = closing;
        }
    }

    /// Lets time pass until the execution ends. Fails when it waits for a call.
    pub fn run_to_the_end(&mut self) -> Result<(), String> {
        while self.execution.status == Status::Running {
            if !self.calls.is_empty() {
                return Err(format!("waits for a call of `{}`", self.calls[0].state));
            }
            let Some(deadline) = self.execution.next_deadline() else {
                return Err("waits for nothing".to_owned());
            };
            self.now = self.now.max(deadline);
            self.tell(Message::Wake);
        }
        Ok(())
    }

    /// Lets so many seconds pass.
    pub fn pass(&mut self, seconds: u64) {
        self.now = self.now.plus_seconds(seconds);
        self.tell(Message::Wake);
    }

    /// Reports the end of the oldest call, as a client does.
    pub fn report(&mut self, result: Result<Value, (&str, &str)>) -> bool {
        let call = self.calls.pop_front().expect("a call");
        let result = result
            .map(|output| output.to_string())
            .map_err(|(error, cause)| failure(error, cause));
        self.tell(Message::Callback {
            call: call.id,
            result,
        })
    }

    /// The types of all events.
    pub fn types(&self) -> Vec<String> {
        self.events
            .iter()
            .map(|event| event.details.event_type())
            .collect()
    }

    /// How many events of a type there are.
    pub fn count(&self, event_type: &str) -> usize {
        self.events
            .iter()
            .filter(|event| event.details.event_type() == event_type)
            .count()
    }

    /// The last event of a type, as the recordings show it.
    pub fn last(&self, event_type: &str) -> Value {
        let number = self
            .events
            .iter()
            .rposition(|event| event.details.event_type() == event_type)
            .expect("the event");
        self.event_as_json(number).expect("the event")
    }

    pub fn status(&self) -> Status {
        self.execution.status
    }

    /// Answers the oldest call.
    pub fn answer(&mut self, output: Value) -> bool {
        let call = self.calls.pop_front().expect("a call");
        self.tell(Message::CallSucceeded {
            call: call.id,
            output: output.to_string(),
        })
    }

    /// Lets the oldest call fail.
    pub fn refuse(&mut self, error: &str, cause: &str) -> bool {
        let call = self.calls.pop_front().expect("a call");
        self.tell(Message::CallFailed {
            call: call.id,
            failure: failure(error, cause),
        })
    }

    pub fn value(&self, id: PayloadId) -> Value {
        serde_json::from_str(&self.texts[&id]).unwrap()
    }

    pub fn output(&self) -> Value {
        self.execution
            .closing
            .as_ref()
            .and_then(|closing| closing.output.as_ref())
            .expect("an output")
            .value()
            .clone()
    }

    pub fn error(&self) -> (String, String) {
        let closing = self.execution.closing.as_ref().expect("an end");
        (
            closing.error.clone().unwrap_or_default(),
            closing.cause.clone().unwrap_or_default(),
        )
    }

    /// One line an event: `7<6 TaskStateExited`.
    pub fn story(&self) -> Vec<String> {
        self.events
            .iter()
            .map(|event| format!("{}<{} {}", event.id, event.previous, event.details.event_type()))
            .collect()
    }

    /// An event as the recordings show it.
    pub fn event_as_json(&self, number: usize) -> Option<Value> {
        let event = self.events.get(number)?;
        let mut shown = Map::new();
        shown.insert("id".into(), json!(event.id));
        shown.insert("previousEventId".into(), json!(event.previous));
        shown.insert("type".into(), json!(event.details.event_type()));
        if let Some((name, details)) = self.details(&event.details) {
            shown.insert(name.into(), details);
        }
        Some(Value::Object(shown))
    }

    fn details(&self, details: &Details) -> Option<(&'static str, Value)> {
        Some(match details {
            Details::ExecutionStarted { input, .. } => (
                "executionStartedEventDetails",
                json!({ "input": self.value(*input) }),
            ),
            Details::ExecutionSucceeded { output } => (
                "executionSucceededEventDetails",
                json!({ "output": self.value(*output) }),
            ),
            Details::ExecutionFailed(why) => ("executionFailedEventDetails", reason(why)),
            Details::ExecutionAborted(why) => ("executionAbortedEventDetails", reason(why)),
            Details::ExecutionTimedOut(why) => ("executionTimedOutEventDetails", reason(why)),
            Details::ExecutionRedriven { redrive_count } => (
                "executionRedrivenEventDetails",
                json!({ "redriveCount": redrive_count }),
            ),
            Details::StateEntered { name, input, .. } => (
                "stateEnteredEventDetails",
                json!({ "name": name, "input": self.value(*input) }),
            ),
            Details::StateExited {
                name,
                output,
                assigned,
                ..
            } => {
                let mut shown = json!({ "name": name, "output": self.value(*output) });
                if !assigned.is_empty() {
                    let variables: Map<String, Value> = assigned
                        .iter()
                        .map(|(name, id)| (name.clone(), self.value(*id)))
                        .collect();
                    shown["assignedVariables"] = Value::Object(variables);
                }
                ("stateExitedEventDetails", shown)
            }
            Details::MapStateStarted { length } => {
                ("mapStateStartedEventDetails", json!({ "length": length }))
            }
            Details::MapIterationStarted { name, index } => (
                "mapIterationStartedEventDetails",
                json!({ "name": name, "index": index }),
            ),
            Details::MapIterationSucceeded { name, index } => (
                "mapIterationSucceededEventDetails",
                json!({ "name": name, "index": index }),
            ),
            Details::MapIterationFailed { name, index } => (
                "mapIterationFailedEventDetails",
                json!({ "name": name, "index": index }),
            ),
            Details::MapIterationAborted { name, index } => (
                "mapIterationAbortedEventDetails",
                json!({ "name": name, "index": index }),
            ),
            Details::EvaluationFailed { why, location, state } => {
                let mut shown = reason(why);
                shown["location"] = json!(location);
                shown["state"] = json!(state);
                ("evaluationFailedEventDetails", shown)
            }
            _ => return self.task_details(details),
        })
    }

    /// The details of an event of a task: those of a service name it, those of functions and activities do not.
    fn task_details(&self, details: &Details) -> Option<(&'static str, Value)> {
        let name = |task: &TaskType, names: [&'static str; 3]| match task {
            TaskType::Task => names[0],
            TaskType::LambdaFunction => names[1],
            TaskType::Activity => names[2],
        };
        let with_target = |mut shown: Value, target: &Target| {
            if !target.resource_type.is_empty() {
                shown["resourceType"] = json!(target.resource_type);
                shown["resource"] = json!(target.resource);
            }
            shown
        };
        Some(match details {
            Details::Scheduled {
                task,
                target,
                region,
                parameters,
                timeout_seconds,
                heartbeat_seconds,
                role_arn,
            } => {
                let mut shown = json!({ "resource": target.resource });
                if *task == TaskType::Task {
                    shown["resourceType"] = json!(target.resource_type);
                    shown["region"] = json!(region);
                    shown["parameters"] = self.value(*parameters);
                } else {
                    shown["input"] = self.value(*parameters);
                }
                if let Some(seconds) = timeout_seconds {
                    shown["timeoutInSeconds"] = json!(seconds);
                }
                if let Some(seconds) = heartbeat_seconds {
                    shown["heartbeatInSeconds"] = json!(seconds);
                }
                if let Some(role) = role_arn {
                    shown["taskCredentials"] = json!({ "roleArn": role });
                }
                let names = [
                    "taskScheduledEventDetails",
                    "lambdaFunctionScheduledEventDetails",
                    "activityScheduledEventDetails",
                ];
                (name(task, names), shown)
            }
            Details::Started {
                task: TaskType::Task,
                target,
            } => ("taskStartedEventDetails", with_target(json!({}), target)),
            Details::ActivityStarted { worker_name } => (
                "activityStartedEventDetails",
                worker_name
                    .as_ref()
                    .map_or_else(|| json!({}), |worker| json!({ "workerName": worker })),
            ),
            Details::TaskSubmitted { target, output } => (
                "taskSubmittedEventDetails",
                with_target(json!({ "output": self.value(*output) }), target),
            ),
            Details::Succeeded { task, target, output } => {
                let names = [
                    "taskSucceededEventDetails",
                    "lambdaFunctionSucceededEventDetails",
                    "activitySucceededEventDetails",
                ];
                (
                    name(task, names),
                    with_target(json!({ "output": self.value(*output) }), target),
                )
            }
            Details::Failed { task, target, why } => {
                let names = [
                    "taskFailedEventDetails",
                    "lambdaFunctionFailedEventDetails",
                    "activityFailedEventDetails",
                ];
                (name(task, names), with_target(reason(why), target))
            }
            Details::TimedOut { task, target, why } => {
                let names = [
                    "taskTimedOutEventDetails",
                    "lambdaFunctionTimedOutEventDetails",
                    "activityTimedOutEventDetails",
                ];
                (name(task, names), with_target(reason(why), target))
            }
            _ => return None,
        })
    }
}

fn reason(why: &Why) -> Value {
    let mut shown = Map::new();
    if let Some(cause) = &why.cause {
        shown.insert("cause".into(), json!(cause));
    }
    if let Some(error) = &why.error {
        shown.insert("error".into(), json!(error));
    }
    Value::Object(shown)
}

pub fn failure(error: &str, cause: &str) -> integrations::Failure {
    integrations::Failure {
        error: error.to_owned(),
        cause: Some(cause.to_owned()),
    }
}

pub const FUNCTION: &str = "arn:aws:lambda:us-east-1:111111111111:function:f";
pub const SERVICE: &str = "arn:aws:states:::sqs:sendMessage";
pub const TOKEN: &str = "arn:aws:states:::sqs:sendMessage.waitForTaskToken";
pub const ACTIVITY: &str = "arn:aws:states:us-east-1:111111111111:activity:a";

/// Starts a machine of these states; the first of them is the first to run.
pub fn play(states: Value, input: Value) -> Play {
    Play::new(&machine(states).to_string(), &input.to_string()).unwrap()
}

/// Starts a machine of these states, written in JSONata.
pub fn play_jsonata(states: Value, input: Value) -> Play {
    let mut machine = machine(states);
    machine["QueryLanguage"] = json!("JSONata");
    Play::new(&machine.to_string(), &input.to_string()).unwrap()
}

/// Runs a machine of one state to its end, without any call.
pub fn run(state: Value, input: Value) -> Play {
    let mut play = play(json!({ "S": state }), input);
    play.run_to_the_end().unwrap();
    play
}

/// Runs a machine of one state, written in JSONata, to its end, without any call.
pub fn run_jsonata(state: Value, input: Value) -> Play {
    let mut play = play_jsonata(json!({ "S": state }), input);
    play.run_to_the_end().unwrap();
    play
}

/// A machine of these states; the first of them is the first to run.
pub fn machine(states: Value) -> Value {
    let first = states
        .as_object()
        .and_then(|states| states.keys().next())
        .expect("a state")
        .clone();
    json!({ "StartAt": first, "States": states })
}

/// A state, and the state `Caught` where it goes there.
pub fn with_caught(name: &str, state: Value) -> Value {
    let catches = state.get("Catch").is_some();
    let mut states = json!({ name: state });
    if catches {
        states["Caught"] = json!({ "Type": "Pass", "End": true });
    }
    states
}

/// A state with more fields.
pub fn with(mut state: Value, fields: Value) -> Value {
    for (name, field) in fields.as_object().expect("fields") {
        state[name.as_str()] = field.clone();
    }
    state
}

pub fn identity() -> Identity {
    Identity {
        key: ExecutionKey {
            machine: "us-east-1:111111111111:machine".into(),
            name: "run".into(),
        },
        incarnation: "01HF0000000000000000000000".into(),
        arn: "arn:aws:states:us-east-1:111111111111:execution:machine:run".into(),
        name: "run".into(),
        machine_arn: "arn:aws:states:us-east-1:111111111111:stateMachine:machine".into(),
        machine_name: "machine".into(),
        version_arn: None,
        alias_arn: None,
        role_arn: "arn:aws:iam::111111111111:role/role".into(),
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
