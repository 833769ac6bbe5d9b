//! Virtual clusters and jobs of Amazon EMR on EKS.

use super::metadata::with_metadata;
use super::{Action, Effect, Naming, RR, RR_SYNC, Service, TOKEN_WINDOW_SECONDS, as_given};
use crate::jobs::{Ask, Job, JobEvent, Member, Origin, Reading, Statuses, member};

pub(crate) const SERVICE: Service = Service {
    name: "emr-containers",
    client: Some("emrcontainers"),
    naming: Naming {
        prefix: "EMRContainers",
        fallback: "AmazonEMRContainersException",
        service: "AmazonEMRContainers",
    },
    actions: &[
        Action::new("startJobRun", RR_SYNC, TOKEN).with_job(&JOB_RUN),
        Action::new("createVirtualCluster", RR, TOKEN),
        Action::new("deleteVirtualCluster", RR_SYNC, Effect::Once).with_job(&DELETION),
    ],
    prepare: as_given,
    render: with_metadata,
};

const TOKEN: Effect = Effect::Token {
    member: "ClientToken",
    window_seconds: TOKEN_WINDOW_SECONDS,
};

static JOB_RUN: Job = Job {
    describe: Ask {
        operation: "DescribeJobRun",
        members: IDS,
    },
    reading: Reading::Status(Statuses {
        shown: "/JobRun",
        ..Statuses::new("/State", &["COMPLETED"], &["FAILED", "CANCELLED"])
    }),
    cancel: Some(Ask {
        operation: "CancelJobRun",
        members: IDS,
    }),
    event: Some(&JobEvent {
        source: "aws.emr-containers",
        detail_type: "EMR Job Run State Change",
        id: Origin::Submission("/Id"),
        id_field: "id",
        status_field: "state",
        ended: &["COMPLETED", "FAILED", "CANCELLED"],
    }),
};

const IDS: &[Member] = &[
    member("Id", Origin::Submission("/Id")),
    member("VirtualClusterId", Origin::Submission("/VirtualClusterId")),
];

static DELETION: Job = Job {
    describe: Ask {
        operation: "DescribeVirtualCluster",
        members: &[member("Id", Origin::Submission("/Id"))],
    },
    reading: Reading::Status(Statuses {
        shown: "/VirtualCluster",
        gone: Some("ResourceNotFoundException"),
        ..Statuses::new("/State", &["TERMINATED"], &["ARRESTED"])
    }),
    cancel: None,
    event: None,
};
