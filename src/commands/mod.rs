//! The commands, a file each.

pub(crate) mod bench;
pub(crate) mod cost;
pub(crate) mod iam;
pub(crate) mod proxy;
pub(crate) mod run;
pub(crate) mod serve;
pub(crate) mod validate;
pub(crate) mod worker;

use tokio::signal::unix::{SignalKind, signal};

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

    /// Returns the failure that an error is, with all of its causes.
    pub(crate) fn of(error: &dyn std::error::Error) -> Failure {
        let causes = std::iter::successors(error.source(), |cause| cause.source());
        Failure(causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}")))
    }
}

/// Returns what resolves when the process is asked to end, by SIGTERM or SIGINT.
pub(crate) fn asked_to_end() -> Result<impl Future<Output = ()> + Send + 'static, Failure> {
    let mut terminate = signal(SignalKind::terminate()).map_err(Failure::while_trying("SIGTERM"))?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::while_trying("SIGINT"))?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
