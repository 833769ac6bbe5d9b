//! PublishStateMachineVersion.

use crate::arn::MachineArn;
use crate::constraints::{ARN, DESCRIPTION, REVISION_ID};
use crate::error::{Error, Exception};
use crate::versions::publish;
use crate::wire::Answer;
use crate::{Call, machines, members};

/// Publishes the current revision; one that is published already keeps its version.
pub(crate) async fn answer(call: &Call<'_>) -> Result<Answer, Error> {
    let (arn, revision, description) = members::read(call.body, |members| {
        Ok((
            members.required_text("stateMachineArn", &ARN)?,
            members.text("revisionId", &REVISION_ID)?,
            members.text("description", &DESCRIPTION)?,
        ))
    })?;
    let arn = MachineArn::parse(&arn)?;
    machines::check_plain(&arn, "PublishStateMachineVersion")?;
    machines::change(call, &arn, Error::no_machine, |machine| {
        machines::check_active(machine, &arn)?;
        let current = machines::published_revision_id(&machine.revision);
        if let Some(asked) = revision.as_deref()
            && asked != current
        {
            let message = format!(
                "Failed to publish the State Machine version for revision {asked}. The current State Machine revision \
                 is {current}."
            );
            return Err(Error::new(Exception::ConflictException, message));
        }
        let version = publish(call, machine, description.clone())?;
        Ok(Answer::default()
            .with("stateMachineVersionArn", machine.qualified_arn(version.number))
            .with_time("creationDate", version.created))
    })
    .await
}
