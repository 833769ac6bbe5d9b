//! DescribeMapRun.

use crate::arn::MapRunArn;
use crate::constraints::LONG_ARN;
use crate::error::Error;
use crate::map_runs::{self, Counts};
use crate::wire::Answer;
use crate::{Call, members};
use serde_json::Value;

pub(crate) async fn answer(call: &Call<'_>) -> Result<Answer, Error> {
    let arn = members::read(call.body, |members| members.required_text("mapRunArn", &LONG_ARN))?;
    let arn = MapRunArn::parse(&arn)?;
    let head = map_runs::find(call, &arn).await?;
    let run = call.driver.map_run(&arn.key).await?;
    let run = run.ok_or_else(|| Error::invalid_arn(&arn.text))?;
    let (children, items) = map_runs::count(call, &arn, run.is_batched).await?;
    // What has not begun is known while the Map Run is at work, and when it failed; all have begun when it succeeded.
    let pending = run
        .children
        .map_or(0, |all| u64::from(all).saturating_sub(children.begun()));
    let pending_items = match run.children {
        Some(_) => u64::from(run.items).saturating_sub(items.begun()),
        None => 0,
    };
    Ok(Answer::default()
        .with("mapRunArn", arn.text.as_str())
        .with_some(
            "executionArn",
            map_runs::execution_arn(call, &head).await?.as_deref(),
        )
        .with("status", head.status.name())
        .with_time("startDate", head.identity.started)
        .with_some_time("stopDate", head.stopped)
        .with("maxConcurrency", run.bounds.max_concurrency)
        .with(
            "toleratedFailurePercentage",
            run.bounds.tolerated_failure_percentage.unwrap_or(0.0),
        )
        .with(
            "toleratedFailureCount",
            run.bounds.tolerated_failure_count.unwrap_or(0),
        )
        .with("itemCounts", counts(&items, pending_items))
        .with("executionCounts", counts(&children, pending))
        .with("redriveCount", head.redrive_count)
        .with_some_time("redriveDate", head.redriven))
}

fn counts(counts: &Counts, pending: u64) -> Value {
    Answer::default()
        .with("pending", pending)
        .with("running", counts.running)
        .with("succeeded", counts.succeeded)
        .with("failed", counts.failed)
        .with("timedOut", counts.timed_out)
        .with("aborted", counts.aborted)
        .with("total", counts.begun() + pending)
        // There is no ResultWriter.
        .with("resultsWritten", 0)
        // No child can be redriven.
        .with(
            "failuresNotRedrivable",
            counts.failed + counts.timed_out + counts.aborted,
        )
        .with("pendingRedrive", 0)
        .into()
}
