//! SendTaskHeartbeat.

use super::send_task_success::{parse_token, taken};
use crate::constraints::TASK_TOKEN;
use crate::error::Error;
use crate::wire::Answer;
use crate::{Call, members};

pub(crate) async fn answer(call: &Call<'_>) -> Result<Answer, Error> {
    let token = members::read(call.body, |members| {
        members.required_text("taskToken", &TASK_TOKEN)
    })?;
    taken(call.driver.task_heartbeat(&parse_token(&token)?).await?)
}
