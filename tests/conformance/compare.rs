//! Compares what was written down, with its placeholders, to what the API answers.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What each placeholder of a case stands for.
#[derive(Debug, Default)]
pub(crate) struct Bindings(BTreeMap<String, String>);

/// Texts that stand for a volatile value without saying so by `<` and `>`.
const VOLATILE: [&str; 12] = [
    "RandomNumberGenerated",
    "RequestId",
    "X-Amzn-Trace-Id",
    "date",
    "entered-time",
    "snf_role_arn",
    "start-date",
    "start-time",
    "start_time",
    "stop-date",
    "timestamp",
    "x-amzn-RequestId",
];

/// Headers depend on what stands between a service and its caller.
const HEADERS: [&str; 2] = ["AllHttpHeaders", "HttpHeaders"];

/// Returns why `got` is not what was written down.
pub(crate) fn compare(wanted: &Value, got: &Value, bindings: &mut Bindings) -> Result<(), String> {
    match (wanted, got) {
        (Value::Object(wanted), Value::Object(got)) => compare_objects(wanted, got, bindings),
        (Value::Array(wanted), Value::Array(got)) if wanted.len() == got.len() => {
            for (wanted, got) in wanted.iter().zip(got) {
                compare(wanted, got, bindings)?;
            }
            Ok(())
        }
        (Value::String(text), Value::String(other)) => compare_texts(text, other, bindings),
        (Value::String(text), _) if is_placeholder(text) => Ok(()),
        // A list or a plain value stands as its JSON text.
        (Value::String(text), got) => {
            let parsed: Value = serde_json::from_str(text).map_err(|_| format!("{text} is not {got}"))?;
            match parsed {
                Value::String(_) => Err(format!("{text} is not {got}")),
                parsed => compare(&parsed, got, bindings),
            }
        }
        // A document stands parsed.
        (wanted, Value::String(text)) if wanted.is_object() || wanted.is_array() => {
            let parsed: Value = serde_json::from_str(text).map_err(|_| format!("{wanted} is not {text}"))?;
            compare(wanted, &parsed, bindings)
        }
        // As they are written: `1` is not `1.0`.
        (wanted, got) if wanted == got => Ok(()),
        (wanted, got) => Err(format!("{wanted} is not {got}")),
    }
}

fn compare_objects(
    wanted: &Map<String, Value>,
    got: &Map<String, Value>,
    bindings: &mut Bindings,
) -> Result<(), String> {
    for (key, value) in wanted {
        let other = got.get(key).ok_or_else(|| format!("`{key}` is missing"))?;
        if HEADERS.contains(&key.as_str()) && other.is_object() {
            continue;
        }
        compare(value, other, bindings).map_err(|why| format!("{key}: {why}"))?;
    }
    // The context had no RedriveCount when the oldest cases were recorded.
    let is_extra = |key: &&String| !wanted.contains_key(*key) && *key != "RedriveCount";
    match got.keys().find(is_extra) {
        Some(key) => Err(format!("`{key}` is too much")),
        None => Ok(()),
    }
}

fn compare_texts(wanted: &str, got: &str, bindings: &mut Bindings) -> Result<(), String> {
    if wanted == got || VOLATILE.contains(&wanted.trim_matches('"')) {
        return Ok(());
    }
    let as_json = |text: &str| serde_json::from_str::<Value>(text).ok();
    match (as_json(wanted), as_json(got)) {
        (Some(wanted), Some(got)) if !wanted.is_string() => return compare(&wanted, &got, bindings),
        (Some(wanted), _) if wanted == json!(got) => return Ok(()),
        (Some(Value::String(wanted)), _) => return compare_texts(&wanted, got, bindings),
        _ => {}
    }
    if fits(wanted, got, bindings) {
        Ok(())
    } else {
        Err(format!("{wanted:?} is not {got:?}"))
    }
}

/// Matches a text with placeholders: each stands for some text, the same one throughout a case.
fn fits(wanted: &str, got: &str, bindings: &mut Bindings) -> bool {
    let Some((before, rest)) = wanted.split_once('<') else {
        return wanted == got;
    };
    let Some(got) = got.strip_prefix(before) else {
        return false;
    };
    let Some((name, rest)) = rest.split_once('>') else {
        return format!("<{rest}") == got;
    };
    // `<<task_token>:1>` stands in some recordings.
    let (name, rest) = match name.strip_prefix('<') {
        Some(inner) => match rest.split_once('>') {
            Some((number, rest)) => (format!("{inner}{number}"), rest),
            None => return false,
        },
        None => (name.to_owned(), rest),
    };
    let next = rest.split('<').next().unwrap_or_default();
    let end = if rest.is_empty() {
        Some(got.len())
    } else if next.is_empty() {
        Some(0)
    } else {
        got.find(next)
    };
    let Some(end) = end else { return false };
    let (value, got) = got.split_at(end);
    // Names without a number are used for many values in one case.
    let is_one_value = name.contains(':');
    let is_same = bindings.0.entry(name).or_insert_with(|| value.to_owned()) == value;
    (is_same || !is_one_value) && fits(rest, got, bindings)
}

fn is_placeholder(text: &str) -> bool {
    let text = text.trim_matches('"');
    (text.starts_with('<') && text.ends_with('>')) || VOLATILE.contains(&text)
}

#[test]
fn placeholders_stand_for_one_value_each() {
    let differs = |wanted: Value, got: Value| compare(&wanted, &got, &mut Bindings::default()).is_err();
    assert!(!differs(json!({"a": "<uuid:1>", "b": "<uuid:1>"}), json!({"a": "x", "b": "x"})));
    assert!(differs(json!({"a": "<uuid:1>", "b": "<uuid:1>"}), json!({"a": "x", "b": "y"})));
    assert!(!differs(json!("at <uuid:1>, <uuid:2>"), json!("at x, y")));
    assert!(differs(json!("at <uuid:1>."), json!("in x.")));
    assert!(!differs(json!({"a": [1]}), json!("{\"a\":[1]}")));
    assert!(differs(json!({"a": [1]}), json!("{\"a\":[1.0]}")));
    assert!(differs(json!({"a": 1}), json!({"a": 1, "b": 2})));
    assert!(differs(json!({"a": 1, "b": 2}), json!({"a": 1})));
    assert!(!differs(json!("\"text\""), json!("text")));
    assert!(differs(json!("\"text\""), json!(["text"])));
}
