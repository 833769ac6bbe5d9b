//! Expressions evaluated as a state would, against a scope made of JSON.

mod analysis;
mod aws_functions;
mod bounds;
mod errors;
mod refusals;
mod replaced_functions;
mod states;
mod values;

use serde_json::{Value, json};

use crate::{EvaluationError, Expression, Scope, Session, evaluate_with_root};

struct Given {
    states: Value,
    variables: Value,
}

impl Scope for Given {
    fn states_field(&self, name: &str) -> Option<&Value> {
        self.states.get(name)
    }

    fn variable(&self, name: &str) -> Option<&Value> {
        self.variables.get(name)
    }

    fn random(&self) -> u64 {
        7
    }

    fn now_millis(&self) -> i64 {
        1_700_000_000_123 // 2023-11-14T22:13:20.123Z
    }
}

fn given(states: Value, variables: Value) -> Given {
    Given { states, variables }
}

fn try_eval(scope: &Given, text: &str) -> Result<Option<Value>, EvaluationError> {
    let expression = Expression::parse(text).unwrap_or_else(|error| panic!("`{text}`: {error}"));
    Session::new(scope).evaluate(&expression)
}

fn eval(text: &str) -> Option<Value> {
    let scope = given(json!({"input": {}}), json!({}));
    try_eval(&scope, text).unwrap_or_else(|error| panic!("`{text}`: {error}"))
}

fn eval_input(input: Value, text: &str) -> Option<Value> {
    let scope = given(json!({"input": input}), json!({}));
    try_eval(&scope, text).unwrap_or_else(|error| panic!("`{text}`: {error}"))
}

fn fail(text: &str) -> EvaluationError {
    let scope = given(json!({"input": {"a": [1, 2], "s": "x"}}), json!({}));
    match try_eval(&scope, text) {
        Err(error) => error,
        Ok(value) => panic!("`{text}` gave {value:?}"),
    }
}
