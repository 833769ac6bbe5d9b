//! What the functions write about themselves.

use tracing_subscriber::filter::{FilterExt as _, LevelFilter, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, fmt, registry};

/// The crates of ours that log.
const OURS: [&str; 4] = ["api", "aws", "calls", "driver"];

/// Sends what this process tells of itself to the standard error, from the level on that `STEPWELL_LOG` names, or else
/// warnings. Lambda takes it from there into the function's log group, and adds the time.
///
/// Of libraries nothing below `info` is shown: AWS's SDKs log whole requests there, with the data of executions.
pub fn write_log() {
    let shown = filter_fn(|event| {
        let of = event.target().split("::").next().unwrap_or_default();
        *event.level() <= LevelFilter::INFO || OURS.contains(&of)
    });
    let wanted = EnvFilter::try_from_env("STEPWELL_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    let lines = fmt::layer()
        .with_ansi(false)
        .without_time()
        .with_writer(std::io::stderr);
    registry().with(lines.with_filter(wanted.and(shown))).init();
}
