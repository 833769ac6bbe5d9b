//! One request on its way to the deployed API, and its answer back.

use super::endpoint::Endpoint;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{self, HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use calls::{CallError, Signer};
use serde_json::json;
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
}

/// Returns what answers clients.
pub(super) fn router(signer: Signer, endpoint: Endpoint) -> Router {
    // A route would add a header `Allow` to what comes back.
    Router::new()
        .fallback(forward)
        .with_state(Arc::new(Proxy { signer, endpoint }))
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
            return Err(Refusal(
                StatusCode::METHOD_NOT_ALLOWED,
                "UnknownOperationException",
                why,
            ));
        }
        // Browsers say which page a POST is from. Signing it would let any page act with the user's credentials.
        if head.headers.contains_key(header::ORIGIN) {
            let why = "requests of web pages are not signed".to_owned();
            return Err(Refusal(StatusCode::FORBIDDEN, "AccessDeniedException", why));
        }
        let body = to_bytes(body, BODY_BYTES_MAX).await.map_err(|error| {
            let why =
                format!("the request could not be read, or is larger than {BODY_BYTES_MAX} bytes: {error}");
            Refusal(
                StatusCode::PAYLOAD_TOO_LARGE,
                "RequestEntityTooLargeException",
                why,
            )
        })?;
        if let Some(why) = self.signer.without_credentials() {
            return Err(Refusal(
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
            .map_err(|error| Refusal(StatusCode::BAD_REQUEST, "InvalidRequest", format!("{error}")))?;
        *request.headers_mut() = carried(head.headers);
        for name in SIGNATURE {
            request.headers_mut().remove(name);
        }
        let answer = self
            .signer
            .stream(request, &self.endpoint.scope, ANSWER_TIMEOUT)
            .await
            .map_err(Refusal::of)?;
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

/// An answer of the proxy's own, in the form of the API's: status, name and message.
#[derive(Debug)]
struct Refusal(StatusCode, &'static str, String);

impl Refusal {
    fn of(error: CallError) -> Refusal {
        // Both are worth another try of the client, as the same answers of AWS are.
        let status = match error {
            CallError::Unknown(_) => StatusCode::GATEWAY_TIMEOUT,
            CallError::NotSent(_) | CallError::Refused(_) | CallError::Service { .. } => {
                StatusCode::BAD_GATEWAY
            }
        };
        Refusal(status, "ServiceUnavailableException", error.to_string())
    }

    fn response(self) -> Response {
        let Refusal(status, name, why) = self;
        tracing::warn!("{name}: {why}");
        let body = json!({ "__type": name, "message": format!("stepwell proxy: {why}") });
        let mut response = Response::new(Body::from(body.to_string()));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/x-amz-json-1.0"),
        );
        headers.insert("x-amzn-errortype", HeaderValue::from_static(name));
        response
    }
}
