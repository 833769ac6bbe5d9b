//! The operations of the API, over a driver and the local store.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod aliases;
mod executions;
mod hostile;
mod machines;
mod redrives;
mod stack;
mod trials;
mod versions;
