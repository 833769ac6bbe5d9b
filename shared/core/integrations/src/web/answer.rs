//! Answers, as results and causes show them.

use super::WebAnswer;
use serde_json::{Map, Value, json};

/// Shows an answer as a result, with a body that was read as text.
// The order is AWS's (recorded: execution/services, apigetway_task_service).
pub(crate) fn shown(answer: &WebAnswer, body: &str) -> Value {
    let mut headers = Map::new();
    for (name, value) in &answer.headers {
        match headers.entry(name.clone()).or_insert_with(|| json!([])) {
            Value::Array(values) => values.push(Value::from(value.as_str())),
            other => *other = json!([value]),
        }
    }
    let read = is_json(content_type(answer))
        .then(|| serde_json::from_str(body).ok())
        .flatten();
    json!({
        "Headers": headers,
        "ResponseBody": read.unwrap_or_else(|| Value::from(body)),
        "StatusCode": answer.status,
        "StatusText": answer.reason,
    })
}

/// The cause of an answer that is an error: its body, or what its status is called.
pub(crate) fn cause(answer: &WebAnswer) -> String {
    if answer.body.is_empty() {
        return answer.reason.clone();
    }
    String::from_utf8_lossy(&answer.body).into_owned()
}

pub(crate) fn is_success(answer: &WebAnswer) -> bool {
    (200..300).contains(&answer.status)
}

/// The media type, in small letters and without parameters; empty when the answer has none.
pub(crate) fn content_type(answer: &WebAnswer) -> String {
    let header = answer
        .headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let value = header.map_or("", |(_, value)| value.as_str());
    let media_type = value.split(';').next().unwrap_or_default();
    media_type.trim().to_ascii_lowercase()
}

fn is_json(content_type: String) -> bool {
    content_type.ends_with("/json") || content_type.ends_with("+json")
}
