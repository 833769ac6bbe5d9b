//! ListActivities.

use crate::constraints::{PAGE_ROWS_MAX, PAGE_TOKEN};
use crate::error::Error;
use crate::pages::{Listing, PAGE_ROWS_DEFAULT};
use crate::wire::Answer;
use crate::{Call, members};
use ports::{Activity, machine_key};
use serde_json::Value;

pub(crate) async fn answer(call: &Call<'_>) -> Result<Answer, Error> {
    let (limit, token) = members::read(call.body, |members| {
        Ok((
            members.max_results(PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX)?,
            members.text("nextToken", &PAGE_TOKEN)?,
        ))
    })?;
    let listing = Listing::new("ListActivities", &[&machine_key(&call.owner, "")]);
    let after = listing.after(token.as_deref())?;
    let page = call
        .driver
        .ports()
        .registry
        .activities(&call.owner, after, limit)
        .await?;
    let rows: Vec<Value> = page.rows.iter().map(row).collect();
    Ok(Answer::default()
        .with("activities", rows)
        .with_some("nextToken", page.next.map(|next| listing.token(&next))))
}

fn row(activity: &Activity) -> Value {
    Answer::default()
        .with("activityArn", activity.arn.as_str())
        .with("name", activity.name.as_str())
        .with_time("creationDate", activity.created)
        .into()
}
