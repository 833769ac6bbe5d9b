//! An answer that comes before the API, or in its place: in the form of the API's exceptions.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::json;

/// Status, name and message of an exception.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) name: &'static str,
    pub(crate) why: String,
}

impl Refusal {
    /// Returns the answer.
    pub(crate) fn response(self) -> Response {
        let Refusal { status, name, why } = self;
        tracing::warn!("{name}: {why}");
        let body = json!({ "__type": name, "message": why });
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
