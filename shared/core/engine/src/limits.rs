//! Every limit of an execution, with AWS's number and where it comes from.

use serde::{Deserialize, Serialize};

/// Bytes of JSON text that one state, task or execution may take in or give out, and of all variables of one Assign
/// field. AWS quota: 256 KiB.
pub const PAYLOAD_BYTES_MAX: usize = 262_144;
/// Levels of nested arrays and objects in one document. Ours: what is stored is read back by serde_json, which stops there.
pub const DOCUMENT_DEPTH_MAX: usize = 127;
/// Events of one Standard execution's history. AWS quota: 25,000; the last one is the failure.
pub const HISTORY_EVENTS_MAX: u64 = 25_000;
/// Iterations of an inline Map that run at once when `MaxConcurrency` is 0 or larger. AWS quota: 40.
pub const INLINE_MAP_CONCURRENCY_MAX: u64 = 40;
/// Children of one Map Run that run at once when `MaxConcurrency` is 0 or larger. AWS quota: 10,000.
pub const DISTRIBUTED_MAP_CONCURRENCY_MAX: u64 = 10_000;
/// Seconds that an Express execution may run. AWS quota: 5 minutes.
pub const EXPRESS_SECONDS_MAX: u64 = 300;
/// Seconds that a Standard execution may run. AWS quota: 1 year.
pub const STANDARD_SECONDS_MAX: u64 = 31_536_000;
/// Seconds that a Task may run when it names no `TimeoutSeconds`. Amazon States Language: 99999999.
pub const TASK_SECONDS_DEFAULT: u64 = 99_999_999;
/// Bytes that the fields of one state give before their size is looked at, or sixteen documents of the largest size if that
/// is more: the smallest values count eight times their text. Ours: memory is bounded, and no result that fits is near it.
pub const EVALUATION_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Bytes of all variables of one execution. AWS quota: 10 MiB.
pub const VARIABLES_BYTES_MAX: usize = 10 * 1024 * 1024;
/// State transitions in one turn before the driver writes them down; bounds the time and memory of a turn.
pub const TRANSITIONS_PER_TURN: u32 = 2_000;
/// Seconds after its end in which an execution can be redriven. AWS quota: 14 days.
pub const REDRIVABLE_SECONDS: u64 = 14 * 24 * 60 * 60;
/// Events that a redrive needs room for: its own and one more. AWS API reference: RedriveExecution.
pub const REDRIVE_EVENTS_RESERVE: u64 = 2;
/// Redrives of one execution. AWS quota: 1,000.
pub const REDRIVES_MAX: u32 = 1_000;
/// Tokens of redrives that are remembered. AWS API reference: RedriveExecution.
pub const REDRIVE_TOKENS_MAX: usize = 10;
/// Seconds for which they are. AWS API reference: RedriveExecution, 15 minutes.
pub const REDRIVE_TOKEN_SECONDS: u64 = 15 * 60;
/// Characters of an error name. AWS API reference: StopExecution, SendTaskFailure.
pub const ERROR_CHARACTERS_MAX: usize = 256;
/// Characters of a cause. AWS API reference: StopExecution, SendTaskFailure.
pub const CAUSE_CHARACTERS_MAX: usize = 32_768;

/// The limits that an operator may raise beyond AWS's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of one document, and of all variables of one Assign field; default [`PAYLOAD_BYTES_MAX`].
    pub payload_bytes: usize,
    /// Events of one Standard execution; default [`HISTORY_EVENTS_MAX`].
    pub history_events: u64,
    /// Iterations of one inline Map at once; default [`INLINE_MAP_CONCURRENCY_MAX`].
    pub inline_map_concurrency: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            payload_bytes: PAYLOAD_BYTES_MAX,
            history_events: HISTORY_EVENTS_MAX,
            inline_map_concurrency: INLINE_MAP_CONCURRENCY_MAX,
        }
    }
}
