//! What is wrong with a definition, and where.

use std::fmt;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The definition cannot be used.
    Error,
    /// The definition can be used, but probably does not do what its author meant.
    Warning,
}

/// One finding about a definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// AWS's code: `MISSING_TRANSITION_TARGET`, `SCHEMA_VALIDATION_FAILED` ...
    pub code: &'static str,
    /// What is wrong, in the user's terms.
    pub message: String,
    /// Where: `/States/Ship/Next`; empty for the definition as a whole.
    pub location: String,
}

/// Writes the finding as `CreateStateMachine` does in the message of `InvalidDefinition`.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // AWS writes a missing location as `null` (measured).
        let location = if self.location.is_empty() {
            "null"
        } else {
            &self.location
        };
        write!(f, "{}: {} at {location}", self.code, self.message)
    }
}
