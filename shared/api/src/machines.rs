//! State machines and activities as requests name them.

use crate::arn::{ActivityArn, MachineArn};
use crate::error::Error;
use crate::{Call, ids};
use ports::{Activity, Machine, MachineStatus, Revision};

/// How often a change that another one came before is tried again.
pub(crate) const ATTEMPTS: u32 = 5;

/// The id of a state machine's first revision begins with this: AWS shows it as null and calls it `INITIAL`.
const FIRST_REVISION: &str = "INITIAL-";

/// Finds the state machine that an ARN names, for the operation `operation`.
pub(crate) async fn find(call: &Call<'_>, arn: &MachineArn, operation: &str) -> Result<Machine, Error> {
    if arn.label.is_some() {
        return Err(Error::labelled_arn(operation));
    }
    // Versions and aliases cannot be made yet: no ARN names one that exists.
    if arn.qualifier.is_some() {
        return Err(Error::no_machine(&arn.text));
    }
    let machine = call
        .driver
        .ports()
        .registry
        .machine(&arn.owner, &arn.name)
        .await?;
    machine.ok_or_else(|| Error::no_machine(&arn.text))
}

/// Finds a state machine that can be used.
pub(crate) async fn find_active(
    call: &Call<'_>,
    arn: &MachineArn,
    operation: &str,
) -> Result<Machine, Error> {
    let machine = find(call, arn, operation).await?;
    match machine.status {
        MachineStatus::Active => Ok(machine),
        MachineStatus::Deleting => Err(Error::machine_deleting(&arn.text)),
    }
}

/// Finds the activity that an ARN names.
pub(crate) async fn find_activity(call: &Call<'_>, arn: &ActivityArn) -> Result<Activity, Error> {
    let activity = call
        .driver
        .ports()
        .registry
        .activity(&arn.owner, &arn.name)
        .await?;
    activity.ok_or_else(|| Error::no_activity(&arn.text))
}

/// Returns the id of a state machine's first revision.
pub(crate) fn first_revision_id(call: &Call<'_>) -> String {
    // Unique even so: a state machine may be deleted and created again.
    format!("{FIRST_REVISION}{}", ids::uuid(call.driver.ports()))
}

/// Returns a revision's id as it is shown: the first one is not.
pub(crate) fn shown_revision_id(revision: &Revision) -> Option<&str> {
    Some(revision.id.as_str()).filter(|id| !id.starts_with(FIRST_REVISION))
}

/// Returns a state machine's status as it is shown.
pub(crate) fn status_name(status: MachineStatus) -> &'static str {
    match status {
        MachineStatus::Active => "ACTIVE",
        MachineStatus::Deleting => "DELETING",
    }
}
