//! Requests to the API, as they come in over HTTP.

use crate::stack::{ROLE, api, runtime, send};
use api::{Api, Response};
use local::Store;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// Requests of one conversation.
const REQUESTS_MAX: usize = 12;
/// A request that takes longer waits for an execution, and what it waits for may never come.
const PATIENCE: Duration = Duration::from_millis(300);

/// Sends each line as a request to an API of its own: the operation, a blank, and the body. `@name` in a body stands for
/// the latest member of that name in an answer.
pub fn wire(data: &[u8]) {
    let runtime = runtime();
    runtime.block_on(async {
        let store = Store::in_memory().unwrap();
        let api = api(&store);
        let mut seen = furnish(&api).await;
        for line in data.split(|byte| *byte == b'\n').take(REQUESTS_MAX) {
            let end = line.iter().position(|byte| *byte == b' ').unwrap_or(line.len());
            let operation = String::from_utf8_lossy(&line[..end]).into_owned();
            let body = filled(line.get(end + 1..).unwrap_or_default(), &seen);
            let Ok(response) = tokio::time::timeout(PATIENCE, send(&api, &operation, body)).await else {
                continue;
            };
            check(&operation, &response);
            remember(&mut seen, &response);
        }
    });
}

/// Makes a state machine of each type, an activity and an execution.
async fn furnish(api: &Api) -> Map<String, Value> {
    let mut seen = Map::new();
    let definition = json!({ "StartAt": "A", "States": {
        "A": { "Type": "Pass", "Next": "B" },
        "B": { "Type": "Task", "Resource": "arn:aws:states:us-east-1:123456789012:activity:pick", "End": true },
    } });
    let short = json!({ "StartAt": "A", "States": { "A": { "Type": "Pass", "End": true } } });
    for (operation, body) in [
        ("CreateActivity", json!({ "name": "pick" })),
        (
            "CreateStateMachine",
            json!({ "name": "short", "type": "EXPRESS", "definition": short.to_string(), "roleArn": ROLE }),
        ),
        (
            "CreateStateMachine",
            json!({ "name": "orders", "definition": definition.to_string(), "roleArn": ROLE, "publish": true }),
        ),
        (
            "StartExecution",
            json!({ "stateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:orders", "name": "run" }),
        ),
    ] {
        let response = send(api, operation, body.to_string().into_bytes()).await;
        assert_eq!(response.status, 200, "{operation}: {response:?}");
        remember(&mut seen, &response);
    }
    seen
}

/// Puts in what earlier answers said.
fn filled(body: &[u8], seen: &Map<String, Value>) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(body) else {
        return body.to_vec();
    };
    let mut text = text.to_owned();
    for (name, value) in seen {
        let value = value.as_str().unwrap_or_default();
        // Escaped as the rest of the body is.
        let quoted = json!(value).to_string();
        text = text.replace(&format!("@{name}"), quoted.trim_matches('"'));
    }
    text.into_bytes()
}

fn remember(seen: &mut Map<String, Value>, response: &Response) {
    if let Ok(Value::Object(members)) = serde_json::from_slice(&response.body) {
        seen.extend(members.into_iter().filter(|(_, value)| value.is_string()));
    }
}

/// Every request is answered, and no failure is the server's.
fn check(operation: &str, response: &Response) {
    let shown = || {
        format!(
            "{operation}: {} {}",
            response.status,
            String::from_utf8_lossy(&response.body)
        )
    };
    let body: Value =
        serde_json::from_slice(&response.body).unwrap_or_else(|error| panic!("{error}: {}", shown()));
    assert!(!response.request_id.is_empty(), "{}", shown());
    match response.status {
        200 => assert!(body.is_object() && response.error_type.is_none(), "{}", shown()),
        400..=499 => {
            let name = response.error_type.as_deref().unwrap_or_default();
            let qualified = body["__type"].as_str().unwrap_or_default();
            assert!(
                !name.is_empty() && qualified.ends_with(&format!("#{name}")),
                "{}",
                shown()
            );
            assert!(body["message"].is_string(), "{}", shown());
        }
        _ => panic!("{}", shown()),
    }
}
