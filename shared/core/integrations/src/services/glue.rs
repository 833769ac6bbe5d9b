//! Jobs of AWS Glue.

use super::metadata::with_metadata;
use super::{Action, Effect, Naming, RR_SYNC, Service, as_given};

pub(crate) const SERVICE: Service = Service {
    name: "glue",
    client: Some("glue"),
    naming: Naming {
        prefix: "Glue",
        fallback: "AWSGlueException",
        service: "AWSGlue",
    },
    actions: &[Action::new("startJobRun", RR_SYNC, Effect::Once)],
    prepare: as_given,
    render: with_metadata,
};
