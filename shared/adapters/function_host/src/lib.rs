//! Runs Lambda functions as local processes behind an embedded Lambda Runtime API.
//!
//! A function is any program that speaks the Runtime API: the `bootstrap` that is deployed to `provided.al2023`, or a
//! Python module run by the bootstrap that this crate brings. Each process serves one invocation at a time, as an
//! execution environment on AWS does; it is started on demand, kept warm, and stopped when it has long been idle.
//!
//! What differs from AWS: a process inherits the environment of its host (so that credentials, endpoints and `PATH`
//! are those of the shell), memory is told to the function but not enforced, invocations above the concurrency wait
//! instead of being throttled, and a function is found by its name alone, whatever account and region an ARN names.

mod environment;
mod exchange;
mod exit_status;
mod guard;
mod host;
mod identifier;
mod invocation;
mod name;
mod output;
mod pool;
mod process;
mod runtime_api;
mod settings;

pub use host::FunctionHost;
pub use invocation::{Invocation, Outcome};
pub use output::{OutputLine, Stream};
pub use settings::{FunctionSettings, FunctionSettingsError, Runtime, TIMEOUT_SECONDS_DEFAULT};
