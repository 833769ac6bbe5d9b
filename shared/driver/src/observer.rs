//! Live news of executions, for the terminal and the console.

use engine::{Entry, Event, Identity};

/// Is told of what executions do. Must not block.
pub trait Observer: Send + Sync {
    /// An entry of an execution has become durable.
    fn committed(&self, identity: &Identity, entry: &Entry) {
        self.happened(identity, &entry.events);
    }

    /// These events happened; those of an Express execution are not durable yet.
    fn happened(&self, identity: &Identity, events: &[Event]);
}
