//! `ecs:runTask`.

use super::metadata::with_metadata;
use super::{Action, Effect, Naming, RR_SYNC_TOKEN, Service, TOKEN_WINDOW_SECONDS, as_given};

pub(crate) const SERVICE: Service = Service {
    name: "ecs",
    client: Some("ecs"),
    naming: Naming {
        prefix: "ECS",
        fallback: "AmazonECSException",
        service: "AmazonECS",
    },
    actions: &[Action::new(
        "runTask",
        RR_SYNC_TOKEN,
        Effect::Token {
            member: "ClientToken",
            window_seconds: TOKEN_WINDOW_SECONDS,
        },
    )],
    prepare: as_given,
    render: with_metadata,
};
