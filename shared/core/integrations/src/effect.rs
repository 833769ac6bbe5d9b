//! Effect classes: what may be done after a crash between a call's intent and its result.

use serde::{Deserialize, Serialize};

/// Says whether a call whose outcome is unknown may be sent again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EffectClass {
    /// Reads or idempotent writes: send again.
    Repeatable,
    /// Carries a client token or a natural unique key: send again, with the same token, inside the window.
    Token {
        /// The request member that carries the token.
        member: String,
        /// For how long the service remembers the token.
        window_seconds: u64,
    },
    /// Everything else: never send again; the outcome stays unknown.
    Once,
}
