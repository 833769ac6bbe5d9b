//! Shortcuts that break the protocol: the simulator has to notice each.

/// A shortcut, taken by the simulated ports, by whoever hands out messages, or by the driver itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutant {
    /// A call that must not be repeated is made again after a crash.
    ResendOnce,
    /// A write does not recognise its own earlier success.
    NoNonce,
    /// Whoever loses a race for an entry's place deletes its message and leaves.
    LoserDeletes,
    /// A message is deleted as soon as it is received.
    DeleteOnReceive,
    /// Nobody looks for executions whose wake-up was lost.
    NoNet,
    /// A message that says nothing new is deleted, and its execution not looked after.
    StaleDropped,
    /// A call is given up while whoever makes it may be alive.
    NoLeaseCheck,
    /// Effects are performed before the entry that asks for them is durable.
    #[cfg(feature = "mutants")]
    DispatchBeforeIntent,
    /// A report ends whatever task its execution waits for.
    #[cfg(feature = "mutants")]
    CallbackUnmatched,
    /// A call is made though its own lease is over.
    #[cfg(feature = "mutants")]
    NoSelfFence,
}

impl Mutant {
    pub(crate) const ALL: &[Mutant] = &[
        Mutant::ResendOnce,
        Mutant::NoNonce,
        Mutant::LoserDeletes,
        Mutant::DeleteOnReceive,
        Mutant::NoNet,
        Mutant::StaleDropped,
        Mutant::NoLeaseCheck,
        #[cfg(feature = "mutants")]
        Mutant::DispatchBeforeIntent,
        #[cfg(feature = "mutants")]
        Mutant::CallbackUnmatched,
        #[cfg(feature = "mutants")]
        Mutant::NoSelfFence,
    ];

    /// Returns the shortcut that the driver takes.
    #[cfg(feature = "mutants")]
    pub(crate) fn of_driver(self) -> Option<driver::Mutant> {
        match self {
            Mutant::DispatchBeforeIntent => Some(driver::Mutant::DispatchBeforeIntent),
            Mutant::CallbackUnmatched => Some(driver::Mutant::CallbackUnmatched),
            Mutant::NoSelfFence => Some(driver::Mutant::NoSelfFence),
            Mutant::ResendOnce
            | Mutant::NoNonce
            | Mutant::LoserDeletes
            | Mutant::DeleteOnReceive
            | Mutant::NoNet
            | Mutant::StaleDropped
            | Mutant::NoLeaseCheck => None,
        }
    }
}
