//! Jobs of AWS Glue DataBrew.

use super::metadata::with_metadata;
use super::{Action, Effect, Naming, RR_SYNC, Service, as_given};

pub(crate) const SERVICE: Service = Service {
    name: "databrew",
    client: Some("databrew"),
    naming: Naming {
        prefix: "DataBrew",
        fallback: "AWSGlueDataBrewException",
        service: "AWSGlueDataBrew",
    },
    actions: &[Action::new("startJobRun", RR_SYNC, Effect::Once)],
    prepare: as_given,
    render: with_metadata,
};
