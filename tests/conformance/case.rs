//! A case: what is run, what answers it, who reports to it, and what is to come out.

use crate::support::Reply;
use serde_json::{Map, Value};

/// The account that cases run in.
pub(crate) const ACCOUNT: &str = "111111111111";

/// One case, with real values in the place of what was volatile.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// Its name in reports and lists.
    pub(crate) name: String,
    /// The folder that the file is in.
    pub(crate) topic: String,
    /// Stands in the names of all that this case needs, so that a stand-in knows whom it serves.
    pub(crate) mark: String,
    /// Whether it runs as a synchronous Express execution.
    pub(crate) is_express: bool,
    /// The definition.
    pub(crate) definition: Value,
    /// The input's text.
    pub(crate) input: String,
    /// The role of the state machine.
    pub(crate) role: String,
    /// Answers of services, as `MockedResponses` has them, by the state that calls.
    pub(crate) mocks: Map<String, Value>,
    /// Answers of services over HTTP.
    pub(crate) replies: Vec<Scripted>,
    /// State machines that must be there.
    pub(crate) machines: Vec<Machine>,
    /// An activity that must be there.
    pub(crate) activity: Option<String>,
    /// What clients and workers report, in this order.
    pub(crate) reports: Vec<Report>,
    /// Whether time must pass by itself, because somebody outside of the server needs it.
    pub(crate) is_real_time: bool,
    /// How the execution ends, and its `events`.
    pub(crate) expected: Value,
}

impl Case {
    /// Returns the name of its state machine.
    pub(crate) fn machine_name(&self) -> String {
        format!("case_{}", self.mark)
    }
}

/// The name of each execution.
pub(crate) const EXECUTION: &str = "run";

/// One answer over HTTP.
#[derive(Clone, Debug)]
pub(crate) struct Scripted {
    /// The function's payload that is answered so; `None` where any request is.
    pub(crate) payload: Option<Value>,
    /// The answer.
    pub(crate) reply: Reply,
}

/// A state machine that a case starts.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    /// The account.
    pub(crate) account: String,
    /// The name.
    pub(crate) name: String,
    /// The definition.
    pub(crate) definition: Value,
}

/// What somebody outside reports.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    /// Whose task it is.
    pub(crate) to: Reported,
    /// Heartbeats before it.
    pub(crate) heartbeats: u32,
    /// What it says.
    pub(crate) result: Said,
}

/// A report's output as text, or its error and cause.
pub(crate) type Said = Result<String, (Option<String>, Option<String>)>;

/// Whose task a report is for.
#[derive(Clone, Debug)]
pub(crate) enum Reported {
    /// The task whose `TaskScheduled` event is the so many-th, from 0.
    Callback(usize),
    /// The next task of the activity, for this worker.
    Activity(Option<String>),
}
