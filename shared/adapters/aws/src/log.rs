//! What the functions write about themselves.

use tracing_subscriber::EnvFilter;

/// Sends what this process tells of itself to the standard error, from the level on that `STEPWELL_LOG` names, or else
/// warnings. Lambda takes it from there into the function's log group, and adds the time.
pub fn write_log() {
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_env("STEPWELL_LOG").unwrap_or_else(|_| EnvFilter::new("warn")))
        .with_ansi(false)
        .without_time()
        .with_writer(std::io::stderr)
        .init();
}
