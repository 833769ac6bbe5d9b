//! Compares what was written down, with its placeholders, to what the API answers.

use serde_json::{Value, json};

use std::collections::BTreeMap;

/// What each placeholder of a case stands for.
#[derive(Debug, Default)]
pub(crate) struct Bindings(BTreeMap<String, String>);

impl Bindings {
    /// Tells whether a placeholder can stand for this value: a numbered one stands for one value, another number for
    /// another. Names without a number are used for many values in one case.
    fn accept(&mut self, name: &str, value: &str) -> bool {
        let Some((kind, _)) = name.split_once(':') else {
            return true;
        };
        if let Some(bound) = self.0.get(name) {
            return bound == value;
        }
        let of_kind = |other: &str| other.split_once(':').is_some_and(|(other, _)| other == kind);
        let is_taken = self
            .0
            .iter()
            .any(|(other, bound)| of_kind(other) && bound == value);
        self.0.insert(name.to_owned(), value.to_owned());
        !is_taken
    }
}

/// Texts that stand for a volatile value without saying so by `<` and `>`.
const VOLATILE: [&str; 14] = [
    "RandomNumberGenerated",
    "RequestId",
    "X-Amzn-Trace-Id",
    "date",
    "datetime",
    "entered-time",
    "map_run_arn",
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

/// Members that hold a document: the API has its text, the cases have it parsed where that is possible.
pub(crate) const DOCUMENTS: [&str; 15] = [
    "afterArguments",
    "afterInputPath",
    "afterItemBatcher",
    "afterItemSelector",
    "afterItemsPath",
    "afterItemsPointer",
    "afterParameters",
    "afterResultPath",
    "afterResultSelector",
    "cause",
    "input",
    "output",
    "parameters",
    "result",
    "variables",
];

/// Returns why what the API answered is not what was written down.
pub(crate) fn compare(wanted: &Value, got: &Value, bindings: &mut Bindings) -> Result<(), String> {
    let (Value::Object(wanted_members), Value::Object(got_members)) = (wanted, got) else {
        return compare_values(wanted, got, bindings);
    };
    for (key, value) in wanted_members {
        let other = got_members
            .get(key)
            .ok_or_else(|| format!("`{key}` is missing"))?;
        let compared = match key.as_str() {
            key if DOCUMENTS.contains(&key) => compare_documents(value, other, bindings),
            "assignedVariables" => compare_variables(value, other, bindings),
            _ => compare(value, other, bindings),
        };
        compared.map_err(|why| format!("{key}: {why}"))?;
    }
    match got_members.keys().find(|key| !wanted_members.contains_key(*key)) {
        Some(key) => Err(format!("`{key}` is too much")),
        None => Ok(()),
    }
}

/// Compares a document to its text.
pub(crate) fn compare_documents(wanted: &Value, got: &Value, bindings: &mut Bindings) -> Result<(), String> {
    let parse = |text: &str| serde_json::from_str::<Value>(text).ok();
    let text = got.as_str().ok_or_else(|| format!("{got} is no text"))?;
    match (wanted, parse(text)) {
        (Value::String(wanted), Some(got)) => match parse(wanted) {
            Some(wanted) => compare_values(&wanted, &got, bindings),
            None => compare_texts(wanted, text, bindings),
        },
        (Value::String(wanted), None) => compare_texts(wanted, text, bindings),
        (wanted, Some(got)) => compare_values(wanted, &got, bindings),
        (wanted, None) => Err(format!("{wanted} is not {text}")),
    }
}

fn compare_variables(wanted: &Value, got: &Value, bindings: &mut Bindings) -> Result<(), String> {
    let (Some(wanted), Some(got)) = (wanted.as_object(), got.as_object()) else {
        return Err(format!("{wanted} is not {got}"));
    };
    for (name, value) in wanted {
        let other = got.get(name).ok_or_else(|| format!("`{name}` is missing"))?;
        compare_documents(value, other, bindings).map_err(|why| format!("{name}: {why}"))?;
    }
    if wanted.len() == got.len() {
        Ok(())
    } else {
        Err("there are more variables".to_owned())
    }
}

/// Compares what is inside of a document.
pub(crate) fn compare_values(wanted: &Value, got: &Value, bindings: &mut Bindings) -> Result<(), String> {
    match (wanted, got) {
        (Value::Object(wanted), Value::Object(got)) => {
            for (key, value) in wanted {
                let other = got.get(key).ok_or_else(|| format!("`{key}` is missing"))?;
                if HEADERS.contains(&key.as_str()) && other.is_object() {
                    continue;
                }
                compare_values(value, other, bindings).map_err(|why| format!("{key}: {why}"))?;
            }
            // The context had no RedriveCount when the oldest cases were recorded.
            let is_extra = |key: &&String| !wanted.contains_key(*key) && *key != "RedriveCount";
            match got.keys().find(is_extra) {
                Some(key) => Err(format!("`{key}` is too much")),
                None => Ok(()),
            }
        }
        (Value::Array(wanted), Value::Array(got)) if wanted.len() == got.len() => {
            let mut pairs = wanted.iter().zip(got);
            pairs.try_for_each(|(wanted, got)| compare_values(wanted, got, bindings))
        }
        (Value::String(text), Value::String(other)) => compare_texts(text, other, bindings),
        (Value::String(text), _) if is_placeholder(text) => Ok(()),
        // As they are written: `1` is not `1.0`.
        (wanted, got) if wanted == got => Ok(()),
        (wanted, got) => Err(format!("{wanted} is not {got}")),
    }
}

fn compare_texts(wanted: &str, got: &str, bindings: &mut Bindings) -> Result<(), String> {
    if wanted == got || VOLATILE.contains(&wanted.trim_matches('"')) || fits(wanted, got, bindings) {
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
    bindings.accept(&name, value) && fits(rest, got, bindings)
}

fn is_placeholder(text: &str) -> bool {
    let text = text.trim_matches('"');
    (text.starts_with('<') && text.ends_with('>')) || VOLATILE.contains(&text)
}

#[test]
fn placeholders_stand_for_one_value_each() {
    let differs = |wanted: Value, got: Value| compare(&wanted, &got, &mut Bindings::default()).is_err();
    assert!(!differs(
        json!({"a": "<uuid:1>", "b": "<uuid:1>"}),
        json!({"a": "x", "b": "x"})
    ));
    assert!(differs(
        json!({"a": "<uuid:1>", "b": "<uuid:1>"}),
        json!({"a": "x", "b": "y"})
    ));
    assert!(!differs(json!("at <uuid:1>, <uuid:2>"), json!("at x, y")));
    assert!(differs(json!("at <uuid:1>, <uuid:2>"), json!("at x, x")));
    assert!(!differs(json!("at <date>, <date>"), json!("at x, y")));
    assert!(differs(json!("at <uuid:1>."), json!("in x.")));
    assert!(differs(json!({"a": 1}), json!({"a": 1, "b": 2})));
    assert!(differs(json!({"a": 1, "b": 2}), json!({"a": 1})));
}

#[test]
fn documents_are_compared_by_what_they_say() {
    let differs = |wanted: Value, got: &str| {
        compare(
            &json!({ "output": wanted }),
            &json!({ "output": got }),
            &mut Bindings::default(),
        )
        .is_err()
    };
    assert!(!differs(json!({"a": [1]}), r#"{"a":[1]}"#));
    assert!(differs(json!({"a": [1]}), r#"{"a":[1.0]}"#));
    assert!(!differs(json!("[1, 2]"), "[1,2]"));
    assert!(!differs(json!("\"text\""), "\"text\""));
    assert!(differs(json!("\"text\""), "[\"text\"]"));
    // A text inside of a document is that text, whatever it says.
    assert!(differs(json!({"a": "{\"b\": 1}"}), r#"{"a":"{\"b\":1}"}"#));
}
