//! Compares what was recorded from AWS, with its placeholders, to what the engine shows.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What each placeholder of a case stands for.
#[derive(Debug, Default)]
pub struct Bindings(BTreeMap<String, String>);

/// Texts that stand for a volatile value without saying so by `<` and `>`.
const VOLATILE: [&str; 8] = [
    "snf_role_arn",
    "RandomNumberGenerated",
    "timestamp",
    "start-time",
    "date",
    "entered-time",
    "start_time",
    "activity_arn",
];

/// Fields of a recorded event that the engine's own events have no counterpart of.
const UNCOMPARED: [&str; 5] = [
    "timestamp",
    "inputDetails",
    "outputDetails",
    "assignedVariablesDetails",
    "roleArn",
];

/// Returns why `got` is not what was recorded.
pub fn compare(wanted: &Value, got: &Value, bindings: &mut Bindings) -> Result<(), String> {
    match (wanted, got) {
        (Value::Object(wanted), Value::Object(got)) => {
            let is_event = wanted.contains_key("previousEventId");
            for (key, value) in wanted {
                let is_role = key == "roleArn" && !got.contains_key(key);
                if is_role
                    || (UNCOMPARED.contains(&key.as_str())
                        && key != "roleArn"
                        && (is_event || !got.contains_key(key)))
                {
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
        (Value::String(text), Value::String(other)) => compare_texts(text, other, bindings),
        (Value::String(text), _) if is_placeholder(text) => Ok(()),
        // A list or a plain value stands as its JSON text.
        (Value::String(text), got) => {
            let parsed: Value = serde_json::from_str(text).map_err(|_| format!("{text} is not {got}"))?;
            compare(&parsed, got, bindings)
        }
        // A cause that is JSON text stands parsed.
        (wanted, Value::String(text)) if wanted.is_object() || wanted.is_array() => {
            let parsed: Value = serde_json::from_str(text).map_err(|_| format!("{wanted} is not {text}"))?;
            compare(wanted, &parsed, bindings)
        }
        (wanted, got) if wanted == got => Ok(()),
        (wanted, got) => Err(format!("{wanted} is not {got}")),
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
        Err(format!("{wanted} is not {got}"))
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
    let (name, rest) = (name.trim_start_matches('<'), rest.trim_start_matches('>'));
    let rest = rest
        .strip_prefix(|c| name.contains("task_token") && c == ':')
        .map_or(rest, |rest| {
            rest.trim_start_matches(|c: char| c.is_ascii_digit())
                .trim_start_matches('>')
        });
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
    let is_same = bindings
        .0
        .entry(name.to_owned())
        .or_insert_with(|| value.to_owned())
        == value;
    // Names without a number are used for many values in one case.
    (is_same || !name.contains(':')) && fits(rest, got, bindings)
}

fn is_placeholder(text: &str) -> bool {
    let text = text.trim_matches('"');
    (text.starts_with('<') && text.ends_with('>')) || VOLATILE.contains(&text)
}

fn same_keys(wanted: &Map<String, Value>, got: &Map<String, Value>) -> Result<(), String> {
    // The context had no RedriveCount when the oldest cases were recorded.
    let may_be_new = |key: &String| matches!(key.as_str(), "roleArn" | "RedriveCount");
    match got
        .keys()
        .find(|key| !wanted.contains_key(*key) && !may_be_new(key))
    {
        Some(key) => Err(format!("`{key}` is too much")),
        None => Ok(()),
    }
}
