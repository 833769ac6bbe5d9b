//! Why AWS did not do what was asked for, in one line.

use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use std::error::Error;

/// Returns a service's code and message, or else what went wrong on the way, with its causes.
pub(crate) fn reason<E>(error: &E) -> String
where
    E: ProvideErrorMetadata + Error,
{
    if let Some(code) = error.code() {
        return format!("{code}: {}", error.message().unwrap_or("no message"));
    }
    chain(error)
}

/// Returns an error with its causes.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
