//! Tasks that send HTTP requests of the author's making: `http:invoke`, `apigateway:invoke`, `eks:call` and `eks:runJob`.
//!
//! What an author gives becomes a [`WebRequest`], and what comes back a result. Nothing here sends anything: whoever does
//! reads the connection of an HTTP Task, keeps its tokens, and signs.

mod answer;
mod api;
mod connection;
mod form;
mod http;
mod kubernetes;
mod mistakes;
mod oauth;
mod parts;
mod run_job;
mod url;

pub use api::{ApiRequest, Signature};
pub use connection::{Authorization, Connection};
pub use http::{HttpTask, lost};
pub use kubernetes::KubernetesRequest;
pub use mistakes::mistakes;
pub use oauth::{OAuth, Token};
pub use run_job::{Container, EndedJob, JobState, KubernetesJob, MadeJob};
pub use url::PlainHttp;

pub(crate) use api::effect as effect_of_api;
pub(crate) use http::effect as effect_of_http;
pub(crate) use kubernetes::effect as effect_of_kubernetes;
pub(crate) use run_job::effect as effect_of_run_job;

/// An HTTP request that somebody is to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebRequest {
    /// The method.
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// The headers; a name may stand there more than once.
    pub headers: Vec<(String, String)>,
    /// The body, where there is one.
    pub body: Option<String>,
}

/// What came back for a [`WebRequest`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebAnswer {
    /// The status.
    pub status: u16,
    /// What the status is called.
    pub reason: String,
    /// The headers, as they came.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

#[cfg(test)]
mod tests;
