//! Builds of AWS CodeBuild.

use super::metadata::with_metadata;
use super::{Action, Effect, Naming, RR, RR_SYNC, Service, as_given};

pub(crate) const SERVICE: Service = Service {
    name: "codebuild",
    client: Some("codebuild"),
    naming: Naming {
        prefix: "CodeBuild",
        fallback: "AWSCodeBuildException",
        service: "AWSCodeBuild",
    },
    actions: &[
        Action::new("startBuild", RR_SYNC, TOKEN),
        Action::new("startBuildBatch", RR_SYNC, TOKEN),
        Action::new("retryBuildBatch", RR_SYNC, TOKEN),
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
