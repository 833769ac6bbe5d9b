//! DescribeExecution.

use crate::arn::ExecutionArn;
use crate::constraints::ARN;
use crate::error::Error;
use crate::executions::{IncludedData, included_data};
use crate::wire::Answer;
use crate::{Call, executions, members, redrives};
use engine::NotRedrivable;
use ports::Head;
use serde_json::json;

pub(crate) async fn answer(call: &Call<'_>) -> Result<Answer, Error> {
    let (arn, included) = members::read(call.body, |members| {
        Ok((
            members.required_text("executionArn", &ARN)?,
            included_data(members)?,
        ))
    })?;
    let head = executions::find(call, &ExecutionArn::parse_described(&arn)?).await?;
    let refusal = redrives::refusal(call, &head).await?;
    let answer = metadata(&head, refusal);
    let details = json!({ "included": included == IncludedData::All });
    let answer = answer.with("inputDetails", details.clone());
    let answer = answer.with_some("outputDetails", head.output.as_ref().map(|_| details));
    if included == IncludedData::MetadataOnly {
        return Ok(answer);
    }
    let output = match &head.output {
        Some(output) => Some(call.driver.text(output).await?),
        None => None,
    };
    Ok(answer
        .with("input", &*call.driver.text(&head.input).await?)
        .with_some("output", output.as_deref())
        .with_some("error", head.error)
        .with_some("cause", head.cause))
}

fn metadata(head: &Head, refusal: Option<NotRedrivable>) -> Answer {
    let status = match refusal {
        Some(_) => "NOT_REDRIVABLE",
        None => "REDRIVABLE",
    };
    let identity = &head.identity;
    Answer::default()
        .with("executionArn", &*identity.arn)
        .with_some("mapRunArn", identity.map.as_ref().map(|part| &*part.run_arn))
        .with("stateMachineArn", &*identity.machine_arn)
        .with("name", &*identity.name)
        .with("status", head.status.name())
        .with_time("startDate", identity.started)
        .with_some_time("stopDate", head.stopped)
        .with_some("traceHeader", identity.trace_header.as_deref())
        .with_some("stateMachineVersionArn", identity.version_arn.as_deref())
        .with_some("stateMachineAliasArn", identity.alias_arn.as_deref())
        .with("redriveCount", head.redrive_count)
        .with_some_time("redriveDate", head.redriven)
        .with("redriveStatus", status)
        .with_some("redriveStatusReason", refusal.map(|refusal| refusal.to_string()))
}
