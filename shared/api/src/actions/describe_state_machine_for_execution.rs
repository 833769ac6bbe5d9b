//! DescribeStateMachineForExecution.

use super::describe_state_machine::with_revision;
use crate::arn::ExecutionArn;
use crate::constraints::ARN;
use crate::error::Error;
use crate::executions::included_data;
use crate::wire::Answer;
use crate::{Call, executions, members};

pub(crate) async fn answer(call: &Call<'_>) -> Result<Answer, Error> {
    let (arn, included) = members::read(call.body, |members| {
        Ok((
            members.required_text("executionArn", &ARN)?,
            included_data(members)?,
        ))
    })?;
    let arn = ExecutionArn::parse_described(&arn)?;
    let identity = executions::find(call, &arn).await?.identity;
    let machine = identity.key.state_machine();
    let revision = call
        .driver
        .ports()
        .registry
        .revision(machine, &identity.revision)
        .await?;
    // A revision stays readable for the executions that run it, even when the state machine is deleted.
    let revision = revision.ok_or_else(|| Error::no_machine(&identity.machine_arn))?;
    let answer = Answer::default()
        .with("stateMachineArn", &*identity.machine_arn)
        .with("name", &*identity.machine_name)
        .with_some("mapRunArn", identity.map.as_ref().map(|part| &*part.run_arn))
        .with_some(
            "label",
            identity
                .map
                .as_ref()
                .and_then(|part| part.machine().split_once('/'))
                .map(|(_, label)| label),
        )
        .with_time("updateDate", revision.created);
    with_revision(call, answer, machine, &revision, included)
}
