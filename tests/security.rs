//! Strangers: who may ask, how much they may take, and what they can slip in or find out.

mod connections;
mod logs;
mod terminal;
mod tokens;
mod visitors;
