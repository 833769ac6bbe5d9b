//! The API through the official SDK for Rust, and through raw HTTP.

mod accounts;
mod activities;
mod aliases;
pub(crate) mod bad_input;
mod callbacks;
mod executions;
mod express;
mod nested;
mod state_machines;
mod validation;
mod versions;
