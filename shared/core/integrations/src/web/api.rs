//! `apigateway:invoke` (AWS developer guide, "Create API Gateway REST APIs with Step Functions").

use super::parts::{Parameters, has, is_among, pairs};
use super::url::{PlainHttp, checked, path, with_query};
use super::{WebAnswer, WebRequest, answer};
use crate::effect::EffectClass;
use crate::exchange::Failure;
use serde_json::{Map, Value};

/// A request to an API of API Gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiRequest {
    /// The request itself.
    pub request: WebRequest,
    /// How it proves who sends it.
    pub signature: Signature,
}

/// Whether a request to an API is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signature {
    /// It is not.
    None,
    /// For the service `execute-api`, in the Region that the endpoint names; in the caller's where it names none.
    ExecuteApi(Option<String>),
}

/// Names that the headers may not have.
pub(crate) const FORBIDDEN: [&str; 17] = [
    "authorization",
    "connection",
    "content-md5",
    "expect",
    "host",
    "max-forwards",
    "proxy-authenticate",
    "server",
    "te",
    "transfer-encoding",
    "trailer",
    "upgrade",
    "via",
    "www-authenticate",
    "x-forwarded*",
    // Those of `X-Amzn`, too.
    "x-amz*",
    // Whoever sends the request measures the body.
    "content-length",
];

pub(crate) const AUTH_TYPES: [&str; 3] = ["NO_AUTH", "IAM_ROLE", "RESOURCE_POLICY"];

impl ApiRequest {
    /// Reads evaluated Parameters or Arguments.
    ///
    /// # Errors
    ///
    /// With what Step Functions refuses in them, before anything is sent.
    pub fn read(parameters: &Value, plain: PlainHttp) -> Result<ApiRequest, Failure> {
        let mut given = parameters.clone();
        let sends_null = parameters.get("AllowNullValues") == Some(&Value::Bool(true));
        if !sends_null {
            without_null(&mut given);
        }
        let parameters = Parameters::of("apigateway:invoke", &given)?;
        let method = parameters.method()?;
        let host = parameters.needed_text("ApiEndpoint")?;
        let mut headers = parameters.headers(|name| is_among(name, &FORBIDDEN))?;
        // Recorded: execution/services, apigetway_task_service: a text is sent as JSON, and `null` not at all.
        let body = parameters.get("RequestBody").map(Value::to_string);
        if body.is_some() && !has(&headers, "content-type") {
            headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
        }
        let empty = Map::new();
        let query = parameters
            .object("QueryParameters")?
            .map_or(&empty, |query| query.fields);
        Ok(ApiRequest {
            request: WebRequest {
                method,
                url: with_query(&url(&parameters, host, plain)?, &pairs(query), None),
                headers,
                body,
            },
            signature: signature(&parameters, host)?,
        })
    }
}

impl WebAnswer {
    /// Turns an answer into the result of `apigateway:invoke`.
    ///
    /// # Errors
    ///
    /// When its status is not one of success.
    pub fn of_api(&self) -> Result<Value, Failure> {
        if answer::is_success(self) {
            return Ok(answer::shown(self, &String::from_utf8_lossy(&self.body)));
        }
        Err(Failure {
            error: format!("ApiGateway.{}", self.status),
            cause: Some(answer::cause(self)),
        })
    }
}

/// What may be done when the outcome is unknown: the same as with `http:invoke`, and for the same reason.
pub(crate) fn effect(parameters: &Value) -> EffectClass {
    super::http::effect(parameters)
}

fn url(parameters: &Parameters<'_>, host: &str, plain: PlainHttp) -> Result<String, Failure> {
    let mut url = if host.contains("://") {
        checked(host, plain)?.to_owned()
    } else {
        checked(&format!("https://{host}"), plain)?.to_owned()
    };
    for name in ["Stage", "Path"] {
        let part = parameters.text(name)?.unwrap_or_default();
        let part = part.strip_prefix('/').unwrap_or(part);
        if !part.is_empty() {
            url = format!("{}/{}", url.trim_end_matches('/'), path(part));
        }
    }
    Ok(url)
}

fn signature(parameters: &Parameters<'_>, host: &str) -> Result<Signature, Failure> {
    match parameters.text("AuthType")? {
        None | Some("NO_AUTH") => Ok(Signature::None),
        // With RESOURCE_POLICY Step Functions signs in its own name, which nobody else can.
        Some("IAM_ROLE" | "RESOURCE_POLICY") => {
            let mut labels = host
                .split('.')
                .skip_while(|label| *label != "execute-api")
                .skip(1);
            let region = labels.next().filter(|region| region.contains('-'));
            Ok(Signature::ExecuteApi(region.map(str::to_owned)))
        }
        Some(other) => Err(Failure::runtime(format!(
            "the `AuthType` of `apigateway:invoke` must be one of {}, got `{other}`",
            AUTH_TYPES.join(", ")
        ))),
    }
}

/// Leaves out the fields that are null, at any depth.
fn without_null(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(without_null);
        }
        Value::Array(elements) => elements.iter_mut().for_each(without_null),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
