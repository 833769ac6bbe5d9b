//! Definitions: refused in AWS's words when they do not compile.

use crate::constraints::DIAGNOSTICS_MAX;
use crate::error::{Error, Exception};
use asl::{MachineType, Program, Severity};
use engine::ExecutionType;
use std::collections::BTreeMap;

/// The two types of state machines, as the API writes them.
pub(crate) const MACHINE_TYPES: [(&str, ExecutionType); 2] = [
    ("STANDARD", ExecutionType::Standard),
    ("EXPRESS", ExecutionType::Express),
];

/// Returns a type's name.
pub(crate) fn type_name(machine_type: ExecutionType) -> &'static str {
    match machine_type {
        ExecutionType::Standard => "STANDARD",
        ExecutionType::Express => "EXPRESS",
    }
}

/// Compiles a definition for a type of state machine.
pub(crate) fn compile(definition: &str, machine_type: ExecutionType) -> asl::Compiled {
    let machine_type = match machine_type {
        ExecutionType::Standard => MachineType::Standard,
        ExecutionType::Express => MachineType::Express,
    };
    asl::compile(definition, machine_type)
}

/// Refuses a definition that does not compile.
pub(crate) fn check(definition: &str, machine_type: ExecutionType) -> Result<(), Error> {
    program(compile(definition, machine_type)).map(drop)
}

/// Returns the program of a definition that compiles, and refuses one that does not.
pub(crate) fn program(compiled: asl::Compiled) -> Result<Program, Error> {
    if let Some(program) = compiled.program {
        return Ok(program);
    }
    let errors = compiled
        .diagnostics
        .iter()
        .filter(|finding| finding.severity == Severity::Error);
    let most = usize::try_from(DIAGNOSTICS_MAX).unwrap_or(usize::MAX);
    let list: Vec<String> = errors.take(most).map(ToString::to_string).collect();
    let message = format!("Invalid State Machine Definition: '{}'", list.join(", "));
    Err(Error::new(Exception::InvalidDefinition, message))
}

/// Returns the variables that each state reads, as DescribeStateMachine shows them.
pub(crate) fn variable_references(program: &Program) -> BTreeMap<&str, Vec<&str>> {
    let references = program.variable_references().into_iter();
    references
        .map(|(state, names)| (state, names.into_iter().collect()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // The messages are recorded from AWS.

    #[test]
    fn a_definition_without_states() {
        let error = check(r#"{"Comment":"c","StartAt":"State_1"}"#, ExecutionType::Standard).unwrap_err();
        assert_eq!(error.exception, Exception::InvalidDefinition);
        assert_eq!(
            error.message,
            "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: These fields are required: [States] at /'"
        );
    }

    #[test]
    fn an_integration_that_express_lacks() {
        let definition = r#"{"StartAt":"S","States":{"S":{"Type":"Task","End":true,
            "Resource":"arn:aws:states:::states:startExecution.sync","Parameters":{"StateMachineArn":"x"}}}}"#;
        assert_eq!(check(definition, ExecutionType::Standard), Ok(()));
        assert_eq!(
            check(definition, ExecutionType::Express).unwrap_err().message,
            "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: Express state machine does not support \
             '.sync' service integration at /States/S/Resource'"
        );
    }

    #[test]
    fn variables_by_state() {
        let definition = r#"{"QueryLanguage":"JSONata","StartAt":"A","States":{
            "A":{"Type":"Pass","Assign":{"x":1},"Next":"B"},"B":{"Type":"Pass","Output":"{% $x %}","End":true}}}"#;
        let program = compile(definition, ExecutionType::Standard).program.unwrap();
        assert_eq!(variable_references(&program), BTreeMap::from([("B", vec!["x"])]));
    }
}
