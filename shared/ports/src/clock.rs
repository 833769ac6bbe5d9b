//! Time and randomness: the two things that the core may not have of its own.

use engine::Timestamp;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Returns the current time. It may jump; the journal's time never goes back.
    fn now(&self) -> Timestamp;
}

/// Gives random bytes that nobody can guess.
pub trait Entropy: Send + Sync {
    /// Returns 32 fresh random bytes.
    fn bytes(&self) -> [u8; 32];
}
