//! DeleteStateMachineVersion.

use crate::arn::MachineArn;
use crate::constraints::LONG_ARN;
use crate::error::{Error, Exception};
use crate::wire::Answer;
use crate::{Call, machines, members};
use std::sync::Arc;

/// Deletes a version that no alias leads to, and does not mind when it is not there. What runs it goes on.
pub(crate) async fn answer(call: &Call<'_>) -> Result<Answer, Error> {
    let arn = members::read(call.body, |members| {
        members.required_text("stateMachineVersionArn", &LONG_ARN)
    })?;
    let (arn, number) = MachineArn::parse_version(&arn)?;
    if machines::find_base(call, &arn).await?.is_none() {
        return Ok(Answer::default());
    }
    // Whoever deletes the state machine meanwhile has deleted its versions.
    machines::change(call, &arn, Error::no_machine, |machine| {
        let aliases: Vec<&str> = machine.published.aliases_of(number).collect();
        if !aliases.is_empty() {
            let message = format!(
                "Version to be deleted must not be referenced by an alias. Current list of aliases referencing this \
                 version: [{}]",
                aliases.join(", ")
            );
            return Err(Error::new(Exception::ConflictException, message));
        }
        if machine.published.version(number).is_some() {
            let published = Arc::make_mut(&mut machine.published);
            published.versions.retain(|version| version.number != number);
        }
        Ok(Answer::default())
    })
    .await
}
