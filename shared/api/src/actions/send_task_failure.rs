//! SendTaskFailure.

use super::send_task_success::{parse_token, taken};
use crate::constraints::{CAUSE, ERROR, TASK_TOKEN};
use crate::error::Error;
use crate::wire::Answer;
use crate::{Call, members};
use integrations::Failure;

pub(crate) async fn answer(call: &Call<'_>) -> Result<Answer, Error> {
    let (token, failure) = members::read(call.body, |members| {
        let token = members.required_text("taskToken", &TASK_TOKEN)?;
        // Without a name only the wildcards of Retry and Catch match it.
        let error = members.text("error", &ERROR)?.unwrap_or_default();
        let cause = members.text("cause", &CAUSE)?;
        Ok((token, Failure { error, cause }))
    })?;
    taken(call.driver.task_failed(&parse_token(&token)?, failure).await?)
}
