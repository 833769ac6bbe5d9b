//! `http:invoke`: an HTTP request with the credentials of an EventBridge connection; see [`web`](crate::web).

use super::metadata::with_metadata;
use super::{Action, Effect, Naming, RR, Service, as_given};
use crate::web;

pub(crate) const SERVICE: Service = Service {
    name: "http",
    client: None,
    naming: Naming {
        prefix: "Http",
        fallback: "HttpException",
        service: "Http",
    },
    actions: &[Action::new(
        "invoke",
        RR,
        Effect::ByParameters(web::effect_of_http),
    )],
    prepare: as_given,
    render: with_metadata,
};
