//! `http:invoke` (AWS developer guide, "Call HTTPS APIs in Step Functions workflows").

use super::connection::Connection;
use super::form::{ArrayFormat, form};
use super::oauth::Token;
use super::parts::{Parameters, has, is_among, pairs, set};
use super::url::{PlainHttp, checked, with_query};
use super::{WebAnswer, WebRequest, answer};
use crate::effect::EffectClass;
use crate::exchange::Failure;
use serde_json::{Map, Value};

/// What an author gives `http:invoke`.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpTask {
    method: String,
    endpoint: String,
    connection: String,
    headers: Vec<(String, String)>,
    query: Vec<(String, String)>,
    /// Query parameters that were given as text.
    query_text: Option<String>,
    body: Option<Value>,
    /// How the body is URL-encoded; `None` when it is not.
    form: Option<ArrayFormat>,
}

/// Names that a task's headers may not have.
pub(crate) const FORBIDDEN: [&str; 36] = [
    "a-im",
    "accept-charset",
    "accept-datetime",
    "accept-encoding",
    "authorization",
    "cache-control",
    "connection",
    "content-encoding",
    "content-md5",
    "date",
    "expect",
    "forwarded",
    "from",
    "host",
    "http2-settings",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "max-forwards",
    "origin",
    "pragma",
    "proxy-authorization",
    "referer",
    "server",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "warning",
    "x-forwarded-*",
    "x-amz-*",
    "x-amzn-*",
    // Whoever sends the request measures the body.
    "content-length",
];

impl HttpTask {
    /// Reads evaluated Parameters or Arguments.
    ///
    /// # Errors
    ///
    /// With what Step Functions refuses in them, before anything is sent.
    pub fn read(parameters: &Value, plain: PlainHttp) -> Result<HttpTask, Failure> {
        let parameters = Parameters::of("http:invoke", parameters)?;
        let endpoint = checked(parameters.needed_text("ApiEndpoint")?, plain)?.to_owned();
        let (query, query_text) = query(&parameters)?;
        Ok(HttpTask {
            method: parameters.method()?,
            endpoint,
            connection: connection(&parameters)?,
            headers: parameters.headers(|name| is_among(name, &FORBIDDEN))?,
            query,
            query_text,
            body: parameters.get("RequestBody").cloned(),
            form: encoding(&parameters)?,
        })
    }

    /// The ARN of the EventBridge connection.
    pub fn connection(&self) -> &str {
        &self.connection
    }

    /// Writes the request, with what the connection adds: where both name a thing, the connection has it.
    ///
    /// # Errors
    ///
    /// When the body cannot be merged with the connection's, or cannot be encoded.
    pub fn request(
        &self,
        connection: &Connection,
        token: Option<&Token>,
        region: &str,
    ) -> Result<WebRequest, Failure> {
        let body = self.body(&connection.body)?;
        let mut headers = self.headers.clone();
        set(&mut headers, connection.authorization.header(token));
        set(&mut headers, connection.headers.iter().cloned());
        if body.is_some() && !has(&headers, "content-type") {
            let content_type = match self.form {
                Some(_) => "application/x-www-form-urlencoded",
                None => "application/json; charset=UTF-8",
            };
            headers.push(("Content-Type".to_owned(), content_type.to_owned()));
        }
        let own = [
            (
                "User-Agent".to_owned(),
                format!("Amazon|StepFunctions|HttpInvoke|{region}"),
            ),
            ("Range".to_owned(), "bytes=0-262144".to_owned()),
        ];
        set(&mut headers, own);
        let mut query = self.query.clone();
        query.retain(|(name, _)| !connection.query.iter().any(|(known, _)| known == name));
        query.extend(connection.query.iter().cloned());
        Ok(WebRequest {
            method: self.method.clone(),
            url: with_query(&self.endpoint, &query, self.query_text.as_deref()),
            headers,
            body,
        })
    }

    fn body(&self, added: &Map<String, Value>) -> Result<Option<String>, Failure> {
        let merged = match &self.body {
            None if added.is_empty() => return Ok(None),
            None => Value::Object(added.clone()),
            Some(body) if added.is_empty() => body.clone(),
            Some(Value::Object(fields)) => {
                let mut fields = fields.clone();
                fields.extend(added.clone());
                Value::Object(fields)
            }
            Some(other) => {
                return Err(Failure::runtime(format!(
                    "a `RequestBody` that is no object cannot be merged with the body parameters of the connection, got {other}"
                )));
            }
        };
        Ok(Some(match (self.form, merged) {
            (Some(format), merged) => form(&merged, format)?,
            // A text is sent as it is: so an API can be called that takes XML.
            (None, Value::String(text)) => text,
            (None, merged) => merged.to_string(),
        }))
    }
}

impl WebAnswer {
    /// Turns an answer into the result of `http:invoke`.
    ///
    /// # Errors
    ///
    /// When its status is not one of success, or its body no text.
    pub fn of_http(&self) -> Result<Value, Failure> {
        if !answer::is_success(self) {
            return Err(Failure {
                error: format!("States.Http.StatusCode.{}", self.status),
                cause: Some(answer::cause(self)),
            });
        }
        let content_type = answer::content_type(self);
        let is_binary = content_type == "application/octet-stream"
            || ["image/", "video/", "audio/"]
                .iter()
                .any(|beginning| content_type.starts_with(beginning));
        match std::str::from_utf8(&self.body) {
            Ok(body) if !is_binary => Ok(answer::shown(self, body)),
            _ => Err(Failure::runtime(format!(
                "the response of the HTTP API is no text; its content type is `{content_type}`"
            ))),
        }
    }
}

/// The failure of a request that had no answer: no connection, or none within the time.
pub fn lost(why: &str) -> Failure {
    Failure {
        error: "States.Http.Socket".to_owned(),
        cause: Some(why.to_owned()),
    }
}

/// What may be done when the outcome of a request is unknown: RFC 9110, section 9.2.2, says which methods a client may
/// repeat by itself, because several requests do what one does.
pub(crate) fn effect(parameters: &Value) -> EffectClass {
    match parameters.get("Method").and_then(Value::as_str) {
        Some("GET" | "HEAD" | "OPTIONS" | "PUT" | "DELETE") => EffectClass::Repeatable,
        _ => EffectClass::Once,
    }
}

fn connection(parameters: &Parameters<'_>) -> Result<String, Failure> {
    let given = match parameters.object("InvocationConfig")? {
        Some(given) => Some(given),
        None => parameters.object("Authentication")?,
    };
    let arn = given.map(|given| given.text("ConnectionArn")).transpose()?;
    let arn = arn.flatten().ok_or_else(|| {
        Failure::runtime("`http:invoke` needs the parameter `InvocationConfig.ConnectionArn`".to_owned())
    })?;
    Ok(arn.to_owned())
}

/// Query parameters: an object, a text, or a list of such.
type Query = (Vec<(String, String)>, Option<String>);

fn query(parameters: &Parameters<'_>) -> Result<Query, Failure> {
    let mut all = Vec::new();
    let mut texts: Vec<&str> = Vec::new();
    let given = match parameters.get("QueryParameters") {
        None => &[],
        Some(Value::Array(given)) => given.as_slice(),
        Some(given) => std::slice::from_ref(given),
    };
    for given in given {
        match given {
            Value::Object(fields) => all.extend(pairs(fields)),
            Value::String(text) => texts.push(text),
            other => {
                return Err(Failure::runtime(format!(
                    "the `QueryParameters` of `http:invoke` must be an object, a text or a list of these, got {other}"
                )));
            }
        }
    }
    Ok((all, (!texts.is_empty()).then(|| texts.join("&"))))
}

fn encoding(parameters: &Parameters<'_>) -> Result<Option<ArrayFormat>, Failure> {
    let Some(transform) = parameters.object("Transform")? else {
        return Ok(None);
    };
    let refused = |field: &str, values: &str, got: &str| {
        Failure::runtime(format!(
            "the `{field}` of `http:invoke` must be one of {values}, got `{got}`"
        ))
    };
    let format = match transform.object("RequestEncodingOptions")? {
        Some(options) => options.text("ArrayFormat")?,
        None => None,
    };
    let format = match format {
        None => ArrayFormat::default(),
        Some(text) => ArrayFormat::read(text)
            .ok_or_else(|| refused("ArrayFormat", &ArrayFormat::NAMES.join(", "), text))?,
    };
    match transform.text("RequestBodyEncoding")? {
        Some("URL_ENCODED") => Ok(Some(format)),
        None | Some("NONE") => Ok(None),
        Some(other) => Err(refused("RequestBodyEncoding", "NONE, URL_ENCODED", other)),
    }
}
