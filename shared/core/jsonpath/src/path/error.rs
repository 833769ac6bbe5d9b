use thiserror::Error;

/// Says why a path has no value.
///
/// The sentences are those of AWS as far as they are known, so that they can stand in an execution's cause.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PathError {
    /// A definite path leads nowhere.
    #[error("Invalid path '{path}' : {detail}")]
    NotFound {
        /// The path as written.
        path: String,
        /// The sentence of the JSONPath library that AWS uses, such as `No results for path: $['a']`.
        detail: String,
    },
    /// An index was applied to a value that is not an array; AWS passes its library's sentence on as it is.
    #[error("{detail}")]
    NotAnArray {
        /// The path as written.
        path: String,
        /// The library's sentence.
        detail: String,
    },
    /// The path reads a variable that was never assigned.
    #[error("Invalid path '{path}' : the variable '{name}' is not defined")]
    UndefinedVariable {
        /// The path as written.
        path: String,
        /// The variable, without its `$`.
        name: String,
    },
    /// The path visits or copies more than one evaluation may.
    #[error("Invalid path '{path}' : it selects too much")]
    TooCostly {
        /// The path as written.
        path: String,
    },
}

impl PathError {
    /// The path as written.
    pub fn path(&self) -> &str {
        match self {
            PathError::NotFound { path, .. }
            | PathError::NotAnArray { path, .. }
            | PathError::UndefinedVariable { path, .. }
            | PathError::TooCostly { path } => path,
        }
    }
}
