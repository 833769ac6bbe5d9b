//! What is measured.

use crate::tasks::unique;
use serde_json::{Value, json};

/// One execution to measure.
#[derive(Debug)]
pub(crate) struct Workload {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) definition: Value,
    pub(crate) input: Value,
    pub(crate) tasks: u64,
    pub(crate) tasks_at_once: u64,
    pub(crate) task_milliseconds: u64,
    pub(crate) wait_seconds: u64,
}

/// Returns the workloads; documents have up to 512 bytes.
pub(crate) fn all() -> Vec<Workload> {
    vec![
        Workload {
            name: "sdk-tasks",
            title: "chain of 10 direct SDK tasks",
            definition: chain((0..10).map(|number| {
                json!({
                    "Type": "Task",
                    "Resource": "arn:aws:states:::sqs:sendMessage",
                    "Parameters": {
                        "QueueUrl": format!("https://sqs.us-east-1.amazonaws.com/123456789012/step-{number}"),
                        "MessageBody.$": "$",
                    },
                    "ResultPath": null,
                })
            })),
            input: document(0),
            tasks: 10,
            tasks_at_once: 1,
            task_milliseconds: 20,
            wait_seconds: 0,
        },
        Workload {
            name: "lambda-tasks",
            title: "chain of 10 lambda:invoke",
            definition: chain((0..10).map(|number| {
                json!({
                    "Type": "Task",
                    "Resource": "arn:aws:states:::lambda:invoke",
                    "Parameters": { "FunctionName": format!("order-step-{number}"), "Payload.$": "$" },
                    "OutputPath": "$.Payload",
                })
            })),
            input: document(0),
            tasks: 10,
            tasks_at_once: 1,
            task_milliseconds: 100,
            wait_seconds: 0,
        },
        Workload {
            name: "pure-states",
            title: "20 Pass and Choice states",
            definition: chain((0..20).map(|number| match number % 2 {
                0 => json!({ "Type": "Pass", "Result": number, "ResultPath": "$.step" }),
                _ => json!({
                    "Type": "Choice",
                    "Choices": [{ "Variable": "$.step", "NumericLessThan": 100 }],
                }),
            })),
            input: document(0),
            tasks: 0,
            tasks_at_once: 1,
            task_milliseconds: 0,
            wait_seconds: 0,
        },
        Workload {
            name: "inline-map",
            title: "inline Map of 1,000 items with a task each",
            definition: json!({
                "StartAt": "Each",
                "States": { "Each": {
                    "Type": "Map",
                    "ItemsPath": "$",
                    "ItemProcessor": {
                        "ProcessorConfig": { "Mode": "INLINE" },
                        "StartAt": "Send",
                        "States": { "Send": {
                            "Type": "Task",
                            "Resource": "arn:aws:states:::sqs:sendMessage",
                            "Parameters": {
                                "QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/items",
                                "MessageBody.$": "$",
                            },
                            "ResultSelector": { "id.$": "$.MessageId" },
                            "End": true,
                        } },
                    },
                    "End": true,
                } },
            }),
            input: (0..1000).map(|number| json!({ "item": number })).collect(),
            tasks: 1000,
            tasks_at_once: 40,
            task_milliseconds: 20,
            wait_seconds: 0,
        },
        Workload {
            name: "wait",
            title: "one Wait of 20 minutes",
            definition: json!({
                "StartAt": "Wait",
                "States": { "Wait": { "Type": "Wait", "Seconds": 1200, "End": true } },
            }),
            input: document(0),
            tasks: 0,
            tasks_at_once: 1,
            task_milliseconds: 0,
            wait_seconds: 1200,
        },
    ]
}

/// Returns an order of 512 bytes at most.
pub(crate) fn document(number: u64) -> Value {
    json!({
        "orderId": unique(number),
        "customer": { "id": unique(number + 1), "email": "somebody@example.com", "country": "DE" },
        "items": [
            { "sku": "A-4711", "quantity": 2, "price": 19.99 },
            { "sku": "B-0815", "quantity": 1, "price": 5.5 },
            { "sku": "C-2342", "quantity": 12, "price": 0.75 },
        ],
        "payment": { "method": "card", "reference": unique(number + 2), "captured": false },
        "shipping": { "street": "Hauptstrasse 12", "city": "Frankfurt", "zip": "60311" },
    })
}

/// Returns a definition of states that follow each other.
fn chain(states: impl ExactSizeIterator<Item = Value>) -> Value {
    let last = states.len() - 1;
    let named = states.enumerate().map(|(number, mut state)| {
        let next = format!("Step{}", number + 1);
        match (state["Type"] == "Choice", number == last) {
            (true, true) => {
                state["Choices"][0]["Next"] = json!("Done");
            }
            (true, false) => state["Choices"][0]["Next"] = json!(next),
            (false, true) => state["End"] = json!(true),
            (false, false) => state["Next"] = json!(next),
        }
        (format!("Step{number}"), state)
    });
    let mut states: serde_json::Map<String, Value> = named.collect();
    if states[&format!("Step{last}")]["Type"] == "Choice" {
        states.insert("Done".to_owned(), json!({ "Type": "Succeed" }));
    }
    json!({ "StartAt": "Step0", "States": states })
}
