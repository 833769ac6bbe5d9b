//! Reads the project's own cases, in `tests/cases`, and completes a new one with what the engine does.

use super::answers::spaced;
use super::case::{ACCOUNT, Case, Machine, Report, Reported};
use serde_json::{Map, Value, json};
use std::path::Path;

/// The role of the state machines.
const ROLE: &str = "arn:aws:iam::111111111111:role/case";

/// Reads a case. One without `expected` has a null there.
pub(crate) fn read(path: &Path) -> Case {
    let text = std::fs::read_to_string(path).expect("a case can be read");
    let case: Value =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    for required in ["rule", "source", "definition"] {
        assert!(
            case.get(required).is_some(),
            "{} has no `{required}`",
            path.display()
        );
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let topic = path.parent().and_then(Path::file_name).unwrap_or_default();
    let topic = topic.to_string_lossy().into_owned();
    let reports: Vec<Report> = case["reports"]
        .as_array()
        .into_iter()
        .flatten()
        .map(report)
        .collect();
    let machines = case["machines"].as_object().into_iter().flatten();
    let input = case
        .get("input")
        .map_or_else(|| "{}".to_owned(), Value::to_string);
    Case {
        name: format!("{topic}/{stem}"),
        mark: format!("{topic}-{stem}"),
        topic,
        is_express: case["type"] == "EXPRESS",
        definition: case["definition"].clone(),
        input,
        role: ROLE.to_owned(),
        mocks: case["answers"].as_object().cloned().unwrap_or_default(),
        replies: Vec::new(),
        machines: machines
            .map(|(name, definition)| Machine {
                account: ACCOUNT.to_owned(),
                name: name.clone(),
                definition: definition.clone(),
            })
            .collect(),
        activity: case["activity"].as_str().map(str::to_owned),
        is_real_time: !reports.is_empty(),
        reports,
        expected: expand(&case["expected"]),
    }
}

/// Reads a report: `{"callback": 0, "output": ...}` or `{"worker": "w", "error": "E", "cause": "c"}`.
fn report(report: &Value) -> Report {
    let given = |name: &str| report[name].as_str().map(str::to_owned);
    let to = match report["callback"].as_u64() {
        Some(number) => Reported::Callback(usize::try_from(number).expect("a small number")),
        None => Reported::Activity(given("worker")),
    };
    let heartbeats = report["heartbeats"].as_u64().unwrap_or(0);
    Report {
        to,
        heartbeats: u32::try_from(heartbeats).expect("a small number"),
        result: match report.get("output") {
            Some(output) => Ok(output.to_string()),
            None => Err((given("error"), given("cause"))),
        },
    }
}

/// Makes events of their lines: `["2<1 PassStateEntered", {"name": "A", "input": 1}]`.
fn expand(expected: &Value) -> Value {
    let mut expected = expected.clone();
    let Some(lines) = expected["events"].as_array() else {
        return expected;
    };
    let events: Vec<Value> = lines.iter().map(event).collect();
    expected["events"] = Value::from(events);
    expected
}

fn event(line: &Value) -> Value {
    let head = line[0].as_str().unwrap_or_default();
    let parts = head
        .split_once(' ')
        .and_then(|(ids, kind)| Some((ids.split_once('<')?, kind)));
    let Some(((id, previous), kind)) = parts else {
        panic!(
            "`{head}` is not an event's number, that of the event before it, and its type: `2<1 PassStateEntered`"
        );
    };
    let number = |text: &str| text.parse::<u64>().expect("a number");
    let mut event = json!({
        "timestamp": "timestamp", "type": kind, "id": number(id), "previousEventId": number(previous)
    });
    if let Some(details) = line[1].as_object() {
        let mut details = details.clone();
        for (member, about) in ABOUT {
            if details.contains_key(member) {
                details.insert(about.to_owned(), json!({ "truncated": false }));
            }
        }
        if kind == "ExecutionStarted" {
            details.insert("roleArn".to_owned(), json!(ROLE));
        }
        event[member(kind)] = Value::from(details);
    }
    event
}

/// Members that the API adds to others.
const ABOUT: [(&str, &str); 3] = [
    ("input", "inputDetails"),
    ("output", "outputDetails"),
    ("assignedVariables", "assignedVariablesDetails"),
];

/// Returns the member that holds the details of an event of this type.
fn member(kind: &str) -> String {
    let begin = match kind {
        kind if kind.ends_with("StateEntered") => "stateEntered".to_owned(),
        kind if kind.ends_with("StateExited") => "stateExited".to_owned(),
        kind => kind[..1].to_lowercase() + &kind[1..],
    };
    format!("{begin}EventDetails")
}

/// Writes what the engine did into a case that does not say yet what is expected: to be read before it is kept.
pub(crate) fn complete(path: &Path, end: &Value, events: &[Value]) {
    let mut members = String::new();
    for member in ["status", "output", "error", "cause"] {
        if let Some(value) = end.get(member) {
            members += &format!("    \"{member}\": {},\n", spaced(&parsed(member, value)));
        }
    }
    let lines: Vec<String> = events
        .iter()
        .map(|event| format!("      {}", spaced(&line(event))))
        .collect();
    match events.is_empty() {
        true => members.truncate(members.len() - ",\n".len()),
        false => members += &format!("    \"events\": [\n{}\n    ]", lines.join(",\n")),
    }
    let text = std::fs::read_to_string(path).expect("a case can be read");
    let open = text
        .trim_end()
        .strip_suffix('}')
        .expect("a case is an object")
        .trim_end();
    std::fs::write(
        path,
        format!("{open},\n  \"expected\": {{\n{members}\n  }}\n}}\n"),
    )
    .expect("a case can be written");
}

/// Returns the line of an event.
fn line(event: &Value) -> Value {
    let kind = event["type"].as_str().unwrap_or_default();
    let head = json!(format!("{}<{} {kind}", event["id"], event["previousEventId"]));
    let Some(details) = event[member(kind)].as_object() else {
        return json!([head]);
    };
    let mut shown = Map::new();
    for (name, value) in details {
        let is_added =
            name == "roleArn" && kind == "ExecutionStarted" || ABOUT.iter().any(|(_, about)| about == name);
        if !is_added {
            shown.insert(name.clone(), parsed(name, value));
        }
    }
    json!([head, shown])
}

/// Returns an object's text parsed; every other document stays its text.
fn parsed(member: &str, value: &Value) -> Value {
    let is_document = super::compare::DOCUMENTS.contains(&member);
    let document: Option<Value> = value
        .as_str()
        .filter(|_| is_document)
        .and_then(|text| serde_json::from_str(text).ok());
    match document {
        Some(document) if document.is_object() || document.is_array() => document,
        _ => value.clone(),
    }
}
