//! `apigateway:invoke`: an HTTP request to an API, not a call of API Gateway's own API.

use super::metadata::with_metadata;
use super::{Action, Effect, Naming, RR_TOKEN, Service, as_given};

pub(crate) const SERVICE: Service = Service {
    name: "apigateway",
    client: None,
    naming: Naming {
        prefix: "ApiGateway",
        fallback: "AmazonApiGatewayException",
        service: "AmazonApiGateway",
    },
    actions: &[Action::new("invoke", RR_TOKEN, Effect::Once)],
    prepare: as_given,
    render: with_metadata,
};
