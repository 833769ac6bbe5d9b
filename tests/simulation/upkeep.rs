//! What must hold of an execution that nobody is at work on: somebody or something will look after it (L2).

use crate::audit;
use crate::queues::{Carried, Queue};
use crate::world::{World, locked};
use engine::{Effect, Execution, ExecutionType, Program, Stage, Status};
use ports::Envelope;
use std::sync::Arc;

/// What an execution waits for besides clients, workers and children, by its latest entry.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Needs {
    /// When it wants to be woken.
    wake_at: Option<i64>,
    /// Whether it waits for a call that somebody has to make.
    has_calls: bool,
    /// Whether it waits for a job that is asked for.
    pub(crate) has_jobs: bool,
}

impl Needs {
    /// Returns what an execution waits for.
    pub(crate) fn of(execution: &Execution, program: &Program) -> Needs {
        if execution.status != Status::Running {
            return Needs::default();
        }
        if execution.identity.execution_type == ExecutionType::Express {
            // It goes on in memory, or is begun anew.
            return Needs {
                has_calls: true,
                ..Needs::default()
            };
        }
        let end = execution.ends_by(program);
        let deadline = execution.next_deadline().map_or(end, |time| time.min(end));
        // The end that every execution has after a year is the net's.
        let is_implicit = deadline == end && execution.timeout_seconds(program).is_none();
        let outstanding = execution.outstanding(program).into_iter();
        let mut calls = outstanding.filter(|(effect, stage)| {
            let is_offered = matches!(effect, Effect::OfferActivity(_));
            !is_offered && *stage != Stage::Submitted
        });
        Needs {
            wake_at: (!is_implicit).then(|| deadline.millis()),
            has_calls: calls.next().is_some(),
            has_jobs: execution.waits_for_jobs(),
        }
    }

    fn are_met_by(self, carried: &Carried, now: i64) -> bool {
        let is_timer = carried.queue == Queue::Timers;
        // A timer that is due, by whatever clock, comes like any other message, also when it came before and was refused.
        let soon = now + audit::CLOCKS_DIFFER_MILLIS;
        let in_time = |time: i64| carried.due.is_none_or(|due| due.millis() <= time.max(soon));
        !is_timer || self.wake_at.is_none_or(in_time)
    }

    fn are_none(self) -> bool {
        self.wake_at.is_none() && !self.has_calls && !self.has_jobs
    }
}

/// Checks an execution whose message was just deleted.
pub(crate) fn looked_after(world: &Arc<World>, envelope: &Envelope) {
    let mut table = locked(&world.table);
    let Some(row) = table.row_of(&envelope.key, &envelope.incarnation) else {
        return;
    };
    let needs = row.needs;
    drop(table);
    if needs.are_none() || !world.owed(&envelope.key).is_empty() {
        return;
    }
    let is_driven = locked(&world.processes)
        .iter()
        .any(|process| locked(&process.driven).contains_key(&envelope.key));
    let is_met = locked(&world.queues)
        .under_way(&envelope.incarnation)
        .any(|carried| needs.are_met_by(carried, world.millis()));
    // The polls of a job are hints, and the net's when one was lost.
    let are_hints =
        needs.wake_at.is_none() && !needs.has_calls && world.has_lost_polls(&envelope.incarnation);
    if !is_driven && !is_met && !are_hints {
        world.violate(&format!(
            "L2: nobody looks after {}: {needs:?}, and nothing is on its way",
            envelope.key.name
        ));
    }
}
