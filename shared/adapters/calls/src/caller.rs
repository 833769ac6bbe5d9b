//! The caller: from a service, an operation and JSON members to JSON members.

use crate::catalogue::{self, Service};
use crate::credentials;
use crate::endpoint::{Choice, Scope};
use crate::events::Events;
use crate::prepare::{Called, Place};
use crate::settings::Settings;
use crate::sign::{presigned, sign};
use crate::signer::Signer;
use crate::transport::{Lost, Transport, within};
use crate::wire::{self, Naming};
use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::Mutex;

/// Calls AWS services with the usual AWS settings.
#[derive(Debug)]
pub struct Caller {
    signer: Arc<Signer>,
    /// The credentials of roles, by the role's ARN.
    assumed: Mutex<BTreeMap<String, Credentials>>,
    /// The endpoints that services have named themselves, by the service, and until when to use them.
    told: Mutex<BTreeMap<&'static str, (String, SystemTime)>>,
}

/// What a service answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The answer's members, beginning with a capital letter; bytes are text, or base64 when they are no text.
    pub members: Value,
    /// The HTTP status.
    pub status: u16,
    /// The HTTP headers.
    pub headers: Vec<(String, String)>,
}

/// Why a call has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The service answered that it will not.
    #[error("{code}: {message} (status {status}, request {request_id})")]
    Service {
        /// The error's name in the service's model, or else the code as it came.
        code: String,
        /// The service's message, or nothing.
        message: String,
        /// The HTTP status.
        status: u16,
        /// The request's id, or nothing.
        request_id: String,
        /// Whether the service's model knows the code.
        modelled: bool,
    },
    /// The call cannot be made as it is: it was not sent, and trying again changes nothing.
    #[error("{0}")]
    Refused(String),
    /// The call was certainly not sent.
    #[error("{0}")]
    NotSent(String),
    /// The call may have been sent: no answer came, or one that cannot be read.
    #[error("{0}")]
    Unknown(String),
}

impl Caller {
    /// Reads the environment and the profile files; looks for no credentials and uses no network.
    pub async fn from_env(settings: Settings) -> Caller {
        Caller {
            signer: Arc::new(Signer::from_env(settings).await),
            assumed: Mutex::new(BTreeMap::new()),
            told: Mutex::new(BTreeMap::new()),
        }
    }

    /// What signs and sends this caller's requests, for requests that no catalogue writes.
    pub fn signer(&self) -> Arc<Signer> {
        Arc::clone(&self.signer)
    }

    /// Whether a call of this service has anywhere to go: an endpoint that somebody set, or credentials for AWS.
    pub fn reaches(&self, service: &str) -> bool {
        self.signer.credentials.is_configured() || self.endpoint(service).is_some()
    }

    /// The Region that is configured.
    pub fn region(&self) -> Option<&str> {
        self.signer.region()
    }

    /// Calls an operation, such as `SendMessage` of `sqs`, and waits for its answer.
    ///
    /// Services have the names that the SDKs or their models give them, such as `eventbridge` or `events`. Only a
    /// request that found no connection is tried again.
    pub async fn call(&self, service: &str, operation: &str, members: &Value) -> Result<Answer, CallError> {
        self.send(service, operation, members, Naming::Api, None).await
    }

    /// Calls an operation with the rights of the last of these roles, which may be of another account; each is assumed
    /// with the rights of the one before, and the first with those of the caller.
    pub async fn call_as(
        &self,
        roles: &[&str],
        service: &str,
        operation: &str,
        members: &Value,
    ) -> Result<Answer, CallError> {
        let credentials = self.rights(roles).await?;
        self.send(service, operation, members, Naming::Api, credentials)
            .await
    }

    /// Calls an operation as [`call_as`](Caller::call_as) does, and names the answer's members as AWS's SDK for Java
    /// does: `DbClusters`, where the API says `DBClusters`. So do the `aws-sdk` integrations of Step Functions.
    pub async fn call_sdk(
        &self,
        roles: &[&str],
        service: &str,
        operation: &str,
        members: &Value,
    ) -> Result<Answer, CallError> {
        let credentials = self.rights(roles).await?;
        self.send(service, operation, members, Naming::Sdk, credentials)
            .await
    }

    /// Calls an operation that answers in a stream of events, with the rights of the last of these roles as
    /// [`call_as`](Caller::call_as) takes them. Each event that the model knows is given to `take`, as it comes: its name,
    /// which begins with a capital letter, and its members.
    ///
    /// # Errors
    ///
    /// [`CallError::Service`] also when the service reports an error within the stream, with status 400 then;
    /// [`CallError::Unknown`] when the stream breaks off.
    pub async fn listen_as(
        &self,
        roles: &[&str],
        service: &str,
        operation: &str,
        members: &Value,
        take: &mut (dyn FnMut(&str, Value) + Send),
    ) -> Result<(), CallError> {
        let called = Called::find(service, operation).map_err(CallError::Refused)?;
        if !called.operation.events {
            return Err(CallError::Refused(format!(
                "`{service}:{operation}` does not answer in a stream of events"
            )));
        }
        let credentials = self.rights(roles).await?;
        let naming = Naming::Api;
        let written = self.written(&called, service, members, naming, credentials);
        let (request, url) = written.await?;
        let timeout = self.timeout(&called);
        let heard = within(timeout, async {
            let response = self.signer.transport.begin(request, timeout).await?;
            let headers = headers(&response);
            if !response.status().is_success() {
                let response = Transport::whole(response).await?;
                return Ok(Err(service_error(
                    called.service,
                    called.name,
                    response,
                    &headers,
                )));
            }
            Ok(events(&called, response, &headers, take).await)
        });
        heard.await.map_err(|lost| named(lost, service, &url))?
    }

    /// Signs a request that others have written and sends it, with the rights of the last of these roles as
    /// [`call_as`](Caller::call_as) takes them.
    ///
    /// # Errors
    ///
    /// As [`Signer::fetch`], and as `sts` answers.
    pub async fn fetch_as(
        &self,
        roles: &[&str],
        request: http::Request<Vec<u8>>,
        scope: &Scope,
        timeout: Duration,
    ) -> Result<http::Response<Vec<u8>>, CallError> {
        let credentials = match self.rights(roles).await? {
            Some(credentials) => credentials,
            None => self.signer.credentials().await?,
        };
        self.signer.fetch_with(credentials, request, scope, timeout).await
    }

    /// Returns a token that says to the Kubernetes API of an EKS cluster who sends a request: a presigned request to `sts`,
    /// with the rights of the last of these roles as [`call_as`](Caller::call_as) takes them.
    ///
    /// # Errors
    ///
    /// As `sts` answers when a role is assumed, or [`CallError::Refused`] when `sts` has no endpoint.
    // What `aws eks get-token` makes; aws-iam-authenticator says how it is read.
    pub async fn eks_token(&self, roles: &[&str], cluster: &str) -> Result<String, CallError> {
        let credentials = match self.rights(roles).await? {
            Some(credentials) => credentials,
            None => self.signer.credentials().await?,
        };
        let called = Called::find("sts", "GetCallerIdentity").map_err(CallError::Refused)?;
        let choice;
        let place = match self.endpoint("sts") {
            Some(url) => Place::Set(url, self.region()),
            None => {
                choice = self.choice("sts", called.service).map_err(CallError::Refused)?;
                Place::Aws(&choice)
            }
        };
        let (_, target) = called.request(&Map::new(), &place).map_err(CallError::Refused)?;
        let url = format!("{}/?Action=GetCallerIdentity&Version=2011-06-15", target.url);
        let host = target.url.split("://").nth(1).unwrap_or_default();
        let headers = [("host", host), ("x-k8s-aws-id", cluster)];
        let url = presigned(&url, &headers, &target.scope, credentials, SystemTime::now());
        let url = url.map_err(CallError::Refused)?;
        Ok(format!("k8s-aws-v1.{}", URL_SAFE_NO_PAD.encode(url)))
    }

    async fn rights(&self, roles: &[&str]) -> Result<Option<Credentials>, CallError> {
        let mut credentials = None;
        for number in 1..=roles.len() {
            credentials = Some(self.assume(&roles[..number], credentials).await?);
        }
        Ok(credentials)
    }

    /// Assumes the last of these roles with the rights of the one before.
    async fn assume(&self, roles: &[&str], rights: Option<Credentials>) -> Result<Credentials, CallError> {
        // No ARN has a space.
        let way = roles.join(" ");
        let mut assumed = self.assumed.lock().await;
        if let Some(credentials) = assumed
            .get(&way)
            .filter(|credentials| credentials::is_fresh(credentials))
        {
            return Ok(credentials.clone());
        }
        let role = roles.last().copied().unwrap_or_default();
        let members = json!({ "RoleArn": role, "RoleSessionName": "stepwell" });
        let answer = self
            .send("sts", "AssumeRole", &members, Naming::Api, rights)
            .await
            .map_err(|error| match error {
                // Asking for credentials does nothing, so the call that they are for was certainly not sent.
                CallError::Unknown(why) => CallError::NotSent(why),
                other => other,
            })?;
        let credentials = credentials::assumed(&answer.members).ok_or_else(|| {
            CallError::NotSent(format!("`sts` gave no usable credentials for the role `{role}`"))
        })?;
        assumed.insert(way, credentials.clone());
        Ok(credentials)
    }

    async fn send(
        &self,
        service: &str,
        operation: &str,
        members: &Value,
        naming: Naming,
        credentials: Option<Credentials>,
    ) -> Result<Answer, CallError> {
        let called = Called::find(service, operation).map_err(CallError::Refused)?;
        if called.operation.events {
            return Err(CallError::Refused(format!(
                "`{service}:{operation}` answers in a stream of events"
            )));
        }
        let written = self.written(&called, service, members, naming, credentials);
        let (request, url) = written.await?;
        let response = self
            .signer
            .transport
            .send(request, self.timeout(&called))
            .await
            .map_err(|lost| named(lost, service, &url))?;
        read(&called, service, operation, response, naming)
    }

    /// Writes and signs a request; returns where it goes, too.
    async fn written(
        &self,
        called: &Called,
        service: &str,
        members: &Value,
        naming: Naming,
        credentials: Option<Credentials>,
    ) -> Result<(HttpRequest, String), CallError> {
        let members = called.members(members, naming).map_err(CallError::Refused)?;
        let (choice, told);
        let place = match self.endpoint(service) {
            Some(url) => Place::Set(url, self.region()),
            None => {
                choice = self.choice(service, called.service).map_err(CallError::Refused)?;
                if called.operation.discovered {
                    told = self.told(service, called.service, credentials.clone()).await?;
                    Place::Told(&told, &choice)
                } else {
                    Place::Aws(&choice)
                }
            }
        };
        let (mut request, target) = called.request(&members, &place).map_err(CallError::Refused)?;
        if !called.operation.unsigned {
            let credentials = match credentials {
                Some(credentials) => credentials,
                None => self.signer.credentials().await?,
            };
            sign(&mut request, &target.scope, credentials, SystemTime::now()).map_err(CallError::Refused)?;
        }
        Ok((request, target.url))
    }

    fn timeout(&self, called: &Called) -> Duration {
        let usual = || answer_timeout(called.service, called.name);
        self.signer.settings.answer_timeout.unwrap_or_else(usual)
    }

    /// The endpoint that a service names itself, for operations that are nowhere else.
    async fn told(
        &self,
        name: &str,
        service: &Service,
        credentials: Option<Credentials>,
    ) -> Result<String, CallError> {
        let id = service.model.id;
        let now = SystemTime::now();
        if let Some((url, _)) = self.told.lock().await.get(id).filter(|(_, until)| now < *until) {
            return Ok(url.clone());
        }
        let asked = Box::pin(self.send(name, "DescribeEndpoints", &Value::Null, Naming::Api, credentials));
        let answer = asked.await.map_err(|error| match error {
            // Asking for an endpoint does nothing, so the call that it is for was certainly not sent.
            CallError::Unknown(why) => CallError::NotSent(why),
            other => other,
        })?;
        let endpoint = &answer.members["Endpoints"][0];
        let address = endpoint["Address"]
            .as_str()
            .ok_or_else(|| CallError::NotSent(format!("`{name}` names no endpoint for its operations")))?;
        let minutes = endpoint["CachePeriodInMinutes"].as_u64().unwrap_or(1);
        let url = format!("https://{address}");
        let until = now + Duration::from_secs(60 * minutes);
        self.told.lock().await.insert(id, (url.clone(), until));
        Ok(url)
    }

    fn endpoint(&self, service: &str) -> Option<&str> {
        let id = catalogue::service_id(service).unwrap_or(service);
        let endpoints = &self.signer.settings.endpoints;
        let single = endpoints.get(service).or_else(|| {
            let names = catalogue::names(service);
            names.iter().find_map(|name| endpoints.get(*name))
        });
        single.map(String::as_str).or_else(|| self.signer.endpoint(id))
    }

    /// Which of AWS's endpoints is meant, unless there are no credentials to go there with.
    fn choice(&self, name: &str, service: &Service) -> Result<Choice, String> {
        let environment = &self.signer.environment;
        if !self.signer.credentials.is_configured() {
            let variable = service.model.id.to_uppercase().replace([' ', '-'], "_");
            let broken = environment
                .broken
                .as_ref()
                .map(|why| format!(" ({why})"))
                .unwrap_or_default();
            return Err(format!(
                "`{name}` cannot be called: there are neither AWS credentials nor an endpoint; set `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, a profile, or `AWS_ENDPOINT_URL_{variable}`{broken}"
            ));
        }
        let region = self.region().ok_or_else(|| {
            format!("`{name}` cannot be called: no Region is set; set `AWS_REGION` or the profile's `region`")
        })?;
        Ok(Choice {
            region: region.to_owned(),
            fips: environment.is_on("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint"),
            dual_stack: environment.is_on("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint"),
        })
    }
}

/// The operations that hold their answer back longer than others, with what AWS allows them.
fn answer_timeout(service: &Service, operation: &str) -> Duration {
    let seconds = match (service.model.id, operation) {
        ("Lambda", "Invoke" | "InvokeAsync") => 15 * 60 + 30,
        ("Bedrock AgentCore", "InvokeHarness") => 15 * 60 + 30,
        _ => 120,
    };
    Duration::from_secs(seconds)
}

/// Reads what a service answered to a request.
pub(crate) fn read(
    called: &Called,
    service: &str,
    operation: &str,
    response: HttpResponse,
    naming: Naming,
) -> Result<Answer, CallError> {
    let Called {
        service: model,
        name,
        operation: shape,
    } = *called;
    let headers = headers(&response);
    if !response.status().is_success() || wire::is_error_in_disguise(model, shape, &response) {
        return Err(service_error(model, name, response, &headers));
    }
    // The service has done it, so an unreadable answer leaves the outcome unknown.
    let members = wire::answer(model, name, shape, &response, naming)
        .map_err(|why| unreadable(service, operation, &why))?;
    Ok(Answer {
        members,
        status: response.status().as_u16(),
        headers,
    })
}

/// Says of a request that got no answer where it went.
fn named(lost: Lost, service: &str, url: &str) -> CallError {
    match lost {
        Lost::NotSent(why) => CallError::NotSent(format!("`{service}` at {url} is not there: {why}")),
        Lost::Unknown(why) => CallError::Unknown(format!("`{service}` at {url} gave no answer: {why}")),
    }
}

fn unreadable(service: &str, operation: &str, why: &str) -> CallError {
    CallError::Unknown(format!(
        "the answer of `{service}:{operation}` is unreadable: {why}"
    ))
}

/// Reads the events of an answer to its end.
async fn events(
    called: &Called,
    response: HttpResponse,
    headers: &[(String, String)],
    take: &mut (dyn FnMut(&str, Value) + Send),
) -> Result<(), CallError> {
    let Called {
        service,
        name,
        operation,
    } = *called;
    let why = |why: String| unreadable(service.model.id, name, &why);
    let mut events = Events::of(response.into_body());
    while let Some(frame) = events.next().await.map_err(why)? {
        match wire::event(service, name, operation, &frame).map_err(why)? {
            wire::Event::Known(event, members) => take(&event, members),
            // The service may have more to tell than its model says.
            wire::Event::Unknown => {}
            // The answer had begun with a status of success; botocore shows this one.
            wire::Event::Error(sent) => return Err(reported(service, sent, 400, headers)),
        }
    }
    Ok(())
}

fn headers(response: &HttpResponse) -> Vec<(String, String)> {
    response
        .headers()
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn service_error(
    service: &'static Service,
    operation: &str,
    response: HttpResponse,
    headers: &[(String, String)],
) -> CallError {
    let status = response.status().as_u16();
    reported(
        service,
        wire::error(service, operation, response),
        status,
        headers,
    )
}

/// Names an error that a service reports as its model does.
fn reported(
    service: &'static Service,
    sent: wire::SentError,
    status: u16,
    headers: &[(String, String)],
) -> CallError {
    let header = |name: &str| {
        headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, v)| v)
    };
    let request_id = header("x-amzn-requestid").or_else(|| header("x-amz-request-id"));
    let code = sent.code.unwrap_or_else(|| format!("Status{status}"));
    let known = service.model.errors.get_key_value(code.as_str());
    let name = known.map(|(code, name)| name.unwrap_or(code).to_owned());
    CallError::Service {
        modelled: name.is_some(),
        code: name.unwrap_or(code),
        message: sent.message.unwrap_or_default(),
        status,
        request_id: request_id.cloned().unwrap_or_default(),
    }
}
