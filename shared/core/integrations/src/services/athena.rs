//! Queries of Amazon Athena.

use super::metadata::with_metadata;
use super::{Action, Effect, Naming, RR, RR_SYNC, Service, TOKEN_WINDOW_SECONDS, as_given};

pub(crate) const SERVICE: Service = Service {
    name: "athena",
    client: Some("athena"),
    naming: Naming {
        prefix: "Athena",
        fallback: "AmazonAthenaException",
        service: "AmazonAthena",
    },
    actions: &[
        Action::new(
            "startQueryExecution",
            RR_SYNC,
            Effect::Token {
                member: "ClientRequestToken",
                window_seconds: TOKEN_WINDOW_SECONDS,
            },
        ),
        Action::new("stopQueryExecution", RR, Effect::Repeatable),
        Action::new("getQueryExecution", RR, Effect::Repeatable),
        Action::new("getQueryResults", RR, Effect::Repeatable),
    ],
    prepare: as_given,
    render: with_metadata,
};
