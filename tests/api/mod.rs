//! The API through the official SDK for Rust, and through raw HTTP.

mod accounts;
mod activities;
mod aliases;
pub(crate) mod bad_input;
mod callbacks;
mod distributed_map;
mod executions;
mod express;
mod http_tasks;
mod jobs;
mod kubernetes_jobs;
mod nested;
mod redrive;
mod state_machines;
mod tasks_of_its_own;
mod test_state;
mod validation;
mod versions;
