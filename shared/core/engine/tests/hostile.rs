//! Definitions that mean no good: each execution ends in its error, in little time and memory.
//!
//! A file of its own with one test alone: what is measured is the memory of the whole process. Expressions of JSONata have
//! their own table, in `jsonata/tests/hostile.rs`.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(
    clippy::disallowed_methods,
    reason = "the clock, threads and the process's memory are what is measured with"
)]

mod play;

use engine::Status;
use play::Play;
use serde_json::{Map, Value, json};
use std::sync::mpsc;
use std::time::Duration;

/// What each may add to the process's memory at its peak: a template gives 64 before it is stopped.
const MEGABYTES_MAX: u64 = 300;
/// How long each may take on a machine that has much else to do; most take less than a second.
const DEADLINE: Duration = Duration::from_secs(120);

/// How often a large document is named.
const OFTEN: usize = 20_000;

/// Each definition's name, the definition, and what its execution ends in.
fn cases() -> Vec<(&'static str, Value, &'static str)> {
    let paths = || fields("$.b", "a", ".$");
    let expressions = || fields("{% $states.input.b %}", "a", "");
    let references = vec!["$.b"; OFTEN].join(", ");
    let places = "{}".repeat(OFTEN);
    let jsonpath = |fields: Value| one(fields, "JSONPath");
    let jsonata = |fields: Value| one(fields, "JSONata");
    let item = json!({ "StartAt": "I", "States": { "I": { "Type": "Pass", "End": true } } });
    let choice = |test: Value| {
        json!({ "StartAt": "A", "States": {
            "A": { "Type": "Choice", "Choices": [test], "Default": "Z" },
            "Z": { "Type": "Fail", "Error": "NoMatch" },
            "Y": { "Type": "Succeed" },
        } })
    };
    const SIZE: &str = "States.DataLimitExceeded";
    const INTRINSIC: &str = "States.IntrinsicFailure";
    vec![
        (
            "a template of paths",
            jsonpath(json!({ "Type": "Pass", "Parameters": paths() })),
            SIZE,
        ),
        (
            "a template of expressions",
            jsonata(json!({ "Type": "Pass", "Output": expressions() })),
            SIZE,
        ),
        (
            "variables",
            jsonpath(json!({ "Type": "Pass", "Assign": paths() })),
            SIZE,
        ),
        (
            "variables by expressions",
            jsonata(json!({ "Type": "Pass", "Assign": expressions() })),
            SIZE,
        ),
        (
            "an item's template",
            jsonpath(
                json!({ "Type": "Map", "ItemsPath": "$.items", "ItemSelector": paths(), "ItemProcessor": item }),
            ),
            SIZE,
        ),
        (
            "a list of expressions",
            jsonata(json!({ "Type": "Pass", "Output": vec!["{% $states.input.b %}"; OFTEN] })),
            SIZE,
        ),
        (
            "States.Format",
            jsonpath(
                json!({ "Type": "Pass", "Parameters": { "x.$": format!("States.Format('{places}', {references})") } }),
            ),
            INTRINSIC,
        ),
        (
            "States.Array",
            jsonpath(
                json!({ "Type": "Pass", "Parameters": { "x.$": format!("States.Array({references})") } }),
            ),
            INTRINSIC,
        ),
        (
            "States.Array of States.JsonToString",
            jsonpath(json!({ "Type": "Pass", "Parameters": {
                "x.$": format!("States.Array({})", vec!["States.JsonToString($)"; 2_000].join(", ")),
            } })),
            INTRINSIC,
        ),
        (
            "States.ArrayRange",
            jsonpath(
                json!({ "Type": "Pass", "Parameters": { "x.$": "States.ArrayRange(0, 9000000000, 1)" } }),
            ),
            INTRINSIC,
        ),
        (
            "everything below everything",
            jsonpath(json!({ "Type": "Pass", "InputPath": "$..*..*..*..*..*..*..*" })),
            "States.Runtime",
        ),
        (
            "a regular expression that tries everything",
            jsonpath(json!({ "Type": "Pass", "InputPath": "$.texts[?(@ =~ /(a|aa)+$/)]", "End": true })),
            "success",
        ),
        (
            "a pattern with a long piece",
            choice(
                json!({ "Variable": "$.b", "StringMatches": format!("*{}y*", "x".repeat(100_000)), "Next": "Y" }),
            ),
            "NoMatch",
        ),
        (
            "a pattern with many pieces",
            choice(
                json!({ "Variable": "$.b", "StringMatches": format!("{}y", "*x".repeat(100_000)), "Next": "Y" }),
            ),
            "NoMatch",
        ),
        (
            "a loop without a pause",
            endless(json!({ "Type": "Pass", "Result": 1 })),
            "States.Runtime",
        ),
        (
            "a document that grows in a loop",
            endless(json!({ "Type": "Pass", "Parameters": { "l.$": "$", "r.$": "$" } })),
            SIZE,
        ),
    ]
}

/// Returns a machine that does the same again and again.
fn endless(mut state: Value) -> Value {
    state["Next"] = "Again".into();
    json!({ "StartAt": "A", "States": {
        "A": state,
        "Again": { "Type": "Choice", "Choices": [{ "Variable": "$.never", "IsPresent": true, "Next": "Z" }], "Default": "A" },
        "Z": { "Type": "Succeed" },
    } })
}

/// Returns a machine of one state.
fn one(mut fields: Value, language: &str) -> Value {
    fields["End"] = true.into();
    json!({ "StartAt": "A", "QueryLanguage": language, "States": { "A": fields } })
}

fn fields(value: &str, name: &str, end: &str) -> Value {
    let field = |at: usize| (format!("{name}{at}{end}"), Value::from(value));
    (0..OFTEN).map(field).collect::<Map<String, Value>>().into()
}

fn input() -> String {
    let texts: Vec<String> = (0..50).map(|_| format!("{}b", "a".repeat(500))).collect();
    let tree = (0..12).fold(json!(1), |below, _| json!([below, below]));
    json!({ "b": "x".repeat(200_000), "items": [1], "texts": texts, "tree": tree }).to_string()
}

/// Runs an execution to its end, and returns what it ended in.
fn run(definition: &Value, input: &str) -> String {
    let mut play = Play::new(&definition.to_string(), input).unwrap();
    play.run_to_the_end().unwrap();
    match play.status() {
        Status::Succeeded => "success".to_owned(),
        _ => play.error().0,
    }
}

fn run_in_time(definition: &Value, input: &str) -> Option<String> {
    let (send, receive) = mpsc::channel();
    let (definition, input) = (definition.clone(), input.to_owned());
    std::thread::spawn(move || {
        // Nobody is waiting any more when it took too long.
        let _ = send.send(run(&definition, &input));
    });
    receive.recv_timeout(DEADLINE).ok()
}

/// Returns a number of megabytes from the process's status; `None` where there is no such thing.
fn megabytes(of: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(of))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kilobytes / 1024)
}

#[test]
fn hostile_definitions_end_in_their_errors() {
    let input = input();
    let mut wrong = Vec::new();
    for (name, definition, wanted) in cases() {
        // The peak is counted from here on.
        let counts = std::fs::write("/proc/self/clear_refs", "5").is_ok();
        let before = megabytes("VmRSS:").unwrap_or(0);
        let end = run_in_time(&definition, &input).unwrap_or_else(|| "no end in time".to_owned());
        let peak = megabytes("VmHWM:").filter(|_| counts).unwrap_or(before);
        let grown = peak.saturating_sub(before);
        if end != wanted || grown > MEGABYTES_MAX {
            wrong.push(format!("{name}: `{end}` instead of `{wanted}`, {grown} MB"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
