//! Calls whose requests somebody else carries to who answers them.

use crate::caller::{Answer, CallError, read};
use crate::prepare::{Called, Place};
use crate::wire::Naming;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::body::SdkBody;
use http::{Request, Response};
use serde_json::Value;

/// Whoever gets a request's path must know where it is; no name of a host is asked for.
const NOWHERE: &str = "http://localhost";

/// Calls an operation as [`Caller::call_sdk`](crate::Caller::call_sdk) does, but `carry` takes the request to who answers
/// it, and the answer back. Nothing is signed, no endpoint is looked for and nobody waits for too long.
///
/// # Errors
///
/// [`CallError::Refused`], [`CallError::Service`] or [`CallError::Unknown`], never [`CallError::NotSent`].
pub async fn carried<Answering>(
    service: &str,
    operation: &str,
    members: &Value,
    carry: impl FnOnce(Request<Vec<u8>>) -> Answering,
) -> Result<Answer, CallError>
where
    Answering: Future<Output = Response<Vec<u8>>>,
{
    let called = Called::find(service, operation).map_err(CallError::Refused)?;
    let members = called.members(members, Naming::Sdk).map_err(CallError::Refused)?;
    let place = Place::Set(NOWHERE, None);
    let (request, _) = called.request(&members, &place).map_err(CallError::Refused)?;
    let mut sent = Request::new(request.body().bytes().unwrap_or_default().to_vec());
    for (name, value) in request.headers() {
        let pair = (
            http::HeaderName::try_from(name),
            http::HeaderValue::try_from(value),
        );
        if let (Ok(name), Ok(value)) = pair {
            sent.headers_mut().insert(name, value);
        }
    }
    let (parts, body) = carry(sent).await.into_parts();
    let mut response = HttpResponse::new(parts.status.into(), SdkBody::from(body));
    for (name, value) in &parts.headers {
        if let Ok(value) = value.to_str() {
            response
                .headers_mut()
                .insert(name.as_str().to_owned(), value.to_owned());
        }
    }
    read(&called, service, operation, response, Naming::Sdk)
}
