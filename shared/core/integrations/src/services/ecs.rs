//! `ecs:runTask`.

use super::metadata::{dates_to_millis, with_metadata};
use super::{Action, Effect, Naming, RR_SYNC_TOKEN, Service, TOKEN_WINDOW_SECONDS, as_given};
use crate::exchange::{Failure, ServiceAnswer};
use serde_json::Value;

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
    render,
};

fn render(mut answer: ServiceAnswer) -> Result<Value, Failure> {
    // `CreatedAt`, `ConnectivityAt` and so on; nothing else of a task ends like this.
    dates_to_millis(&mut answer.members, |name| name.ends_with("At"));
    with_metadata(answer)
}
