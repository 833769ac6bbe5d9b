//! One port: the API, or the way to it.

use api::{Api, Request};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use local::Store;
use serde_json::json;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// How many times the largest request a body may have before it is cut off without an answer of the API.
const BODY_SLACK: usize = 2;

/// How long requests that are being answered may take after the server was asked to end: a worker's poll for a task
/// waits for a minute, and whoever asked does not.
const GRACE: Duration = Duration::from_secs(2);

/// Serves the API until `stop` resolves, and lets requests that are being answered end.
///
/// What is not answered by then is cut off, as by a crash: whatever was acknowledged is durable.
pub(crate) async fn serve(
    api: Api,
    store: Store,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    // The API itself refuses what is too large, by name; this bounds what is read for that.
    let body_bytes_max = api.request_bytes_max().saturating_mul(BODY_SLACK);
    let router = Router::new()
        .route("/", post(call).get(welcome))
        .route("/health", get(move || std::future::ready(health(&store))))
        .layer(DefaultBodyLimit::max(body_bytes_max))
        .with_state(api);
    listen(router, listener, stop).await
}

/// Serves until `stop` resolves, and lets requests that are being answered end.
pub(crate) async fn listen(
    router: Router,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let (stopping, stopped) = oneshot::channel::<()>();
    let stop = async move {
        stop.await;
        drop(stopping);
    };
    let out_of_time = async move {
        // It is never sent, only dropped.
        let _ = stopped.await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = axum::serve(listener, router).with_graceful_shutdown(stop) => served,
        () = out_of_time => Ok(()),
    }
}

async fn welcome() -> &'static str {
    "Stepwell serves the AWS Step Functions API here: POST with X-Amz-Target AWSStepFunctions.*\n"
}

/// Says that the server answers, and what its store has done since it was opened.
fn health(store: &Store) -> Response {
    let text = json!({ "status": "ok", "store": { "commits": store.commits(), "writes": store.writes() } })
        .to_string();
    let mut response = Response::new(Body::from(text + "\n"));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

async fn call(State(api): State<Api>, headers: HeaderMap, body: Bytes) -> Response {
    let text = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    let request = Request {
        target: text("x-amz-target"),
        authorization: text("authorization"),
        content_type: text("content-type"),
        body: Vec::from(body),
    };
    let answer = api.handle(request).await;
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(answer.content_type),
    );
    if let Ok(id) = HeaderValue::from_str(&answer.request_id) {
        headers.insert("x-amzn-requestid", id);
    }
    if let Some(error) = answer
        .error_type
        .and_then(|error| HeaderValue::from_str(&error).ok())
    {
        headers.insert("x-amzn-errortype", error);
    }
    response
}
