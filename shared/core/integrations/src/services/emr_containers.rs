//! Virtual clusters and jobs of Amazon EMR on EKS.

use super::metadata::with_metadata;
use super::{Action, Effect, Naming, RR, RR_SYNC, Service, TOKEN_WINDOW_SECONDS, as_given};

pub(crate) const SERVICE: Service = Service {
    name: "emr-containers",
    client: Some("emrcontainers"),
    naming: Naming {
        prefix: "EMRContainers",
        fallback: "AmazonEMRContainersException",
        service: "AmazonEMRContainers",
    },
    actions: &[
        Action::new("startJobRun", RR_SYNC, TOKEN),
        Action::new("createVirtualCluster", RR, TOKEN),
        Action::new("deleteVirtualCluster", RR_SYNC, Effect::Once),
    ],
    prepare: as_given,
    render: with_metadata,
};

const TOKEN: Effect = Effect::Token {
    member: "ClientToken",
    window_seconds: TOKEN_WINDOW_SECONDS,
};
