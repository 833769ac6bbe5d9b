//! Sends HTTP requests, and says whether a failed one can have reached the service.

use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::{HttpConnector as _, HttpConnectorSettings, SharedHttpClient};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use http_body_util::{BodyExt as _, Limited};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use std::error::Error;
use std::sync::OnceLock;
use std::time::Duration;

/// Keeps connections open between calls.
#[derive(Debug, Default)]
pub(crate) struct Transport {
    connector: OnceLock<Connector>,
}

/// A request that got no answer.
#[derive(Debug)]
pub(crate) enum Lost {
    /// No connection was made.
    NotSent(String),
    /// The service may have the request.
    Unknown(String),
}

impl Transport {
    /// Sends a request and waits for the whole answer.
    pub(crate) async fn send(&self, request: HttpRequest, timeout: Duration) -> Result<HttpResponse, Lost> {
        within(timeout, self.exchange(request)).await
    }

    /// Sends a request and waits for the answer's headers; the body is still to come.
    pub(crate) async fn begin(&self, request: HttpRequest, timeout: Duration) -> Result<HttpResponse, Lost> {
        within(timeout, self.head(request)).await
    }

    /// Sends a request over a connection that only these certificates vouch for, and waits for the whole answer.
    pub(crate) async fn send_trusting(
        authority: &[u8],
        request: HttpRequest,
        timeout: Duration,
    ) -> Result<HttpResponse, Lost> {
        let connector = OnceLock::from(trusting(authority).map_err(Lost::NotSent)?);
        Transport { connector }.send(request, timeout).await
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, Lost> {
        Transport::whole(self.head(request).await?).await
    }

    /// Waits for the rest of an answer that has begun.
    pub(crate) async fn whole(response: HttpResponse) -> Result<HttpResponse, Lost> {
        let (status, headers) = (response.status(), response.headers().clone());
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX)
            .collect()
            .await
            .map_err(|error| Lost::Unknown(format!("the answer breaks off: {error}")))?;
        let mut response = HttpResponse::new(status, SdkBody::from(body.to_bytes()));
        *response.headers_mut() = headers;
        Ok(response)
    }

    async fn head(&self, request: HttpRequest) -> Result<HttpResponse, Lost> {
        let mut attempt = 0;
        loop {
            let copy = request.try_clone();
            let request = copy.ok_or_else(|| Lost::NotSent("the request cannot be repeated".to_owned()))?;
            match self.connector().call(request).await {
                Ok(response) => return Ok(response),
                Err(error) if never_connected(&error) => {
                    let Some(pause) = CONNECT_PAUSES.get(attempt) else {
                        return Err(Lost::NotSent(reasons(&error)));
                    };
                    tokio::time::sleep(*pause).await;
                    attempt += 1;
                }
                Err(error) => return Err(Lost::Unknown(reasons(&error))),
            }
        }
    }

    fn connector(&self) -> &Connector {
        self.connector.get_or_init(|| {
            Connector::builder()
                .connector_settings(settings())
                .tls_provider(Provider::Rustls(CryptoMode::Ring))
                .build()
        })
    }
}

fn settings() -> HttpConnectorSettings {
    HttpConnectorSettings::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .build()
}

fn trusting(authority: &[u8]) -> Result<Connector, String> {
    let failed = |error: &dyn std::fmt::Display| format!("the certificate authority cannot be read: {error}");
    // The connector takes what it is given for good, and panics otherwise.
    let certificates = CertificateDer::pem_slice_iter(authority).collect::<Result<Vec<_>, _>>();
    let certificates = certificates.map_err(|error| failed(&error))?;
    if certificates.is_empty() {
        return Err(failed(&"there is no certificate in it"));
    }
    let mut store = RootCertStore::empty();
    for certificate in certificates {
        store.add(certificate).map_err(|error| failed(&error))?;
    }
    let context = TlsContext::builder()
        .with_trust_store(TrustStore::empty().with_pem_certificate(authority))
        .build()
        .map_err(|error| failed(&error))?;
    Ok(Connector::builder()
        .connector_settings(settings())
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(context)
        .build())
}

pub(crate) async fn within<T>(
    timeout: Duration,
    answer: impl Future<Output = Result<T, Lost>>,
) -> Result<T, Lost> {
    tokio::time::timeout(timeout, answer).await.unwrap_or_else(|_| {
        let seconds = timeout.as_secs_f64();
        Err(Lost::Unknown(format!("no answer within {seconds} seconds")))
    })
}

/// The client that credential providers use.
pub(crate) fn https_client() -> SharedHttpClient {
    Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https()
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A request that found no connection was never sent, so trying again is always right.
const CONNECT_PAUSES: &[Duration] = &[Duration::from_millis(100), Duration::from_millis(300)];
/// Far above what a state may hold; only keeps a stray download from filling the memory.
pub(crate) const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What an error and its causes say.
fn reasons(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text += &format!(": {error}");
        source = error.source();
    }
    text
}

/// Whether the request certainly never left, because there was no connection to send it on.
fn never_connected(error: &ConnectorError) -> bool {
    let mut source: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref::<hyper_util::client::legacy::Error>() {
            return error.is_connect();
        }
        source = error.source();
    }
    false
}

#[cfg(test)]
mod tests;
