//! State machines and activities as requests name them.

use crate::arn::{ActivityArn, MachineArn};
use crate::error::Error;
use crate::{Call, ids};
use ports::{Activity, Alias, Machine, MachineStatus, Qualified, Revision, qualified, version_number};

/// How often a change that another one came before is tried again.
pub(crate) const ATTEMPTS: u32 = 5;

/// The id of a state machine's first revision begins with this: AWS shows it as null and calls it `INITIAL`.
const FIRST_REVISION: &str = "INITIAL-";

/// What the ARN of a state machine, of a version or of an alias names.
#[derive(Clone, Debug)]
pub(crate) enum Named {
    /// The state machine itself.
    Plain(Machine),
    /// A version, perhaps by an alias.
    Qualified(Qualified),
}

impl Named {
    /// Returns the state machine: with the version's revision if one is named.
    pub(crate) fn machine(&self) -> &Machine {
        match self {
            Named::Plain(machine) => machine,
            Named::Qualified(qualified) => &qualified.machine,
        }
    }
}

/// Which of its versions an alias stands for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Choice {
    /// One that is drawn by the weights.
    Drawn,
    /// The one with the greatest weight.
    Foremost,
}

/// Finds what an ARN names, for the operation `operation`: the state machine, or a version, by its number or by an alias.
pub(crate) async fn find(
    call: &Call<'_>,
    arn: &MachineArn,
    operation: &str,
    choice: Choice,
) -> Result<Named, Error> {
    check_unlabelled(arn, operation)?;
    let missing = || Error::no_machine(&arn.text);
    let machine = find_base(call, arn).await?.ok_or_else(missing)?;
    let Some(qualifier) = arn.qualifier.clone() else {
        return Ok(Named::Plain(machine));
    };
    let ports = call.driver.ports();
    let (qualifier, random) = match (version_number(&qualifier), choice) {
        (Some(_), _) => (qualifier, [0; 32]),
        (None, Choice::Drawn) => (qualifier, ports.entropy.bytes()),
        (None, Choice::Foremost) => {
            let alias = machine.published.alias(&qualifier);
            let foremost = alias.and_then(Alias::foremost).ok_or_else(missing)?;
            (foremost.to_string(), [0; 32])
        }
    };
    let found = qualified(&*ports.registry, machine, &qualifier, &random).await?;
    found.map(Named::Qualified).ok_or_else(missing)
}

/// Refuses the ARN of a Distributed Map state.
pub(crate) fn check_unlabelled(arn: &MachineArn, operation: &str) -> Result<(), Error> {
    match arn.label {
        Some(_) => Err(Error::labelled_arn(operation)),
        None => Ok(()),
    }
}

/// Refuses an ARN that names anything but a state machine itself.
pub(crate) fn check_plain(arn: &MachineArn, operation: &str) -> Result<(), Error> {
    check_unlabelled(arn, operation)?;
    if arn.is_plain() {
        Ok(())
    } else {
        Err(Error::no_machine(&arn.text))
    }
}

/// Finds the state machine whose name stands in an ARN, whatever follows the name.
pub(crate) async fn find_base(call: &Call<'_>, arn: &MachineArn) -> Result<Option<Machine>, Error> {
    let registry = &call.driver.ports().registry;
    Ok(registry.machine(&arn.owner, &arn.name).await?)
}

/// Refuses a state machine that cannot be used any more.
pub(crate) fn check_active(machine: &Machine, arn: &MachineArn) -> Result<(), Error> {
    match machine.status {
        MachineStatus::Active => Ok(()),
        MachineStatus::Deleting => Err(Error::machine_deleting(&arn.text)),
    }
}

/// Changes the state machine whose name stands in an ARN; `missing` is the answer when it is not there.
///
/// When somebody else changes it meanwhile, `change` is tried again with what is there then. What `change` leaves as it
/// is, is not written.
pub(crate) async fn change<T>(
    call: &Call<'_>,
    arn: &MachineArn,
    missing: impl Fn(&str) -> Error,
    change: impl Fn(&mut Machine) -> Result<T, Error>,
) -> Result<T, Error> {
    let registry = &call.driver.ports().registry;
    for _ in 0..ATTEMPTS {
        let before = find_base(call, arn).await?.ok_or_else(|| missing(&arn.text))?;
        let mut after = before.clone();
        let changed = change(&mut after)?;
        if after == before {
            return Ok(changed);
        }
        after.edits += 1;
        if registry.replace_machine(after, &before.edition()).await? {
            return Ok(changed);
        }
    }
    Err(Error::conflict(&arn.text))
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

/// Returns a revision's id as PublishStateMachineVersion takes it.
pub(crate) fn published_revision_id(revision: &Revision) -> &str {
    shown_revision_id(revision).unwrap_or_else(|| FIRST_REVISION.trim_end_matches('-'))
}

/// Returns a state machine's status as it is shown.
pub(crate) fn status_name(status: MachineStatus) -> &'static str {
    match status {
        MachineStatus::Active => "ACTIVE",
        MachineStatus::Deleting => "DELETING",
    }
}
