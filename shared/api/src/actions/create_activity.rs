//! CreateActivity.

use crate::configurations::{check_encryption, encryption_of, shown_encryption};
use crate::constraints::{self, NAME};
use crate::error::{Error, Exception};
use crate::wire::Answer;
use crate::{Call, arn, members, tags};
use ports::Activity;

pub(crate) async fn answer(call: &Call<'_>) -> Result<Answer, Error> {
    let (name, tags, encryption) = members::read(call.body, |members| {
        let name = members.required_text("name", &NAME)?;
        Ok((
            name,
            tags::read(members)?.unwrap_or_default(),
            encryption_of(members)?,
        ))
    })?;
    constraints::check_name(&name)?;
    check_encryption(encryption.as_ref())?;
    let arn = arn::of_activity(&call.owner, &name);
    tags::check(&tags, &arn)?;
    let ports = call.driver.ports();
    let activity = Activity {
        owner: call.owner.clone(),
        name,
        arn,
        created: ports.clock.now(),
        encryption,
        tags,
    };
    let created = match ports.registry.insert_activity(activity.clone()).await? {
        None => activity,
        Some(existing) => {
            // The same name is the same activity, whatever its tags.
            if shown_encryption(existing.encryption.as_ref())
                != shown_encryption(activity.encryption.as_ref())
            {
                return Err(Error::new(
                    Exception::ActivityAlreadyExists,
                    "Activity already exists. EncryptionConfiguration may not be updated.",
                ));
            }
            existing
        }
    };
    Ok(Answer::default()
        .with("activityArn", created.arn)
        .with_time("creationDate", created.created))
}
