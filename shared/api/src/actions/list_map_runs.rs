//! ListMapRuns.

use crate::arn::{ExecutionArn, MapRunArn};
use crate::constraints::{ARN, PAGE_ROWS_MAX, PAGE_TOKEN};
use crate::error::Error;
use crate::pages::{Listing, PAGE_ROWS_DEFAULT};
use crate::wire::Answer;
use crate::{Call, executions, members};
use engine::Details;
use serde_json::Value;
use std::sync::Arc;

/// How many events are read at once.
const PAGE: usize = 1_000;

pub(crate) async fn answer(call: &Call<'_>) -> Result<Answer, Error> {
    let (arn, limit, token) = members::read(call.body, |members| {
        Ok((
            members.required_text("executionArn", &ARN)?,
            members.max_results(PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX)?,
            members.text("nextToken", &PAGE_TOKEN)?,
        ))
    })?;
    let arn = ExecutionArn::parse(&arn)?;
    let head = executions::find(call, &arn).await?;
    let listing = Listing::new("ListMapRuns", &[&arn.text, &head.identity.incarnation]);
    // Newest first: the position is that of the oldest one that was shown.
    let from = match listing.after(token.as_deref())? {
        Some(position) => position.parse::<u64>().map_err(|_| Error::invalid_token())?,
        None => i64::MAX.unsigned_abs(),
    };
    let (found, next) = started(call, &arn, from, limit).await?;
    let mut rows = Vec::new();
    for run_arn in &found {
        rows.extend(row(call, &arn, run_arn).await?);
    }
    Ok(Answer::default()
        .with("mapRuns", rows)
        .with_some("nextToken", next.map(|next| listing.token(&next.to_string()))))
}

/// Finds the Map Runs that an execution has started by the events that say so; returns where the next page begins, too.
async fn started(
    call: &Call<'_>,
    arn: &ExecutionArn,
    mut from: u64,
    limit: usize,
) -> Result<(Vec<Arc<str>>, Option<u64>), Error> {
    let mut found = Vec::new();
    loop {
        let journal = &call.driver.ports().journal;
        let page = journal.history(&arn.key, from, PAGE, true).await?;
        for event in &page.events {
            if let Details::MapRunStarted { map_run_arn } = &event.details {
                if found.len() == limit {
                    return Ok((found, Some(event.id)));
                }
                found.push(Arc::clone(map_run_arn));
            }
        }
        match page.events.last() {
            Some(last) if last.id > 1 => from = last.id - 1,
            _ => return Ok((found, None)),
        }
    }
}

/// Returns a row; `None` when the execution has written down that it starts the Map Run, and is about to.
async fn row(call: &Call<'_>, execution: &ExecutionArn, run_arn: &str) -> Result<Option<Value>, Error> {
    let arn = MapRunArn::parse(run_arn)?;
    let head = call.driver.ports().journal.head(&arn.key).await?;
    Ok(head.map(|head| {
        Answer::default()
            .with("executionArn", execution.text.as_str())
            .with("mapRunArn", run_arn)
            .with("stateMachineArn", &*head.identity.machine_arn)
            .with_time("startDate", head.identity.started)
            .with_some_time("stopDate", head.stopped)
            .into()
    }))
}
