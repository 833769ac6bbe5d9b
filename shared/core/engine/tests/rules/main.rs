//! The engine's rules, one file a topic, each test the smallest definition that shows one of them.

#[path = "../play/mod.rs"]
mod play;

mod choice;
mod context;
mod determinism;
mod ends;
mod image;
mod jsonata;
mod limits;
mod map;
mod map_size;
mod messages;
mod parallel;
mod pass;
mod retry;
mod catch;
mod task;
mod token;
mod variables;
mod wait;
