//! DeleteStateMachineAlias.

use crate::arn::MachineArn;
use crate::constraints::ARN;
use crate::error::Error;
use crate::wire::Answer;
use crate::{Call, machines, members};
use std::sync::Arc;

/// Deletes an alias; its versions stay.
pub(crate) async fn answer(call: &Call<'_>) -> Result<Answer, Error> {
    let arn = members::read(call.body, |members| {
        members.required_text("stateMachineAliasArn", &ARN)
    })?;
    let (arn, name) = MachineArn::parse_alias(&arn)?;
    machines::change(call, &arn, Error::no_resource, |machine| {
        if machine.published.alias(&name).is_none() {
            return Err(Error::no_resource(&arn.text));
        }
        let published = Arc::make_mut(&mut machine.published);
        published.aliases.retain(|alias| alias.name != name);
        Ok(Answer::default())
    })
    .await
}
