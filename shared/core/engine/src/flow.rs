//! How data passes through a state: from its input to its arguments, from its result to its output and variables.

use crate::context::{Ingredients, MapItem};
use crate::data::Data;
use crate::fault::{Fault, errors};
use crate::limits::{DOCUMENT_DEPTH_MAX, EVALUATION_BYTES_MAX, VARIABLES_BYTES_MAX};
use crate::thread::{Phase, ThreadId, Variables};
use crate::trace::{Probe, Trace};
use crate::turn::Turn;
use asl::Timestamp;
use asl::program::{Expression, Flow, ResultPath, Selector, StateKind, Template, Text};
use jsonpath::{Intrinsic, IntrinsicError, Path, PathError};
use serde_json::{Map, Value, json};
use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

/// What a state's fields may read: the view of one thread at one moment.
pub(crate) struct Frame {
    ingredients: Ingredients,
    context: OnceCell<Value>,
    /// `$states.input`.
    pub(crate) input: Data,
    result: Option<Merged>,
    error: Option<Data>,
    variables: Vec<Arc<Variables<Data>>>,
    entered: u64,
    now: Timestamp,
    draws: Rc<Cell<u64>>,
    probe: Option<Rc<Probe>>,
    /// How many bytes its fields may give in all, evaluated with one `$`.
    bytes_max: usize,
}

/// What passes through a state: an existing document, or a new value. A value becomes a document when an event or a
/// thread refers to it, and most on the way never do.
pub(crate) enum Merged {
    Same(Data),
    New(Value),
}

impl Merged {
    /// Returns the value, without making a document of it.
    pub(crate) fn value(&self) -> &Value {
        match self {
            Merged::Same(data) => data.value(),
            Merged::New(value) => value,
        }
    }

    /// Returns the JSON text.
    fn text(&self) -> Arc<str> {
        match self {
            Merged::Same(data) => Arc::clone(data.text()),
            Merged::New(value) => value.to_string().into(),
        }
    }

    fn into_value(self) -> Value {
        match self {
            Merged::Same(data) => data.value().clone(),
            Merged::New(value) => value,
        }
    }

    pub(crate) fn into_data(self, turn: &mut Turn<'_>) -> Data {
        match self {
            Merged::Same(data) => data,
            Merged::New(value) => turn.data(value),
        }
    }
}

impl From<Data> for Merged {
    fn from(data: Data) -> Merged {
        Merged::Same(data)
    }
}

impl Frame {
    /// Looks at the state that a thread is in.
    pub(crate) fn new(turn: &Turn<'_>, id: ThreadId) -> Frame {
        let execution = &turn.execution;
        let thread = execution.threads.get(&id);
        let mut variables = Vec::new();
        let mut item = None;
        let mut at = thread;
        while let Some(current) = at {
            variables.push(Arc::clone(&current.variables));
            let parent = current.parent.and_then(|parent| execution.threads.get(&parent));
            if let (None, Some(Phase::Forked(fork))) = (&item, parent.map(|parent| &parent.phase)) {
                item = fork.items.clone().map(|items| MapItem {
                    index: current.index,
                    items,
                });
            }
            at = parent;
        }
        let probe = turn.probe.as_deref();
        let item = item.or_else(|| probe.and_then(Probe::item));
        let state = turn.state_of(id);
        let name = match (probe, state) {
            (Some(probe), _) => probe.state_name(),
            (None, Some(state)) => Arc::clone(&state.name),
            (None, None) => Arc::from(""),
        };
        // Recorded: only the context of a Task state counts its retries (base/query_context_object_values).
        let is_task = state.is_some_and(|state| matches!(state.kind, StateKind::Task(_)));
        Frame {
            ingredients: Ingredients {
                identity: Arc::clone(&execution.identity),
                execution_input: execution.input.clone(),
                redrive_count: execution.counters.redrive_count,
                redriven: execution.counters.redriven,
                state: name,
                entered_at: thread.map_or(turn.now, |thread| thread.entered_at),
                retry_count: is_task.then(|| thread.map_or(0, |thread| thread.retries.iter().sum())),
                token: None,
                item,
                given: execution.identity.is_map_run().then(|| execution.input.clone()),
            },
            context: probe
                .and_then(Probe::context)
                .map_or_else(OnceCell::new, OnceCell::from),
            input: thread.map_or_else(|| execution.input.clone(), |thread| thread.input.clone()),
            result: None,
            error: None,
            variables,
            entered: thread.map_or(0, |thread| thread.entered),
            now: turn.now,
            draws: Rc::clone(&turn.draws),
            probe: turn.probe.clone(),
            bytes_max: EVALUATION_BYTES_MAX.max(execution.limits.payload_bytes.saturating_mul(16)),
        }
    }

    pub(crate) fn with_result(mut self, result: Merged) -> Frame {
        self.result = Some(result);
        self
    }

    pub(crate) fn with_error(mut self, error: Data) -> Frame {
        self.error = Some(error);
        self
    }

    pub(crate) fn with_token(mut self, token: String) -> Frame {
        self.ingredients.token = Some(token);
        self
    }

    /// Looks at one item of the Map state that the thread is in.
    pub(crate) fn with_item(mut self, item: MapItem) -> Frame {
        self.ingredients.item = Some(item);
        self
    }

    /// Lets the trial, if this is one, see something.
    pub(crate) fn note(&self, note: impl FnOnce(&mut Trace)) {
        if let Some(probe) = &self.probe {
            probe.note(note);
        }
    }

    // ---- the steps of a state's data flow --------------------------------------------------------------------

    /// Applies InputPath.
    pub(crate) fn effective_input(&self, flow: &Flow) -> Result<Merged, Fault> {
        let input = self.select(&flow.input_path, self.input.clone().into(), "InputPath")?;
        self.note(|trace| trace.after_input_path = Some(input.value().clone()));
        Ok(input)
    }

    /// Applies InputPath or OutputPath to a document.
    pub(crate) fn select(&self, selector: &Selector, from: Merged, field: &str) -> Result<Merged, Fault> {
        match selector {
            Selector::Whole => Ok(from),
            Selector::Nothing => Ok(Merged::New(json!({}))),
            Selector::Path(path) => self.at(from.value()).path(path, field).map(Merged::New),
        }
    }

    /// Returns what is evaluated with `$` standing for `root`.
    pub(crate) fn at<'a>(&'a self, root: &'a Value) -> Evaluator<'a> {
        Evaluator {
            frame: self,
            root,
            session: RefCell::new(None),
            left: Cell::new(self.bytes_max),
        }
    }

    /// Applies ResultPath: merges a result into the state's input.
    pub(crate) fn merge(&self, input: &Data, result: Merged, path: &ResultPath) -> Result<Merged, Fault> {
        match path {
            ResultPath::Replace => Ok(result),
            ResultPath::Discard => Ok(Merged::Same(input.clone())),
            ResultPath::At(path) => match path.write(input.value().clone(), result.into_value()) {
                Ok(merged) => Ok(Merged::New(merged)),
                Err(_) => Err(self.fault(
                    errors::RESULT_PATH_MATCH_FAILURE,
                    &format!(
                        "Unable to apply step \"{}\" to input {}",
                        path.text()
                            .rsplit_once('.')
                            .map_or_else(|| path.text(), |(_, step)| step),
                        input.text()
                    ),
                )),
            },
        }
    }

    /// Evaluates an Assign field, `$` standing for the result, or for the input where there is none.
    pub(crate) fn assign(
        &self,
        fields: &[(String, Template)],
        place: &str,
    ) -> Result<Vec<(String, Value)>, Fault> {
        if fields.is_empty() {
            return Ok(Vec::new());
        }
        let root = match (&self.error, &self.result) {
            (Some(error), _) => error.value(),
            (None, Some(result)) => result.value(),
            (None, None) => self.input.value(),
        };
        let evaluator = self.at(root);
        fields
            .iter()
            .map(|(name, template)| {
                Ok((
                    name.clone(),
                    evaluator.template(template, &format!("{place}/{name}"))?,
                ))
            })
            .collect()
    }

    /// Evaluates a JSONata Output field.
    pub(crate) fn output(&self, template: &Template, place: &str) -> Result<Value, Fault> {
        self.at(self.input.value()).template(template, place)
    }

    // ---- errors --------------------------------------------------------------------------------------------

    /// Returns an error that says which state it happened in.
    pub(crate) fn fault(&self, error: &str, message: &str) -> Fault {
        Fault::new(error, self.cause(message))
    }

    /// Returns an error of a JSONata field that says which state it happened in.
    pub(crate) fn evaluation_fault(&self, field: &str, message: &str) -> Fault {
        Fault::evaluation(field, self.cause(message))
    }

    fn cause(&self, message: &str) -> String {
        // Recorded: the cause of a state under test is the message alone (test_state, state_map_context_object).
        if self.probe.is_some() {
            return message.to_owned();
        }
        format!(
            "An error occurred while executing the state '{}' (entered at the event id #{}). {message}",
            self.ingredients.state, self.entered
        )
    }

    pub(crate) fn context(&self) -> &Value {
        self.context.get_or_init(|| self.ingredients.build())
    }

    /// Returns all variables that the state sees.
    pub(crate) fn visible(&self) -> Map<String, Value> {
        let mut visible = Map::new();
        for (name, data) in self.variables.iter().rev().flat_map(|scope| scope.iter()) {
            visible.insert(name.clone(), data.value().clone());
        }
        visible
    }

    fn variable(&self, name: &str) -> Option<&Value> {
        self.variables
            .iter()
            .find_map(|scope| scope.get(name))
            .map(Data::value)
    }

    fn random(&self) -> u64 {
        draw(seed(&self.ingredients.identity.seed), &self.draws)
    }
}

/// Evaluates paths, templates and expressions with one `$`; converts documents for JSONata at most once.
pub(crate) struct Evaluator<'a> {
    frame: &'a Frame,
    root: &'a Value,
    session: RefCell<Option<jsonata::Session<'a>>>,
    /// How many bytes its templates may still give.
    left: Cell<usize>,
}

impl<'a> Evaluator<'a> {
    /// Evaluates a template; `field` names the place in causes.
    pub(crate) fn template(&self, template: &Template, field: &str) -> Result<Value, Fault> {
        match template {
            Template::Literal(value) => Ok(value.clone()),
            Template::Path(path) => self.spend(self.path(path, field)?),
            Template::Intrinsic(intrinsic) => self.spend(self.intrinsic(intrinsic)?),
            Template::Expression(expression) => self.spend(self.expression(expression)?),
            Template::List(items) => items
                .iter()
                .map(|item| self.template(item, field))
                .collect::<Result<_, _>>()
                .map(Value::Array),
            Template::Object(fields) => {
                let mut object = Map::new();
                for (key, value) in fields {
                    let value = match value {
                        Template::Path(_) | Template::Intrinsic(_) => {
                            self.template(value, &format!("{key}.$"))?
                        }
                        other => self.template(other, key)?,
                    };
                    object.insert(key.clone(), value);
                }
                Ok(Value::Object(object))
            }
        }
    }

    /// Counts what a field gives. A short definition can name a large document very often, and what it gives must not
    /// take all memory before its size is looked at.
    fn spend(&self, value: Value) -> Result<Value, Fault> {
        match self.left.get().checked_sub(jsonpath::weight(&value)) {
            Some(left) => {
                self.left.set(left);
                Ok(value)
            }
            None => Err(Fault::too_large(&self.frame.ingredients.state)),
        }
    }

    /// Evaluates a path that must lead somewhere.
    pub(crate) fn path(&self, path: &Path, field: &str) -> Result<Value, Fault> {
        match path.select(self) {
            Ok(value) => Ok(value.into_owned()),
            Err(error) => Err(self.path_fault(path.text(), field, &error)),
        }
    }

    fn path_fault(&self, path: &str, field: &str, error: &PathError) -> Fault {
        match error {
            PathError::NotFound { .. } if field.ends_with(".$") => self.frame.fault(
                errors::RUNTIME,
                &format!(
                    "The JSONPath '{path}' specified for the field '{field}' could not be found in the input '{}'",
                    self.root
                ),
            ),
            other => self.frame.fault(errors::RUNTIME, &other.to_string()),
        }
    }

    fn intrinsic(&self, intrinsic: &Intrinsic) -> Result<Value, Fault> {
        intrinsic.evaluate(self).map_err(|error| {
            let name = match error {
                IntrinsicError::Path { .. } => errors::RUNTIME,
                IntrinsicError::Function { .. } => errors::INTRINSIC_FAILURE,
            };
            self.frame.fault(name, &error.to_string())
        })
    }

    /// Evaluates an expression, which must give something.
    pub(crate) fn expression(&self, expression: &Expression) -> Result<Value, Fault> {
        let mut session = self.session.borrow_mut();
        let session = session.get_or_insert_with(|| jsonata::Session::new(self.frame));
        let text = expression.source.text();
        match session.evaluate(&expression.source) {
            Ok(Some(value)) => Ok(value),
            Ok(None) => Err(self.frame.evaluation_fault(
                &expression.field,
                &format!(
                    "The JSONata expression '{text}' specified for the field '{}' returned nothing (undefined).",
                    expression.field
                ),
            )),
            Err(error) => Err(self.frame.evaluation_fault(
                &expression.field,
                &format!(
                    "The JSONata expression '{text}' specified for the field '{}' threw an error during evaluation. {}: {}",
                    expression.field, error.code, error.message
                ),
            )),
        }
    }

    /// Evaluates a string field such as Error, Cause or RoleArn.
    pub(crate) fn text(&self, text: &Text, field: &str) -> Result<String, Fault> {
        let value = match text {
            Text::Fixed(text) => return Ok(text.clone()),
            Text::Path(path) => self.path(path, field)?,
            Text::Intrinsic(intrinsic) => self.intrinsic(intrinsic)?,
            Text::Expression(expression) => {
                let value = self.expression(expression)?;
                return match value {
                    Value::String(text) => Ok(text),
                    other => Err(self.frame.evaluation_fault(
                        &expression.field,
                        &format!(
                            "The JSONata expression '{}' specified for the field '{}' returned an unexpected result type. Expected 'string', but was '{}' for value: {other}",
                            expression.source.text(), expression.field, type_name(&other)
                        ),
                    )),
                };
            }
        };
        match value {
            Value::String(text) => Ok(text),
            other => Err(self.frame.fault(
                errors::RUNTIME,
                &format!("The value of the field '{field}' must be a string, but was: {other}"),
            )),
        }
    }

    /// Returns an error that says which state it happened in.
    pub(crate) fn fault(&self, error: &str, message: &str) -> Fault {
        self.frame.fault(error, message)
    }

    /// Returns an error of a JSONata field that says which state it happened in.
    pub(crate) fn evaluation_fault(&self, field: &str, message: &str) -> Fault {
        self.frame.evaluation_fault(field, message)
    }
}

/// Returns the name of a value's type as error causes write it.
pub(crate) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

impl jsonpath::Scope for Evaluator<'_> {
    fn input(&self) -> &Value {
        self.root
    }

    fn context(&self) -> &Value {
        self.frame.context()
    }

    fn variable(&self, name: &str) -> Option<&Value> {
        self.frame.variable(name)
    }

    fn copied_bytes_max(&self) -> usize {
        self.frame.bytes_max
    }

    fn random(&self) -> u64 {
        self.frame.random()
    }
}

impl jsonata::Scope for Frame {
    fn states_field(&self, name: &str) -> Option<&Value> {
        match name {
            "input" => Some(self.input.value()),
            "result" => self.result.as_ref().map(Merged::value),
            "errorOutput" => self.error.as_ref().map(Data::value),
            "context" => Some(self.context()),
            _ => None,
        }
    }

    fn variable(&self, name: &str) -> Option<&Value> {
        Frame::variable(self, name)
    }

    fn random(&self) -> u64 {
        Frame::random(self)
    }

    fn now_millis(&self) -> i64 {
        self.now.millis()
    }
}

impl Turn<'_> {
    /// Applies everything that follows a state's result: ResultSelector, ResultPath and OutputPath, or Output; Assign.
    pub(crate) fn complete(
        &mut self,
        id: ThreadId,
        flow: &Flow,
        result: impl Into<Merged>,
        transition: asl::program::Transition,
    ) -> Result<(), Fault> {
        let frame = Frame::new(self, id);
        self.complete_in(frame, id, flow, result.into(), transition)
    }

    /// Does the same with the state's frame at hand.
    pub(crate) fn complete_in(
        &mut self,
        frame: Frame,
        id: ThreadId,
        flow: &Flow,
        result: Merged,
        transition: asl::program::Transition,
    ) -> Result<(), Fault> {
        frame.note(|trace| trace.result = Some(result.text()));
        let mut frame = frame.with_result(result);
        let assigned = frame.assign(&flow.assign, "Assign")?;
        let output = match &flow.output {
            Some(template) => Merged::New(frame.output(template, "Output")?),
            None => {
                let Some(result) = frame.result.take() else {
                    return Ok(());
                };
                let selected = match &flow.result_selector {
                    Some(template) => {
                        let value = frame.at(result.value()).template(template, "ResultSelector")?;
                        Merged::New(value)
                    }
                    None => result,
                };
                frame.note(|trace| trace.after_result_selector = Some(selected.value().clone()));
                let merged = frame.merge(&frame.input, selected, &flow.result_path)?;
                frame.note(|trace| trace.after_result_path = Some(merged.value().clone()));
                frame.select(&flow.output_path, merged, "OutputPath")?
            }
        };
        let output = output.into_data(self);
        let assigned = self.assigned(id, &frame, assigned)?;
        self.exit(id, output, assigned, transition)
    }

    /// Makes documents of the values that the state of `frame` assigns.
    pub(crate) fn assigned(
        &mut self,
        id: ThreadId,
        frame: &Frame,
        values: Vec<(String, Value)>,
    ) -> Result<Vec<(String, Data)>, Fault> {
        let assigned: Vec<(String, Data)> = values
            .into_iter()
            .map(|(name, value)| (name, self.data(value)))
            .collect();
        let Some(thread) = self.thread(id) else {
            return Ok(assigned);
        };
        let most = self.execution.limits.payload_bytes;
        let added: usize = assigned.iter().map(|(_, data)| data.bytes()).sum();
        let replaced: usize = assigned
            .iter()
            .filter_map(|(name, _)| thread.variables.get(name))
            .map(Data::bytes)
            .sum();
        let total = self
            .execution
            .variable_bytes
            .saturating_add(added)
            .saturating_sub(replaced);
        let too_large = |what: &str, most: usize| {
            Err(frame.fault(
                errors::DATA_LIMIT_EXCEEDED,
                &format!("The size of {what} exceeds the maximum of {most} bytes."),
            ))
        };
        // A single variable has the same limit as all of one Assign field, so this covers it.
        if added > most {
            return too_large("the variables of one 'Assign' field", most);
        }
        let deep = |(_, data): &&(String, Data)| data.is_deeper_than(DOCUMENT_DEPTH_MAX);
        if let Some((name, _)) = assigned.iter().find(deep) {
            return Err(frame.fault(
                errors::DATA_LIMIT_EXCEEDED,
                &format!(
                    "The value of the variable '{name}' is nested deeper than {DOCUMENT_DEPTH_MAX} levels."
                ),
            ));
        }
        if total > VARIABLES_BYTES_MAX {
            return too_large("all variables of the execution", VARIABLES_BYTES_MAX);
        }
        Ok(assigned)
    }

    /// Draws a pseudo-random number.
    pub(crate) fn random(&self) -> u64 {
        draw(seed(&self.execution.identity.seed), &self.draws)
    }
}

/// Returns the first 64 bits of the execution's secret.
fn seed(hexadecimal: &str) -> u64 {
    hexadecimal
        .get(..16)
        .and_then(|digits| u64::from_str_radix(digits, 16).ok())
        .unwrap_or(0)
}

/// Draws the next number of the sequence that belongs to `seed`.
fn draw(seed: u64, draws: &Cell<u64>) -> u64 {
    let draw = draws.get();
    draws.set(draw + 1);
    pseudo_random(seed, draw)
}

/// Returns the `draw`-th number of the sequence that belongs to `seed` (SplitMix64).
fn pseudo_random(seed: u64, draw: u64) -> u64 {
    let mut z = seed.wrapping_add(draw.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
