//! What the binary tells of itself on standard error: never what executions are about, nor what proves who calls.

use crate::terminal;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{FilterExt as _, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, fmt, registry};

/// Our crates. Libraries log whole requests at the levels of their own debugging: addresses, headers, keys.
const OURS: [&str; 15] = [
    "api",
    "asl",
    "aws",
    "calls",
    "driver",
    "engine",
    "function_host",
    "integrations",
    "jsonata",
    "jsonpath",
    "local",
    "mocks",
    "ports",
    "service_calls",
    "stepwell",
];

/// Logs from the level on that `STEPWELL_LOG` names, or else warnings; of libraries nothing below `info`.
pub(crate) fn begin() {
    let wanted = EnvFilter::try_from_env("STEPWELL_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    let shown = wanted.and(filter_fn(is_shown));
    let lines = fmt::layer().with_ansi(false).with_writer(|| terminal::Log);
    registry().with(lines.with_filter(shown)).init();
}

fn is_shown(metadata: &Metadata<'_>) -> bool {
    let of = metadata.target().split("::").next().unwrap_or_default();
    *metadata.level() <= Level::INFO || OURS.contains(&of)
}
