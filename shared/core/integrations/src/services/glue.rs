//! Jobs of AWS Glue.

use super::metadata::with_metadata;
use super::{Action, Effect, Naming, RR_SYNC, Service, as_given};
use crate::jobs::{Ask, Job, JobEvent, Origin, Reading, Statuses, list, member};

pub(crate) const SERVICE: Service = Service {
    name: "glue",
    client: Some("glue"),
    naming: Naming {
        prefix: "Glue",
        fallback: "AWSGlueException",
        service: "AWSGlue",
    },
    actions: &[Action::new("startJobRun", RR_SYNC, Effect::Once).with_job(&JOB_RUN)],
    prepare: as_given,
    render: with_metadata,
};

static JOB_RUN: Job = Job {
    describe: Ask {
        operation: "GetJobRun",
        members: &[
            member("JobName", Origin::Parameter("JobName")),
            member("RunId", Origin::Submission("/JobRunId")),
        ],
    },
    reading: Reading::Status(Statuses {
        shown: "/JobRun",
        ..Statuses::new(
            "/JobRunState",
            &["SUCCEEDED"],
            &["FAILED", "STOPPED", "TIMEOUT", "ERROR", "EXPIRED"],
        )
    }),
    cancel: Some(Ask {
        operation: "BatchStopJobRun",
        members: &[
            member("JobName", Origin::Parameter("JobName")),
            list("JobRunIds", Origin::Submission("/JobRunId")),
        ],
    }),
    event: Some(&JobEvent {
        source: "aws.glue",
        detail_type: "Glue Job State Change",
        id: Origin::Submission("/JobRunId"),
        id_field: "jobRunId",
        status_field: "state",
        ended: &["SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT"],
    }),
};
