//! Jobs of AWS Elemental MediaConvert.

use super::metadata::with_metadata;
use super::{Action, Effect, Naming, RR_SYNC, Service, TOKEN_WINDOW_SECONDS, as_given};

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
    )],
    prepare: as_given,
    render: with_metadata,
};
