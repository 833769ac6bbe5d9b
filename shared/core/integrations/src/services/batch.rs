//! Jobs of AWS Batch.

use super::metadata::with_metadata;
use super::{Action, Effect, Naming, RR_SYNC, Service, as_given};

pub(crate) const SERVICE: Service = Service {
    name: "batch",
    client: Some("batch"),
    naming: Naming {
        prefix: "Batch",
        fallback: "AWSBatchException",
        service: "AWSBatch",
    },
    actions: &[Action::new("submitJob", RR_SYNC, Effect::Once)],
    prepare: as_given,
    render: with_metadata,
};
