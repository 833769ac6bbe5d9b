//! The Context object: `$$` and `$states.context`.

use crate::data::Data;
use crate::execution::{ExecutionType, Identity};
use crate::states::map_run;
use asl::Timestamp;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// What the Context object is made of; it is made only when something reads it.
#[derive(Clone, Debug)]
pub(crate) struct Ingredients {
    pub(crate) identity: Arc<Identity>,
    pub(crate) execution_input: Data,
    pub(crate) redrive_count: u32,
    pub(crate) redriven: Option<Timestamp>,
    pub(crate) state: Arc<str>,
    pub(crate) entered_at: Timestamp,
    pub(crate) retry_count: Option<u32>,
    pub(crate) token: Option<String>,
    pub(crate) item: Option<MapItem>,
    /// What a Map Run was started with: it holds the context of the state that it runs for.
    pub(crate) given: Option<Data>,
}

/// The item of the innermost Map state around the state.
#[derive(Clone, Debug)]
pub(crate) struct MapItem {
    pub(crate) index: u32,
    pub(crate) items: Data,
}

impl MapItem {
    /// Returns the item and, for a Map over an object, its key.
    pub(crate) fn value_and_key(&self) -> (Value, Option<String>) {
        item_at(&self.items, self.index)
    }
}

/// Returns one item of a list or an object, with its key for an object.
pub(crate) fn item_at(items: &Data, index: u32) -> (Value, Option<String>) {
    match items.value() {
        Value::Array(list) => (list.get(index as usize).cloned().unwrap_or(Value::Null), None),
        Value::Object(object) => match object.iter().nth(index as usize) {
            Some((key, value)) => (value.clone(), Some(key.clone())),
            None => (Value::Null, None),
        },
        _ => (Value::Null, None),
    }
}

impl Ingredients {
    /// Makes the Context object.
    pub(crate) fn build(&self) -> Value {
        let mut context = match &self.given {
            Some(given) => map_run::context(given.value()),
            None => self.of_execution(),
        };
        if let Some(item) = &self.item {
            let (value, key) = item.value_and_key();
            let mut entry = Map::new();
            entry.insert("Index".to_owned(), json!(item.index));
            if let Some(key) = key {
                entry.insert("Key".to_owned(), json!(key));
            }
            entry.insert("Value".to_owned(), value);
            set(&mut context, "Map", "Item", Value::Object(entry));
        }
        context
    }

    fn of_execution(&self) -> Value {
        let identity = &self.identity;
        // The children of a distributed Map are executions of what its label names.
        let machine_name = match identity.machine_arn.rsplit_once(":stateMachine:") {
            Some((_, name)) if identity.map.is_some() => name,
            _ => &identity.machine_name,
        };
        let mut context = json!({
            "Execution": {
                "Id": identity.arn,
                "Input": self.execution_input.value(),
                "StartTime": identity.started.to_string(),
                "Name": identity.name,
                "RoleArn": Some(&identity.role_arn).filter(|role| !role.is_empty()),
            },
            "StateMachine": { "Id": identity.machine_arn, "Name": machine_name },
            "State": { "Name": self.state, "EnteredTime": self.entered_at.to_string() },
        });
        // Recorded: the context of an Express execution has none (test_state, state_with_variables).
        if identity.execution_type == ExecutionType::Standard {
            set(
                &mut context,
                "Execution",
                "RedriveCount",
                json!(self.redrive_count),
            );
        }
        if let Some(redriven) = self.redriven {
            set(
                &mut context,
                "Execution",
                "RedriveTime",
                json!(redriven.to_string()),
            );
        }
        if let Some(count) = self.retry_count {
            set(&mut context, "State", "RetryCount", json!(count));
        }
        if let Some(token) = &self.token {
            set(&mut context, "Task", "Token", json!(token));
        }
        context
    }
}

fn set(context: &mut Value, part: &str, field: &str, value: Value) {
    if let Value::Object(object) = context {
        let part = object.entry(part).or_insert_with(|| json!({}));
        if let Value::Object(part) = part {
            part.insert(field.to_owned(), value);
        }
    }
}
