use std::cell::Cell;
use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::Scope;

/// A scope of plain values whose random numbers count up.
#[derive(Debug)]
pub(crate) struct Fixture {
    input: Value,
    context: Value,
    variables: BTreeMap<&'static str, Value>,
    drawn: Cell<u64>,
}

impl Fixture {
    pub(crate) fn new(input: Value) -> Self {
        let context = json!({"Execution": {"Name": "run-7"}, "StateMachine": {"Name": "part-0-last"}});
        let variables = BTreeMap::from([("count", json!(3)), ("order", json!({"lines": [{"sku": "a"}]}))]);
        Fixture {
            input,
            context,
            variables,
            drawn: Cell::new(0),
        }
    }
}

impl Scope for Fixture {
    fn input(&self) -> &Value {
        &self.input
    }

    fn context(&self) -> &Value {
        &self.context
    }

    fn variable(&self, name: &str) -> Option<&Value> {
        self.variables.get(name)
    }

    fn random(&self) -> u64 {
        self.drawn.set(self.drawn.get() + 1);
        self.drawn.get().wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}
