//! The workflows under load, and how each execution is to end.

use super::ledger;
use super::random::Random;
use crate::support::Server;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A kind of workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Machine {
    /// Waits, one after the other and side by side.
    Waits,
    /// One call that must not be repeated, and a Catch for its unknown outcome.
    Once,
    /// A wait, a call that must not be repeated and a mocked call, side by side.
    Branches,
    /// An inline Map with such calls and waits.
    Items,
    /// Waits for one child execution and starts another.
    Parent,
    /// The child of [`Machine::Parent`]; started by that alone.
    Child,
    /// Has a function called with a task token, and waits for a report.
    Asks,
    /// Waits for a worker of an activity, that may refuse or forget the task.
    Works,
    /// A mocked call that succeeds at the third attempt.
    Retries,
    /// Fails after a wait.
    Fails,
    /// Runs into its own time-out.
    Expires,
    /// Waits for an hour, and is stopped.
    Stops,
    /// Carries a document that is kept apart from the entries.
    Large,
    /// Ends in the call that starts it.
    Pure,
    /// Calls the function from an Express execution: at least once.
    Express,
}

/// How an execution ended, or is to end.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum End {
    Succeeded(Value),
    Failed { error: String, cause: String },
    TimedOut,
    Aborted,
}

/// The machines' ARNs, and the activity's.
#[derive(Clone, Debug)]
pub(crate) struct Arns {
    pub(crate) machines: BTreeMap<Machine, String>,
    pub(crate) activity: String,
}

impl Machine {
    /// All that are started by clients.
    pub(crate) const STARTED: [Machine; 14] = [
        Machine::Waits,
        Machine::Once,
        Machine::Branches,
        Machine::Items,
        Machine::Parent,
        Machine::Asks,
        Machine::Works,
        Machine::Retries,
        Machine::Fails,
        Machine::Expires,
        Machine::Stops,
        Machine::Large,
        Machine::Pure,
        Machine::Express,
    ];

    /// Returns its name.
    pub(crate) fn name(self) -> String {
        format!("{self:?}").to_lowercase()
    }

    /// Returns an input.
    pub(crate) fn input(self, random: &mut Random) -> Value {
        let mut input = json!({ "n": random.below(1000), "pause": random.below(60) });
        if self == Machine::Items {
            input["items"] = (0..ITEMS).collect();
        }
        if self == Machine::Large {
            input["text"] = "x".repeat(80_000).into();
        }
        input
    }

    /// Returns the ends that an execution with this input may have when nobody stops it.
    pub(crate) fn ends(self, input: &Value) -> Vec<End> {
        let n = &input["n"];
        let end = match self {
            Machine::Waits | Machine::Asks | Machine::Works | Machine::Pure | Machine::Express => {
                End::Succeeded(json!({ "n": n }))
            }
            Machine::Once => {
                let outcome = |name: &str| End::Succeeded(json!({ "n": n, "outcome": name }));
                return vec![outcome("done"), outcome("unknown")];
            }
            Machine::Branches => End::Succeeded(
                json!([{ "n": n, "by": "time" }, { "n": n, "by": "function" }, { "n": n, "by": "mock" }]),
            ),
            Machine::Items => {
                End::Succeeded((0..ITEMS).map(|item| json!({ "n": n, "item": item })).collect())
            }
            Machine::Parent => {
                End::Succeeded(json!([{ "n": n, "child": "awaited" }, { "n": n, "child": "started" }]))
            }
            Machine::Child => End::Succeeded(json!({ "n": n, "child": input["how"] })),
            Machine::Retries => End::Succeeded(json!({ "n": n, "by": "third attempt" })),
            Machine::Fails => End::Failed {
                error: "Sold".to_owned(),
                cause: "nothing is left".to_owned(),
            },
            Machine::Expires => End::TimedOut,
            Machine::Stops => End::Aborted,
            Machine::Large => End::Succeeded(input.clone()),
        };
        vec![end]
    }

    /// Returns whether the history has the same events in the same order in every execution that nobody stops.
    pub(crate) fn is_straight(self) -> bool {
        matches!(
            self,
            Machine::Retries | Machine::Fails | Machine::Expires | Machine::Large | Machine::Pure
        )
    }

    /// Returns the definition; a Wait state's name ends with its seconds.
    fn definition(self, arns: &Arns) -> Value {
        let then = |mut state: Value, next: &str| {
            state["Next"] = next.into();
            state
        };
        match self {
            Machine::Waits => json!({ "StartAt": "Wait1", "States": {
                "Wait1": then(wait(1), "Both"),
                "Both": { "Type": "Parallel", "Next": "Say", "ResultPath": null, "Branches": [
                    { "StartAt": "Wait2", "States": { "Wait2": last(wait(2)) } },
                    { "StartAt": "Wait3", "States": { "Wait3": last(wait(3)) } }] },
                "Say": last(say(json!({ "n.$": "$.n" }))) } }),
            Machine::Once => {
                let mut call = invoke("lambda:invoke", json!({ "id.$": id("") }));
                call["Catch"] =
                    json!([{ "ErrorEquals": ["States.TaskFailed"], "ResultPath": null, "Next": "Unknown" }]);
                json!({ "StartAt": "Call", "States": {
                    "Call": then(call, "Done"),
                    "Done": last(say(json!({ "n.$": "$.n", "outcome": "done" }))),
                    "Unknown": last(say(json!({ "n.$": "$.n", "outcome": "unknown" }))) } })
            }
            Machine::Branches => {
                json!({ "StartAt": "All", "States": { "All": { "Type": "Parallel", "End": true, "Branches": [
                { "StartAt": "Wait1", "States": {
                    "Wait1": then(wait(1), "SayTime"), "SayTime": last(say(json!({ "n.$": "$.n", "by": "time" }))) } },
                { "StartAt": "Call", "States": {
                    "Call": then(again(invoke("lambda:invoke", json!({ "id.$": id("") }))), "SayFunction"),
                    "SayFunction": last(say(json!({ "n.$": "$.n", "by": "function" }))) } },
                { "StartAt": "Ask", "States": {
                    "Ask": then(mocked(), "SayMock"), "SayMock": last(say(json!({ "n.$": "$.n", "by.$": "$.answer.by" }))) } }] } } })
            }
            Machine::Items => json!({ "StartAt": "Each", "States": { "Each": {
                "Type": "Map", "End": true, "ItemsPath": "$.items", "MaxConcurrency": 3,
                "ItemSelector": { "n.$": "$.n", "pause.$": "$.pause", "item.$": "$$.Map.Item.Value" },
                "ItemProcessor": { "StartAt": "Call", "States": {
                    "Call": then(again(invoke("lambda:invoke", json!({ "id.$": id("$.item") }))), "Wait1"),
                    "Wait1": then(wait(1), "Say"),
                    "Say": last(say(json!({ "n.$": "$.n", "item.$": "$.item" }))) } } } } }),
            Machine::Parent => {
                let child = |how: &str| {
                    json!({
                    "StateMachineArn": arns.machines.get(&Machine::Child).expect("the child is created first"),
                    "Input": { "n.$": "$.n", "pause.$": "$.pause", "of.$": "$$.Execution.Name", "how": how } })
                };
                json!({ "StartAt": "Both", "States": { "Both": { "Type": "Parallel", "End": true, "Branches": [
                    { "StartAt": "Await", "States": { "Await": { "Type": "Task", "End": true,
                        "Resource": "arn:aws:states:::states:startExecution.sync:2", "Parameters": child("awaited"),
                        "OutputPath": "$.Output" } } },
                    { "StartAt": "Start", "States": {
                        "Start": { "Type": "Task", "Resource": "arn:aws:states:::states:startExecution",
                            "Parameters": child("started"), "ResultPath": null, "Next": "Say" },
                        "Say": last(say(json!({ "n.$": "$.n", "child": "started" }))) } }] } } })
            }
            Machine::Child => json!({ "StartAt": "Wait1", "States": {
                "Wait1": then(wait(1), "Call"),
                "Call": then(again(invoke("lambda:invoke", json!({ "id.$": id("") }))), "Say"),
                "Say": last(say(json!({ "n.$": "$.n", "child.$": "$.how" }))) } }),
            Machine::Asks => {
                let payload = json!({ "id.$": id(""), "token.$": "$$.Task.Token" });
                json!({ "StartAt": "Ask", "States": {
                    "Ask": then(again(invoke("lambda:invoke.waitForTaskToken", payload)), "Say"),
                    "Say": last(say(json!({ "n.$": "$.n" }))) } })
            }
            Machine::Works => json!({ "StartAt": "Work", "States": {
                "Work": { "Type": "Task", "Resource": arns.activity, "TimeoutSeconds": 2, "ResultPath": null, "Next": "Say",
                    "Parameters": { "of.$": "$$.Execution.Name" },
                    "Retry": [{ "ErrorEquals": ["States.Timeout", "Refused"], "IntervalSeconds": 1, "MaxAttempts": 999,
                        "BackoffRate": 1.0 }] },
                "Say": last(say(json!({ "n.$": "$.n" }))) } }),
            Machine::Retries => json!({ "StartAt": "Ask", "States": {
                "Ask": then(mocked(), "Say"), "Say": last(say(json!({ "n.$": "$.n", "by.$": "$.answer.by" }))) } }),
            Machine::Fails => json!({ "StartAt": "Wait1", "States": {
                "Wait1": then(wait(1), "Sold"), "Sold": { "Type": "Fail", "Error": "Sold", "Cause": "nothing is left" } } }),
            Machine::Expires => {
                json!({ "TimeoutSeconds": 2, "StartAt": "Wait3600", "States": { "Wait3600": last(wait(3600)) } })
            }
            Machine::Stops => json!({ "StartAt": "Wait3600", "States": { "Wait3600": last(wait(3600)) } }),
            Machine::Large => json!({ "StartAt": "Keep", "States": {
                "Keep": { "Type": "Pass", "Next": "Wait1" }, "Wait1": last(wait(1)) } }),
            Machine::Pure => {
                json!({ "StartAt": "Say", "States": { "Say": last(say(json!({ "n.$": "$.n" }))) } })
            }
            Machine::Express => json!({ "StartAt": "Call", "States": {
                "Call": then(again(invoke("lambda:invoke", json!({ "express.$": "$$.Execution.Name" }))), "Say"),
                "Say": last(say(json!({ "n.$": "$.n" }))) } }),
        }
    }
}

const ITEMS: u64 = 6;

fn wait(seconds: u32) -> Value {
    json!({ "Type": "Wait", "Seconds": seconds })
}

fn say(parameters: Value) -> Value {
    json!({ "Type": "Pass", "Parameters": parameters })
}

fn last(mut state: Value) -> Value {
    state["End"] = true.into();
    state
}

/// An expression that names an attempt of a call: execution, state, item and retry.
fn id(item: &str) -> String {
    let item = if item.is_empty() { "''" } else { item };
    format!(
        "States.Format('{{}}/{{}}/{{}}/{{}}', $$.Execution.Name, $$.State.Name, {item}, $$.State.RetryCount)"
    )
}

fn invoke(action: &str, mut payload: Value) -> Value {
    payload["pause.$"] = "$.pause".into();
    json!({ "Type": "Task", "Resource": format!("arn:aws:states:::{action}"), "ResultPath": null,
        "Parameters": { "FunctionName": ledger::FUNCTION, "Payload": payload } })
}

/// Repeats a task whose outcome is unknown: what the workflow decides, not the server.
fn again(mut task: Value) -> Value {
    task["Retry"] = json!([{ "ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 1, "MaxAttempts": 999, "BackoffRate": 1.0 }]);
    task
}

fn mocked() -> Value {
    json!({ "Type": "Task", "Resource": "arn:aws:states:::dynamodb:getItem", "ResultPath": "$.answer",
        "Parameters": { "TableName": "t", "Key": { "id": { "S": "1" } } },
        "Retry": [{ "ErrorEquals": ["Busy"], "IntervalSeconds": 1, "MaxAttempts": 2, "BackoffRate": 1.0 }] })
}

/// Returns the mock configuration.
pub(crate) fn mocks() -> Value {
    let case =
        |response: &str| json!({ "TestCases": { "Only": { "Ask": response } }, "DefaultTestCase": "Only" });
    json!({
        "StateMachines": { "branches": case("AtOnce"), "retries": case("AtTheThirdAttempt") },
        "MockedResponses": {
            "AtOnce": { "0": { "Return": { "by": "mock" } } },
            "AtTheThirdAttempt": {
                "0-1": { "Throw": { "Error": "Busy", "Cause": "try again" } },
                "2": { "Return": { "by": "third attempt" } } } } })
}

/// Creates the state machines and the activity.
pub(crate) async fn create(server: &Server) -> Arns {
    let activity = server
        .client()
        .create_activity()
        .name("work")
        .send()
        .await
        .expect("the activity is created");
    let mut arns = Arns {
        machines: BTreeMap::new(),
        activity: activity.activity_arn,
    };
    for machine in [Machine::Child].into_iter().chain(Machine::STARTED) {
        let definition = machine.definition(&arns);
        let arn = if machine == Machine::Express {
            server.create_express(&machine.name(), &definition).await
        } else {
            server.create(&machine.name(), &definition).await
        };
        arns.machines.insert(machine, arn);
    }
    arns
}
