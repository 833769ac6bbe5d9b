//! The state types, a file each.

pub(crate) mod choice;
pub(crate) mod fail;
pub(crate) mod fork;
pub(crate) mod item_reader;
pub(crate) mod job;
pub(crate) mod map;
pub(crate) mod map_run;
pub(crate) mod parallel;
pub(crate) mod pass;
pub(crate) mod succeed;
pub(crate) mod task;
pub(crate) mod wait;
