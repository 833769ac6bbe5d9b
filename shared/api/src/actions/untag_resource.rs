//! UntagResource.

use super::tag_resource::change;
use crate::constraints::{ARN, TAG_KEY};
use crate::error::Error;
use crate::wire::Answer;
use crate::{Call, members};

pub(crate) async fn answer(call: &Call<'_>) -> Result<Answer, Error> {
    let (arn, keys) = members::read(call.body, |members| {
        let arn = members.required_text("resourceArn", &ARN)?;
        if !members.has("tagKeys") {
            members.miss("tagKeys");
        }
        Ok((arn, members.texts("tagKeys", &TAG_KEY)?.unwrap_or_default()))
    })?;
    change(call, &arn, |tags| {
        tags.retain(|key, _| !keys.contains(key));
        Ok(())
    })
    .await?;
    Ok(Answer::default())
}
