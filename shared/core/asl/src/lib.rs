//! Amazon States Language: a definition is parsed, validated and compiled to a [`Program`].
//!
//! ```text
//! text ──parse──► syntax tree ──validate──► diagnostics
//!                      └───────compile────► Program
//! ```
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::todo,
        clippy::unreachable
    )
)]

mod compile;
mod diagnostics;
mod doubts;
mod expression;
mod fields;
mod findings;
mod parse;
mod place;
pub mod policy;
pub mod program;
mod references;
mod states;
mod template;
mod timestamp;
mod validate;

#[cfg(test)]
mod tests;

pub use compile::{MachineType, compile, compile_state};
pub use diagnostics::{Diagnostic, Severity};
pub use program::Program;
pub use timestamp::Timestamp;

/// What [`compile`] found out about a definition.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The program; `None` when `diagnostics` holds an error.
    pub program: Option<Program>,
    /// All findings, errors first: those of single states in document order, then those of the whole.
    pub diagnostics: Vec<Diagnostic>,
}
