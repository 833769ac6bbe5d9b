//! StartExecution.

use crate::Call;
use crate::error::{Error, Exception};
use crate::executions::{StartMembers, prepare_start};
use crate::members;
use crate::wire::Answer;
use driver::Started;

pub(crate) async fn answer(call: &Call<'_>) -> Result<Answer, Error> {
    let most = call.driver.limits().payload_bytes;
    let start = members::read(call.body, |members| StartMembers::read(members, most))?;
    let start = prepare_start(call, &start, "StartExecution", None).await?;
    match call.driver.start(start).await? {
        Started::New { arn, started } | Started::Same { arn, started } => Ok(Answer::default()
            .with("executionArn", &*arn)
            .with_time("startDate", started)),
        Started::NameTaken { arn } => Err(Error::new(
            Exception::ExecutionAlreadyExists,
            format!("Execution Already Exists: '{arn}'"),
        )),
    }
}
