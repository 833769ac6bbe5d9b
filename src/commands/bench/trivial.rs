//! The least that a server of this stack can do: reads a body, and answers a fixed one.

use crate::commands::Failure;
use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use std::io::Write as _;
use std::process::ExitCode;
use tokio::net::TcpListener;

/// Answers every POST with `bytes` bytes, until the process is ended.
pub(crate) async fn serve(bytes: usize) -> Result<ExitCode, Failure> {
    let body = Bytes::from(vec![b' '; bytes]);
    let router = Router::new().route(
        "/",
        post(move |_request: Bytes| {
            let body = body.clone();
            async move { body }
        }),
    );
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .map_err(Failure::while_trying("127.0.0.1"))?;
    let address = listener
        .local_addr()
        .map_err(Failure::while_trying("the address"))?;
    println!("listening on http://{address}");
    let _ = std::io::stdout().flush();
    axum::serve(listener, router)
        .await
        .map_err(Failure::while_trying("serving"))?;
    Ok(ExitCode::SUCCESS)
}
