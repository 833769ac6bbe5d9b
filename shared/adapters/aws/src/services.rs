//! Calls of AWS services under the state machine's role.

use async_trait::async_trait;
use calls::Caller;
use integrations::Resource;
use integrations::web::PlainHttp;
use ports::{CallOutcome, CallRequest, Conformity, Exchange, JobOutcome, OwnApi, Services};
use serde_json::Value;
use service_calls::{Sending, Web};
use std::sync::{Arc, OnceLock};

/// The services: every call is made with the rights of the state machine's role, which trusts the function that makes it,
/// or of the role in the state's `Credentials`, which trusts the state machine's.
#[derive(Debug)]
pub struct AwsServices {
    caller: Caller,
    web: Web,
    own_api: OnceLock<Arc<dyn OwnApi>>,
}

impl AwsServices {
    /// Returns the services as this caller reaches them.
    pub fn new(caller: Caller) -> AwsServices {
        AwsServices {
            caller,
            web: Web::new(PlainHttp::Refused),
            own_api: OnceLock::new(),
        }
    }

    fn sending<'a>(&'a self, request: &'a CallRequest, roles: &'a [&'a str]) -> Sending<'a> {
        Sending {
            caller: &self.caller,
            web: &self.web,
            roles,
            region: &request.identity.region,
            machine_arn: &request.identity.machine_arn,
            own_api: self.own_api.get().map(|api| &**api),
        }
    }
}

#[async_trait]
impl Services for AwsServices {
    fn take_own_api(&self, api: Arc<dyn OwnApi>) {
        // The first one stays.
        let _ = self.own_api.set(api);
    }

    async fn call(&self, request: CallRequest) -> CallOutcome {
        self.call_and_tell(request).await.0
    }

    async fn call_and_tell(&self, request: CallRequest) -> (CallOutcome, Option<Exchange>) {
        let call = &request.call;
        match service_calls::plan(call, &self.web) {
            Ok(plan) => {
                let roles = roles(&request);
                self.sending(&request, &roles).send(call, &plan).await
            }
            Err(failure) => (CallOutcome::Failed(failure), None),
        }
    }

    async fn poll(&self, request: CallRequest) -> JobOutcome {
        let roles = roles(&request);
        service_calls::job::poll(self.sending(&request, &roles), &request.call).await
    }

    async fn cancel(&self, request: CallRequest) -> Result<(), String> {
        let roles = roles(&request);
        service_calls::job::cancel(self.sending(&request, &roles), &request.call).await
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
