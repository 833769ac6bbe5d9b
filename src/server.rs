//! One port: the API, or the way to it.

mod bodies;
mod connections;
mod refusal;
mod unread;
mod visitors;

pub(crate) use bodies::Bodies;
pub(crate) use refusal::Refusal;
pub(crate) use visitors::Visitors;

use crate::commands::Failure;
use api::{Api, Request};
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware;
use axum::response::Response;
use axum::routing::{get, post};
use local::Store;
use serde_json::json;
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// How many times the largest request a body may have before it is cut off without an answer of the API.
const BODY_SLACK: usize = 2;

/// Where to listen, and who may ask there.
#[derive(Debug, clap::Args)]
pub(crate) struct Port {
    /// The address to listen at; port 0 picks a free one.
    #[arg(long, default_value = "127.0.0.1:8083", value_name = "ADDRESS:PORT")]
    listen: SocketAddr,
    /// Listen at an address that other machines can reach, under whatever name. Nobody is asked for a password.
    #[arg(long)]
    allow_remote: bool,
}

impl Port {
    /// Refuses an address that other machines can reach, unless that is meant. `danger` says what they can do then.
    pub(crate) fn check(&self, danger: &str) -> Result<(), Failure> {
        let is_remote = !self.listen.ip().to_canonical().is_loopback();
        if is_remote && !self.allow_remote {
            return Err(Failure(format!(
                "{} can be reached from other machines, and {danger}: add --allow-remote if that is meant",
                self.listen
            )));
        }
        if is_remote {
            eprintln!(
                "stepwell: {} can be reached from other machines, and {danger}",
                self.listen
            );
        }
        Ok(())
    }

    /// Opens the port.
    pub(crate) async fn open(&self) -> Result<TcpListener, Failure> {
        TcpListener::bind(self.listen)
            .await
            .map_err(Failure::while_trying(self.listen))
    }

    /// Returns who may ask; `speaker` refuses the others.
    pub(crate) fn visitors(&self, speaker: &'static str) -> Visitors {
        Visitors {
            are_remote: self.allow_remote,
            speaker,
        }
    }
}

/// Opens a port of the loopback that is free; returns its address, too.
pub(crate) async fn open_any() -> Result<(TcpListener, SocketAddr), Failure> {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let opened = async {
        let listener = TcpListener::bind(any).await?;
        let address = listener.local_addr()?;
        Ok::<_, std::io::Error>((listener, address))
    };
    opened.await.map_err(Failure::while_trying(any))
}

/// What a request is answered with.
#[derive(Clone, Debug)]
struct Desk {
    api: Api,
    bodies: Bodies,
}

/// Serves the API until `stop` resolves, and lets requests that are being answered end.
///
/// What is not answered by then is cut off, as by a crash: whatever was acknowledged is durable.
pub(crate) async fn serve(
    api: Api,
    store: Store,
    listener: TcpListener,
    visitors: Visitors,
    stop: impl Future<Output = ()> + Send + 'static,
) {
    // The API itself refuses what is too large, by name; this bounds what is read for that.
    let bodies = Bodies::up_to(api.request_bytes_max().saturating_mul(BODY_SLACK));
    let router = Router::new()
        .route("/", post(call).get(welcome))
        .route("/health", get(move || std::future::ready(health(&store))))
        .with_state(Desk { api, bodies });
    listen(router, listener, visitors, stop).await;
}

/// Serves until `stop` resolves, and lets requests that are being answered end.
pub(crate) async fn listen(
    router: Router,
    listener: TcpListener,
    visitors: Visitors,
    stop: impl Future<Output = ()> + Send + 'static,
) {
    let router = router.layer(middleware::from_fn_with_state(visitors, visitors::admit));
    connections::serve(router, listener, stop).await;
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

async fn call(State(desk): State<Desk>, headers: HeaderMap, body: Body) -> Response {
    let body = match desk.bodies.read(body).await {
        Ok(body) => body,
        Err(refusal) => return refusal.response(),
    };
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
    let answer = desk.api.handle(request).await;
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
