//! The names of states and the labels of Maps: their form, and that none is given twice.

use crate::findings::{Findings, code};
use crate::parse::outline::Outline;
use crate::states::STATE_NAME_CHARS_MAX;
use serde_json::Value;
use std::collections::BTreeSet;

/// Reports names of states that are too long, or that stand twice anywhere in the definition.
///
/// `repeated` holds the places of keys that stood twice in one object of the text.
pub(crate) fn check_names(outline: &Outline<'_>, repeated: &BTreeSet<String>, findings: &mut Findings) {
    let mut seen = BTreeSet::new();
    for state in &outline.states {
        let length = state.name.chars().count();
        if length == 0 || length > STATE_NAME_CHARS_MAX {
            let message = format!("State name must have 1 to {STATE_NAME_CHARS_MAX} characters");
            findings.error(code::INVALID_STATE_NAME, &state.at, message);
        }
        if !seen.insert(state.name) || repeated.contains(&state.at.to_string()) {
            findings.error(
                code::DUPLICATE_STATE_NAME,
                &state.at,
                format!("Duplicate State name: {}", state.name),
            );
        }
    }
}

/// Reports labels of Maps that stand twice in the definition.
pub(crate) fn check_labels(outline: &Outline<'_>, findings: &mut Findings) {
    let mut seen = BTreeSet::new();
    for state in &outline.states {
        let is_map = state.value.get("Type").and_then(Value::as_str) == Some("Map");
        if let Some(label) = state
            .value
            .get("Label")
            .and_then(Value::as_str)
            .filter(|_| is_map)
            && !seen.insert(label)
        {
            let message = format!("Duplicate label name: {label}");
            findings.error(code::DUPLICATE_LABEL_NAME, &state.at.field("Label"), message);
        }
    }
}
