//! Shortcuts that break the protocol: what checks it has to notice each. No product is built with them.

use std::cell::Cell;

/// A shortcut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutant {
    /// Effects are performed before the entry that asks for them is durable.
    DispatchBeforeIntent,
    /// A report ends whatever call its execution waits for.
    CallbackUnmatched,
    /// A call is made though its own lease is over.
    NoSelfFence,
    /// A message or a token of an earlier execution of the same name is taken.
    AnyIncarnation,
    /// A job that goes on is not asked for again.
    PolledOnce,
    /// A poll is dropped while something else of its call is in flight.
    PollDropped,
    /// The engine sees another time than the one that it is given.
    OwnClock,
    /// Nobody looks whether a task that was offered to workers is still there.
    OfferedOnce,
}

thread_local! {
    static TAKEN: Cell<Option<Mutant>> = const { Cell::new(None) };
}

impl Mutant {
    /// Makes the drivers of this thread take a shortcut, or none.
    pub fn take(mutant: Option<Mutant>) {
        TAKEN.set(mutant);
    }

    pub(crate) fn is_taken(self) -> bool {
        TAKEN.get() == Some(self)
    }
}
