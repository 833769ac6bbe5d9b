//! Calls of AWS services under the state machine's role.

use async_trait::async_trait;
use calls::Caller;
use integrations::Resource;
use ports::{CallOutcome, CallRequest, Conformity, JobOutcome, Services};
use serde_json::Value;

/// The services: every call is made with the rights of the state machine's role, which trusts the function that makes it,
/// or of the role in the state's `Credentials`, which trusts the state machine's.
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
            &roles(&request),
        )
        .await
    }

    async fn poll(&self, request: CallRequest) -> JobOutcome {
        service_calls::job::poll(&self.caller, &request.call, &roles(&request)).await
    }

    async fn cancel(&self, request: CallRequest) -> Result<(), String> {
        service_calls::job::cancel(&self.caller, &request.call, &roles(&request)).await
    }

    fn conformity(&self, resource: &Resource, result: &Value, is_strict: bool) -> Conformity {
        service_calls::conformity(resource, result, is_strict)
    }
}

/// Returns the roles that are assumed, one with the rights of the other, for a call.
fn roles(request: &CallRequest) -> Vec<&str> {
    let own = &*request.identity.role_arn;
    std::iter::once(own)
        .chain(request.call.role_arn.as_deref())
        .collect()
}

#[cfg(test)]
mod tests;
