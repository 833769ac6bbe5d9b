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
    /// Half of all timers are not armed.
    TimerUnarmed,
    /// A document is stored after the entry that refers to it.
    BlobLate,
    /// A head that did not follow its last entry is left so.
    HeadLeft,
    /// Nobody counts how often a message came that ends whoever receives it.
    PoisonKept,
    /// Effects are performed before the entry that asks for them is durable.
    #[cfg(feature = "mutants")]
    DispatchBeforeIntent,
    /// A report ends whatever task its execution waits for.
    #[cfg(feature = "mutants")]
    CallbackUnmatched,
    /// A call is made though its own lease is over.
    #[cfg(feature = "mutants")]
    NoSelfFence,
    /// A message or a token of an earlier execution of the same name is taken.
    #[cfg(feature = "mutants")]
    AnyIncarnation,
    /// A job that goes on is not asked for again.
    #[cfg(feature = "mutants")]
    PolledOnce,
    /// A poll is dropped while something else of its call is in flight.
    #[cfg(feature = "mutants")]
    PollDropped,
    /// Nobody looks whether a task that was offered to workers is still there.
    #[cfg(feature = "mutants")]
    OfferedOnce,
    /// The engine sees another time than the one that it is given.
    #[cfg(feature = "mutants")]
    OwnClock,
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
        Mutant::TimerUnarmed,
        Mutant::BlobLate,
        Mutant::HeadLeft,
        Mutant::PoisonKept,
        #[cfg(feature = "mutants")]
        Mutant::DispatchBeforeIntent,
        #[cfg(feature = "mutants")]
        Mutant::CallbackUnmatched,
        #[cfg(feature = "mutants")]
        Mutant::NoSelfFence,
        #[cfg(feature = "mutants")]
        Mutant::AnyIncarnation,
        #[cfg(feature = "mutants")]
        Mutant::PolledOnce,
        #[cfg(feature = "mutants")]
        Mutant::PollDropped,
        #[cfg(feature = "mutants")]
        Mutant::OfferedOnce,
        #[cfg(feature = "mutants")]
        Mutant::OwnClock,
    ];

    /// Returns the shortcut that the driver takes.
    #[cfg(feature = "mutants")]
    pub(crate) fn of_driver(self) -> Option<driver::Mutant> {
        match self {
            Mutant::DispatchBeforeIntent => Some(driver::Mutant::DispatchBeforeIntent),
            Mutant::CallbackUnmatched => Some(driver::Mutant::CallbackUnmatched),
            Mutant::NoSelfFence => Some(driver::Mutant::NoSelfFence),
            Mutant::AnyIncarnation => Some(driver::Mutant::AnyIncarnation),
            Mutant::PolledOnce => Some(driver::Mutant::PolledOnce),
            Mutant::OfferedOnce => Some(driver::Mutant::OfferedOnce),
            Mutant::PollDropped => Some(driver::Mutant::PollDropped),
            Mutant::OwnClock => Some(driver::Mutant::OwnClock),
            Mutant::ResendOnce
            | Mutant::NoNonce
            | Mutant::LoserDeletes
            | Mutant::DeleteOnReceive
            | Mutant::NoNet
            | Mutant::StaleDropped
            | Mutant::NoLeaseCheck
            | Mutant::TimerUnarmed
            | Mutant::BlobLate
            | Mutant::HeadLeft
            | Mutant::PoisonKept => None,
        }
    }
}
