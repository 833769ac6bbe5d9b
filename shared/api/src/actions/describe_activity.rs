//! DescribeActivity.

use crate::arn::ActivityArn;
use crate::configurations::shown_encryption;
use crate::constraints::ARN;
use crate::error::Error;
use crate::wire::Answer;
use crate::{Call, machines, members};

pub(crate) async fn answer(call: &Call<'_>) -> Result<Answer, Error> {
    let arn = members::read(call.body, |members| members.required_text("activityArn", &ARN))?;
    let activity = machines::find_activity(call, &ActivityArn::parse(&arn)?).await?;
    Ok(Answer::default()
        .with("activityArn", activity.arn)
        .with("name", activity.name)
        .with_time("creationDate", activity.created)
        .with(
            "encryptionConfiguration",
            shown_encryption(activity.encryption.as_ref()),
        ))
}
