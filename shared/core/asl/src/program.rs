//! The compiled form of a definition: what the engine runs.
//!
//! States and machines stand in document order and are referred to by their position, so a position that
//! was stored with an execution stays right as long as the definition's text does.

use crate::timestamp::Timestamp;
use integrations::Resource;
use jsonpath::{Intrinsic, Path, ReferencePath};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// The position of a state in [`Program::states`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StateId(pub u32);

/// The position of a machine in [`Program::machines`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MachineId(pub u32);

/// A definition, compiled: every path, template and expression in it is parsed once.
#[derive(Clone, Debug)]
pub struct Program {
    /// The machines: the definition's own first, then every Parallel branch and Map processor, in document order.
    pub machines: Vec<Machine>,
    /// All states of all machines, in document order.
    pub states: Vec<State>,
    /// The top-level `TimeoutSeconds`.
    pub timeout_seconds: Option<u64>,
    /// The top-level `Comment`.
    pub comment: Option<String>,
}

impl Program {
    /// The definition's own machine.
    pub const ROOT: MachineId = MachineId(0);

    /// Returns the state at `id`; `None` for a position that is not of this program.
    pub fn state(&self, id: StateId) -> Option<&State> {
        self.states.get(id.0 as usize)
    }

    /// Returns whether any state is written in JSONata.
    pub fn uses_jsonata(&self) -> bool {
        self.states
            .iter()
            .any(|state| state.language() == QueryLanguage::Jsonata)
    }

    /// Returns the machine at `id`; `None` for a position that is not of this program.
    pub fn machine(&self, id: MachineId) -> Option<&Machine> {
        self.machines.get(id.0 as usize)
    }
}

/// A set of states with a start: the whole definition, one branch of a Parallel state, or a Map's processor.
#[derive(Clone, Debug, PartialEq)]
pub struct Machine {
    /// The state named by `StartAt`.
    pub start_at: StateId,
}

/// One state.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// The state's name, unique in the whole definition.
    pub name: Arc<str>,
    /// The machine that it belongs to.
    pub machine: MachineId,
    /// What kind of state it is, with the fields of that kind.
    pub kind: StateKind,
}

impl State {
    /// Returns the state's query language.
    pub fn language(&self) -> QueryLanguage {
        match &self.kind {
            StateKind::Pass(state) => state.flow.language,
            StateKind::Task(state) => state.flow.language,
            StateKind::Choice(state) => state.flow.language,
            StateKind::Wait(state) => state.flow.language,
            StateKind::Succeed(state) => state.flow.language,
            StateKind::Fail(state) => state.flow.language,
            StateKind::Parallel(state) => state.flow.language,
            StateKind::Map(state) => state.flow.language,
        }
    }
}

/// The eight state types.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the names are those of the language")]
pub enum StateKind {
    Pass(Pass),
    Task(Box<Task>),
    Choice(Box<Choice>),
    Wait(Box<Wait>),
    Succeed(Succeed),
    Fail(Box<Fail>),
    Parallel(Box<Parallel>),
    Map(Box<Map>),
}

/// Which query language a state is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum QueryLanguage {
    /// JSONPath: InputPath, Parameters, ResultSelector, ResultPath, OutputPath.
    Jsonpath,
    /// JSONata: Arguments, Output.
    Jsonata,
}

/// How data passes through a state. A field that the state's language or type lacks holds its neutral value.
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    /// The state's query language.
    pub language: QueryLanguage,
    /// `InputPath`.
    pub input_path: Selector,
    /// `Parameters` or `Arguments`.
    pub arguments: Option<Template>,
    /// `ResultSelector`.
    pub result_selector: Option<Template>,
    /// `ResultPath`.
    pub result_path: ResultPath,
    /// `OutputPath`.
    pub output_path: Selector,
    /// `Output`.
    pub output: Option<Template>,
    /// `Assign`: variable names without `.$`, each with its value.
    pub assign: Vec<(String, Template)>,
}

impl Flow {
    /// Returns the flow of a state that names none of these fields.
    pub fn new(language: QueryLanguage) -> Flow {
        Flow {
            language,
            input_path: Selector::Whole,
            arguments: None,
            result_selector: None,
            result_path: ResultPath::Replace,
            output_path: Selector::Whole,
            output: None,
            assign: Vec::new(),
        }
    }
}

/// `InputPath`, `OutputPath`.
#[derive(Clone, Debug, PartialEq)]
pub enum Selector {
    /// `$`, the default.
    Whole,
    /// `null`: an empty object.
    Nothing,
    /// Any other path.
    Path(Path),
}

/// `ResultPath`.
#[derive(Clone, Debug, PartialEq)]
pub enum ResultPath {
    /// `$`, the default: the result replaces the input.
    Replace,
    /// `null`: the result is dropped, the input passes on.
    Discard,
    /// The result is written into the input at this place.
    At(ReferencePath),
}

/// A JSON value with places to fill in: Parameters, Arguments, ResultSelector, ItemSelector, Assign, Output.
#[derive(Clone, Debug, PartialEq)]
pub enum Template {
    /// A part without any place to fill in.
    Literal(Value),
    /// `"key.$": "$.path"`.
    Path(Path),
    /// `"key.$": "States.Format(...)"`.
    Intrinsic(Intrinsic),
    /// `"{% ... %}"`.
    Expression(Expression),
    /// A list with at least one place to fill in.
    List(Vec<Template>),
    /// An object with at least one place to fill in; keys without `.$`.
    Object(Vec<(String, Template)>),
}

/// A JSONata expression, with the field that it stands in.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    /// The parsed expression.
    pub source: jsonata::Expression,
    /// The field's place as error causes name it: `Output/total`, `Arguments`, `Choices[0]/Condition`.
    pub field: Arc<str>,
}

/// A field that stands as a literal, as a path (`...Path`) or as a JSONata expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Setting<T> {
    /// A literal.
    Fixed(T),
    /// The `...Path` form.
    Path(Path),
    /// `"{% ... %}"`.
    Expression(Expression),
}

/// Where the state machine goes after a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transition {
    /// `Next`.
    Next(StateId),
    /// `"End": true`.
    End,
}

/// A Pass state.
#[derive(Clone, Debug, PartialEq)]
pub struct Pass {
    /// How data passes through.
    pub flow: Flow,
    /// `Result` (JSONPath only).
    pub result: Option<Value>,
    /// Where to go next.
    pub transition: Transition,
}

/// A Task state.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// How data passes through.
    pub flow: Flow,
    /// What the task calls.
    pub resource: Resource,
    /// `Credentials.RoleArn`.
    pub role_arn: Option<Text>,
    /// What the state's `Comment` says of repeating its call, by `stepwell:effect=...`.
    pub effect: Option<Effect>,
    /// `TimeoutSeconds` and its Path form.
    pub timeout_seconds: Option<Setting<u64>>,
    /// `HeartbeatSeconds` and its Path form.
    pub heartbeat_seconds: Option<Setting<u64>>,
    /// `Retry`.
    pub retry: Vec<Retrier>,
    /// `Catch`.
    pub catch: Vec<Catcher>,
    /// Where to go next.
    pub transition: Transition,
}

/// What the author of a definition says of a call whose outcome is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It may be made again.
    Repeatable,
    /// It must not be made again.
    Once,
}

/// A Choice state.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// How data passes through; `assign` and `output` are those of the state, used when `Default` is taken.
    pub flow: Flow,
    /// `Choices`, in order.
    pub rules: Vec<Rule>,
    /// `Default`.
    pub default: Option<StateId>,
}

/// One rule of a Choice state.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// When the rule is taken.
    pub condition: Condition,
    /// `Next`.
    pub next: StateId,
    /// The rule's `Assign`.
    pub assign: Vec<(String, Template)>,
    /// The rule's `Output`.
    pub output: Option<Template>,
}

/// The condition of a Choice rule.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// `And`.
    And(Vec<Condition>),
    /// `Or`.
    Or(Vec<Condition>),
    /// `Not`.
    Not(Box<Condition>),
    /// `Variable` with one operator.
    Test {
        /// `Variable`.
        variable: Path,
        /// The operator with what it compares to.
        test: Test,
    },
    /// `"Condition": "{% ... %}"`.
    Expression(Expression),
    /// `"Condition": true` or `false`, as a literal.
    Literal(bool),
}

/// A Choice operator with its operand.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// `IsPresent`.
    IsPresent(bool),
    /// `IsNull`.
    IsNull(bool),
    /// `IsNumeric`.
    IsNumeric(bool),
    /// `IsString`.
    IsString(bool),
    /// `IsBoolean`.
    IsBoolean(bool),
    /// `IsTimestamp`.
    IsTimestamp(bool),
    /// `StringEquals`, `StringLessThan` ... and their Path forms.
    String(Comparison, Operand<String>),
    /// `StringMatches`.
    StringMatches(String),
    /// `NumericEquals` ... and their Path forms.
    Numeric(Comparison, Operand<f64>),
    /// `BooleanEquals` and its Path form.
    Boolean(Operand<bool>),
    /// `TimestampEquals` ... and their Path forms.
    Timestamp(Comparison, Operand<Timestamp>),
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Comparison {
    Equals,
    LessThan,
    GreaterThan,
    LessThanEquals,
    GreaterThanEquals,
}

/// The right side of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand<T> {
    /// A literal.
    Literal(T),
    /// The `...Path` form.
    Path(Path),
}

/// A Wait state.
#[derive(Clone, Debug, PartialEq)]
pub struct Wait {
    /// How data passes through.
    pub flow: Flow,
    /// How long, or until when.
    pub until: WaitUntil,
    /// Where to go next.
    pub transition: Transition,
}

/// How long a Wait state waits.
#[derive(Clone, Debug, PartialEq)]
pub enum WaitUntil {
    /// `Seconds` or `SecondsPath`.
    Seconds(Setting<u64>),
    /// `Timestamp` or `TimestampPath`.
    Timestamp(Setting<Timestamp>),
}

/// A Succeed state.
#[derive(Clone, Debug, PartialEq)]
pub struct Succeed {
    /// How data passes through.
    pub flow: Flow,
}

/// A Fail state.
#[derive(Clone, Debug, PartialEq)]
pub struct Fail {
    /// The state's query language (a Fail state has no other flow).
    pub flow: Flow,
    /// `Error` or `ErrorPath`.
    pub error: Option<Text>,
    /// `Cause` or `CausePath`.
    pub cause: Option<Text>,
}

/// A string that stands as a literal, a path, an intrinsic function or a JSONata expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Text {
    /// A literal.
    Fixed(String),
    /// The `...Path` (or `.$`) form with a path.
    Path(Path),
    /// The `...Path` (or `.$`) form with an intrinsic function.
    Intrinsic(Intrinsic),
    /// `"{% ... %}"`.
    Expression(Expression),
}

/// A Parallel state.
#[derive(Clone, Debug, PartialEq)]
pub struct Parallel {
    /// How data passes through.
    pub flow: Flow,
    /// `Branches`.
    pub branches: Vec<MachineId>,
    /// `Retry`.
    pub retry: Vec<Retrier>,
    /// `Catch`.
    pub catch: Vec<Catcher>,
    /// Where to go next.
    pub transition: Transition,
}

/// A Map state.
#[derive(Clone, Debug, PartialEq)]
pub struct Map {
    /// How data passes through.
    pub flow: Flow,
    /// `ItemProcessor`, or the legacy `Iterator`.
    pub processor: MachineId,
    /// `ProcessorConfig.Mode`.
    pub mode: MapMode,
    /// Where the items come from.
    pub items: Items,
    /// `ItemSelector`, or the legacy `Parameters`.
    pub item_selector: Option<Template>,
    /// `MaxConcurrency` and its Path form; zero: no bound.
    pub max_concurrency: Setting<u64>,
    /// `ToleratedFailureCount` and its Path form.
    pub tolerated_failure_count: Option<Setting<u64>>,
    /// `ToleratedFailurePercentage` and its Path form.
    pub tolerated_failure_percentage: Option<Setting<f64>>,
    /// `Retry`.
    pub retry: Vec<Retrier>,
    /// `Catch`.
    pub catch: Vec<Catcher>,
    /// Where to go next.
    pub transition: Transition,
}

/// How a Map state runs its iterations.
#[derive(Clone, Debug, PartialEq)]
pub enum MapMode {
    /// In the execution itself.
    Inline,
    /// As child executions, with the fields that only this mode has, as they stand in the definition.
    Distributed(Box<Distributed>),
}

/// The fields of a distributed Map.
#[derive(Clone, Debug, PartialEq)]
pub struct Distributed {
    /// `ProcessorConfig.ExecutionType` is `EXPRESS`.
    pub express: bool,
    /// `Label`.
    pub label: Option<String>,
    /// `ItemReader`, as it stands.
    pub item_reader: Option<Value>,
    /// `ItemBatcher`, as it stands.
    pub item_batcher: Option<Value>,
    /// `ResultWriter`, as it stands.
    pub result_writer: Option<Value>,
    /// `ItemReader`.
    pub reader: Option<ItemReader>,
    /// `ItemBatcher`.
    pub batcher: Option<ItemBatcher>,
}

/// How the items of a distributed Map are read.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemReader {
    /// What reads them.
    pub action: ReaderAction,
    /// `Parameters` or `Arguments`: bucket, key, prefix.
    pub arguments: Option<Template>,
    /// `ReaderConfig` without `MaxItems`.
    pub config: Option<Template>,
    /// `ReaderConfig.MaxItems` and its Path form: how many items are taken at most.
    pub max_items: Option<Setting<u64>>,
}

/// The actions that an `ItemReader` has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReaderAction {
    /// `s3:getObject`: the items in one object.
    GetObject,
    /// `s3:listObjectsV2`: the objects of a bucket.
    ListObjects,
}

/// How the items of a distributed Map are put together for one child execution.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemBatcher {
    /// `MaxItemsPerBatch` and its Path form.
    pub max_items: Option<Setting<u64>>,
    /// `MaxInputBytesPerBatch` and its Path form.
    pub max_input_bytes: Option<Setting<u64>>,
    /// `BatchInput`: what every batch has besides its items.
    pub batch_input: Option<Template>,
}

/// Where a Map state takes its items from.
#[derive(Clone, Debug, PartialEq)]
pub enum Items {
    /// `ItemsPath` (JSONPath), default `$`.
    Path(Selector),
    /// `Items` (JSONata): a list or an object; literal or expression.
    Template(Template),
    /// The state's whole input (JSONata without `Items`).
    Input,
}

/// One entry of `Retry`.
#[derive(Clone, Debug, PartialEq)]
pub struct Retrier {
    /// `ErrorEquals`.
    pub error_equals: Vec<String>,
    /// `IntervalSeconds`; default 1.
    pub interval_seconds: u64,
    /// `MaxAttempts`; default 3; 0 means never.
    pub max_attempts: u64,
    /// `BackoffRate`; default 2.0.
    pub backoff_rate: f64,
    /// `MaxDelaySeconds`.
    pub max_delay_seconds: Option<u64>,
    /// `JitterStrategy` is `FULL`.
    pub full_jitter: bool,
}

/// One entry of `Catch`.
#[derive(Clone, Debug, PartialEq)]
pub struct Catcher {
    /// `ErrorEquals`.
    pub error_equals: Vec<String>,
    /// `Next`.
    pub next: StateId,
    /// `ResultPath` (JSONPath).
    pub result_path: ResultPath,
    /// `Output` (JSONata).
    pub output: Option<Template>,
    /// The catcher's `Assign`.
    pub assign: Vec<(String, Template)>,
}
