//! Clusters of Amazon EKS; `call` and `runJob` talk to Kubernetes itself: see [`web`](crate::web).

use super::metadata::with_metadata;
use super::{Action, Effect, Naming, RR, RR_SYNC, RR_SYNC_TOKEN, Service, TOKEN_WINDOW_SECONDS, as_given};
use crate::jobs::{Ask, Job, Origin, Reading, Statuses, member};
use crate::web;

pub(crate) const SERVICE: Service = Service {
    name: "eks",
    client: Some("eks"),
    naming: Naming {
        prefix: "EKS",
        fallback: "AmazonEKSException",
        service: "AmazonEKS",
    },
    actions: &[
        Action::new("call", RR, Effect::ByParameters(web::effect_of_kubernetes)),
        Action::new(
            "runJob",
            RR_SYNC_TOKEN,
            Effect::ByParameters(web::effect_of_run_job),
        ),
        Action::new("createCluster", RR_SYNC, TOKEN).with_job(&CLUSTER_CREATION),
        Action::new("createFargateProfile", RR_SYNC, TOKEN).with_job(&FARGATE_PROFILE_CREATION),
        Action::new("createNodegroup", RR_SYNC, TOKEN).with_job(&NODEGROUP_CREATION),
        Action::new("deleteCluster", RR_SYNC, Effect::Once).with_job(&CLUSTER_DELETION),
        Action::new("deleteFargateProfile", RR_SYNC, Effect::Once).with_job(&FARGATE_PROFILE_DELETION),
        Action::new("deleteNodegroup", RR_SYNC, Effect::Once).with_job(&NODEGROUP_DELETION),
    ],
    prepare: as_given,
    render: with_metadata,
};

const TOKEN: Effect = Effect::Token {
    member: "ClientRequestToken",
    window_seconds: TOKEN_WINDOW_SECONDS,
};

const FAILED: &[&str] = &["FAILED", "CREATE_FAILED", "DELETE_FAILED"];

static CLUSTER_CREATION: Job = Job {
    describe: Ask {
        operation: "DescribeCluster",
        members: &[member("Name", Origin::Parameter("Name"))],
    },
    reading: Reading::Status(Statuses::new("/Cluster/Status", &["ACTIVE"], FAILED)),
    cancel: None,
    event: None,
};

static CLUSTER_DELETION: Job = Job {
    describe: Ask {
        operation: "DescribeCluster",
        members: &[member("Name", Origin::Parameter("Name"))],
    },
    reading: Reading::Status(Statuses {
        gone: Some("ResourceNotFoundException"),
        ..Statuses::new("/Cluster/Status", &[], FAILED)
    }),
    cancel: None,
    event: None,
};

static FARGATE_PROFILE_CREATION: Job = Job {
    describe: Ask {
        operation: "DescribeFargateProfile",
        members: &[
            member("ClusterName", Origin::Parameter("ClusterName")),
            member("FargateProfileName", Origin::Parameter("FargateProfileName")),
        ],
    },
    reading: Reading::Status(Statuses::new("/FargateProfile/Status", &["ACTIVE"], FAILED)),
    cancel: None,
    event: None,
};

static FARGATE_PROFILE_DELETION: Job = Job {
    describe: Ask {
        operation: "DescribeFargateProfile",
        members: &[
            member("ClusterName", Origin::Parameter("ClusterName")),
            member("FargateProfileName", Origin::Parameter("FargateProfileName")),
        ],
    },
    reading: Reading::Status(Statuses {
        gone: Some("ResourceNotFoundException"),
        ..Statuses::new("/FargateProfile/Status", &[], FAILED)
    }),
    cancel: None,
    event: None,
};

static NODEGROUP_CREATION: Job = Job {
    describe: Ask {
        operation: "DescribeNodegroup",
        members: &[
            member("ClusterName", Origin::Parameter("ClusterName")),
            member("NodegroupName", Origin::Parameter("NodegroupName")),
        ],
    },
    reading: Reading::Status(Statuses::new("/Nodegroup/Status", &["ACTIVE"], FAILED)),
    cancel: None,
    event: None,
};

static NODEGROUP_DELETION: Job = Job {
    describe: Ask {
        operation: "DescribeNodegroup",
        members: &[
            member("ClusterName", Origin::Parameter("ClusterName")),
            member("NodegroupName", Origin::Parameter("NodegroupName")),
        ],
    },
    reading: Reading::Status(Statuses {
        gone: Some("ResourceNotFoundException"),
        ..Statuses::new("/Nodegroup/Status", &[], FAILED)
    }),
    cancel: None,
    event: None,
};
