//! Parallel: runs its branches beside each other.

use super::{catching, retrying};
use crate::expression::Offered;
use crate::fields::Fields;
use crate::program::{MachineId, Parallel};
use serde_json::Value;

/// Reads a Parallel state, whose branches were outlined before.
pub(crate) fn read(fields: &mut Fields<'_, '_>, branches: &[MachineId]) -> Parallel {
    fields.require(&["Branches"]);
    fields.objects("Branches");
    if fields
        .value("Branches")
        .and_then(Value::as_array)
        .is_some_and(Vec::is_empty)
    {
        fields.findings.schema(
            &fields.at.field("Branches"),
            "The field 'Branches' must not be empty",
        );
    }
    Parallel {
        flow: fields.flow(Offered::RESULT),
        branches: branches.to_vec(),
        retry: retrying::read(fields),
        catch: catching::read(fields),
        transition: fields.transition(),
    }
}
