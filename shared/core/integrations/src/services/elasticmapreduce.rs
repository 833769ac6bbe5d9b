//! Clusters of Amazon EMR; the actions are not named and shaped as the API's operations are.

use super::metadata::with_metadata;
use super::{Action, Effect, Naming, RR, RR_SYNC, Service, as_given};

pub(crate) const SERVICE: Service = Service {
    name: "elasticmapreduce",
    client: None,
    naming: Naming {
        prefix: "ElasticMapReduce",
        fallback: "AmazonElasticMapReduceException",
        service: "AmazonElasticMapReduce",
    },
    actions: &[
        Action::new("createCluster", RR_SYNC, Effect::Once),
        Action::new("terminateCluster", RR_SYNC, Effect::Once),
        Action::new("addStep", RR_SYNC, Effect::Once),
        Action::new("cancelStep", RR, Effect::Once),
        Action::new("setClusterTerminationProtection", RR, Effect::Once),
        Action::new("modifyInstanceFleetByName", RR, Effect::Once),
        Action::new("modifyInstanceGroupByName", RR, Effect::Once),
    ],
    prepare: as_given,
    render: with_metadata,
};
