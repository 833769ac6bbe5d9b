//! The tests that every adapter must pass, written once: an adapter's own tests call them with what it provides.
//!
//! Each function panics with a reason when the contract is broken. Each works on names of its own, so that they can
//! share a store, run one beside the other, and run again.

pub mod blobs;
pub mod journal;
pub mod mailbox;
pub mod registry;
pub mod timers;

mod runs;

pub use runs::Run;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Returns a name that no other test has had: 32 hexadecimal digits.
pub fn unique() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let nanos = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_nanos() as u64);
    let process = u64::from(std::process::id());
    format!(
        "{:016x}{:08x}{:08x}",
        nanos,
        process & 0xffff_ffff,
        COUNT.fetch_add(1, Ordering::Relaxed) & 0xffff_ffff
    )
}
