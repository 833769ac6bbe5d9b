//! TagResource.

use crate::arn::{ActivityArn, MachineArn, ResourceArn};
use crate::constraints::ARN;
use crate::error::Error;
use crate::tags::{self, Tags};
use crate::wire::Answer;
use crate::{Call, machines, members};
use ports::{Activity, Machine};

pub(crate) async fn answer(call: &Call<'_>) -> Result<Answer, Error> {
    let (arn, added) = members::read(call.body, |members| {
        let arn = members.required_text("resourceArn", &ARN)?;
        if !members.has("tags") {
            members.miss("tags");
        }
        Ok((arn, tags::read(members)?.unwrap_or_default()))
    })?;
    change(call, &arn, |tags| {
        tags.extend(added.clone());
        tags::check(tags, &arn)
    })
    .await?;
    Ok(Answer::default())
}

/// Changes the tags of the resource that `arn` names.
pub(super) async fn change(
    call: &Call<'_>,
    arn: &str,
    change: impl Fn(&mut Tags) -> Result<(), Error>,
) -> Result<(), Error> {
    match ResourceArn::parse(arn)? {
        ResourceArn::Machine(arn) => {
            if !arn.is_plain() {
                return Err(Error::no_resource(&arn.text));
            }
            machines::change(call, &arn, Error::no_resource, |machine| {
                change(&mut machine.tags)
            })
            .await
        }
        ResourceArn::Activity(arn) => {
            for _ in 0..machines::ATTEMPTS {
                let mut activity = find_activity(call, &arn).await?;
                change(&mut activity.tags)?;
                if call.driver.ports().registry.replace_activity(activity).await? {
                    return Ok(());
                }
            }
            Err(Error::conflict(&arn.text))
        }
    }
}

/// Finds a state machine that has tags: versions and aliases have none.
pub(super) async fn find_machine(call: &Call<'_>, arn: &MachineArn) -> Result<Machine, Error> {
    if !arn.is_plain() {
        return Err(Error::no_resource(&arn.text));
    }
    let machine = call
        .driver
        .ports()
        .registry
        .machine(&arn.owner, &arn.name)
        .await?;
    machine.ok_or_else(|| Error::no_resource(&arn.text))
}

/// Finds an activity that has tags.
pub(super) async fn find_activity(call: &Call<'_>, arn: &ActivityArn) -> Result<Activity, Error> {
    let activity = call
        .driver
        .ports()
        .registry
        .activity(&arn.owner, &arn.name)
        .await?;
    activity.ok_or_else(|| Error::no_resource(&arn.text))
}
