//! News of executions, for whoever shows or sends them on.

use engine::{Entry, Event, Identity, Outcome};

/// Is told of what executions do. Must not block.
pub trait Observer: Send + Sync {
    /// An entry of an execution has become durable.
    fn committed(&self, identity: &Identity, entry: &Entry) {
        self.happened(identity, &entry.events);
    }

    /// An Express execution went on in memory: nothing of it is durable yet.
    fn ran(&self, identity: &Identity, outcome: &Outcome) {
        self.happened(identity, &outcome.events);
    }

    /// These events happened; those of an Express execution are not durable yet.
    fn happened(&self, identity: &Identity, events: &[Event]);
}
