//! The deterministic state machine: [`apply`] turns an execution and a message into history and effects.
//!
//! ```text
//!   Program ┐
//! Execution ┼─► apply ─► Outcome { events, payloads, effects } ─► Execution::seal ─► Entry (one write)
//!   Message ┘
//! ```
//!
//! Nothing here reads a clock, draws randomness, waits or does I/O. A message that the execution does not wait for
//! changes nothing.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::todo,
        clippy::unreachable
    )
)]

mod apply;
mod context;
mod data;
mod effect;
mod entry;
mod execution;
mod failure;
mod fault;
mod flow;
mod history;
pub mod limits;
mod message;
mod outcome;
mod redrive;
mod retry;
mod states;
mod thread;
mod token;
mod trace;
mod trial;
mod turn;

pub use apply::apply;
pub use asl::{Program, Timestamp};
pub use data::{Data, Payload, PayloadId};
pub use effect::{Call, Effect};
pub use entry::{Entry, Image, RestoreError};
pub use execution::{
    CHILD_SECONDS, Closing, Counters, Execution, ExecutionKey, ExecutionType, Identity, MAP_RUN_PREFIX_BYTES,
    MapPart, MapRole, Parent, SCHEMA_VERSION, Status, Wants,
};
pub use fault::errors;
pub use history::{Details, Event, Packed, StateType, Target, TaskType, Why};
pub use limits::Limits;
pub use message::{BoundsUpdate, CallId, Message};
pub use outcome::Outcome;
pub use redrive::{NotRedrivable, Redriven, Standing};
pub use states::map_run::MapRun;
pub use thread::{Bounds, Calling, Fork, Job, Phase, Stage, Thread, ThreadId, Variables};
pub use token::{TaskToken, uuid};
pub use trace::{Handled, Trace};
pub use trial::{Expected, Mock, Progress, Trial, TrialStatus, Verdict};
