//! Deadlines.

use async_trait::async_trait;
use engine::{ExecutionKey, Timestamp};

/// Why a timer could not be armed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the timers failed: {0}")]
pub struct TimersError(pub String);

/// The timers: an execution has one, for its earliest deadline.
#[async_trait]
pub trait Timers: Send + Sync {
    /// Asks for a [`Message::Due`](engine::Message::Due) at `at`, not earlier.
    ///
    /// Arming again is allowed and never cancels: a wake-up too many changes nothing.
    async fn arm(&self, key: &ExecutionKey, incarnation: &str, at: Timestamp) -> Result<(), TimersError>;

    /// Says that an execution has ended: its deadlines may be forgotten. A hint; nothing depends on it but memory.
    async fn disarm(&self, _key: &ExecutionKey, _incarnation: &str) {}
}
