//! Applications and jobs of Amazon EMR Serverless.

use super::metadata::with_metadata;
use super::{Action, Effect, Naming, RR_SYNC, Service, TOKEN_WINDOW_SECONDS, as_given};

pub(crate) const SERVICE: Service = Service {
    name: "emr-serverless",
    client: Some("emrserverless"),
    naming: Naming {
        prefix: "EMRServerless",
        fallback: "AWSEMRServerlessException",
        service: "AWSEMRServerless",
    },
    actions: &[
        Action::new("createApplication", RR_SYNC, TOKEN),
        Action::new("startJobRun", RR_SYNC, TOKEN),
        Action::new("startApplication", RR_SYNC, Effect::Once),
        Action::new("stopApplication", RR_SYNC, Effect::Once),
        Action::new("deleteApplication", RR_SYNC, Effect::Once),
        Action::new("cancelJobRun", RR_SYNC, Effect::Once),
    ],
    prepare: as_given,
    render: with_metadata,
};

const TOKEN: Effect = Effect::Token {
    member: "ClientToken",
    window_seconds: TOKEN_WINDOW_SECONDS,
};
