//! `eks:call` (AWS developer guide, "Create and manage Amazon EKS clusters with Step Functions").

use super::parts::{Parameters, pairs};
use super::url::{PlainHttp, checked, path, with_query};
use super::{WebAnswer, WebRequest, answer};
use crate::effect::EffectClass;
use crate::exchange::Failure;
use serde_json::{Map, Value};

/// A request to the Kubernetes API of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KubernetesRequest {
    /// The request itself, without the token that it proves itself by.
    pub request: WebRequest,
    /// The cluster's name, which the token is for.
    pub cluster: String,
    /// The certificates that the endpoint's is signed with, as PEM.
    pub authority: Vec<u8>,
}

impl KubernetesRequest {
    /// Reads evaluated Parameters or Arguments.
    ///
    /// # Errors
    ///
    /// With what is wrong with them, before anything is sent.
    pub fn read(parameters: &Value, plain: PlainHttp) -> Result<KubernetesRequest, Failure> {
        let parameters = Parameters::of("eks:call", parameters)?;
        let method = parameters.method()?;
        let endpoint = checked(parameters.needed_text("Endpoint")?, plain)?.trim_end_matches('/');
        let called = parameters.needed_text("Path")?;
        let url = format!("{endpoint}/{}", path(called.strip_prefix('/').unwrap_or(called)));
        let empty = Map::new();
        let query = parameters
            .object("QueryParameters")?
            .map_or(&empty, |query| query.fields);
        let mut headers = vec![("Accept".to_owned(), "application/json".to_owned())];
        let body = parameters.get("RequestBody");
        if let Some(body) = body {
            headers.push(("Content-Type".to_owned(), content_type(&method, body).to_owned()));
        }
        let authority = super::oauth::from_base64(parameters.needed_text("CertificateAuthority")?);
        let authority = authority.ok_or_else(|| {
            Failure::runtime("the `CertificateAuthority` of `eks:call` must be base64".to_owned())
        })?;
        Ok(KubernetesRequest {
            request: WebRequest {
                method,
                url: with_query(&url, &pairs(query), None),
                headers,
                body: body.map(super::form::text),
            },
            cluster: parameters.needed_text("ClusterName")?.to_owned(),
            authority,
        })
    }
}

/// Kubernetes tells patches apart by their content type.
fn content_type(method: &str, body: &Value) -> &'static str {
    match (method, body) {
        ("PATCH", Value::Array(_)) => "application/json-patch+json",
        ("PATCH", _) => "application/merge-patch+json",
        _ => "application/json",
    }
}

impl WebAnswer {
    /// Turns an answer into the result of `eks:call`.
    ///
    /// # Errors
    ///
    /// When its status is not one of success.
    pub fn of_kubernetes(&self) -> Result<Value, Failure> {
        if answer::is_success(self) {
            return Ok(answer::shown(self, &String::from_utf8_lossy(&self.body)));
        }
        Err(Failure {
            error: format!("EKS.{}", self.status),
            cause: Some(answer::cause(self)),
        })
    }
}

/// What may be done when the outcome is unknown: the same as with `http:invoke`, and for the same reason.
pub(crate) fn effect(parameters: &Value) -> EffectClass {
    super::http::effect(parameters)
}
