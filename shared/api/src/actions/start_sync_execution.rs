//! StartSyncExecution.

use crate::Call;
use crate::error::Error;
use crate::executions::{IncludedData, StartMembers, included_data, prepare_start};
use crate::members;
use crate::wire::Answer;
use engine::{ExecutionType, Timestamp};
use serde_json::{Value, json};

/// Durations are billed in steps of so many milliseconds. AWS pricing: 100.
const BILLED_STEP_MILLISECONDS: u64 = 100;
/// The smallest memory that is billed, in MB. AWS pricing: chunks of 64.
const BILLED_MEMORY_MB: u64 = 64;

pub(crate) async fn answer(call: &Call<'_>) -> Result<Answer, Error> {
    let most = call.driver.limits().payload_bytes;
    let (members, included) = members::read(call.body, |members| {
        Ok((StartMembers::read(members, most)?, included_data(members)?))
    })?;
    let start = prepare_start(call, &members, "StartSyncExecution", Some(ExecutionType::Express)).await?;
    let machine_arn = start.machine.arn.clone();
    let end = call.driver.start_sync(start).await?;
    let answer = Answer::default()
        .with("executionArn", &*end.arn)
        .with("stateMachineArn", machine_arn)
        .with("name", &*end.name)
        .with_time("startDate", end.started)
        .with_time("stopDate", end.stopped)
        .with("status", end.status.name())
        .with_some("traceHeader", members.trace_header.as_deref())
        .with("billingDetails", billing(end.started, end.stopped));
    let data = included == IncludedData::All;
    // Recorded: the details of the output are there even when the execution failed.
    let answer = answer
        .with("inputDetails", json!({ "included": data }))
        .with("outputDetails", json!({ "included": data }));
    if !data {
        return Ok(answer);
    }
    Ok(answer
        .with("input", &*members.input)
        .with_some("output", end.output.as_deref())
        .with_some("error", end.error)
        .with_some("cause", end.cause))
}

/// Returns the least that AWS would bill for this duration; memory is not measured.
fn billing(started: Timestamp, stopped: Timestamp) -> Value {
    let taken = u64::try_from(stopped.millis().saturating_sub(started.millis())).unwrap_or(0);
    let billed = taken
        .div_ceil(BILLED_STEP_MILLISECONDS)
        .max(1)
        .saturating_mul(BILLED_STEP_MILLISECONDS);
    json!({ "billedMemoryUsedInMB": BILLED_MEMORY_MB, "billedDurationInMilliseconds": billed })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_rounded_up() {
        let billed =
            |from, to| billing(Timestamp(from), Timestamp(to))["billedDurationInMilliseconds"].clone();
        assert_eq!(
            [billed(0, 0), billed(0, 100), billed(5, 106), billed(9, 0)],
            [100, 100, 200, 100]
        );
    }
}
