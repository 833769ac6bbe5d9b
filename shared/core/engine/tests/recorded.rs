//! Compares the engine's histories with those recorded from AWS, for the cases that need nothing but an interpreter.
//!
//! The recordings are not part of the repository: without them this test says so and passes.

mod play;

use play::Play;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Cases whose difference is known, each with its reason.
const DIFFERENT: &[(&str, &str)] = &[
    ("parallel_state_", "recorded with the events of concurrent branches sorted together and without their ids"),
];

#[test]
fn histories_are_those_recorded_from_aws() {
    let Some(folder) = recordings() else {
        println!("skipped: no recordings (set STEPWELL_RECORDINGS to their folder)");
        return;
    };
    let mut run = 0;
    let mut wrong = BTreeMap::new();
    for path in cases(&folder.join("execution")) {
        let case: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let text = case.to_string();
        if case["self_contained"] != json!(true) || case["expected"]["events"].is_null() || text.contains("\"DISTRIBUTED\"") {
            continue;
        }
        run += 1;
        if let Err(difference) = check(&case) {
            if !DIFFERENT.iter().any(|(part, _)| name.contains(part)) {
                wrong.insert(name, difference);
            }
        }
    }
    for (name, difference) in &wrong {
        println!("{name}: {difference}");
    }
    println!("{} of {run} recorded histories are equal", run - wrong.len());
    assert!(wrong.is_empty(), "{} of {run} differ", wrong.len());
    assert!(run > 0, "the folder of recordings holds no case");
}

fn recordings() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/conformance");
    let folder = std::env::var_os("STEPWELL_RECORDINGS").map_or(beside, PathBuf::from);
    folder.join("execution").is_dir().then_some(folder)
}

fn cases(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(cases(&path));
        } else if path.extension().is_some_and(|extension| extension == "json") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn check(case: &Value) -> Result<(), String> {
    let definition = filled(&case["definition"].to_string());
    let input = filled(case["input_text"].as_str().unwrap_or("{}"));
    let mut play = Play::new(&definition, &input)?;
    play.run_to_the_end()?;
    let expected = case["expected"]["events"].as_array().unwrap();
    let mut bindings = Bindings(BTreeMap::new());
    // Events of concurrent branches were sorted together in the recording: those have no single id.
    for (number, wanted) in expected.iter().enumerate() {
        let got = play.event_as_json(number);
        let got = got.ok_or_else(|| format!("event {} is missing: {wanted}", number + 1))?;
        compare(wanted, &got, &mut bindings).map_err(|why| {
            format!("event {}: {why}\n   wanted {wanted}\n      got {got}", number + 1)
        })?;
    }
    let count = play.events.len();
    if count > expected.len() && expected.iter().all(|event| event["id"].is_u64()) {
        return Err(format!("{} events too many", count - expected.len()));
    }
    Ok(())
}

/// Puts real values in the place of what stands for volatile ones.
fn filled(text: &str) -> String {
    text.replace("\"date\"", "\"2016-03-14T01:59:00Z\"").replace("<partition>", "aws").replace("<region>", "us-east-1")
}

/// What each placeholder of a case stands for.
struct Bindings(BTreeMap<String, Value>);

fn compare(wanted: &Value, got: &Value, bindings: &mut Bindings) -> Result<(), String> {
    match (wanted, got) {
        (Value::Object(wanted), Value::Object(got)) => {
            for (key, value) in wanted {
                if matches!(key.as_str(), "timestamp" | "inputDetails" | "outputDetails" | "assignedVariablesDetails" | "roleArn") {
                    continue;
                }
                let is_sorted = !wanted.get("id").is_none_or(Value::is_u64);
                if matches!(key.as_str(), "id" | "previousEventId") && is_sorted {
                    continue;
                }
                let other = got.get(key).ok_or_else(|| format!("`{key}` is missing"))?;
                compare(value, other, bindings).map_err(|why| format!("{key}: {why}"))?;
            }
            same_keys(wanted, got)
        }
        (Value::Array(wanted), Value::Array(got)) if wanted.len() == got.len() => {
            for (wanted, got) in wanted.iter().zip(got) {
                compare(wanted, got, bindings)?;
            }
            Ok(())
        }
        // A list or a plain value stands as its JSON text.
        (Value::String(text), _) if is_placeholder(text) => Ok(()),
        (Value::String(text), got) if !got.is_string() => {
            let parsed: Value = serde_json::from_str(text).map_err(|_| format!("{text} is not {got}"))?;
            compare(&parsed, got, bindings)
        }
        (Value::String(text), Value::String(other)) if text.contains('<') => {
            let start = text.split('<').next().unwrap_or_default();
            if other.starts_with(start) { Ok(()) } else { Err(format!("{text} is not {other}")) }
        }
        (Value::String(text), Value::String(other)) => {
            let as_json = |text: &str| serde_json::from_str::<Value>(text).ok();
            if text == other || (as_json(text).is_some() && as_json(text) == as_json(other)) || as_json(text) == Some(json!(other)) {
                Ok(())
            } else {
                Err(format!("{text} is not {other}"))
            }
        }
        (wanted, got) if wanted == got => Ok(()),
        (wanted, got) => Err(format!("{wanted} is not {got}")),
    }
}

fn is_placeholder(text: &str) -> bool {
    let text = text.trim_matches('"');
    (text.starts_with('<') && text.ends_with('>')) || matches!(text, "snf_role_arn" | "RandomNumberGenerated" | "timestamp" | "start-time" | "date" | "entered-time" | "start_time")
}

fn same_keys(wanted: &Map<String, Value>, got: &Map<String, Value>) -> Result<(), String> {
    match got.keys().find(|key| !wanted.contains_key(*key) && *key != "roleArn") {
        Some(key) => Err(format!("`{key}` is too much")),
        None => Ok(()),
    }
}
