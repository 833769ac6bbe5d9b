//! Fail: ends a machine with an error.

use crate::fault::Fault;
use crate::flow::Frame;
use crate::thread::ThreadId;
use crate::turn::Turn;
use asl::program::Fail;

pub(crate) fn run(turn: &mut Turn<'_>, id: ThreadId, fail: &Fail) -> Result<(), Fault> {
    let frame = Frame::new(turn, id);
    let evaluator = frame.at(frame.input.value());
    let error = fail
        .error
        .as_ref()
        .map(|text| evaluator.text(text, "ErrorPath"))
        .transpose()?;
    let cause = fail
        .cause
        .as_ref()
        .map(|text| evaluator.text(text, "CausePath"))
        .transpose()?;
    Err(Fault {
        error,
        cause,
        alias: None,
        location: None,
    })
}
