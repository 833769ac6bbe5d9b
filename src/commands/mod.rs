//! The commands, a file each.

pub(crate) mod bench;
pub(crate) mod run;
pub(crate) mod serve;
pub(crate) mod validate;

/// The exit code of a bad definition, a bad configuration or a wrong use.
pub(crate) const USAGE: u8 = 2;

/// Why a command could not do its work, for the person who typed it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Failure(pub(crate) String);

impl Failure {
    /// Returns what turns a cause into a failure that says what was tried.
    pub(crate) fn while_trying<E: std::fmt::Display>(
        what: impl std::fmt::Display,
    ) -> impl FnOnce(E) -> Failure {
        move |error| Failure(format!("{what}: {error}"))
    }
}
