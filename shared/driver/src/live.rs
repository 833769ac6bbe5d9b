//! An execution in memory, with what its driver knows besides.

use engine::{Execution, ExecutionType, Message, Outcome, Program, Timestamp, apply};
use std::sync::Arc;
use tokio::sync::oneshot;

/// An execution in memory.
pub(crate) struct Live {
    pub(crate) execution: Execution,
    pub(crate) program: Arc<Program>,
    /// The latest time that a timer is armed for.
    pub(crate) armed: Option<Timestamp>,
    /// When somebody has to look whether calls that another driver makes were answered.
    pub(crate) look_again_at: Option<Timestamp>,
    /// Whether there is more to do at once.
    pub(crate) unfinished: bool,
    /// Whether the journal holds every step; an Express execution is journalled at its start and its end, if at all.
    pub(crate) durable: bool,
    /// What an Express execution has done so far.
    pub(crate) express: Outcome,
    /// Whether its program holds expressions that may take long.
    is_slow: bool,
    /// Who waits for the end of an Express execution.
    pub(crate) waiter: Option<oneshot::Sender<Box<Execution>>>,
    #[cfg(feature = "mutants")]
    pub(crate) tape: crate::tape::Tape,
}

impl crate::Inner {
    pub(crate) fn live(&self, mut execution: Execution, program: Arc<Program>) -> Live {
        // An Express execution is in memory: nobody else could go on with it.
        if execution.identity.execution_type == ExecutionType::Standard {
            execution.hands_over_beyond = self.settings.hands_over_beyond;
        }
        Live {
            execution,
            armed: None,
            look_again_at: None,
            unfinished: false,
            durable: true,
            express: Outcome::default(),
            waiter: None,
            #[cfg(feature = "mutants")]
            tape: crate::tape::Tape::default(),
            is_slow: program.uses_jsonata(),
            program,
        }
    }
}

impl Live {
    /// Applies a message. An expression may take seconds, and then the other executions must go on.
    pub(crate) fn apply(&mut self, message: Message, now: Timestamp) -> Outcome {
        #[cfg(feature = "mutants")]
        self.tape.note(&self.execution, &message, now);
        #[cfg(feature = "mutants")]
        let now = match crate::Mutant::OwnClock.is_taken() {
            true => now.plus_seconds(1),
            false => now,
        };
        let can_step_aside =
            tokio::runtime::Handle::current().runtime_flavor() == tokio::runtime::RuntimeFlavor::MultiThread;
        if self.is_slow && can_step_aside {
            tokio::task::block_in_place(|| apply(&self.program, &mut self.execution, message, now))
        } else {
            apply(&self.program, &mut self.execution, message, now)
        }
    }
}
