//! Jobs of AWS Elemental MediaConvert.

use super::metadata::with_metadata;
use super::{Action, Effect, Naming, RR_SYNC, Service, TOKEN_WINDOW_SECONDS, as_given};
use crate::jobs::{Ask, Job, JobEvent, Member, Origin, Reading, Statuses, member};

pub(crate) const SERVICE: Service = Service {
    name: "mediaconvert",
    client: Some("mediaconvert"),
    naming: Naming {
        prefix: "MediaConvert",
        fallback: "AWSMediaConvertException",
        service: "AWSMediaConvert",
    },
    actions: &[Action::new(
        "createJob",
        RR_SYNC,
        Effect::Token {
            member: "ClientRequestToken",
            window_seconds: TOKEN_WINDOW_SECONDS,
        },
    )
    .with_job(&JOB)],
    prepare: as_given,
    render: with_metadata,
};

static JOB: Job = Job {
    describe: Ask {
        operation: "GetJob",
        members: ID,
    },
    reading: Reading::Status(Statuses::new(
        "/Job/Status",
        &["COMPLETE"],
        &["ERROR", "CANCELED"],
    )),
    cancel: Some(Ask {
        operation: "CancelJob",
        members: ID,
    }),
    event: Some(&JobEvent {
        source: "aws.mediaconvert",
        detail_type: "MediaConvert Job State Change",
        id: Origin::Submission("/Job/Id"),
        id_field: "jobId",
        status_field: "status",
        ended: &["COMPLETE", "ERROR", "CANCELED"],
    }),
};

const ID: &[Member] = &[member("Id", Origin::Submission("/Job/Id"))];
