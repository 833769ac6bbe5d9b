//! Jobs of AWS Batch.

use super::metadata::with_metadata;
use super::{Action, Effect, Naming, RR_SYNC, Service, as_given};
use crate::jobs::{Ask, Job, JobEvent, Origin, Reading, Statuses, list, member};

pub(crate) const SERVICE: Service = Service {
    name: "batch",
    client: Some("batch"),
    naming: Naming {
        prefix: "Batch",
        fallback: "AWSBatchException",
        service: "AWSBatch",
    },
    actions: &[Action::new("submitJob", RR_SYNC, Effect::Once).with_job(&JOB)],
    prepare: as_given,
    render: with_metadata,
};

static JOB: Job = Job {
    describe: Ask {
        operation: "DescribeJobs",
        members: &[list("Jobs", Origin::Submission("/JobId"))],
    },
    reading: Reading::Status(Statuses {
        shown: "/Jobs/0",
        ..Statuses::new("/Status", &["SUCCEEDED"], &["FAILED"])
    }),
    cancel: Some(Ask {
        operation: "TerminateJob",
        members: &[
            member("JobId", Origin::Submission("/JobId")),
            member(
                "Reason",
                Origin::Text("the execution that waited for the job has ended"),
            ),
        ],
    }),
    event: Some(&JobEvent {
        source: "aws.batch",
        detail_type: "Batch Job State Change",
        id: Origin::Submission("/JobId"),
        id_field: "jobId",
        status_field: "status",
        ended: &["SUCCEEDED", "FAILED"],
    }),
};
