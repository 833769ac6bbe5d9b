//! `events:putEvents`.

use super::{Action, Effect, Naming, RR_TOKEN, Service, to_text};
use crate::exchange::{Failure, ServiceAnswer};
use serde_json::{Map, Value};

pub(crate) const SERVICE: Service = Service {
    name: "events",
    client: Some("eventbridge"),
    naming: Naming {
        prefix: "EventBridge",
        fallback: "AmazonEventBridgeException",
        service: "AmazonEventBridge",
    },
    actions: &[Action::new("putEvents", RR_TOKEN, Effect::Once)],
    prepare,
    render,
};

fn prepare(members: &mut Map<String, Value>) {
    if let Some(Value::Array(entries)) = members.get_mut("Entries") {
        for entry in entries.iter_mut().filter_map(Value::as_object_mut) {
            to_text(entry, "Detail");
        }
    }
}

/// One refused entry fails the task, with the whole answer as its cause.
// There is no HTTP metadata here (recorded: execution/services, put_events_base).
fn render(answer: ServiceAnswer) -> Result<Value, Failure> {
    let failed = answer
        .members
        .get("FailedEntryCount")
        .and_then(Value::as_u64)
        .unwrap_or_default();
    let members: Map<String, Value> = match answer.members {
        Value::Object(members) => members
            .into_iter()
            .collect::<std::collections::BTreeMap<_, _>>()
            .into_iter()
            .collect(),
        _ => Map::new(),
    };
    if failed > 0 {
        return Err(Failure {
            error: "EventBridge.FailedEntry".to_owned(),
            cause: Some(Value::Object(members).to_string()),
        });
    }
    Ok(Value::Object(members))
}
