//! RedriveExecution.

use crate::arn::ExecutionArn;
use crate::constraints::{ARN, CLIENT_TOKEN};
use crate::error::Error;
use crate::wire::Answer;
use crate::{Call, executions, members, redrives};
use driver::Redrive;

pub(crate) async fn answer(call: &Call<'_>) -> Result<Answer, Error> {
    let (arn, client_token) = members::read(call.body, |members| {
        Ok((
            members.required_text("executionArn", &ARN)?,
            members.text("clientToken", &CLIENT_TOKEN)?,
        ))
    })?;
    let arn = ExecutionArn::parse(&arn)?;
    let head = executions::find(call, &arn).await?;
    if let Some(refusal) = redrives::machine_refusal(call, &head).await? {
        return Err(Error::not_redrivable(refusal));
    }
    match call.driver.redrive(&arn.key, client_token).await? {
        Redrive::Since(time) => Ok(Answer::default().with_time("redriveDate", time)),
        Redrive::Refused(refusal) => Err(Error::not_redrivable(refusal)),
        Redrive::Missing => Err(Error::no_execution(&arn.text)),
    }
}
