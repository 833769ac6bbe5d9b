//! What the binary does for those who use it: the API through an official SDK, the commands, a process that dies,
//! and the rules of the house.

mod api;
mod cli;
mod kill;
mod support;
mod tidy;
