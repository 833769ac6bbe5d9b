//! ListTagsForResource.

use super::tag_resource::{find_activity, find_machine};
use crate::arn::ResourceArn;
use crate::constraints::ARN;
use crate::error::Error;
use crate::wire::Answer;
use crate::{Call, members, tags};

pub(crate) async fn answer(call: &Call<'_>) -> Result<Answer, Error> {
    let arn = members::read(call.body, |members| members.required_text("resourceArn", &ARN))?;
    let tags = match ResourceArn::parse(&arn)? {
        ResourceArn::Machine(arn) => find_machine(call, &arn).await?.tags,
        ResourceArn::Activity(arn) => find_activity(call, &arn).await?.tags,
    };
    Ok(Answer::default().with("tags", tags::shown(&tags)))
}
