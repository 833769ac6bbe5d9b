//! Rules that look at more than one state at a time.

mod errors;
mod machines;
mod names;
mod transitions;
mod variables;

pub(crate) use errors::check_errors;
pub(crate) use machines::check_machine;
pub(crate) use names::{check_labels, check_names};
pub(crate) use transitions::{check_transitions, targets};
pub(crate) use variables::{check_assignments, check_references};
