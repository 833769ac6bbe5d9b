//! Limits.

use crate::play::{FUNCTION, Play, START, machine, play, run, with};
use engine::{ExecutionType, Limits, Message, Status};
use serde_json::{Value, json};

/// Goes round for ever.
const LOOP: &str = r#"{"StartAt":"A","States":{
    "A":{"Type":"Pass","Next":"B"},
    "B":{"Type":"Choice","Choices":[{"Variable":"$.end","IsPresent":true,"Next":"C"}],"Default":"A"},
    "C":{"Type":"Succeed"}}}"#;

#[test]
fn a_state_gives_out_up_to_256_kib() {
    let pass = |bytes: usize| {
        run(
            json!({ "Type": "Pass", "Result": "x".repeat(bytes - 2), "End": true }),
            json!({}),
        )
    };
    assert_eq!(pass(262_144).status(), Status::Succeeded);
    let (error, cause) = pass(262_145).error();
    assert_eq!(error, "States.DataLimitExceeded");
    assert_eq!(
        cause,
        "The state/task 'S' returned a result with a size exceeding the maximum number of bytes service limit."
    );
}

#[test]
fn a_task_gives_out_up_to_256_kib() {
    let task = |bytes: usize| {
        let mut play = play(
            json!({ "S": { "Type": "Task", "Resource": FUNCTION, "ResultPath": null, "End": true } }),
            json!({}),
        );
        play.answer(json!("x".repeat(bytes - 2)));
        play
    };
    assert_eq!(task(262_144).status(), Status::Succeeded);
    let play = task(262_145);
    assert_eq!(play.error().0, "States.DataLimitExceeded");
    assert_eq!(
        (
            play.count("LambdaFunctionFailed"),
            play.count("LambdaFunctionSucceeded")
        ),
        (1, 0)
    );
    assert!(
        play.texts.values().all(|text| text.len() < 1_000),
        "what was refused is not stored"
    );
}

#[test]
fn a_task_is_called_with_up_to_256_kib() {
    let state = json!({ "Type": "Task", "Resource": FUNCTION, "Parameters": { "a.$": "$", "b.$": "$" }, "End": true });
    let play = play(json!({ "S": state }), json!("x".repeat(140_000)));
    assert_eq!(play.error().0, "States.DataLimitExceeded");
    assert!(play.calls.is_empty());
}

#[test]
fn the_results_of_all_branches_together_count() {
    let branch = |name: &str| json!({ "StartAt": name, "States": { name: { "Type": "Pass", "End": true } } });
    let state = json!({ "Type": "Parallel", "Branches": [branch("A"), branch("B")], "ResultPath": null, "End": true });
    assert_eq!(
        run(state, json!("x".repeat(140_000))).error().0,
        "States.DataLimitExceeded"
    );
}

#[test]
fn the_payload_limit_can_be_raised() {
    let limits = Limits {
        payload_bytes: 1_000_000,
        ..Limits::default()
    };
    let definition = machine(json!({ "S": { "Type": "Pass", "Result": "x".repeat(500_000), "End": true } }));
    assert_eq!(
        Play::with_limits(&definition.to_string(), "{}", limits)
            .unwrap()
            .status(),
        Status::Succeeded
    );
}

#[test]
fn what_may_be_copied_grows_with_the_payload_limit() {
    let limits = Limits {
        payload_bytes: 12_000_000,
        ..Limits::default()
    };
    // The smallest values: a copy takes far more than their text.
    let input = format!("{{\"a\":[{}1]}}", "1,".repeat(4_500_000));
    for field in ["$.a", "States.JsonToString($.a)"] {
        let pass = json!({ "Type": "Pass", "Parameters": { "x.$": field }, "End": true });
        let definition = machine(json!({ "S": pass })).to_string();
        let mut play = Play::unstarted(ExecutionType::Standard, &definition, &input, limits).unwrap();
        play.restores = false;
        play.tell(Message::Start);
        assert_eq!(play.status(), Status::Succeeded, "{field}");
    }
}

#[test]
fn the_last_of_25_000_events_is_the_failure() {
    let mut play = Play::unstarted(ExecutionType::Standard, LOOP, "{}", Limits::default()).unwrap();
    play.restores = false;
    play.tell(Message::Start);
    assert_eq!(play.events.len(), 25_000);
    let expected = json!({
        "error": "States.Runtime", "cause": "The execution reached the maximum number of history events (25000).",
    });
    let last = play.event_as_json(24_999).unwrap();
    assert_eq!(
        (&last["type"], &last["executionFailedEventDetails"]),
        (&json!("ExecutionFailed"), &expected)
    );
    assert_eq!(
        play.error(),
        (
            "States.Runtime".into(),
            expected["cause"].as_str().unwrap().into()
        )
    );
    assert!(
        play.events.iter().zip(1..).all(|(event, id)| event.id == id),
        "ids have no gap"
    );
}

#[test]
fn a_call_that_history_has_no_room_for_is_not_asked_for() {
    for room in 2..6 {
        let limits = Limits {
            history_events: room,
            ..Limits::default()
        };
        let definition = machine(json!({ "S": { "Type": "Task", "Resource": FUNCTION, "End": true } }));
        let play = Play::with_limits(&definition.to_string(), "{}", limits).unwrap();
        assert_eq!(play.events.len() as u64, room.min(4));
        let is_asked = room > 4;
        assert_eq!(
            (play.calls.len(), play.status() == Status::Running),
            (usize::from(is_asked), is_asked),
            "{room}"
        );
        assert_eq!(
            (
                play.execution.next_deadline().is_some(),
                play.execution.outstanding(&play.program).len()
            ),
            (is_asked, usize::from(is_asked))
        );
    }
}

#[test]
fn a_history_that_is_full_while_branches_are_ended_can_be_read_again() {
    let map = |name: &str, inner: Value| {
        let processor = json!({ "StartAt": name, "States": { name: inner } });
        json!({ "Type": "Map", "ItemsPath": "$.items", "ItemProcessor": processor, "End": true,
            "ItemSelector": { "items": [1, 2, 3] } })
    };
    let task = json!({ "Type": "Task", "Resource": FUNCTION, "End": true });
    let definition = machine(json!({ "Outer": map("Inner", map("Task", task)) })).to_string();
    for room in 10..90 {
        let limits = Limits {
            history_events: room,
            ..Limits::default()
        };
        // It is written down and read again after every message.
        let mut play = Play::with_limits(&definition, "{\"items\":[1,2,3]}", limits).unwrap();
        if play.status() == Status::Running {
            play.refuse("Refused", "");
        }
        assert_eq!(play.status(), Status::Failed, "{room}");
        assert!(play.events.len() as u64 <= room, "{room}");
        assert!(!play.tell(Message::Wake));
    }
}

#[test]
fn the_history_limit_can_be_raised() {
    let limits = Limits {
        history_events: 30_000,
        ..Limits::default()
    };
    let mut play = Play::unstarted(ExecutionType::Standard, LOOP, "{}", limits).unwrap();
    play.restores = false;
    play.tell(Message::Start);
    assert_eq!(play.events.len(), 30_000);
    assert_eq!(
        play.error().1,
        "The execution reached the maximum number of history events (30000)."
    );
}

#[test]
fn long_turns_are_cut_and_go_on() {
    let mut play = Play::unstarted(ExecutionType::Standard, LOOP, "{}", Limits::default()).unwrap();
    let outcome = engine::apply(&play.program, &mut play.execution, Message::Start, START);
    assert!(outcome.unfinished && outcome.changed);
    let first = outcome.events.len();
    assert!(first < 25_000);
    play.execution.seal(outcome);
    let outcome = engine::apply(&play.program, &mut play.execution, Message::Wake, START);
    assert!(outcome.unfinished && !outcome.events.is_empty());
    assert_eq!(outcome.events[0].id as usize, first + 1);
}

#[test]
fn express_history_has_no_limit() {
    let mut play = Play::unstarted(ExecutionType::Express, LOOP, "{}", Limits::default()).unwrap();
    let mut outcome = engine::apply(&play.program, &mut play.execution, Message::Start, START);
    for _ in 0..20 {
        assert!(outcome.unfinished);
        outcome = engine::apply(&play.program, &mut play.execution, Message::Wake, START);
    }
    assert!(play.execution.event_count() > 50_000);
    assert_eq!(play.status(), Status::Running);
}

fn wait(execution_type: ExecutionType, fields: Value) -> Play {
    let definition = with(
        machine(json!({ "W": { "Type": "Wait", "Seconds": 1000, "End": true } })),
        fields,
    );
    Play::of_type(execution_type, &definition.to_string(), "{}", Limits::default()).unwrap()
}

#[test]
fn express_ends_after_five_minutes() {
    let mut play = wait(ExecutionType::Express, json!({}));
    assert_eq!(play.execution.ends_by(&play.program), START.plus_seconds(300));
    play.pass(299);
    assert_eq!(play.status(), Status::Running);
    play.pass(1);
    assert_eq!(play.status(), Status::TimedOut);
}

#[test]
fn standard_ends_after_a_year() {
    let definition = machine(json!({ "W": { "Type": "Wait", "Seconds": 99_999_999, "End": true } }));
    let mut play = Play::new(&definition.to_string(), "{}").unwrap();
    play.pass(365 * 24 * 60 * 60 - 1);
    assert_eq!(play.status(), Status::Running);
    play.pass(1);
    assert_eq!(play.status(), Status::TimedOut);
}

#[test]
fn the_definitions_time_out_ends_the_execution() {
    let mut play = wait(ExecutionType::Standard, json!({ "TimeoutSeconds": 10 }));
    play.pass(9);
    assert_eq!(play.status(), Status::Running);
    play.pass(1);
    assert_eq!(
        (play.status(), play.error().0),
        (Status::TimedOut, "States.Timeout".into())
    );
    assert_eq!(play.types().last().map(String::as_str), Some("ExecutionTimedOut"));
}

#[test]
fn a_time_out_cannot_be_caught_and_beats_what_comes_late() {
    let state = json!({
        "Type": "Task", "Resource": FUNCTION, "End": true, "Catch": [{ "ErrorEquals": ["States.ALL"], "Next": "Caught" }],
    });
    let definition = with(
        machine(json!({ "S": state, "Caught": { "Type": "Succeed" } })),
        json!({ "TimeoutSeconds": 10 }),
    );
    let mut play = Play::new(&definition.to_string(), "{}").unwrap();
    play.now = START.plus_seconds(10);
    assert!(!play.answer(json!(1)), "the answer is late");
    assert_eq!(play.status(), Status::TimedOut);
}

#[test]
fn an_execution_that_begins_too_late_has_begun_all_the_same() {
    let definition = with(
        machine(json!({ "S": { "Type": "Succeed" } })),
        json!({ "TimeoutSeconds": 10 }),
    );
    let mut play = Play::unstarted(
        ExecutionType::Standard,
        &definition.to_string(),
        "{}",
        Limits::default(),
    )
    .unwrap();
    play.now = START.plus_seconds(11);
    assert!(play.tell(Message::Start));
    assert_eq!(play.types(), ["ExecutionStarted", "ExecutionTimedOut"]);
}

/// A document that is nested too deep to be read back would be another one after a restart.
#[test]
fn documents_are_nested_up_to_127_levels() {
    let nested = |levels: usize| -> Value {
        let text = format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        serde_json::from_str(&text).unwrap()
    };
    let end = |state: Value, input: Value| {
        let play = run(with(state, json!({ "End": true })), input);
        match play.status() {
            Status::Succeeded => String::new(),
            _ => play.error().0,
        }
    };
    let path = format!("$.x{}", ".x".repeat(126));
    let branch = json!({ "StartAt": "P", "States": { "P": { "Type": "Pass", "End": true } } });
    let one = json!({ "StartAt": "P", "States": { "P": { "Type": "Pass", "Result": 1, "End": true } } });
    let jsonata = |fields: Value| with(json!({ "Type": "Pass", "QueryLanguage": "JSONata" }), fields);
    for state in [
        json!({ "Type": "Pass", "Parameters": { "a.$": "$" } }),
        json!({ "Type": "Parallel", "Branches": [branch] }),
        json!({ "Type": "Map", "ItemProcessor": one, "ItemSelector": { "a.$": "$" } }),
        json!({ "Type": "Pass", "Assign": { "v": { "a.$": "$" } } }),
        jsonata(json!({ "Output": ["{% $states.input %}"] })),
        jsonata(json!({ "Assign": { "v": ["{% $states.input %}"] } })),
    ] {
        assert_eq!(end(state.clone(), nested(126)), "", "{state}");
        assert_eq!(
            end(state.clone(), nested(127)),
            "States.DataLimitExceeded",
            "{state}"
        );
    }
    let along = json!({ "Type": "Pass", "Result": 1, "ResultPath": path });
    assert_eq!(end(along, json!({})), "");
    let beyond = json!({ "Type": "Pass", "Result": 1, "ResultPath": format!("{path}.x") });
    assert_eq!(end(beyond, json!({})), "States.DataLimitExceeded");
}

#[test]
fn a_document_that_grows_a_level_in_each_round_ends_the_execution() {
    let definition = r#"{"StartAt":"A","States":{
        "A":{"Type":"Pass","Parameters":{"a.$":"$"},"Next":"B"},
        "B":{"Type":"Choice","Choices":[{"Variable":"$.end","IsPresent":true,"Next":"C"}],"Default":"A"},
        "C":{"Type":"Succeed"}}}"#;
    let play = Play::new(definition, "{}").unwrap();
    assert_eq!(play.error().0, "States.DataLimitExceeded");
    assert_eq!(play.count("PassStateExited"), 126);
}
