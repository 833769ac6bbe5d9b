//! Clusters of Amazon EKS; `call` and `runJob` talk to Kubernetes itself.

use super::metadata::with_metadata;
use super::{Action, Effect, Naming, RR, RR_SYNC, RR_SYNC_TOKEN, Service, TOKEN_WINDOW_SECONDS, as_given};

pub(crate) const SERVICE: Service = Service {
    name: "eks",
    client: Some("eks"),
    naming: Naming {
        prefix: "EKS",
        fallback: "AmazonEKSException",
        service: "AmazonEKS",
    },
    actions: &[
        Action::new("call", RR, Effect::Once),
        Action::new("runJob", RR_SYNC_TOKEN, Effect::Once),
        Action::new("createCluster", RR_SYNC, TOKEN),
        Action::new("createFargateProfile", RR_SYNC, TOKEN),
        Action::new("createNodegroup", RR_SYNC, TOKEN),
        Action::new("deleteCluster", RR_SYNC, Effect::Once),
        Action::new("deleteFargateProfile", RR_SYNC, Effect::Once),
        Action::new("deleteNodegroup", RR_SYNC, Effect::Once),
    ],
    prepare: as_given,
    render: with_metadata,
};

const TOKEN: Effect = Effect::Token {
    member: "ClientRequestToken",
    window_seconds: TOKEN_WINDOW_SECONDS,
};
