//! Jobs of AWS Glue DataBrew.

use super::metadata::with_metadata;
use super::{Action, Effect, Naming, RR_SYNC, Service, as_given};
use crate::jobs::{Ask, Job, JobEvent, Member, Origin, Reading, Statuses, member};

pub(crate) const SERVICE: Service = Service {
    name: "databrew",
    client: Some("databrew"),
    naming: Naming {
        prefix: "DataBrew",
        fallback: "AWSGlueDataBrewException",
        service: "AWSGlueDataBrew",
    },
    actions: &[Action::new("startJobRun", RR_SYNC, Effect::Once).with_job(&JOB_RUN)],
    prepare: as_given,
    render: with_metadata,
};

static JOB_RUN: Job = Job {
    describe: Ask {
        operation: "DescribeJobRun",
        members: IDS,
    },
    reading: Reading::Status(Statuses::new(
        "/State",
        &["SUCCEEDED"],
        &["FAILED", "STOPPED", "TIMEOUT"],
    )),
    cancel: Some(Ask {
        operation: "StopJobRun",
        members: IDS,
    }),
    event: Some(&JobEvent {
        source: "aws.databrew",
        detail_type: "DataBrew Job State Change",
        id: Origin::Submission("/RunId"),
        id_field: "jobRunId",
        status_field: "state",
        ended: &["SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT"],
    }),
};

const IDS: &[Member] = &[
    member("Name", Origin::Parameter("Name")),
    member("RunId", Origin::Submission("/RunId")),
];
