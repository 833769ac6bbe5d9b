//! The errors of parsing and evaluating, with JSONata's own codes.

use jsonata_core::evaluator::{EvaluatorError, error_code_prefix};
use jsonata_core::parser::ParserError;

/// Says why a text is not an expression that Step Functions accepts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ParseError {
    /// JSONata's code, such as `S0202`, or empty where the refusal is Step Functions' own.
    pub code: String,
    /// The reason, in words.
    pub message: String,
    /// The reasons after the first, where Step Functions refuses an expression for several of its parts.
    pub others: Vec<String>,
}

/// Says why an expression has no value that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", prefix(code))]
pub struct EvaluationError {
    /// JSONata's code, such as `T2001`; empty for the few failures that JSONata gives no code.
    pub code: String,
    /// JSONata's text, without the code.
    pub message: String,
}

impl ParseError {
    pub(crate) fn refused(message: impl Into<String>) -> ParseError {
        ParseError {
            code: String::new(),
            message: message.into(),
            others: Vec::new(),
        }
    }
}

impl From<ParserError> for ParseError {
    fn from(error: ParserError) -> ParseError {
        let text = match &error {
            // The one syntax error that the library reports without JSONata's code.
            ParserError::UnclosedComment => String::from("S0106: Comment has no closing tag"),
            other => other.to_string(),
        };
        let (code, message) = split_code(&text);
        ParseError {
            code,
            message,
            others: Vec::new(),
        }
    }
}

impl EvaluationError {
    pub(crate) fn new(code: &str, message: impl Into<String>) -> EvaluationError {
        EvaluationError {
            code: code.to_owned(),
            message: message.into(),
        }
    }
}

impl From<EvaluatorError> for EvaluationError {
    fn from(error: EvaluatorError) -> EvaluationError {
        let (code, message) = split_code(error.message());
        EvaluationError { code, message }
    }
}

/// The opposite way: the library carries a code inside the text.
impl From<EvaluationError> for EvaluatorError {
    fn from(error: EvaluationError) -> EvaluatorError {
        EvaluatorError::EvaluationError(error.to_string())
    }
}

/// Takes the code off a text, and with it the class that some errors print first: `Invalid syntax: S0213: ...`.
fn split_code(text: &str) -> (String, String) {
    let inner = text.split_once(": ").map_or(text, |(_, inner)| inner);
    for coded in [text, inner] {
        if let Some(code) = error_code_prefix(coded) {
            let message = coded.get(code.len() + 1..).unwrap_or_default().trim_start();
            return (code.to_owned(), message.to_owned());
        }
    }
    (String::new(), text.to_owned())
}

fn prefix(code: &str) -> String {
    if code.is_empty() {
        String::new()
    } else {
        format!("{code}: ")
    }
}
