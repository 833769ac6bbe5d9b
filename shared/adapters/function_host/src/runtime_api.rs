//! The Lambda Runtime API, version 2018-06-01, for one process.
//!
//! Each process has a listener of its own: clients use `AWS_LAMBDA_RUNTIME_API` as a bare authority, so the port is
//! what tells processes apart.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HOST, HeaderMap, HeaderValue, ORIGIN};
use hyper::http::response::Builder;
use hyper::http::uri::Authority;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::exchange::{Answer, Event, Exchange};
use crate::invocation::report;

const ROOT: &str = "/2018-06-01/runtime/";
const ERROR_TYPE: &str = "lambda-runtime-function-error-type";
const RESPONSE_BYTES_MAX: usize = 6_291_556; // AWS quota: 6 MB, as its error message gives it

/// A Runtime API that serves until it is dropped.
#[derive(Debug)]
pub(crate) struct RuntimeApi {
    pub(crate) address: SocketAddr,
    server: tokio::task::JoinHandle<()>,
}

impl RuntimeApi {
    pub(crate) async fn start(exchange: Arc<Exchange>) -> std::io::Result<RuntimeApi> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        Ok(RuntimeApi {
            address,
            server: tokio::spawn(serve(listener, exchange)),
        })
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Serves connections in a set of its own, which ends them when the server is aborted.
async fn serve(listener: TcpListener, exchange: Arc<Exchange>) {
    let mut connections = JoinSet::new();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "the runtime API cannot accept a connection");
                    continue;
                }
            },
            Some(_) = connections.join_next() => continue,
        };
        let exchange = Arc::clone(&exchange);
        connections.spawn(async move {
            let service = service_fn(|request| handle(request, &exchange));
            if let Err(error) = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await
            {
                // Ordinary when a process is killed or goes away while it waits for an event.
                tracing::debug!(%error, "a connection to the runtime API broke");
            }
        });
    }
}

async fn handle(
    request: Request<Incoming>,
    exchange: &Exchange,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    if is_of_a_page(&head.headers) {
        let what = "web pages are not served";
        return Ok(refuse(StatusCode::FORBIDDEN, "Forbidden", what));
    }
    let path: Vec<&str> = head
        .uri
        .path()
        .strip_prefix(ROOT)
        .unwrap_or_default()
        .split('/')
        .collect();
    let error_type = head.headers.get(ERROR_TYPE).and_then(|value| value.to_str().ok());
    let response = match (&head.method, path.as_slice()) {
        (&Method::GET, ["invocation", "next"]) => next(exchange).await,
        (&Method::POST, ["invocation", id, "response"]) => returned(exchange, id, body).await,
        (&Method::POST, ["invocation", id, "error"]) => failed(exchange, id, error_type, body).await,
        (&Method::POST, ["init", "error"]) => failed_to_start(exchange, error_type, body).await,
        (method, _) => {
            let what = format!("{method} {} is not part of this Runtime API", head.uri.path());
            refuse(StatusCode::NOT_FOUND, "NotFound", &what)
        }
    };
    Ok(response)
}

/// Returns whether a browser sends this for a page: pages can ask any port of this machine, and one that asked for the next
/// event would take it from the function.
///
/// Browsers say where a request is from, but for plain ones to a name that its owner has led here (DNS rebinding); those
/// have that name as their host, and functions use the address that they were told.
fn is_of_a_page(headers: &HeaderMap) -> bool {
    let is_address = |host: &HeaderValue| {
        let authority = host.to_str().ok().and_then(|host| host.parse::<Authority>().ok());
        authority.is_some_and(|authority| {
            authority.host() == "localhost" || authority.host().parse::<IpAddr>().is_ok()
        })
    };
    headers.contains_key(ORIGIN)
        || headers.contains_key("sec-fetch-site")
        || !headers.get_all(HOST).iter().all(is_address)
}

async fn next(exchange: &Exchange) -> Response<Full<Bytes>> {
    match exchange.next().await {
        Some(event) => event_response(event),
        None => refuse(
            StatusCode::FORBIDDEN,
            "InvalidStateTransition",
            "the last invocation has no answer yet",
        ),
    }
}

fn event_response(event: Event) -> Response<Full<Bytes>> {
    let deadline = event
        .deadline
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis());
    let response = Response::builder()
        .header(CONTENT_TYPE, "application/json")
        .header("Lambda-Runtime-Aws-Request-Id", event.request_id)
        .header("Lambda-Runtime-Deadline-Ms", deadline.to_string())
        .header("Lambda-Runtime-Invoked-Function-Arn", event.function_arn)
        .header("Lambda-Runtime-Trace-Id", event.trace);
    filled(response, event.payload)
}

async fn returned(exchange: &Exchange, id: &str, body: Incoming) -> Response<Full<Bytes>> {
    let collected = match Limited::new(body, RESPONSE_BYTES_MAX).collect().await {
        Ok(collected) => collected,
        Err(error) if error.is::<LengthLimitError>() => {
            let what = format!(
                "Response payload size exceeded maximum allowed payload size ({RESPONSE_BYTES_MAX} bytes)."
            );
            let too_large = report("Function.ResponseSizeTooLarge", &what);
            return match exchange.answer(id, Answer::Failed(too_large)) {
                true => refuse(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", &what),
                false => unknown_request(),
            };
        }
        Err(error) => return refuse(StatusCode::BAD_REQUEST, "InvalidRequest", &error.to_string()),
    };
    // A response that is streamed can still fail on its way; the trailers say so.
    let failure = collected
        .trailers()
        .and_then(|trailers| trailers.get(ERROR_TYPE))
        .cloned();
    let answer = match failure {
        Some(kind) => {
            let kind = String::from_utf8_lossy(kind.as_bytes()).into_owned();
            Answer::Failed(report(
                &kind,
                "the function failed while it streamed its response",
            ))
        }
        None => Answer::Returned(collected.to_bytes().into()),
    };
    accept(exchange.answer(id, answer))
}

async fn failed(
    exchange: &Exchange,
    id: &str,
    error_type: Option<&str>,
    body: Incoming,
) -> Response<Full<Bytes>> {
    match error_report(error_type, body).await {
        Ok(payload) => accept(exchange.answer(id, Answer::Failed(payload))),
        Err(response) => *response,
    }
}

async fn failed_to_start(
    exchange: &Exchange,
    error_type: Option<&str>,
    body: Incoming,
) -> Response<Full<Bytes>> {
    match error_report(error_type, body).await {
        Ok(payload) => match exchange.fail_to_start(payload) {
            true => accept(true),
            false => refuse(
                StatusCode::FORBIDDEN,
                "InvalidStateTransition",
                "the initialization is over",
            ),
        },
        Err(response) => *response,
    }
}

/// Reads the report as it is; a program may leave it out and name the error's type in the header alone.
async fn error_report(
    error_type: Option<&str>,
    body: Incoming,
) -> Result<Vec<u8>, Box<Response<Full<Bytes>>>> {
    match Limited::new(body, RESPONSE_BYTES_MAX).collect().await {
        Ok(collected) => {
            let payload: Vec<u8> = collected.to_bytes().into();
            let named = || report(error_type.unwrap_or("Runtime.Unknown"), "");
            Ok(if payload.is_empty() { named() } else { payload })
        }
        Err(error) => Err(Box::new(refuse(
            StatusCode::BAD_REQUEST,
            "InvalidRequest",
            &error.to_string(),
        ))),
    }
}

fn accept(known: bool) -> Response<Full<Bytes>> {
    if !known {
        return unknown_request();
    }
    let response = Response::builder()
        .status(StatusCode::ACCEPTED)
        .header(CONTENT_TYPE, "application/json");
    filled(response, br#"{"status":"OK"}"#.to_vec())
}

fn unknown_request() -> Response<Full<Bytes>> {
    refuse(
        StatusCode::BAD_REQUEST,
        "InvalidRequestID",
        "no invocation with this id waits for an answer",
    )
}

fn refuse(status: StatusCode, error_type: &str, what: &str) -> Response<Full<Bytes>> {
    filled(
        Response::builder()
            .status(status)
            .header(CONTENT_TYPE, "application/json"),
        report(error_type, what),
    )
}

/// Builds the response; only an ARN that is no header value, which a caller may have sent, can make that fail.
fn filled(response: Builder, body: Vec<u8>) -> Response<Full<Bytes>> {
    response.body(Full::from(body)).unwrap_or_else(|error| {
        let mut response = Response::new(Full::from(error.to_string()));
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    async fn answer(api: &RuntimeApi, request: &str, headers: &str) -> String {
        let mut stream = tokio::net::TcpStream::connect(api.address).await.unwrap();
        let request =
            format!("{request} HTTP/1.1\r\n{headers}Connection: close\r\nContent-Length: 0\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).await.unwrap();
        response
    }

    #[tokio::test]
    async fn pages_in_a_browser_take_no_event() {
        let api = RuntimeApi::start(Arc::new(Exchange::new())).await.unwrap();
        let port = api.address.port();
        for headers in [
            format!("Host: 127.0.0.1:{port}\r\nSec-Fetch-Site: cross-site\r\n"),
            format!("Host: 127.0.0.1:{port}\r\nOrigin: null\r\n"),
            format!("Host: rebound.example.com:{port}\r\n"),
        ] {
            let response = answer(&api, "GET /2018-06-01/runtime/invocation/next", &headers).await;
            assert!(response.starts_with("HTTP/1.1 403 "), "{headers}{response}");
        }
        for host in ["127.0.0.1", "localhost"] {
            let headers = format!("Host: {host}:{port}\r\n");
            let response = answer(&api, "POST /2018-06-01/runtime/invocation/r/error", &headers).await;
            assert!(response.starts_with("HTTP/1.1 400 "), "{headers}{response}");
        }
    }

    #[tokio::test]
    async fn requests_outside_the_api_are_refused_by_name() {
        let api = RuntimeApi::start(Arc::new(Exchange::new())).await.unwrap();
        let cases = [
            (
                "GET /2018-06-01/runtime/restore/next",
                "404",
                "GET /2018-06-01/runtime/restore/next is not part of",
            ),
            (
                "POST /2018-06-01/runtime/invocation/next",
                "404",
                "POST /2018-06-01/runtime/invocation/next is not",
            ),
            ("GET /", "404", "GET / is not part of this Runtime API"),
            (
                "POST /2018-06-01/runtime/invocation/r-1/response",
                "400",
                "InvalidRequestID",
            ),
            (
                "POST /2018-06-01/runtime/invocation/r-1/error",
                "400",
                "InvalidRequestID",
            ),
            ("POST /2018-06-01/runtime/init/error", "202", "OK"),
            (
                "POST /2018-06-01/runtime/init/error",
                "403",
                "InvalidStateTransition",
            ),
        ];
        for (request, status, told) in cases {
            let response = answer(&api, request, &format!("Host: {}\r\n", api.address)).await;
            assert!(
                response.starts_with(&format!("HTTP/1.1 {status} ")),
                "{request}{response}"
            );
            assert!(response.contains(told), "{request}{response}");
        }
    }
}
