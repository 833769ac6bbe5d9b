//! HTTP requests that authors write: their connections, tokens and signatures.

use calls::{CallError, Caller, Scope};
use integrations::web::{
    ApiRequest, Authorization, Connection, HttpTask, OAuth, PlainHttp, Signature, Token, WebAnswer,
    WebRequest, lost,
};
use integrations::{Failure, Integration, ServiceError, ServiceRequest, not_sent};
use ports::{CallOutcome, Exchange, OwnApi};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How long an HTTP Task waits. AWS developer guide, "Call HTTPS APIs": 60 seconds.
const HTTP_TIMEOUT: Duration = Duration::from_secs(60);
/// How long an API of API Gateway may take, which gives up itself after 29 seconds, or what its quota was raised to.
const GATEWAY_TIMEOUT: Duration = Duration::from_secs(120);
/// A token is renewed when it lasts no longer (EventBridge user guide: 60 seconds).
const RENEWED_BEFORE: Duration = Duration::from_secs(60);

/// What HTTP Tasks may call, and the tokens that they keep from one call to the next.
#[derive(Debug)]
pub struct Web {
    plain: PlainHttp,
    timeout: Duration,
    tokens: Mutex<BTreeMap<String, Kept>>,
}

/// A token, with what it was fetched with: a connection that has changed needs another.
#[derive(Clone, Debug)]
struct Kept {
    of: OAuth,
    token: Token,
    until: Option<Instant>,
}

impl Web {
    /// Returns what keeps no token yet; `plain` says where requests may go without TLS.
    pub fn new(plain: PlainHttp) -> Web {
        Web {
            plain,
            timeout: HTTP_TIMEOUT,
            tokens: Mutex::default(),
        }
    }

    /// Returns the same, with another limit for the answer of an HTTP API than AWS's 60 seconds.
    pub fn with_timeout(mut self, timeout: Duration) -> Web {
        self.timeout = timeout;
        self
    }

    pub(crate) fn plain(&self) -> PlainHttp {
        self.plain
    }

    fn kept(&self, connection: &str, of: &OAuth) -> Option<Token> {
        let tokens = self.tokens.lock().ok()?;
        let kept = tokens.get(connection).filter(|kept| kept.of == *of)?;
        let is_good = kept.until.is_none_or(|until| Instant::now() < until);
        is_good.then(|| kept.token.clone())
    }

    fn keep(&self, connection: &str, of: &OAuth, token: &Token) {
        let lasts = token.seconds.map(Duration::from_secs);
        let until = lasts.map(|lasts| Instant::now() + lasts.saturating_sub(RENEWED_BEFORE));
        let kept = Kept {
            of: of.clone(),
            token: token.clone(),
            until,
        };
        if let Ok(mut tokens) = self.tokens.lock() {
            tokens.insert(connection.to_owned(), kept);
        }
    }

    fn forget(&self, connection: &str) {
        if let Ok(mut tokens) = self.tokens.lock() {
            tokens.remove(connection);
        }
    }
}

/// Who sends a call, with whose rights, and on whose behalf.
#[derive(Clone, Copy, Debug)]
pub struct Sending<'a> {
    /// Who sends it.
    pub caller: &'a Caller,
    /// What HTTP Tasks keep.
    pub web: &'a Web,
    /// The roles with whose last one's rights it is sent, or else with those of the caller. Each role is assumed with the
    /// rights of the one before.
    pub roles: &'a [&'a str],
    /// The Region of the execution.
    pub region: &'a str,
    /// The ARN of the execution's state machine.
    pub machine_arn: &'a str,
    /// What answers in the place of AWS's Step Functions, if there is such a thing.
    pub own_api: Option<&'a dyn OwnApi>,
}

impl Sending<'_> {
    /// Sends the request of an HTTP Task; returns what was said as far as it came, too.
    pub(crate) async fn http(self, task: &HttpTask) -> (CallOutcome, Exchange) {
        let mut exchange = Exchange::default();
        let outcome = match self.exchange(task, &mut exchange).await {
            Ok(value) => CallOutcome::Succeeded(value.to_string()),
            Err(failure) => CallOutcome::Failed(failure),
        };
        (outcome, exchange)
    }

    async fn exchange(self, task: &HttpTask, exchange: &mut Exchange) -> Result<Value, Failure> {
        let connection = self.connection(task).await?;
        let token = match &connection.authorization {
            Authorization::OAuth(oauth) => Some(self.token(task.connection(), oauth).await?),
            Authorization::Header(..) | Authorization::None => None,
        };
        let request = task.request(&connection, token.as_ref(), self.region)?;
        exchange.request = Some(request.clone());
        exchange.bare_request = task.request(&Connection::default(), None, self.region).ok();
        let signer = self.caller.signer();
        let sent = signer.fetch_unsigned(written(&request)?, self.web.timeout).await;
        let answer = read(sent.map_err(|error| match error {
            CallError::Refused(why) => runtime(why),
            error => lost(&error.to_string()),
        })?);
        exchange.answer = Some(answer.clone());
        if token.is_some() && matches!(answer.status, 401 | 407) {
            // The next attempt, if the state has one, comes with another (EventBridge user guide, "Authorization methods
            // for connections").
            self.web.forget(task.connection());
        }
        answer.of_http()
    }

    /// Reads the connection and its secret. Nothing has happened yet when that fails.
    async fn connection(self, task: &HttpTask) -> Result<Connection, Failure> {
        let description = self.ask(&Connection::ask(task.connection())?).await?;
        let secret = match Connection::ask_secret(&description)? {
            Some(request) => Some(self.ask(&request).await?),
            None => None,
        };
        let secret = secret.as_ref().and_then(|secret| secret.get("SecretString"));
        Connection::read(&description, secret.and_then(Value::as_str))
    }

    async fn ask(self, request: &ServiceRequest) -> Result<Value, Failure> {
        let ServiceRequest {
            service,
            operation,
            members,
        } = request;
        let answer = self.caller.call_as(self.roles, service, operation, members).await;
        answer.map(|answer| answer.members).map_err(|error| match error {
            CallError::Service {
                code,
                message,
                status,
                request_id,
                modelled,
            } => Connection::refused(&ServiceError {
                code,
                message,
                status,
                request_id,
                modelled,
            }),
            error => Connection::unreachable(&error.to_string()),
        })
    }

    async fn token(self, connection: &str, oauth: &OAuth) -> Result<Token, Failure> {
        if let Some(token) = self.web.kept(connection, oauth) {
            return Ok(token);
        }
        let request = oauth.request(self.web.plain)?;
        let signer = self.caller.signer();
        let sent = signer.fetch_unsigned(written(&request)?, self.web.timeout).await;
        let answer = sent.map_err(|error| oauth.unreachable(&error.to_string()))?;
        let token = oauth.token(&read(answer))?;
        self.web.keep(connection, oauth, &token);
        Ok(token)
    }

    /// Sends a request to an API of API Gateway.
    pub(crate) async fn gateway(self, integration: &Integration, api: &ApiRequest) -> CallOutcome {
        let request = match written(&api.request) {
            Ok(request) => request,
            Err(failure) => return CallOutcome::Failed(failure),
        };
        let signer = self.caller.signer();
        let timeout = signer.answer_timeout(GATEWAY_TIMEOUT);
        let sent = match &api.signature {
            Signature::None => signer.fetch_unsigned(request, timeout).await,
            Signature::ExecuteApi(region) => {
                let region = region.as_deref().or_else(|| self.caller.region());
                let scope = Scope {
                    name: "execute-api".to_owned(),
                    region: region.unwrap_or(self.region).to_owned(),
                };
                self.caller.fetch_as(self.roles, request, &scope, timeout).await
            }
        };
        outcome(integration, sent.map(read), WebAnswer::of_api)
    }
}

/// Decides what it says about a call how its request was answered.
pub(crate) fn outcome(
    integration: &Integration,
    sent: Result<WebAnswer, CallError>,
    shown: fn(&WebAnswer) -> Result<Value, Failure>,
) -> CallOutcome {
    match sent {
        Ok(answer) => match shown(&answer) {
            Ok(value) => CallOutcome::Succeeded(value.to_string()),
            Err(failure) => CallOutcome::Failed(failure),
        },
        Err(CallError::Refused(why)) => CallOutcome::Failed(runtime(why)),
        Err(CallError::NotSent(why)) => CallOutcome::Failed(not_sent(integration, &why)),
        // `sts` has refused the role.
        Err(error @ CallError::Service { .. }) => {
            CallOutcome::Failed(not_sent(integration, &error.to_string()))
        }
        Err(CallError::Unknown(why)) => CallOutcome::Unknown(why),
    }
}

pub(crate) fn written(request: &WebRequest) -> Result<http::Request<Vec<u8>>, Failure> {
    let mut builder = http::Request::builder()
        .method(request.method.as_str())
        .uri(&request.url);
    for (name, value) in &request.headers {
        builder = builder.header(name, value);
    }
    let body = request.body.clone().unwrap_or_default().into_bytes();
    builder
        .body(body)
        .map_err(|error| runtime(format!("the HTTP request cannot be written: {error}")))
}

pub(crate) fn read(answer: http::Response<Vec<u8>>) -> WebAnswer {
    let (head, body) = answer.into_parts();
    let headers = head.headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.as_str().to_owned(), value)
    });
    WebAnswer {
        status: head.status.as_u16(),
        reason: head.status.canonical_reason().unwrap_or_default().to_owned(),
        headers: headers.collect(),
        body,
    }
}

fn runtime(cause: String) -> Failure {
    Failure {
        error: "States.Runtime".to_owned(),
        cause: Some(cause),
    }
}
