//! The engine's rules, one file a topic, each test the smallest definition that shows one of them.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(clippy::disallowed_methods, reason = "the golden files are files")]

#[path = "../play/mod.rs"]
mod play;

mod catch;
mod choice;
mod context;
mod determinism;
mod ends;
mod handed_over;
mod image;
mod jobs;
mod jsonata;
mod limits;
mod map;
mod map_run;
mod map_size;
mod messages;
mod parallel;
mod pass;
mod redrive;
mod retry;
mod task;
mod token;
mod trial;
mod variables;
mod wait;
