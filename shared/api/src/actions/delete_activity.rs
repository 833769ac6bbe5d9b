//! DeleteActivity.

use crate::arn::ActivityArn;
use crate::constraints::ARN;
use crate::error::Error;
use crate::wire::Answer;
use crate::{Call, members};

/// Deletes the activity, and does not mind when there is none.
pub(crate) async fn answer(call: &Call<'_>) -> Result<Answer, Error> {
    let arn = members::read(call.body, |members| members.required_text("activityArn", &ARN))?;
    let arn = ActivityArn::parse(&arn)?;
    call.driver
        .ports()
        .registry
        .remove_activity(&arn.owner, &arn.name)
        .await?;
    Ok(Answer::default())
}
