//! One state's evaluation: what is converted once and read by many expressions.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use jsonata_core::evaluator::{Context, Evaluator, EvaluatorOptions};
use jsonata_core::value::JValue;
use serde_json::Value;

use crate::error::EvaluationError;
use crate::expression::{Expression, Parsed};
use crate::functions;
use crate::limits::{EVALUATION_MILLIS_MAX, SEQUENCE_ITEMS_MAX, STACK_DEPTH_MAX};
use crate::plain_path::Found;
use crate::values::{from_evaluator, into_evaluator, object, through_evaluator};

/// The fields of `$states`, in the order in which `$states` itself shows them.
const STATES_FIELDS: [&str; 4] = ["input", "result", "errorOutput", "context"];

/// Lends an evaluation what it may read.
pub trait Scope {
    /// Returns `$states.<name>` (`input`, `result`, `errorOutput` or `context`), or `None` where it does not exist.
    fn states_field(&self, name: &str) -> Option<&Value>;
    /// Returns the workflow variable of this name, without `$`.
    fn variable(&self, name: &str) -> Option<&Value>;
    /// Returns the next of the pseudo-random numbers that belong to this evaluation.
    fn random(&self) -> u64;
    /// Returns what `$now()` and `$millis()` show, in milliseconds since 1970.
    fn now_millis(&self) -> i64;
}

/// Evaluates expressions against one scope; each value is converted at most once.
pub struct Session<'a> {
    scope: &'a dyn Scope,
    states: BTreeMap<&'static str, JValue>,
    variables: BTreeMap<String, JValue>,
}

impl<'a> Session<'a> {
    /// Opens a session; nothing is converted yet.
    pub fn new(scope: &'a dyn Scope) -> Session<'a> {
        Session {
            scope,
            states: BTreeMap::new(),
            variables: BTreeMap::new(),
        }
    }

    /// Evaluates an expression; `None` is JSONata's undefined.
    ///
    /// # Errors
    /// Whatever the expression itself raises; a result that JSON cannot hold (a function, an infinite number); and an
    /// evaluation that grows beyond the bounds of time, depth and size.
    pub fn evaluate(&mut self, expression: &Expression) -> Result<Option<Value>, EvaluationError> {
        let parsed = expression.parsed();
        if let Some(path) = &parsed.plain_path {
            match path.find(self.scope) {
                Found::Value(value) => return through_evaluator(value).map(Some),
                Found::Undefined => return Ok(None),
                Found::Unclear => {}
            }
        }
        let context = self.bindings(parsed);
        // An expression has no input of its own in Step Functions.
        run(
            parsed,
            context,
            &JValue::Undefined,
            self.scope,
            &Limits::default(),
        )
    }

    fn bindings(&mut self, parsed: &Parsed) -> Context {
        let mut context = Context::new();
        for name in &parsed.loose {
            functions::stand_in(name, &mut context);
        }
        for name in &parsed.analysis.free {
            if name == "states" {
                context.bind(name.clone(), self.states(parsed));
            } else if let Some(value) = self.variable(name) {
                context.bind(name.clone(), value);
            }
        }
        context
    }

    /// Builds `$states` from the fields that the expression may read.
    fn states(&mut self, parsed: &Parsed) -> JValue {
        let mut fields = Vec::new();
        for name in STATES_FIELDS {
            if !parsed.analysis.states.may_read(name) {
                continue;
            }
            if let Some(value) = self.scope.states_field(name) {
                let value = self
                    .states
                    .entry(name)
                    .or_insert_with(|| into_evaluator(value))
                    .clone();
                fields.push((name.to_owned(), value));
            }
        }
        object(fields.into_iter())
    }

    fn variable(&mut self, name: &str) -> Option<JValue> {
        if let Some(value) = self.variables.get(name) {
            return Some(value.clone());
        }
        let value = into_evaluator(self.scope.variable(name)?);
        self.variables.insert(name.to_owned(), value.clone());
        Some(value)
    }
}

impl fmt::Debug for Session<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("states", &self.states.keys())
            .field("variables", &self.variables.keys())
            .finish_non_exhaustive()
    }
}

/// Evaluates a text against a root input, as JSONata does outside Step Functions: `$eval`, `$` and `$$` are allowed.
///
/// It exists for the language's own test suite, whose cases carry an input, and may narrow the bounds.
#[doc(hidden)]
pub fn evaluate_with_root(
    text: &str,
    root: Option<&Value>,
    scope: &dyn Scope,
    stack_depth: Option<usize>,
    millis: Option<u64>,
) -> Result<Option<Value>, EvaluationError> {
    let parsed = Parsed::read(text).map_err(|error| EvaluationError {
        code: error.code,
        message: error.message,
    })?;
    let limits = Limits {
        stack_depth: stack_depth.unwrap_or(STACK_DEPTH_MAX),
        millis: millis.unwrap_or(EVALUATION_MILLIS_MAX),
    };
    let root = root.map_or(JValue::Undefined, into_evaluator);
    let context = Session::new(scope).bindings(&parsed);
    run(&parsed, context, &root, scope, &limits)
}

struct Limits {
    stack_depth: usize,
    millis: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            stack_depth: STACK_DEPTH_MAX,
            millis: EVALUATION_MILLIS_MAX,
        }
    }
}

fn run(
    parsed: &Parsed,
    context: Context,
    root: &JValue,
    scope: &dyn Scope,
    limits: &Limits,
) -> Result<Option<Value>, EvaluationError> {
    let options = EvaluatorOptions {
        timeout_ms: Some(limits.millis),
        max_stack_depth: Some(limits.stack_depth),
        max_sequence_length: Some(SEQUENCE_ITEMS_MAX),
        cancel: None,
    };
    let attempt = AssertUnwindSafe(|| {
        let mut evaluator = Evaluator::with_options(context, options);
        functions::register(&mut evaluator, &parsed.functions, scope)?;
        from_evaluator(&evaluator.evaluate(&parsed.tree, root)?)
    });
    // The library is 33,000 lines of someone else's code: a panic in it fails this expression and nothing else.
    catch_unwind(attempt).unwrap_or_else(|_| {
        Err(EvaluationError::new(
            "",
            "The JSONata evaluator failed on this expression",
        ))
    })
}
