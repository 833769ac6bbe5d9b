//! Signs requests (AWS Signature Version 4).

use crate::endpoint::Target;
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign as signature};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use std::time::SystemTime;

/// Adds the headers that prove who sends the request.
pub(crate) fn sign(
    request: &mut HttpRequest,
    target: &Target,
    credentials: Credentials,
    now: SystemTime,
) -> Result<(), String> {
    let identity = Identity::from(credentials);
    let failed = |error: &dyn std::fmt::Display| format!("the request cannot be signed: {error}");
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(&target.signing_region)
        .name(&target.signing_name)
        .time(now)
        .settings(SigningSettings::default())
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
