//! StopExecution.

use crate::arn::ExecutionArn;
use crate::constraints::{ARN, CAUSE, ERROR};
use crate::error::Error;
use crate::wire::Answer;
use crate::{Call, members};
use driver::Stopped;

pub(crate) async fn answer(call: &Call<'_>) -> Result<Answer, Error> {
    let (arn, error, cause) = members::read(call.body, |members| {
        Ok((
            members.required_text("executionArn", &ARN)?,
            members.text("error", &ERROR)?,
            members.text("cause", &CAUSE)?,
        ))
    })?;
    let arn = ExecutionArn::parse(&arn)?;
    match call.driver.stop(&arn.key, error, cause).await? {
        // Stopping what has ended before changes nothing, and tells when it ended.
        Stopped::Now(time) | Stopped::Already(time) => Ok(Answer::default().with_time("stopDate", time)),
        Stopped::Missing => Err(Error::no_execution(&arn.text)),
    }
}
