//! Calls of AWS services under the state machine's role.

use async_trait::async_trait;
use calls::Caller;
use ports::{CallOutcome, CallRequest, Services};

/// The services: every call is made with the rights of a role.
///
/// It is the state machine's, or the one that the state's `Credentials` name. Both are assumed by the function that
/// makes the call, so both must trust its role. In Step Functions a role in `Credentials` is assumed by the state
/// machine's role instead.
#[derive(Debug)]
pub struct AwsServices {
    caller: Caller,
}

impl AwsServices {
    /// Returns the services as this caller reaches them.
    pub fn new(caller: Caller) -> AwsServices {
        AwsServices { caller }
    }
}

#[async_trait]
impl Services for AwsServices {
    async fn call(&self, request: CallRequest) -> CallOutcome {
        let service_request = match service_calls::request(&request.call) {
            Ok(service_request) => service_request,
            Err(failure) => return CallOutcome::Failed(failure),
        };
        service_calls::send(
            &self.caller,
            &request.call.resource,
            &service_request,
            Some(role(&request)),
        )
        .await
    }
}

/// Returns the role that a call is made under.
fn role(request: &CallRequest) -> &str {
    request
        .call
        .role_arn
        .as_deref()
        .unwrap_or(&request.identity.role_arn)
}

#[cfg(test)]
mod tests;
