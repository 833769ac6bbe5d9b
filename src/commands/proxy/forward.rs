//! One request on its way to the deployed API, and its answer back.

use super::endpoint::Endpoint;
use crate::server::{Bodies, Refusal};
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{self, HeaderMap, HeaderName, StatusCode, header};
use axum::response::Response;
use calls::{CallError, Signer};
use std::sync::Arc;
use std::time::Duration;

/// API Gateway takes no larger request.
const BODY_BYTES_MAX: usize = 10 * 1024 * 1024;
/// StartSyncExecution holds its answer back for five minutes at most.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5 * 60 + 30);

/// What belongs to one connection and not to the request (RFC 9110, 7.6.1), and what the next connection sets itself.
const HOP_BY_HOP: [HeaderName; 10] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::EXPECT,
];
/// What the client's signature consists of, or covers without being true here.
const SIGNATURE: [HeaderName; 6] = [
    header::AUTHORIZATION,
    header::HOST,
    header::CONTENT_LENGTH,
    HeaderName::from_static("x-amz-date"),
    HeaderName::from_static("x-amz-content-sha256"),
    HeaderName::from_static("x-amz-security-token"),
];

#[derive(Debug)]
struct Proxy {
    signer: Signer,
    endpoint: Endpoint,
    bodies: Bodies,
}

/// Returns what answers clients.
pub(super) fn router(signer: Signer, endpoint: Endpoint) -> Router {
    // A route would add a header `Allow` to what comes back.
    Router::new().fallback(forward).with_state(Arc::new(Proxy {
        signer,
        endpoint,
        bodies: Bodies::up_to(BODY_BYTES_MAX),
    }))
}

async fn forward(State(proxy): State<Arc<Proxy>>, request: Request) -> Response {
    match proxy.answer(request).await {
        Ok(response) => response,
        Err(refusal) => refusal.response(),
    }
}

impl Proxy {
    async fn answer(&self, request: Request) -> Result<Response, Refusal> {
        let (head, body) = request.into_parts();
        if (head.method.as_str(), head.uri.path()) == ("GET", "/") {
            let place = self.endpoint.place("/");
            let welcome = format!("Stepwell signs requests here and sends them to {place}\n");
            return Ok(Response::new(Body::from(welcome)));
        }
        if head.method != http::Method::POST {
            let why = format!(
                "a request of the Step Functions API is a POST, got {}",
                head.method
            );
            return Err(own(
                StatusCode::METHOD_NOT_ALLOWED,
                "UnknownOperationException",
                why,
            ));
        }
        let body = self.bodies.read(body).await.map_err(|refusal| Refusal {
            why: format!("stepwell proxy: {}", refusal.why),
            ..refusal
        })?;
        if let Some(why) = self.signer.without_credentials() {
            return Err(own(
                StatusCode::FORBIDDEN,
                "MissingAuthenticationTokenException",
                why,
            ));
        }
        let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
        let mut request = http::Request::new(Vec::from(body));
        *request.method_mut() = head.method;
        *request.uri_mut() = self
            .endpoint
            .place(path)
            .parse()
            .map_err(|error| own(StatusCode::BAD_REQUEST, "InvalidRequest", error))?;
        *request.headers_mut() = carried(head.headers);
        for name in SIGNATURE {
            request.headers_mut().remove(name);
        }
        let answer = self
            .signer
            .stream(request, &self.endpoint.scope, ANSWER_TIMEOUT)
            .await
            .map_err(unanswered)?;
        let (mut head, body) = answer.into_parts();
        head.headers = carried(head.headers);
        Ok(Response::from_parts(head, Body::new(body)))
    }
}

/// Returns the headers that go on with a message.
fn carried(mut headers: HeaderMap) -> HeaderMap {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named.iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
    headers
}

/// Returns an answer of the proxy's own, which says that it is.
fn own(status: StatusCode, name: &'static str, why: impl std::fmt::Display) -> Refusal {
    Refusal {
        status,
        name,
        why: format!("stepwell proxy: {why}"),
    }
}

fn unanswered(error: CallError) -> Refusal {
    // Both are worth another try of the client, as the same answers of AWS are.
    let status = match error {
        CallError::Unknown(_) => StatusCode::GATEWAY_TIMEOUT,
        CallError::NotSent(_) | CallError::Refused(_) | CallError::Service { .. } => StatusCode::BAD_GATEWAY,
    };
    own(status, "ServiceUnavailableException", error)
}
