//! The only driver of a journal, as in the local binary: what it does when its store fails, and when its clock is set.
#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

mod clock;
mod outage;
mod rig;
