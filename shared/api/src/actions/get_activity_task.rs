//! GetActivityTask.

use crate::arn::ActivityArn;
use crate::constraints::{ARN, NAME};
use crate::error::Error;
use crate::wire::Answer;
use crate::{Call, machines, members};

pub(crate) async fn answer(call: &Call<'_>) -> Result<Answer, Error> {
    let (arn, worker_name) = members::read(call.body, |members| {
        Ok((
            members.required_text("activityArn", &ARN)?,
            members.text("workerName", &NAME)?,
        ))
    })?;
    let activity = machines::find_activity(call, &ActivityArn::parse(&arn)?).await?;
    let wait = call.settings.activity_wait;
    let task = call
        .driver
        .take_activity_task(&activity.arn, worker_name, wait)
        .await?;
    // AWS: "the poll returns a taskToken with a null string".
    let (token, input) = match &task {
        Some(task) => (Some(task.token.as_str()), Some(&*task.input)),
        None => (None, None),
    };
    Ok(Answer::default().with("taskToken", token).with("input", input))
}
