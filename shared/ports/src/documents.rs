//! The documents that an event refers to.

use engine::{Details, Event, PayloadId};

/// Returns the documents that an event refers to, in the order of its fields.
pub fn documents(event: &Event) -> Vec<PayloadId> {
    match &event.details {
        Details::ExecutionStarted { input, .. } | Details::StateEntered { input, .. } => vec![*input],
        Details::ExecutionSucceeded { output }
        | Details::TaskSubmitted { output, .. }
        | Details::Succeeded { output, .. } => vec![*output],
        Details::StateExited { output, assigned, .. } => {
            let assigned = assigned.iter().map(|(_, id)| *id);
            std::iter::once(*output).chain(assigned).collect()
        }
        Details::Scheduled { parameters, .. } => vec![*parameters],
        Details::ExecutionFailed(_)
        | Details::ExecutionAborted(_)
        | Details::ExecutionTimedOut(_)
        | Details::ExecutionRedriven { .. }
        | Details::StateAborted { .. }
        | Details::ParallelStateStarted
        | Details::ParallelStateSucceeded
        | Details::ParallelStateFailed
        | Details::MapStateStarted { .. }
        | Details::MapStateSucceeded
        | Details::MapStateFailed
        | Details::MapRunStarted { .. }
        | Details::MapRunSucceeded
        | Details::MapRunFailed(_)
        | Details::MapRunAborted
        | Details::MapIterationStarted { .. }
        | Details::MapIterationSucceeded { .. }
        | Details::MapIterationFailed { .. }
        | Details::MapIterationAborted { .. }
        | Details::Started { .. }
        | Details::ActivityStarted { .. }
        | Details::TaskSubmitFailed { .. }
        | Details::Failed { .. }
        | Details::TimedOut { .. }
        | Details::EvaluationFailed { .. } => Vec::new(),
    }
}
