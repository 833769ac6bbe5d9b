//! Pass: hands its input on, changed as its fields say.

use crate::fault::Fault;
use crate::flow::{Frame, Merged};
use crate::thread::ThreadId;
use crate::turn::Turn;
use asl::program::Pass;

pub(crate) fn run(turn: &mut Turn<'_>, id: ThreadId, pass: &Pass) -> Result<(), Fault> {
    let flow = &pass.flow;
    let frame = Frame::new(turn, id);
    let result = if let Some(result) = &pass.result {
        Merged::New(result.clone())
    } else {
        let input = frame.effective_input(flow)?;
        let input = match &flow.arguments {
            Some(template) => Merged::New(frame.at(input.value()).template(template, "Parameters")?),
            None => input,
        };
        frame.note(|trace| trace.after_arguments = Some(input.value().clone()));
        input
    };
    turn.complete_in(frame, id, flow, result, pass.transition)
}
