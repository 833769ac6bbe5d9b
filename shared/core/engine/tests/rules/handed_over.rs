//! Calls that are left to whoever claims them.

use crate::play::{Play, machine};
use engine::{ExecutionType, Limits, Message, Status};
use serde_json::{Value, json};

const INVOKE: &str = "arn:aws:states:::lambda:invoke";
const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:f";

/// Begins an execution of one state; calls that may take more than a minute are handed over.
fn begin(state: Value) -> Play {
    let definition = machine(json!({ "S": state })).to_string();
    let mut play = Play::unstarted(ExecutionType::Standard, &definition, "{}", Limits::default()).unwrap();
    play.restores = false;
    play.execution.hands_over_beyond = Some(60);
    play.tell(Message::Start);
    play
}

fn task(resource: &str, seconds: u64) -> Value {
    json!({ "Type": "Task", "Resource": resource, "TimeoutSeconds": seconds, "End": true })
}

#[test]
fn what_says_that_it_may_take_long_is_handed_over() {
    let is_handed_over = |state: Value| begin(state).calls[0].is_handed_over;
    assert!(is_handed_over(task(FUNCTION, 61)));
    assert!(is_handed_over(task(INVOKE, 900)));
    assert!(!is_handed_over(task(INVOKE, 60)));
    let unsaid = json!({ "Type": "Task", "Resource": FUNCTION, "End": true });
    assert!(!is_handed_over(unsaid));
    assert!(!is_handed_over(task("arn:aws:states:::sqs:sendMessage", 900)));
    let harness = "arn:aws:states:::bedrockagentcore:invokeHarness";
    let unsaid = json!({ "Type": "Task", "Resource": harness, "End": true });
    assert!(is_handed_over(unsaid), "an agent may take 15 minutes");
    assert!(!is_handed_over(task(harness, 60)));
    // The time-out is about the answer to the token, and not about the call.
    let token = json!({ "Type": "Task", "Resource": format!("{INVOKE}.waitForTaskToken"), "TimeoutSeconds": 900,
        "Parameters": { "FunctionName": "f", "Payload": { "token.$": "$$.Task.Token" } }, "End": true });
    assert!(!is_handed_over(token));
}

#[test]
fn a_claim_is_taken_once_and_moves_the_intent_to_its_entry() {
    let mut play = begin(task(FUNCTION, 900));
    let call = play.calls[0].clone();
    let events = play.events.len();
    assert!(play.tell(Message::Claim { call: call.id }));
    assert_eq!(play.events.len(), events, "a claim is no history");
    let outstanding = play.execution.outstanding(&play.program);
    let claimed = outstanding[0].0.call();
    assert!(claimed.committed_in > call.committed_in && !claimed.is_handed_over);
    assert_eq!(play.probe(Message::Claim { call: call.id }), (false, false));
    assert!(play.answer(json!("done")));
    assert_eq!((play.status(), play.output()), (Status::Succeeded, json!("done")));
}

#[test]
fn a_call_that_nobody_handed_over_cannot_be_claimed() {
    let mut play = begin(task(FUNCTION, 10));
    let call = play.calls[0].id;
    assert_eq!(play.probe(Message::Claim { call }), (false, false));
}
