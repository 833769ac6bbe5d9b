//! What the operations about executions share.

use crate::Call;
use crate::arn::{ExecutionArn, MachineArn};
use crate::constraints::{self, ARN, NAME, TRACE_HEADER, Text};
use crate::error::{Error, Exception};
use crate::ids;
use crate::machines::{self, Choice, Named};
use crate::members::Members;
use driver::Start;
use engine::{ExecutionType, Status};
use ports::{Head, machine_key};
use serde_json::Value;
use std::sync::Arc;

/// Statuses that a filter may name.
pub(crate) const STATUSES: [(&str, Option<Status>); 6] = [
    ("RUNNING", Some(Status::Running)),
    ("SUCCEEDED", Some(Status::Succeeded)),
    ("FAILED", Some(Status::Failed)),
    ("TIMED_OUT", Some(Status::TimedOut)),
    ("ABORTED", Some(Status::Aborted)),
    // Only children of a Map Run have it.
    ("PENDING_REDRIVE", None),
];

/// Which data an answer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) enum IncludedData {
    #[default]
    All,
    MetadataOnly,
}

/// Reads `includedData`.
pub(crate) fn included_data(members: &mut Members) -> Result<IncludedData, Error> {
    let words = [
        ("ALL_DATA", IncludedData::All),
        ("METADATA_ONLY", IncludedData::MetadataOnly),
    ];
    Ok(members.one_of("includedData", &words)?.unwrap_or_default())
}

/// Finds the execution that an ARN names.
pub(crate) async fn find(call: &Call<'_>, arn: &ExecutionArn) -> Result<Head, Error> {
    let head = call.driver.ports().journal.head(&arn.key).await?;
    head.ok_or_else(|| Error::no_execution(&arn.text))
}

/// What StartExecution and StartSyncExecution are given.
#[derive(Clone, Debug)]
pub(crate) struct StartMembers {
    machine_arn: String,
    name: Option<String>,
    pub(crate) input: Arc<str>,
    pub(crate) trace_header: Option<String>,
}

impl StartMembers {
    /// Reads the members; an input has at most `payload_bytes`.
    pub(crate) fn read(members: &mut Members, payload_bytes: usize) -> Result<StartMembers, Error> {
        Ok(StartMembers {
            machine_arn: members.required_text("stateMachineArn", &ARN)?,
            name: members.text("name", &NAME)?,
            input: members
                .text("input", &Text::payload(payload_bytes))?
                .map_or_else(|| "{}".into(), Arc::from),
            trace_header: members.text("traceHeader", &TRACE_HEADER)?,
        })
    }
}

/// Checks a start and finds what it needs. `only` is the type of state machine that the operation is for.
pub(crate) async fn prepare_start(
    call: &Call<'_>,
    members: &StartMembers,
    operation: &str,
    only: Option<ExecutionType>,
) -> Result<Start, Error> {
    // `ARN#CASE` chooses a test case of the mock configuration, as in Step Functions Local.
    let (arn, test_case) = match members.machine_arn.split_once('#') {
        Some((arn, test_case)) => (arn, Some(Arc::from(test_case))),
        None => (members.machine_arn.as_str(), None),
    };
    let arn = MachineArn::parse(arn)?;
    if let Some(name) = &members.name {
        constraints::check_name(name)?;
    }
    check_json(&members.input).map_err(|why| {
        Error::new(
            Exception::InvalidExecutionInput,
            format!("Invalid State Machine Execution Input: '{why}'"),
        )
    })?;
    let named = machines::find(call, &arn, operation, Choice::Drawn).await?;
    machines::check_active(named.machine(), &arn)?;
    let (machine, version_arn, alias_arn) = match named {
        Named::Plain(machine) => (machine, None, None),
        Named::Qualified(found) => (found.machine, Some(found.version_arn), found.alias_arn),
    };
    if only.is_some_and(|only| only != machine.machine_type) {
        return Err(Error::wrong_machine_type());
    }
    let program = call
        .driver
        .program(&machine_key(&machine.owner, &machine.name), &machine.revision)?;
    Ok(Start {
        machine,
        program,
        name: members
            .name
            .clone()
            .unwrap_or_else(|| ids::execution_name(call.driver.ports())),
        input: Arc::clone(&members.input),
        trace_header: members.trace_header.clone(),
        version_arn,
        alias_arn,
        test_case,
        parent: None,
        part: None,
    })
}

/// Says why a text is not JSON that an execution can work with: besides its form, its nesting is bounded.
pub(crate) fn check_json(text: &str) -> Result<(), String> {
    serde_json::from_str::<Value>(text)
        .map(drop)
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::members;

    #[test]
    fn json_texts_are_checked_without_a_change() {
        for text in ["{}", " [1.0, 1e2] ", "\"x\"", "null", "0"] {
            assert_eq!(check_json(text), Ok(()), "{text}");
        }
        for text in ["", "{", "{'a':1}", "NaN", "{}x", "1e999", &"[".repeat(100_000)] {
            assert!(check_json(text).is_err(), "{text:.20}");
        }
    }

    #[test]
    fn an_execution_without_input_has_an_empty_object() {
        let read = |body: &[u8]| members::read(body, |members| StartMembers::read(members, 8));
        assert_eq!(&*read(br#"{"stateMachineArn":"x"}"#).unwrap().input, "{}");
        let error = read(br#"{"stateMachineArn":"x","input":"[1,2,3,4]"}"#).unwrap_err();
        assert_eq!(
            error.message,
            "1 validation error detected: Value at 'input' failed to satisfy constraint: \
             Member must have length less than or equal to 8"
        );
    }
}
