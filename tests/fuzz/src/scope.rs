//! What paths, functions and expressions read: one document in every place.

use serde_json::{Value, json};
use std::cell::Cell;

#[derive(Debug)]
pub(crate) struct Scope {
    document: Value,
    context: Value,
    drawn: Cell<u64>,
}

impl Scope {
    pub(crate) fn of(document: Value) -> Scope {
        let context = json!({
            "Execution": { "Id": "arn:aws:states:us-east-1:123456789012:execution:m:run", "Input": document },
            "State": { "Name": "S", "EnteredTime": "2023-11-14T22:13:20.123Z" },
        });
        Scope {
            document,
            context,
            drawn: Cell::new(0),
        }
    }

    pub(crate) fn document(&self) -> &Value {
        &self.document
    }

    fn draw(&self) -> u64 {
        let drawn = self.drawn.get() + 1;
        self.drawn.set(drawn);
        drawn.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

impl jsonpath::Scope for Scope {
    fn input(&self) -> &Value {
        &self.document
    }

    fn context(&self) -> &Value {
        &self.context
    }

    fn variable(&self, name: &str) -> Option<&Value> {
        (name == "x").then_some(&self.document)
    }

    fn random(&self) -> u64 {
        self.draw()
    }
}

impl jsonata::Scope for Scope {
    fn states_field(&self, name: &str) -> Option<&Value> {
        match name {
            "input" | "result" => Some(&self.document),
            "context" => Some(&self.context),
            _ => None,
        }
    }

    fn variable(&self, name: &str) -> Option<&Value> {
        (name == "x").then_some(&self.document)
    }

    fn random(&self) -> u64 {
        self.draw()
    }

    fn now_millis(&self) -> i64 {
        1_700_000_000_123 // 2023-11-14T22:13:20.123Z
    }
}
