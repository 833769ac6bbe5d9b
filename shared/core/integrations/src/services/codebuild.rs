//! Builds of AWS CodeBuild.

use super::metadata::with_metadata;
use super::{Action, Effect, Naming, RR, RR_SYNC, Service, as_given};
use crate::jobs::{Ask, Job, JobEvent, Origin, Progress, Reading, failed, list, member};
use serde_json::{Value, json};

pub(crate) const SERVICE: Service = Service {
    name: "codebuild",
    client: Some("codebuild"),
    naming: Naming {
        prefix: "CodeBuild",
        fallback: "AWSCodeBuildException",
        service: "AWSCodeBuild",
    },
    actions: &[
        Action::new("startBuild", RR_SYNC, TOKEN).with_job(&BUILD),
        Action::new("startBuildBatch", RR_SYNC, TOKEN).with_job(&BUILD_BATCH),
        Action::new("retryBuildBatch", RR_SYNC, TOKEN).with_job(&BUILD_BATCH),
        Action::new("stopBuild", RR, Effect::Repeatable),
        Action::new("stopBuildBatch", RR, Effect::Repeatable),
        Action::new("deleteBuildBatch", RR, Effect::Repeatable),
        Action::new("batchDeleteBuilds", RR, Effect::Repeatable),
        Action::new("batchGetReports", RR, Effect::Repeatable),
    ],
    prepare: as_given,
    render: with_metadata,
};

const TOKEN: Effect = Effect::Token {
    member: "IdempotencyToken",
    window_seconds: 5 * 60,
}; // AWS quota

static BUILD: Job = Job {
    describe: Ask {
        operation: "BatchGetBuilds",
        members: &[list("Ids", Origin::Submission("/Build/Id"))],
    },
    reading: Reading::Look(|answer| ended(answer, "/Builds/0", "Build", "BuildStatus")),
    cancel: Some(Ask {
        operation: "StopBuild",
        members: &[member("Id", Origin::Submission("/Build/Id"))],
    }),
    event: Some(&JobEvent {
        source: "aws.codebuild",
        detail_type: "CodeBuild Build State Change",
        // The event's `build-id` is the ARN.
        id: Origin::Submission("/Build/Arn"),
        id_field: "build-id",
        status_field: "build-status",
        ended: &["SUCCEEDED", "FAILED", "FAULT", "STOPPED", "TIMED_OUT"],
    }),
};

/// Batches of builds send no event.
static BUILD_BATCH: Job = Job {
    describe: Ask {
        operation: "BatchGetBuildBatches",
        members: &[list("Ids", Origin::Submission("/BuildBatch/Id"))],
    },
    reading: Reading::Look(|answer| ended(answer, "/BuildBatches/0", "BuildBatch", "BuildBatchStatus")),
    cancel: Some(Ask {
        operation: "StopBuildBatch",
        members: &[member("Id", Origin::Submission("/BuildBatch/Id"))],
    }),
    event: None,
};

/// Shows a build as the answer to its start does: `{"Build": ...}`.
fn ended(answer: &Value, at: &str, name: &str, status: &str) -> Progress {
    let Some(build) = answer.pointer(at) else {
        return Progress::Running;
    };
    let shown = json!({ name: build });
    match build.get(status).and_then(Value::as_str) {
        Some("SUCCEEDED") => Progress::Ended(Ok(shown)),
        Some("FAILED" | "FAULT" | "STOPPED" | "TIMED_OUT") => Progress::Ended(Err(failed(&shown))),
        Some(_) | None => Progress::Running,
    }
}
