//! Wait: lets time pass.

use crate::fault::{Fault, errors};
use crate::flow::{Evaluator, Frame};
use crate::thread::{Phase, ThreadId};
use crate::turn::Turn;
use asl::Timestamp;
use asl::program::{Setting, StateKind, Wait, WaitUntil};
use serde_json::Value;

pub(crate) fn run(turn: &mut Turn<'_>, id: ThreadId, wait: &Wait) -> Result<(), Fault> {
    let frame = Frame::new(turn, id);
    let input = frame.effective_input(&wait.flow)?;
    let evaluator = frame.at(input.value());
    let until = match &wait.until {
        WaitUntil::Seconds(setting) => turn.now.plus_seconds(seconds(&evaluator, setting)?),
        WaitUntil::Timestamp(setting) => timestamp(&evaluator, setting)?,
    };
    if until <= turn.now {
        return leave(turn, id, wait);
    }
    turn.set_phase(id, Phase::Waiting { until });
    Ok(())
}

/// Goes on after the wait.
pub(crate) fn over(turn: &mut Turn<'_>, id: ThreadId) {
    let Some(state) = turn.state_of(id) else { return };
    if let StateKind::Wait(wait) = &state.kind
        && let Err(fault) = leave(turn, id, wait)
    {
        turn.fail(id, fault);
    }
}

fn leave(turn: &mut Turn<'_>, id: ThreadId, wait: &Wait) -> Result<(), Fault> {
    let frame = Frame::new(turn, id);
    let input = frame.effective_input(&wait.flow)?;
    turn.complete_in(frame, id, &wait.flow, input, wait.transition)
}

fn seconds(evaluator: &Evaluator<'_>, setting: &Setting<u64>) -> Result<u64, Fault> {
    match setting {
        Setting::Fixed(seconds) => Ok(*seconds),
        Setting::Path(path) => {
            let value = evaluator.path(path, "SecondsPath")?;
            if value.as_i64().is_some_and(|seconds| seconds < 0) {
                let message = format!(
                    "The SecondsPath parameter references a negative value: {} == {value}",
                    path.text()
                );
                return Err(evaluator.fault(errors::RUNTIME, &message));
            }
            value.as_u64().ok_or_else(|| {
                let message = format!(
                    "The SecondsPath parameter cannot be parsed as a long value: {} == {value}",
                    path.text()
                );
                evaluator.fault(errors::RUNTIME, &message)
            })
        }
        Setting::Expression(expression) => {
            let value = evaluator.expression(expression)?;
            value.as_u64().ok_or_else(|| {
                let message = format!(
                    "The JSONata expression '{}' specified for the field 'Seconds' returned an unexpected result type or value: {value}. Expected a whole number of at least 0",
                    expression.source.text()
                );
                evaluator.evaluation_fault("Seconds", &message)
            })
        }
    }
}

fn timestamp(evaluator: &Evaluator<'_>, setting: &Setting<Timestamp>) -> Result<Timestamp, Fault> {
    let parse = |value: &Value| value.as_str().and_then(Timestamp::parse);
    let shown = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match setting {
        Setting::Fixed(time) => Ok(*time),
        Setting::Path(path) => {
            let value = evaluator.path(path, "TimestampPath")?;
            parse(&value).ok_or_else(|| {
                let message = format!(
                    "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string: {} == {}",
                    path.text(),
                    shown(value)
                );
                evaluator.fault(errors::RUNTIME, &message)
            })
        }
        Setting::Expression(expression) => {
            let value = evaluator.expression(expression)?;
            parse(&value).ok_or_else(|| {
                let message = format!(
                    "The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: {}",
                    shown(value)
                );
                evaluator.evaluation_fault("Timestamp", &message)
            })
        }
    }
}
