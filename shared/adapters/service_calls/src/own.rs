//! `aws-sdk:sfn` tasks: their state machines and executions are here, so the API of this very process answers.

use crate::web::Sending;
use calls::{Answer, CallError};
use http::{Request, Response, StatusCode};
use integrations::ServiceRequest;
use ports::{OwnApi, Owner};

/// The service that a [`OwnApi`] answers for, as resources name it.
const STEP_FUNCTIONS: &str = "sfn";

/// Whether an [`OwnApi`] answers for a service.
pub fn is_own(service: &str) -> bool {
    service == STEP_FUNCTIONS
}

impl Sending<'_> {
    /// Whether a request is one for the API of this process, and this API then.
    pub(crate) fn own_api_of(&self, request: &ServiceRequest) -> Option<&dyn OwnApi> {
        self.own_api.filter(|_| is_own(&request.service))
    }

    /// The account whose resources a call lists and makes: that of the role whose rights it has, or else the state
    /// machine's.
    fn owner(&self) -> Owner {
        let account = |arn: &str| {
            arn.split(':')
                .nth(4)
                .filter(|account| !account.is_empty())
                .map(Into::into)
        };
        let role = self.roles.last().and_then(|role| account(role));
        Owner {
            region: self.region.into(),
            account: role.or_else(|| account(self.machine_arn)).unwrap_or_default(),
        }
    }

    /// Has the API of this process answer.
    pub(crate) async fn ask_own(
        &self,
        api: &dyn OwnApi,
        request: &ServiceRequest,
    ) -> Result<Answer, CallError> {
        let ServiceRequest {
            service,
            operation,
            members,
        } = request;
        let owner = self.owner();
        calls::carried(service, operation, members, async |sent: Request<Vec<u8>>| {
            let target = sent
                .headers()
                .get("x-amz-target")
                .and_then(|target| target.to_str().ok());
            let target = target.map(str::to_owned);
            let answer = api.answer(owner, target, sent.into_body()).await;
            let mut response = Response::new(answer.body);
            *response.status_mut() =
                StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            if let Ok(id) = answer.request_id.parse() {
                response.headers_mut().insert("x-amzn-requestid", id);
            }
            response
        })
        .await
    }
}
