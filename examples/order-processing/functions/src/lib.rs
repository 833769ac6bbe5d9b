//! What the Lambda functions of the order workflow decide and compute; the programs in `src/bin` only carry it.
//!
//! Everything here is pure: the same order always gets the same answer. That is why the workflow may ask again when
//! it does not know whether a function ran.

pub mod invoice;
pub mod payment;
pub mod refund;

mod identifier;
