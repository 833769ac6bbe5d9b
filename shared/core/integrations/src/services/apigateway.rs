//! `apigateway:invoke`: an HTTP request to an API, not a call of API Gateway's own API; see [`web`](crate::web).

use super::metadata::with_metadata;
use super::{Action, Effect, Naming, RR_TOKEN, Service, as_given};
use crate::web;

pub(crate) const SERVICE: Service = Service {
    name: "apigateway",
    client: None,
    naming: Naming {
        prefix: "ApiGateway",
        fallback: "AmazonApiGatewayException",
        service: "AmazonApiGateway",
    },
    actions: &[Action::new(
        "invoke",
        RR_TOKEN,
        Effect::ByParameters(web::effect_of_api),
    )],
    prepare: as_given,
    render: with_metadata,
};
