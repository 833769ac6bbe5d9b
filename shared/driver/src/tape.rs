//! What was applied for each entry, so that what checks the driver can make the entry again. No product is built with it.

use engine::{Entry, Execution, Message, Timestamp};
use ports::Nonce;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// A message that was applied, and how.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The message.
    pub message: Message,
    /// When.
    pub now: Timestamp,
    /// [`Execution::holds_calls`] then.
    pub holds_calls: bool,
    /// [`Execution::hands_over_beyond`] then.
    pub hands_over_beyond: Option<u64>,
}

/// The messages that one execution in memory has taken, by the entry that was being made.
#[derive(Debug, Default)]
pub(crate) struct Tape(BTreeMap<u64, Vec<Applied>>);

thread_local! {
    static WRITTEN: RefCell<BTreeMap<String, Vec<Applied>>> = const { RefCell::new(BTreeMap::new()) };
}

impl Tape {
    pub(crate) fn note(&mut self, execution: &Execution, message: &Message, now: Timestamp) {
        self.0.entry(execution.seq).or_default().push(Applied {
            message: message.clone(),
            now,
            holds_calls: execution.holds_calls,
            hands_over_beyond: execution.hands_over_beyond,
        });
    }

    /// Keeps what was applied for an entry, under the nonce of its write.
    pub(crate) fn keep(&self, entry: &Entry, nonce: &Nonce) {
        let applied = self.0.get(&entry.seq).cloned().unwrap_or_default();
        WRITTEN.with_borrow_mut(|written| written.insert(nonce.0.clone(), applied));
    }
}

/// Returns what was applied for the entry of a write, once.
pub fn applied_for(nonce: &Nonce) -> Option<Vec<Applied>> {
    WRITTEN.with_borrow_mut(|written| written.remove(&nonce.0))
}
