//! What the binary does for those who use it: the API through an official SDK, the commands, a process that dies, a
//! machine that fails, strangers who ask; and the rules of the house.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod api;
mod cli;
mod conformance;
mod faults;
mod kill;
mod security;
mod support;
mod tidy;
