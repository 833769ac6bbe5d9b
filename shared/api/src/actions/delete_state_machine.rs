//! DeleteStateMachine.

use crate::arn::MachineArn;
use crate::constraints::ARN;
use crate::error::Error;
use crate::wire::Answer;
use crate::{Call, members};

/// Deletes at once, with versions and aliases, and does not mind when there is nothing to delete.
///
/// AWS sets the status DELETING, ends the running executions at their next transition, and deletes then. Here they go
/// on with the revision that they were started with, and the name is free at once.
pub(crate) async fn answer(call: &Call<'_>) -> Result<Answer, Error> {
    let arn = members::read(call.body, |members| {
        members.required_text("stateMachineArn", &ARN)
    })?;
    let arn = MachineArn::parse(&arn)?;
    if arn.label.is_some() {
        return Err(Error::labelled_arn("DeleteStateMachine"));
    }
    if !arn.is_plain() {
        // Never the state machine itself when only a part of it was named.
        return Err(Error::validation(
            "DeleteStateMachine does not support the ARN of a version or an alias",
        ));
    }
    call.driver
        .ports()
        .registry
        .remove_machine(&arn.owner, &arn.name)
        .await?;
    Ok(Answer::default())
}
