//! Models of Amazon Bedrock.

use super::metadata::with_metadata;
use super::{Action, Effect, Naming, RR_SYNC, RR_TOKEN, Service, TOKEN_WINDOW_SECONDS, as_given};

pub(crate) const SERVICE: Service = Service {
    name: "bedrock",
    client: Some("bedrock"),
    naming: Naming {
        prefix: "Bedrock",
        fallback: "BedrockException",
        service: "Bedrock",
    },
    actions: &[
        Action::new(
            "createModelCustomizationJob",
            RR_SYNC,
            Effect::Token {
                member: "ClientRequestToken",
                window_seconds: TOKEN_WINDOW_SECONDS,
            },
        ),
        Action {
            client: Some("bedrockruntime"),
            ..Action::new("invokeModel", RR_TOKEN, Effect::Once)
        },
    ],
    prepare: as_given,
    render: with_metadata,
};
