//! The Context object.

use crate::play::{FUNCTION, TOKEN, identity, play, run};
use serde_json::{Value, json};

fn context(path: &str) -> Value {
    run(
        json!({ "Type": "Pass", "Parameters": { "v.$": path }, "End": true }),
        json!({ "in": 1 }),
    )
    .output()["v"]
        .clone()
}

#[test]
fn names_execution_machine_and_state() {
    let identity = identity();
    assert_eq!(
        context("$$"),
        json!({
            "Execution": {
                "Id": &*identity.arn, "Input": { "in": 1 }, "StartTime": "2023-11-14T22:13:20.000Z", "Name": "run",
                "RoleArn": &*identity.role_arn, "RedriveCount": 0,
            },
            "StateMachine": { "Id": &*identity.machine_arn, "Name": "machine" },
            "State": { "Name": "S", "EnteredTime": "2023-11-14T22:13:20.000Z" },
        })
    );
}

#[test]
fn input_path_may_lead_into_it() {
    let play = run(
        json!({ "Type": "Pass", "InputPath": "$$.Execution.Input.in", "End": true }),
        json!({ "in": 1 }),
    );
    assert_eq!(play.output(), json!(1));
}

#[test]
fn the_state_knows_when_it_was_entered() {
    let mut play = play(
        json!({
            "W": { "Type": "Wait", "Seconds": 5, "Next": "S" },
            "S": { "Type": "Pass", "Parameters": { "at.$": "$$.State.EnteredTime" }, "End": true },
        }),
        json!({}),
    );
    play.run_to_the_end().unwrap();
    assert_eq!(play.output(), json!({ "at": "2023-11-14T22:13:25.000Z" }));
}

#[test]
fn only_tasks_count_retries_and_only_those_with_a_token_have_one() {
    let call = |resource: &str| {
        let state =
            json!({ "Type": "Task", "Resource": resource, "Parameters": { "c.$": "$$" }, "End": true });
        play(json!({ "S": state }), json!({})).calls[0].parameters.value()["c"].clone()
    };
    assert_eq!(call(FUNCTION)["State"]["RetryCount"], json!(0));
    assert_eq!(call(FUNCTION).get("Task"), None);
    assert!(call(TOKEN)["Task"]["Token"].is_string());
}

#[test]
fn there_is_an_item_only_in_a_map() {
    let play = run(
        json!({ "Type": "Pass", "InputPath": "$$.Map.Item.Value", "End": true }),
        json!({}),
    );
    assert_eq!(play.error().0, "States.Runtime");
}
