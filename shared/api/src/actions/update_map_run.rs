//! UpdateMapRun.

use crate::arn::MapRunArn;
use crate::constraints::LONG_ARN;
use crate::error::Error;
use crate::wire::Answer;
use crate::{Call, map_runs, members};
use driver::Updated;
use engine::{BoundsUpdate, Status};

/// Numbers of the API are 64 bits wide, with a sign.
const COUNT_MAX: u64 = i64::MAX.unsigned_abs();

pub(crate) async fn answer(call: &Call<'_>) -> Result<Answer, Error> {
    let (arn, update) = members::read(call.body, |members| {
        let arn = members.required_text("mapRunArn", &LONG_ARN)?;
        let update = BoundsUpdate {
            max_concurrency: members.integer("maxConcurrency", 0, COUNT_MAX)?,
            tolerated_failure_count: members.integer("toleratedFailureCount", 0, COUNT_MAX)?,
            tolerated_failure_percentage: members.percentage("toleratedFailurePercentage")?,
        };
        Ok((arn, update))
    })?;
    let arn = MapRunArn::parse(&arn)?;
    map_runs::find(call, &arn).await?;
    match call.driver.update_map_run(&arn.key, update).await? {
        Updated::Done => Ok(Answer::default()),
        Updated::Ended | Updated::Missing if is_running(call, &arn).await? => Err(Error::validation(
            format!("The Map Run '{}' has not read its items yet", arn.text),
        )),
        Updated::Ended | Updated::Missing => {
            let mut error = Error::validation(format!("The Map Run '{}' has ended", arn.text));
            error.reason = Some("CANNOT_UPDATE_COMPLETED_MAP_RUN");
            Err(error)
        }
    }
}

async fn is_running(call: &Call<'_>, arn: &MapRunArn) -> Result<bool, Error> {
    let head = map_runs::find(call, arn).await?;
    Ok(head.status == Status::Running)
}
