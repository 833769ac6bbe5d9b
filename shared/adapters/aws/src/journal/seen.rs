//! What this process knows of executions that run, so that appending to them needs no reading.

use engine::ExecutionKey;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// How many executions are remembered.
const EXECUTIONS_MAX: usize = 10_000;

/// The entries that are known to be there, of executions that ran when they were seen.
///
/// Entries of an execution that runs are never removed, and its head is never replaced, so that what was seen once
/// stays true until the execution closes. When another process closes it, the next place is taken, which the put finds.
#[derive(Debug, Default)]
pub(crate) struct Seen(Mutex<HashMap<ExecutionKey, (Arc<str>, u64)>>);

impl Seen {
    /// Whether the entry `seq` is known to be there.
    pub(crate) fn has(&self, key: &ExecutionKey, incarnation: &str, seq: u64) -> bool {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(key)
            .is_some_and(|(known, latest)| **known == *incarnation && seq <= *latest)
    }

    /// Remembers that the entries up to `seq` are there, and that the execution runs.
    pub(crate) fn note(&self, key: &ExecutionKey, incarnation: &str, seq: u64) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match seen.get_mut(key) {
            Some((known, latest)) if **known == *incarnation => *latest = seq.max(*latest),
            Some(there) => *there = (incarnation.into(), seq),
            None => {
                if seen.len() >= EXECUTIONS_MAX {
                    seen.clear();
                }
                seen.insert(key.clone(), (incarnation.into(), seq));
            }
        }
    }

    /// Forgets an execution: it has ended, or somebody else goes on with it.
    pub(crate) fn forget(&self, key: &ExecutionKey) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::Seen;
    use engine::ExecutionKey;

    #[test]
    fn an_execution_is_known_by_its_incarnation_until_it_is_forgotten() {
        let key = ExecutionKey {
            machine: "m".into(),
            name: "n".into(),
        };
        let seen = Seen::default();
        assert!(!seen.has(&key, "1", 0));
        seen.note(&key, "1", 3);
        seen.note(&key, "1", 2);
        assert!(seen.has(&key, "1", 3) && seen.has(&key, "1", 0));
        assert!(!seen.has(&key, "1", 4) && !seen.has(&key, "2", 0));
        seen.note(&key, "2", 0);
        assert!(!seen.has(&key, "1", 3) && seen.has(&key, "2", 0));
        seen.forget(&key);
        assert!(!seen.has(&key, "2", 0));
    }
}
