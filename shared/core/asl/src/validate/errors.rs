//! The error names of `Retry` and `Catch`: that they exist, and that an earlier entry does not take them all.

use crate::findings::{Findings, code};
use crate::parse::outline::{Outline, State};
use serde_json::Value;
use std::collections::BTreeSet;

/// The names that Step Functions gives to errors of its own.
// AWS: developer guide, "Error names"
const NAMES: [&str; 17] = [
    "States.ALL",
    "States.BranchFailed",
    "States.DataLimitExceeded",
    "States.ExceedToleratedFailureThreshold",
    "States.HeartbeatTimeout",
    "States.Http.Socket",
    "States.IntrinsicFailure",
    "States.ItemReaderFailed",
    "States.NoChoiceMatched",
    "States.ParameterPathFailure",
    "States.Permissions",
    "States.QueryEvaluationError",
    "States.ResultPathMatchFailure",
    "States.ResultWriterFailed",
    "States.Runtime",
    "States.TaskFailed",
    "States.Timeout",
];
/// Begins the names of the errors of HTTP tasks, which end with the status.
const HTTP_STATUS: &str = "States.Http.StatusCode.";

/// Warns of error names that no error has or that cannot be reached.
pub(crate) fn check_errors(outline: &Outline<'_>, findings: &mut Findings) {
    let raised: BTreeSet<&str> = outline
        .states
        .iter()
        .filter_map(|state| state.value.get("Error").and_then(Value::as_str))
        .collect();
    for state in &outline.states {
        for field in ["Retry", "Catch"] {
            check_entries(state, field, &raised, findings);
        }
    }
}

fn check_entries(state: &State<'_>, field: &str, raised: &BTreeSet<&str>, findings: &mut Findings) {
    let entries = state.value.get(field).and_then(Value::as_array);
    let mut earlier: BTreeSet<&str> = BTreeSet::new();
    for (index, entry) in entries.into_iter().flatten().enumerate() {
        let at = state.at.field(field).item(index).field("ErrorEquals");
        let names = entry.get("ErrorEquals").and_then(Value::as_array);
        for (number, name) in names.into_iter().flatten().enumerate() {
            let Some(name) = name.as_str() else { continue };
            let is_status = name
                .strip_prefix(HTTP_STATUS)
                .is_some_and(|status| status.parse::<u16>().is_ok());
            if name.starts_with("States.") && !NAMES.contains(&name) && !is_status && !raised.contains(name) {
                let message = format!("Step Functions has no error of the name '{name}'");
                findings.warning(code::UNKNOWN_ERROR_NAME, &at.item(number), message);
            }
            // `States.ALL` in an earlier entry is an error of its own.
            if !earlier.insert(name) && name != "States.ALL" {
                let message =
                    format!("The error name '{name}' is in the list before: this one is never used");
                findings.warning(code::ERROR_NEVER_MATCHED, &at.item(number), message);
            }
        }
    }
}
