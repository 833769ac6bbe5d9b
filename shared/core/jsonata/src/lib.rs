//! JSONata as Step Functions runs it: bindings, limits and AWS's own functions around the language.
//!
//! An [`Expression`] is parsed once, when a definition is compiled. A [`Session`] evaluates expressions against the
//! values of one state, which a [`Scope`] lends it: each value is converted at most once, and only when an expression
//! may read it. Nothing here reads a clock or draws randomness: both come from the scope.

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

mod analysis;
mod error;
mod expression;
mod functions;
mod guarded;
mod guards;
mod limits;
mod plain_path;
mod session;
#[cfg(test)]
mod tests;
mod values;

pub use error::{EvaluationError, ParseError};
pub use expression::Expression;
pub use session::{Scope, Session, evaluate_with_root};
