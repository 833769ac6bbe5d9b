//! The distributed Map: the execution that it stands in, its Map Run, and the children.

use crate::play::{Play, failure, identity};
use engine::{
    BoundsUpdate, Call, Effect, Execution, ExecutionKey, ExecutionType, Identity, Limits, MapRole, Message,
    Status,
};
use serde_json::{Value, json};

/// A distributed Map over the input, with these fields besides.
fn definition(fields: &Value) -> String {
    let mut state = json!({
        "Type": "Map", "Label": "Each", "End": true,
        "ItemProcessor": {
            "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
            "StartAt": "P", "States": { "P": { "Type": "Pass", "End": true } }
        },
    });
    for (name, value) in fields.as_object().unwrap() {
        state[name] = value.clone();
    }
    json!({ "StartAt": "All", "States": { "All": state } }).to_string()
}

/// Begins what a call starts: the Map Run, or a child.
fn started(definition: &str, call: &Call) -> Play {
    let input = call.parameters.text();
    let mut play = Play::unstarted(ExecutionType::Standard, definition, input, Limits::default()).unwrap();
    let identity = Identity {
        map: call.part.clone(),
        // Each execution has a secret of its own.
        seed: call.client_token.repeat(2).into(),
        ..identity()
    };
    play.execution = Execution::new(identity, input.clone(), Limits::default());
    play.tell(Message::Start);
    play
}

fn ended(call: &Call, result: Result<Value, (&str, &str)>) -> Message {
    Message::JobDone {
        call: call.id,
        submission: json!({ "ExecutionArn": "arn" }).to_string(),
        result: result
            .map(|output| output.to_string())
            .map_err(|(error, cause)| failure(error, cause)),
    }
}

fn cancelled(play: &Play) -> usize {
    let cancels = play.asides.iter();
    cancels
        .filter(|effect| matches!(effect, Effect::Cancel(_)))
        .count()
}

#[test]
fn a_map_run_starts_a_child_for_every_item_and_ends_with_their_outputs_in_order() {
    let definition = definition(&json!({ "MaxConcurrency": 2 }));
    let mut play = Play::new(&definition, "[5,6,7]").unwrap();
    let call = play.calls.pop_front().unwrap();
    let part = call.part.clone().unwrap();
    assert_eq!(part.role, MapRole::Run);
    let mut run = started(&definition, &call);
    assert_eq!(run.calls.len(), 2, "as many as may run at once");
    let children: Vec<Call> = run.calls.drain(..).collect();
    assert_eq!(children[1].parameters.value(), &json!(6));
    assert!(run.tell(ended(&children[1], Ok(json!(60)))));
    assert!(
        !run.tell(ended(&children[1], Ok(json!(61)))),
        "it has ended already"
    );
    let last = run.calls.pop_front().unwrap();
    run.tell(ended(&children[0], Ok(json!(50))));
    assert_eq!(run.status(), Status::Running);
    run.tell(ended(&last, Ok(json!(70))));
    assert_eq!(
        (run.status(), run.output()),
        (Status::Succeeded, json!([50, 60, 70]))
    );
    assert_eq!(run.events, [], "a Map Run has no history");

    play.tell(ended(&call, Ok(run.output())));
    assert_eq!(play.output(), json!([50, 60, 70]));
    assert_eq!(
        play.story()[2..],
        [
            "3<2 MapStateStarted",
            "4<3 MapRunStarted",
            "5<4 MapRunSucceeded",
            "6<5 MapStateSucceeded",
            // Recorded since November 2024 (assign/MAP_STATE_REFERENCE_IN_ITEM_SELECTOR).
            "7<4 MapStateExited",
            "8<7 ExecutionSucceeded"
        ]
    );
}

#[test]
fn a_child_runs_the_processor_alone() {
    let definition = definition(&json!({}));
    let mut play = Play::new(&definition, "[5]").unwrap();
    let mut run = started(&definition, &play.calls.pop_front().unwrap());
    let call = run.calls.pop_front().unwrap();
    let child = started(&definition, &call);
    assert_eq!(child.output(), json!(5));
    assert_eq!(
        child.types(),
        [
            "ExecutionStarted",
            "PassStateEntered",
            "PassStateExited",
            "ExecutionSucceeded"
        ]
    );
    let part = call.part.unwrap();
    let name = part.name(&call.client_token);
    let arn = format!(
        "arn:aws:states:eu-west-1:123456789012:execution:{}:{name}",
        part.machine()
    );
    let key = ExecutionKey::of_arn(&arn).unwrap();
    let run_name = part.run_arn.rsplit(':').next().unwrap();
    assert_eq!(
        &*key.machine,
        format!("eu-west-1:123456789012:{}/{}", part.machine(), &run_name[..18])
    );
    assert_eq!(
        (&*key.name, key.state_machine()),
        (&*name, "eu-west-1:123456789012:machine")
    );
    assert_ne!(name, run_name);
}

#[test]
fn a_map_run_that_fails_has_an_entry_of_its_end_and_stops_its_children() {
    let definition = definition(&json!({ "ToleratedFailureCount": 1 }));
    let mut play = Play::new(&definition, "[1,2,3]").unwrap();
    let call = play.calls.pop_front().unwrap();
    let mut run = started(&definition, &call);
    let children: Vec<Call> = run.calls.drain(..).collect();
    run.tell(ended(&children[0], Err(("Broken", "by design"))));
    assert_eq!(run.status(), Status::Running, "one failure is tolerated");
    let entries = run.execution.seq;
    run.tell(ended(&children[2], Err(("Broken", "by design"))));
    assert_eq!((run.status(), run.execution.seq), (Status::Failed, entries + 1));
    let (error, cause) = run.error();
    assert_eq!(error, "States.ExceedToleratedFailureThreshold");
    assert_eq!(cancelled(&run), 1);

    play.tell(ended(&call, Err((&error, &cause))));
    assert_eq!(play.error().0, error);
    assert_eq!(
        play.types()[4..],
        ["MapRunFailed", "MapStateFailed", "ExecutionFailed"]
    );
}

#[test]
fn the_failure_of_a_batch_is_that_of_its_items() {
    let definition =
        definition(&json!({ "ItemBatcher": { "MaxItemsPerBatch": 2 }, "ToleratedFailureCount": 3 }));
    let mut play = Play::new(&definition, "[1,2,3,4,5]").unwrap();
    let mut run = started(&definition, &play.calls.pop_front().unwrap());
    let children: Vec<Call> = run.calls.drain(..).collect();
    let inputs: Vec<&Value> = children.iter().map(|child| child.parameters.value()).collect();
    assert_eq!(
        inputs,
        [
            &json!({ "Items": [1, 2] }),
            &json!({ "Items": [3, 4] }),
            &json!({ "Items": [5] })
        ]
    );
    run.tell(ended(&children[0], Err(("Broken", "by design"))));
    run.tell(ended(&children[2], Err(("Broken", "by design"))));
    assert_eq!(run.status(), Status::Running, "three of five items");
    run.tell(ended(&children[1], Err(("Broken", "by design"))));
    assert_eq!(run.status(), Status::Failed, "five of five");
}

#[test]
fn a_retry_begins_another_map_run() {
    let retry = json!([{ "ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 1 }]);
    let definition = definition(&json!({ "Retry": retry }));
    let mut play = Play::new(&definition, "[1]").unwrap();
    let first = play.calls.pop_front().unwrap();
    play.tell(ended(&first, Err(("Broken", "by design"))));
    play.pass(1);
    let second = play.calls.pop_front().unwrap();
    assert_ne!(first.part.unwrap().run_arn, second.part.clone().unwrap().run_arn);
    play.tell(ended(&second, Ok(json!([1]))));
    assert_eq!(play.output(), json!([1]));
    assert_eq!((play.count("MapRunStarted"), play.count("MapRunFailed")), (2, 1));
}

#[test]
fn what_has_begun_a_map_run_is_cancelled_with_it_and_not_redriven() {
    let definition = definition(&json!({}));
    let mut play = Play::new(&definition, "[1]").unwrap();
    play.calls.clear();
    play.tell(Message::Stop {
        error: None,
        cause: None,
    });
    assert_eq!(cancelled(&play), 1, "also what nobody knows to have been started");
    assert_eq!(
        play.types()[4..],
        ["MapRunAborted", "MapStateAborted", "ExecutionAborted"]
    );
    assert_eq!(
        play.execution.not_redrivable(play.now).unwrap().to_string(),
        "an execution cannot be redriven yet in a state that has begun a Map Run"
    );
    assert!(!play.tell(Message::Redrive { client_token: None }));
}

#[test]
fn the_bounds_of_a_map_run_change_while_it_runs() {
    let definition = definition(&json!({ "MaxConcurrency": 1, "ToleratedFailureCount": 2 }));
    let mut play = Play::new(&definition, "[1,2,3,4]").unwrap();
    let mut run = started(&definition, &play.calls.pop_front().unwrap());
    let update = |max_concurrency, tolerated_failure_count| {
        Message::UpdateMapRun(BoundsUpdate {
            max_concurrency,
            tolerated_failure_count,
            tolerated_failure_percentage: None,
        })
    };
    assert!(run.tell(update(Some(3), None)));
    assert_eq!(run.calls.len(), 3);
    let state = run.execution.map_run().unwrap();
    assert_eq!(
        (
            state.bounds.max_concurrency,
            state.begun,
            state.children,
            state.items
        ),
        (3, 3, Some(4), 4)
    );
    let child = run.calls.pop_front().unwrap();
    run.tell(ended(&child, Err(("Broken", "by design"))));
    assert_eq!(run.status(), Status::Running);
    assert!(run.tell(update(None, Some(0))));
    assert_eq!(run.error().0, "States.ExceedToleratedFailureThreshold");
    assert!(!run.tell(update(Some(1), None)), "it has ended");
    assert!(!play.tell(update(Some(1), None)), "it is no Map Run");
}

#[test]
fn more_output_than_a_state_may_have_fails_the_map_run() {
    let definition = definition(&json!({}));
    let mut play = Play::new(&definition, "[1,2]").unwrap();
    let mut run = started(&definition, &play.calls.pop_front().unwrap());
    let children: Vec<Call> = run.calls.drain(..).collect();
    let large = json!("x".repeat(140_000));
    run.tell(ended(&children[0], Ok(large.clone())));
    run.tell(ended(&children[1], Ok(large)));
    assert_eq!(run.error().0, "States.DataLimitExceeded");
}

#[test]
fn an_entry_begins_few_children_with_much_input() {
    let definition = definition(&json!({}));
    let items = vec!["x".repeat(4_000); 60];
    let mut play = Play::new(&definition, &json!(items).to_string()).unwrap();
    let run = started(&definition, &play.calls.pop_front().unwrap());
    assert_eq!(run.calls.len(), 60);
    assert!(run.execution.seq > 2, "in {} entries", run.execution.seq);
}
