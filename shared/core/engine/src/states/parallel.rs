//! Parallel: runs branches at once.

use crate::data::Data;
use crate::fault::Fault;
use crate::flow::Frame;
use crate::history::Details;
use crate::thread::{Fork, Phase, Thread, ThreadId};
use crate::turn::Turn;
use asl::program::Parallel;
use std::sync::Arc;

pub(crate) fn run(turn: &mut Turn<'_>, id: ThreadId, parallel: &Parallel) -> Result<(), Fault> {
    let input = input(turn, id, parallel)?;
    begin_branches(turn, id, parallel, &input);
    Ok(())
}

/// Returns the input of the branches.
pub(crate) fn input(turn: &mut Turn<'_>, id: ThreadId, parallel: &Parallel) -> Result<Data, Fault> {
    let frame = Frame::new(turn, id);
    let input = frame.effective_input(&parallel.flow)?;
    let input = match &parallel.flow.arguments {
        Some(template) => {
            let value = frame.at(input.value()).template(template, "Parameters")?;
            turn.data(value)
        }
        None => input.into_data(turn),
    };
    if let Some(state) = turn.state_of(id) {
        turn.check_size(&input, &state.name)?;
    }
    frame.note(|trace| trace.after_arguments = Some(input.value().clone()));
    Ok(input)
}

fn begin_branches(turn: &mut Turn<'_>, id: ThreadId, parallel: &Parallel, input: &Data) {
    let length = u32::try_from(parallel.branches.len()).unwrap_or(u32::MAX);
    let first = turn.reserve_threads(length);
    let fork = Fork {
        first,
        length,
        begun: length,
        finished: 0,
        failed: 0,
        tolerated: 0,
        width: length,
        items: None,
        bounds: None,
    };
    turn.set_phase(id, Phase::Forked(fork));
    let started = turn.emit_for(id, Details::ParallelStateStarted);
    for (number, branch) in (0..length).zip(&parallel.branches) {
        let Some(machine) = turn.program.machine(*branch) else {
            continue;
        };
        let child = ThreadId(first.0.saturating_add(number));
        let thread = Thread {
            parent: Some(id),
            index: number,
            machine: *branch,
            state: machine.start_at,
            entered: 0,
            before: 0,
            entered_at: turn.now,
            input: input.clone(),
            variables: Arc::default(),
            previous: started,
            retries: Vec::new(),
            map_run: None,
            phase: Phase::Ready,
        };
        turn.put_thread(child, thread);
        turn.wake(child);
    }
}
