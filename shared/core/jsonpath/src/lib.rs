//! JSONPath as Step Functions runs it: paths, reference paths and the States.* intrinsic functions.
//!
//! Everything is compiled once with `parse` and evaluated many times against a [`Scope`]. Nothing here reads a clock or
//! draws randomness: `States.UUID` and `States.MathRandom` ask the scope. Evaluation is bounded: nesting by the parsers,
//! work by a budget of visited nodes, copies by one of bytes, regular expressions by an engine of linear time.
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

mod cursor;
#[cfg(test)]
mod fixture;
mod intrinsics;
mod path;
mod reference;
mod weight;

pub use cursor::ParseError;
pub use intrinsics::{Intrinsic, IntrinsicError};
pub use path::{Path, PathError, Root};
pub use reference::{ReferenceError, ReferencePath};
pub use weight::weight;

use serde_json::Value;

/// What a path or an intrinsic function may read.
pub trait Scope {
    /// The document that `$` stands for.
    fn input(&self) -> &Value;
    /// The context object that `$$` stands for; an implementor may build it at the first call.
    fn context(&self) -> &Value;
    /// The value of the variable `$name`, or nothing when it was never assigned.
    fn variable(&self, name: &str) -> Option<&Value>;
    /// How many bytes one intrinsic function may copy, with all calls in it, as [`weight`] counts them. A state of AWS gives out
    /// 256 KiB; a caller that allows larger documents says so.
    fn copied_bytes_max(&self) -> usize {
        64 << 20
    }
    /// The next number of the caller's deterministic sequence, random in all its 64 bits.
    fn random(&self) -> u64;
}

/// Tells whether a template's text calls an intrinsic function rather than naming a path.
pub fn is_intrinsic(text: &str) -> bool {
    text.trim_start().starts_with("States.")
}
