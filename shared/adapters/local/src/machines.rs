//! State machines in memory: every start of an execution reads one, and hardly anybody changes one.

use ports::Machine;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// How many machines are kept at most; a definition may have a mebibyte.
const MACHINES_MAX: usize = 256;

/// The machines that were read since the last change of any, by [`ports::machine_key`].
#[derive(Debug, Default)]
pub(crate) struct Machines(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    machines: HashMap<String, Machine>,
    changes: u64,
}

/// A moment in the order of changes: what was read before a change must not be kept after it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment(u64);

impl Machines {
    /// Returns a machine, or the moment from which on it may be read in the store.
    pub(crate) fn get(&self, key: &str) -> Result<Machine, Moment> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.machines.get(key).cloned().ok_or(Moment(kept.changes))
    }

    /// Keeps a machine that was read after `moment`, unless one was changed meanwhile.
    pub(crate) fn keep(&self, key: String, machine: Machine, moment: Moment) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.changes != moment.0 {
            return;
        }
        if kept.machines.len() >= MACHINES_MAX {
            kept.machines.clear();
        }
        kept.machines.insert(key, machine);
    }

    /// Forgets all machines: one was changed, durably.
    pub(crate) fn forget(&self) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.machines.clear();
        kept.changes += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::Machines;
    use engine::{ExecutionType, Timestamp};
    use ports::{Machine, MachineStatus, Owner, Revision};
    use std::collections::BTreeMap;
    use std::sync::Arc;

    fn machine() -> Machine {
        let now = Timestamp(1_800_000_000_000);
        Machine {
            arn: "arn:aws:states:us-east-1:123456789012:stateMachine:m".to_owned(),
            name: "m".to_owned(),
            machine_type: ExecutionType::Standard,
            status: MachineStatus::Active,
            created: now,
            updated: now,
            revision: Revision {
                id: "1".to_owned(),
                definition: "{}".into(),
                role_arn: "arn:aws:iam::123456789012:role/r".into(),
                logging: None,
                tracing: None,
                encryption: None,
                created: now,
            },
            tags: BTreeMap::new(),
            published: Arc::default(),
            edits: 0,
            owner: Owner {
                region: "us-east-1".into(),
                account: "123456789012".into(),
            },
        }
    }

    #[test]
    fn a_machine_is_kept_until_one_is_changed() {
        let machines = Machines::default();
        let moment = machines.get("m").unwrap_err();
        machines.keep("m".to_owned(), machine(), moment);
        assert_eq!(machines.get("m").unwrap().name, "m");
        machines.forget();
        assert!(machines.get("m").is_err());
    }

    #[test]
    fn what_was_read_before_a_change_is_not_kept_after_it() {
        let machines = Machines::default();
        let moment = machines.get("m").unwrap_err();
        machines.forget();
        machines.keep("m".to_owned(), machine(), moment);
        assert!(machines.get("m").is_err());
    }
}
