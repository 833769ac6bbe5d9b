//! Requests that others have written: signed with the user's credentials, sent, and answered as they are.

use crate::caller::CallError;
use crate::credentials::{self, Source};
use crate::endpoint::Scope;
use crate::environment::Environment;
use crate::settings::Settings;
use crate::sign::sign;
use crate::transport::{Lost, Transport};
use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use http::{HeaderMap, HeaderName, Request, Response, header};
use std::time::{Duration, SystemTime};

/// Signs plain HTTP requests and sends them; what [`Caller`](crate::Caller) stands on.
#[derive(Debug)]
pub struct Signer {
    pub(crate) settings: Settings,
    pub(crate) environment: Environment,
    pub(crate) credentials: Source,
    pub(crate) transport: Transport,
}

impl Signer {
    /// Reads the environment and the profile files; looks for no credentials and uses no network.
    pub async fn from_env(settings: Settings) -> Signer {
        let environment = Environment::read(&settings).await;
        let credentials = Source::new(&settings, &environment);
        Signer {
            settings,
            environment,
            credentials,
            transport: Transport::default(),
        }
    }

    /// Says why there is no place to take credentials from; `None` when there is one.
    pub fn without_credentials(&self) -> Option<String> {
        if self.credentials.is_configured() {
            return None;
        }
        let mut why =
            "there are no AWS credentials: set `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, or a profile"
                .to_owned();
        let asks_browser = ["sso_session", "sso_start_url", "login_session"];
        if let Some(broken) = &self.environment.broken {
            why += &format!(" ({broken})");
        } else if let Some(property) = asks_browser
            .iter()
            .find(|name| self.environment.property(name).is_some())
        {
            let profile = self.environment.profile_name().unwrap_or("default");
            why += &format!(
                "; `{property}` of the profile `{profile}` is not implemented, but a profile of its own with `credential_process = aws configure export-credentials --profile {profile}` is"
            );
        }
        Some(why)
    }

    /// The Region that is configured.
    pub fn region(&self) -> Option<&str> {
        let region = self.settings.region.as_deref();
        region.or_else(|| self.environment.region())
    }

    /// The endpoint that somebody has set for a service, by its service id, such as `S3`.
    pub fn endpoint(&self, service_id: &str) -> Option<&str> {
        let settings = &self.settings;
        let single = settings.endpoints.get(&service_id.to_lowercase());
        single
            .or(settings.endpoint_url.as_ref())
            .map(String::as_str)
            .or_else(|| self.environment.endpoint(service_id))
    }

    /// Signs a request and sends it; returns the whole answer, whatever its status.
    ///
    /// # Errors
    ///
    /// [`CallError::Refused`], [`CallError::NotSent`] or [`CallError::Unknown`], never [`CallError::Service`].
    pub async fn fetch(
        &self,
        request: Request<Vec<u8>>,
        scope: &Scope,
        timeout: Duration,
    ) -> Result<Response<Vec<u8>>, CallError> {
        let credentials = self.credentials().await?;
        self.fetch_with(credentials, request, scope, timeout).await
    }

    /// Does as [`fetch`](Signer::fetch), with these credentials.
    pub(crate) async fn fetch_with(
        &self,
        credentials: Credentials,
        request: Request<Vec<u8>>,
        scope: &Scope,
        timeout: Duration,
    ) -> Result<Response<Vec<u8>>, CallError> {
        let place = place(&request);
        let request = signed(request, scope, credentials)?;
        self.whole(request, &place, timeout).await
    }

    async fn whole(
        &self,
        request: HttpRequest,
        place: &str,
        timeout: Duration,
    ) -> Result<Response<Vec<u8>>, CallError> {
        whole_of(self.transport.send(request, timeout).await, place)
    }

    /// Sends a request as it is, unsigned; returns the whole answer, whatever its status.
    ///
    /// # Errors
    ///
    /// As [`fetch`](Signer::fetch).
    pub async fn fetch_unsigned(
        &self,
        request: Request<Vec<u8>>,
        timeout: Duration,
    ) -> Result<Response<Vec<u8>>, CallError> {
        let place = place(&request);
        let request = HttpRequest::try_from(request.map(SdkBody::from))
            .map_err(|error| CallError::Refused(error.to_string()))?;
        self.whole(request, &place, timeout).await
    }

    /// Sends a request as [`fetch_unsigned`](Signer::fetch_unsigned) does, over a connection that only these certificates,
    /// as PEM, vouch for.
    ///
    /// # Errors
    ///
    /// As [`fetch`](Signer::fetch); [`CallError::NotSent`] when the certificates cannot be read.
    pub async fn fetch_trusting(
        &self,
        authority: &[u8],
        request: Request<Vec<u8>>,
        timeout: Duration,
    ) -> Result<Response<Vec<u8>>, CallError> {
        let place = place(&request);
        let request = HttpRequest::try_from(request.map(SdkBody::from))
            .map_err(|error| CallError::Refused(error.to_string()))?;
        let answer = Transport::send_trusting(authority, request, timeout).await;
        whole_of(answer, &place)
    }

    /// How long to wait for an answer: what the settings say, or else this.
    pub fn answer_timeout(&self, usual: Duration) -> Duration {
        self.settings.answer_timeout.unwrap_or(usual)
    }

    /// Signs a request and sends it; returns the answer as soon as its headers are there, with the body still coming.
    ///
    /// # Errors
    ///
    /// As [`fetch`](Signer::fetch); `timeout` ends with the headers.
    pub async fn stream(
        &self,
        request: Request<Vec<u8>>,
        scope: &Scope,
        timeout: Duration,
    ) -> Result<Response<SdkBody>, CallError> {
        let place = place(&request);
        let request = signed(request, scope, self.credentials().await?)?;
        let answer = self.transport.begin(request, timeout).await;
        readable(answer.map_err(|lost| failed(lost, &place))?)
    }

    /// The credentials that are configured, or for want of any those that emulators take.
    pub(crate) async fn credentials(&self) -> Result<Credentials, CallError> {
        if !self.credentials.is_configured() {
            return Ok(credentials::placeholder());
        }
        self.credentials.get().await.map_err(CallError::NotSent)
    }
}

fn whole_of(answer: Result<HttpResponse, Lost>, place: &str) -> Result<Response<Vec<u8>>, CallError> {
    let answer = readable(answer.map_err(|lost| failed(lost, place))?)?;
    Ok(answer.map(|body| body.bytes().unwrap_or_default().to_vec()))
}

fn signed(
    request: Request<Vec<u8>>,
    scope: &Scope,
    credentials: Credentials,
) -> Result<HttpRequest, CallError> {
    let (mut head, body) = request.into_parts();
    let (signed, plain) = split(std::mem::take(&mut head.headers));
    head.headers = signed;
    let refused = |error: &dyn std::fmt::Display| CallError::Refused(error.to_string());
    let request = Request::from_parts(head, SdkBody::from(body));
    let mut request = HttpRequest::try_from(request).map_err(|error| refused(&error))?;
    sign(&mut request, scope, credentials, SystemTime::now()).map_err(CallError::Refused)?;
    let mut request = request.try_into_http1x().map_err(|error| refused(&error))?;
    request.headers_mut().extend(plain);
    HttpRequest::try_from(request).map_err(|error| refused(&error))
}

/// Takes apart what the signature covers and what it does not.
///
/// A signature need cover no more than AWS asks for, and a header that something on the way changes would break it.
fn split(headers: HeaderMap) -> (HeaderMap, HeaderMap) {
    let (mut signed, mut plain) = (HeaderMap::new(), HeaderMap::new());
    let mut last: Option<HeaderName> = None;
    for (name, value) in headers {
        // A further value of a header comes without its name.
        if name.is_some() {
            last = name;
        }
        let Some(name) = &last else { continue };
        let covered = *name == header::CONTENT_TYPE || name.as_str().starts_with("x-amz-");
        let part = if covered { &mut signed } else { &mut plain };
        part.append(name, value);
    }
    (signed, plain)
}

fn place(request: &Request<Vec<u8>>) -> String {
    let uri = request.uri();
    let scheme = uri.scheme_str().unwrap_or_default();
    format!("{scheme}://{}", uri.authority().map_or("", |host| host.as_str()))
}

fn failed(lost: Lost, place: &str) -> CallError {
    match lost {
        Lost::NotSent(why) => CallError::NotSent(format!("{place} is not there: {why}")),
        Lost::Unknown(why) => CallError::Unknown(format!("{place} gave no answer: {why}")),
    }
}

fn readable(answer: HttpResponse) -> Result<Response<SdkBody>, CallError> {
    answer
        .try_into_http1x()
        .map_err(|error| CallError::Unknown(format!("the answer is unreadable: {error}")))
}

#[cfg(test)]
mod tests;
