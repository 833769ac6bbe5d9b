use thiserror::Error;

use crate::PathError;

/// Says why an intrinsic function has no result, in words that can stand in an execution's cause.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IntrinsicError {
    /// A path among the arguments has no value.
    #[error("The function '{intrinsic}' had the following error: {}", path_failure(.error, .document))]
    Path {
        /// The whole expression as written.
        intrinsic: String,
        /// The JSON text of the document that the path was applied to.
        document: String,
        /// What is wrong with the path.
        error: PathError,
    },
    /// The function does not take these arguments.
    #[error("Invalid arguments in {function}: {reason}")]
    Function {
        /// The function's name, such as `States.MathAdd`.
        function: &'static str,
        /// What is wrong with the arguments.
        reason: String,
    },
}

fn path_failure(error: &PathError, document: &str) -> String {
    match error {
        PathError::NotFound { path, .. } => {
            format!(
                "The JsonPath argument for the field '{path}' could not be found in the input '{document}'"
            )
        }
        PathError::NotAnArray { .. } | PathError::UndefinedVariable { .. } | PathError::TooCostly { .. } => {
            error.to_string()
        }
    }
}
