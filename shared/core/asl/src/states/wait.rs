//! Wait: waits for a time, or until one.

use super::task::SECONDS_MAX;
use crate::expression::Offered;
use crate::fields::{Fields, integer, timestamp};
use crate::program::{Wait, WaitUntil};

/// Reads a Wait state.
pub(crate) fn read(fields: &mut Fields<'_, '_>) -> Option<Wait> {
    let flow = fields.flow(Offered::INPUT);
    if fields.is_jsonata() {
        fields.exactly_one(&["Seconds", "Timestamp"]);
    } else {
        fields.exactly_one(&["Seconds", "SecondsPath", "Timestamp", "TimestampPath"]);
    }
    fields.refuse_several("SecondsPath");
    fields.refuse_several("TimestampPath");
    let seconds = fields
        .setting("Seconds", integer(0, SECONDS_MAX))
        .map(WaitUntil::Seconds);
    let until = fields.setting("Timestamp", timestamp).map(WaitUntil::Timestamp);
    let transition = fields.transition();
    Some(Wait {
        flow,
        until: seconds.or(until)?,
        transition,
    })
}
