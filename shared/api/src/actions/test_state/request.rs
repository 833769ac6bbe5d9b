//! What TestState is asked.

use crate::arn;
use crate::constraints::{ARN, CAUSE, DEFINITION, ERROR, NAME, Text};
use crate::error::{Error, Exception};
use crate::executions::check_json;
use crate::members::Members;
use engine::{Trial, Verdict};
use serde_json::Value;
use std::sync::Arc;

/// How much of the state's data flow is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Info,
    Debug,
    /// HTTP requests and answers besides.
    Trace,
}

/// How a mocked result is compared with the service's model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Validation {
    Strict,
    Present,
    None,
}

/// `mock`.
#[derive(Clone, Debug)]
pub(crate) struct MockMembers {
    pub(crate) result: Option<String>,
    /// Error and cause.
    pub(crate) error_output: Option<(String, Option<String>)>,
    pub(crate) validation: Option<Validation>,
}

/// `stateConfiguration`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Configuration {
    pub(crate) retries: Option<u64>,
    pub(crate) error_caused_by: Option<String>,
    pub(crate) failed_iterations: Option<u64>,
    pub(crate) item_reader_data: Option<String>,
}

/// The members of a request.
#[derive(Clone, Debug)]
pub(crate) struct TestState {
    pub(crate) definition: String,
    pub(crate) role_arn: Option<String>,
    pub(crate) input: Arc<str>,
    pub(crate) level: Level,
    pub(crate) variables: Option<String>,
    pub(crate) state_name: Option<String>,
    pub(crate) mock: Option<MockMembers>,
    pub(crate) context: Option<String>,
    pub(crate) configuration: Configuration,
    /// No secret is ever part of the answer: there is none that it could reveal.
    pub(crate) reveals_secrets: bool,
}

const COUNT_MAX: u64 = i32::MAX as u64;

impl TestState {
    /// Reads the members; a document has at most `payload_bytes`.
    pub(crate) fn read(members: &mut Members, payload_bytes: usize) -> Result<TestState, Error> {
        let payload = Text::payload(payload_bytes);
        let levels = [
            ("INFO", Level::Info),
            ("DEBUG", Level::Debug),
            ("TRACE", Level::Trace),
        ];
        let request = TestState {
            definition: members.required_text("definition", &DEFINITION)?,
            role_arn: members.text("roleArn", &ARN)?,
            input: members
                .text("input", &payload)?
                .map_or_else(|| "{}".into(), Arc::from),
            level: members.one_of("inspectionLevel", &levels)?.unwrap_or(Level::Info),
            variables: members.text("variables", &payload)?,
            state_name: members.text("stateName", &NAME)?,
            mock: members.structure("mock", |members| MockMembers::read(members, &payload))?,
            context: members.text("context", &payload)?,
            configuration: members
                .structure("stateConfiguration", |members| {
                    Configuration::read(members, &payload)
                })?
                .unwrap_or_default(),
            reveals_secrets: members.boolean("revealSecrets")?.unwrap_or(false),
        };
        Ok(request)
    }

    /// Refuses members that do not go together, and documents that are not JSON.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if let Some(role) = &self.role_arn {
            arn::check_role(role)?;
        }
        check_json(&self.input).map_err(|why| {
            Error::new(
                Exception::InvalidExecutionInput,
                format!("Invalid State Machine Execution Input: '{why}'"),
            )
        })?;
        if self.context.is_some() && self.mock.is_none() {
            return Err(Error::validation("`context` may only be given with a `mock`"));
        }
        let Some(mock) = &self.mock else { return Ok(()) };
        match (&mock.result, &mock.error_output) {
            (Some(_), Some(_)) => Err(Error::validation(
                "a `mock` has a `result` or an `errorOutput`, not both",
            )),
            (None, None) => Err(Error::validation("a `mock` needs a `result` or an `errorOutput`")),
            (_, _) => Ok(()),
        }
    }

    /// Refuses an `errorCausedByState` that is not in the state under test.
    pub(crate) fn check_cause(&self, trial: &Trial) -> Result<(), Error> {
        match &self.configuration.error_caused_by {
            Some(name) if !trial.contains(name) => Err(Error::validation(format!(
                "`errorCausedByState` names `{name}`, which is not a state within the tested Map or Parallel state"
            ))),
            Some(_) | None => Ok(()),
        }
    }

    /// Refuses more failed iterations than there are items.
    pub(crate) fn check_failures(&self, verdict: &Verdict) -> Result<(), Error> {
        let items = match &verdict.trace.after_items_path {
            Some(Value::Array(items)) => items.len(),
            Some(Value::Object(items)) => items.len(),
            Some(_) | None => return Ok(()),
        };
        match self.configuration.failed_iterations {
            Some(failed) if failed > items as u64 => Err(Error::validation(
                "Map iteration failure count must be less than or equal to the number of Map iterations",
            )),
            Some(_) | None => Ok(()),
        }
    }
}

impl MockMembers {
    fn read(members: &mut Members, payload: &Text) -> Result<MockMembers, Error> {
        let modes = [
            ("STRICT", Validation::Strict),
            ("PRESENT", Validation::Present),
            ("NONE", Validation::None),
        ];
        Ok(MockMembers {
            result: members.text("result", payload)?,
            error_output: members.structure("errorOutput", |members| {
                Ok((
                    members.required_text("error", &ERROR)?,
                    members.text("cause", &CAUSE)?,
                ))
            })?,
            validation: members.one_of("fieldValidationMode", &modes)?,
        })
    }
}

impl Configuration {
    fn read(members: &mut Members, payload: &Text) -> Result<Configuration, Error> {
        Ok(Configuration {
            retries: members.integer("retrierRetryCount", 0, COUNT_MAX)?,
            error_caused_by: members.text("errorCausedByState", &NAME)?,
            failed_iterations: members.integer("mapIterationFailureCount", 0, COUNT_MAX)?,
            item_reader_data: members.text("mapItemReaderData", payload)?,
        })
    }
}
