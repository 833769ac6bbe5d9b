//! Signs requests (AWS Signature Version 4).

use crate::endpoint::Scope;
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation,
    SigningSettings, UriPathNormalizationMode, sign as signature,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use std::time::{Duration, SystemTime};

/// Adds the headers that prove who sends the request.
pub(crate) fn sign(
    request: &mut HttpRequest,
    scope: &Scope,
    credentials: Credentials,
    now: SystemTime,
) -> Result<(), String> {
    let identity = Identity::from(credentials);
    let failed = |error: &dyn std::fmt::Display| format!("the request cannot be signed: {error}");
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(&scope.region)
        .name(&scope.name)
        .time(now)
        .settings(settings(&scope.name))
        .build()
        .map_err(|error| failed(&error))?
        .into();
    let body = SignableBody::Bytes(request.body().bytes().unwrap_or_default());
    let signable = SignableRequest::new(request.method(), request.uri(), request.headers().iter(), body)
        .map_err(|error| failed(&error))?;
    let (instructions, _) = signature(signable, &parameters)
        .map_err(|error| failed(&error))?
        .into_parts();
    let (headers, _) = instructions.into_parts();
    for header in headers {
        request
            .headers_mut()
            .insert(header.name(), header.value().to_owned());
    }
    Ok(())
}

/// Writes the URL of a GET request that proves in its query who sends it, with these headers, for a minute.
pub(crate) fn presigned(
    url: &str,
    headers: &[(&str, &str)],
    scope: &Scope,
    credentials: Credentials,
    now: SystemTime,
) -> Result<String, String> {
    let identity = Identity::from(credentials);
    let failed = |error: &dyn std::fmt::Display| format!("the URL cannot be signed: {error}");
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(Duration::from_secs(60));
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(&scope.region)
        .name(&scope.name)
        .time(now)
        .settings(settings)
        .build()
        .map_err(|error| failed(&error))?
        .into();
    let signable = SignableRequest::new("GET", url, headers.iter().copied(), SignableBody::Bytes(&[]))
        .map_err(|error| failed(&error))?;
    let (instructions, _) = signature(signable, &parameters)
        .map_err(|error| failed(&error))?
        .into_parts();
    let (_, query) = instructions.into_parts();
    let mut url = url.to_owned();
    for (name, value) in query {
        url += &format!("&{name}={}", encoded(&value));
    }
    Ok(url)
}

fn encoded(text: &str) -> String {
    let mut all = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => all.push(char::from(byte)),
            byte => all += &format!("%{byte:02X}"),
        }
    }
    all
}

/// S3 takes paths as they come, and wants the body's hash in a header.
fn settings(signing_name: &str) -> SigningSettings {
    let mut settings = SigningSettings::default();
    if signing_name == "s3" || signing_name.starts_with("s3express") || signing_name.starts_with("s3-") {
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    settings
}
