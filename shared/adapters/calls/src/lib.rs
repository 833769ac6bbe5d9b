//! Calls any AWS service, driven by a catalogue made from the service models.
//!
//! [`Caller::call`] takes a service, an operation and its members as JSON, and gives the answer's members as JSON. There
//! is no code for single services: what a request looks like comes from the catalogue (`catalogue/generate.py` makes
//! it), the wire formats from AWS's own protocol crates, credentials and profiles from `aws-config`. [`Signer`] is the
//! lower half alone: it signs and sends HTTP requests that others have written.

mod caller;
mod carried;
mod catalogue;
mod checksum;
#[cfg(test)]
mod compared;
mod conform;
mod credentials;
mod endpoint;
mod environment;
mod events;
#[cfg(test)]
mod measured;
mod names;
mod prepare;
mod settings;
mod sign;
mod signer;
mod special;
mod texts;
mod transport;
mod wire;

pub use caller::{Answer, CallError, Caller};
pub use carried::carried;
pub use conform::{Comparison, compare};
pub use endpoint::Scope;
pub use prepare::{check, knows};
pub use settings::{AccessKey, Settings};
pub use signer::Signer;
