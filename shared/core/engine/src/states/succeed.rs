//! Succeed: ends a machine well.

use crate::fault::Fault;
use crate::flow::Frame;
use crate::thread::ThreadId;
use crate::turn::Turn;
use asl::program::{Succeed, Transition};

pub(crate) fn run(turn: &mut Turn<'_>, id: ThreadId, succeed: &Succeed) -> Result<(), Fault> {
    let frame = Frame::new(turn, id);
    let input = frame.effective_input(&succeed.flow)?;
    turn.complete_in(frame, id, &succeed.flow, input, Transition::End)
}
