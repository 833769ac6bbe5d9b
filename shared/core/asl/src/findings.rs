//! The findings of one compilation, and the codes that AWS gives them.

use crate::diagnostics::{Diagnostic, Severity};
use crate::place::Place;

/// The codes of findings, as `ValidateStateMachineDefinition` names them.
pub(crate) mod code {
    pub(crate) const DUPLICATE_LABEL_NAME: &str = "DUPLICATE_LABEL_NAME";
    pub(crate) const DUPLICATE_STATE_NAME: &str = "DUPLICATE_STATE_NAME";
    pub(crate) const INVALID_JSONATA_EXPRESSION: &str = "INVALID_JSONATA_EXPRESSION";
    pub(crate) const INVALID_JSON_DESCRIPTION: &str = "INVALID_JSON_DESCRIPTION";
    pub(crate) const INVALID_LABEL_NAME: &str = "INVALID_LABEL_NAME";
    pub(crate) const INVALID_STATE_NAME: &str = "INVALID_STATE_NAME";
    pub(crate) const MISSING_DESCRIPTION: &str = "MISSING_DESCRIPTION";
    pub(crate) const MISSING_END_STATE: &str = "MISSING_END_STATE";
    pub(crate) const MISSING_TRANSITION_TARGET: &str = "MISSING_TRANSITION_TARGET";
    pub(crate) const NO_DOLLAR: &str = "NO_DOLLAR";
    pub(crate) const NO_PATH: &str = "NO_PATH";
    pub(crate) const PASS_RESULT_IS_STATIC: &str = "PASS_RESULT_IS_STATIC";
    pub(crate) const SCHEMA_VALIDATION_FAILED: &str = "SCHEMA_VALIDATION_FAILED";
    pub(crate) const TOO_DEEPLY_NESTED: &str = "TOO_DEEPLY_NESTED";
    pub(crate) const UNSUPPORTED_JSONATA_EXPRESSION: &str = "UNSUPPORTED_JSONATA_EXPRESSION";

    // Warnings of our own, for which AWS has no code: AWS creates the state machine, and its executions fail.
    pub(crate) const DUPLICATE_FIELD: &str = "DUPLICATE_FIELD";
    pub(crate) const ERROR_NEVER_MATCHED: &str = "ERROR_NEVER_MATCHED";
    pub(crate) const INVALID_CALL: &str = "INVALID_CALL";
    pub(crate) const INVALID_PARAMETER: &str = "INVALID_PARAMETER";
    pub(crate) const MISSING_PARAMETER: &str = "MISSING_PARAMETER";
    pub(crate) const MISSING_TASK_TOKEN: &str = "MISSING_TASK_TOKEN";
    pub(crate) const NO_EXPRESSION: &str = "NO_EXPRESSION";
    pub(crate) const UNDEFINED_VARIABLE: &str = "UNDEFINED_VARIABLE";
    pub(crate) const UNKNOWN_CONTEXT_FIELD: &str = "UNKNOWN_CONTEXT_FIELD";
    pub(crate) const UNKNOWN_ERROR_NAME: &str = "UNKNOWN_ERROR_NAME";
    pub(crate) const UNKNOWN_FUNCTION: &str = "UNKNOWN_FUNCTION";
    pub(crate) const UNREACHABLE_STATE: &str = "UNREACHABLE_STATE";
    pub(crate) const WRONG_QUERY_LANGUAGE: &str = "WRONG_QUERY_LANGUAGE";
}

/// Collects findings: one bad field never hides another.
#[derive(Debug, Default)]
pub(crate) struct Findings(Vec<Diagnostic>);

impl Findings {
    /// Adds an error of the most common code: the definition does not have the form of the language.
    pub(crate) fn schema(&mut self, at: &Place, message: impl Into<String>) {
        self.error(code::SCHEMA_VALIDATION_FAILED, at, message);
    }

    /// Adds an error.
    pub(crate) fn error(&mut self, code: &'static str, at: &Place, message: impl Into<String>) {
        self.add(Severity::Error, code, at.to_string(), message.into());
    }

    /// Adds an error about the definition as a whole, which has no place.
    pub(crate) fn without_place(&mut self, code: &'static str, message: impl Into<String>) {
        self.add(Severity::Error, code, String::new(), message.into());
    }

    /// Adds a warning.
    pub(crate) fn warning(&mut self, code: &'static str, at: &Place, message: impl Into<String>) {
        self.add(Severity::Warning, code, at.to_string(), message.into());
    }

    /// Adds a warning about a place that is known as text.
    pub(crate) fn warning_at(&mut self, code: &'static str, location: &str, message: impl Into<String>) {
        self.add(Severity::Warning, code, location.to_owned(), message.into());
    }

    /// Tells whether one of the findings is an error.
    pub(crate) fn has_errors(&self) -> bool {
        self.0.iter().any(|finding| finding.severity == Severity::Error)
    }

    /// Adds other findings.
    pub(crate) fn add_all(&mut self, other: Findings) {
        self.0.extend(other.0);
    }

    /// Removes the warnings about the places that `unwanted` is true of.
    pub(crate) fn forget_warnings(&mut self, unwanted: impl Fn(&str) -> bool) {
        self.0
            .retain(|finding| finding.severity == Severity::Error || !unwanted(&finding.location));
    }

    /// Returns all findings, errors first.
    pub(crate) fn into_diagnostics(self) -> Vec<Diagnostic> {
        let mut all = self.0;
        all.sort_by_key(|finding| finding.severity); // stable: each group stays in its order
        all
    }

    fn add(&mut self, severity: Severity, code: &'static str, location: String, message: String) {
        self.0.push(Diagnostic {
            severity,
            code,
            message,
            location,
        });
    }
}
