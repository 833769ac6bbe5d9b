//! `eks:call`, and the cluster that it calls (AWS developer guide, "Create and manage Amazon EKS clusters with Step
//! Functions").

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
        let cluster = Cluster::read(&parameters, plain)?;
        let empty = Map::new();
        let query = parameters
            .object("QueryParameters")?
            .map_or(&empty, |query| query.fields);
        let path = parameters.needed_text("Path")?;
        Ok(cluster.request(&method, path, &pairs(query), parameters.get("RequestBody")))
    }
}

/// A cluster, as the parameters of a task have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cluster {
    name: String,
    endpoint: String,
    authority: Vec<u8>,
}

impl Cluster {
    pub(crate) fn read(parameters: &Parameters<'_>, plain: PlainHttp) -> Result<Cluster, Failure> {
        let endpoint = checked(parameters.needed_text("Endpoint")?, plain)?;
        let authority = super::oauth::from_base64(parameters.needed_text("CertificateAuthority")?);
        Ok(Cluster {
            name: parameters.needed_text("ClusterName")?.to_owned(),
            endpoint: endpoint.trim_end_matches('/').to_owned(),
            authority: authority.ok_or_else(|| {
                Failure::runtime(format!(
                    "the `CertificateAuthority` of `{}` must be base64",
                    parameters.of
                ))
            })?,
        })
    }

    pub(crate) fn request(
        &self,
        method: &str,
        called: &str,
        query: &[(String, String)],
        body: Option<&Value>,
    ) -> KubernetesRequest {
        let url = format!(
            "{}/{}",
            self.endpoint,
            path(called.strip_prefix('/').unwrap_or(called))
        );
        let mut headers = vec![("Accept".to_owned(), "application/json".to_owned())];
        if let Some(body) = body {
            headers.push(("Content-Type".to_owned(), content_type(method, body).to_owned()));
        }
        KubernetesRequest {
            request: WebRequest {
                method: method.to_owned(),
                url: with_query(&url, query, None),
                headers,
                body: body.map(super::form::text),
            },
            cluster: self.name.clone(),
            authority: self.authority.clone(),
        }
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
        Err(self.failure_of_kubernetes())
    }

    /// Names an answer that is an error as Step Functions does.
    // AWS: developer guide, "Create and manage Amazon EKS clusters with Step Functions", "Permissions"
    pub fn failure_of_kubernetes(&self) -> Failure {
        let mut cause = answer::shown(self, &String::from_utf8_lossy(&self.body));
        if let Value::Object(fields) = &mut cause {
            fields.shift_remove("Headers");
        }
        Failure {
            error: format!("EKS.{}", self.status),
            cause: Some(cause.to_string()),
        }
    }
}

/// What may be done when the outcome is unknown: the same as with `http:invoke`, and for the same reason.
pub(crate) fn effect(parameters: &Value) -> EffectClass {
    super::http::effect(parameters)
}
