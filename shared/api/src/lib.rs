//! The Step Functions API, whatever carries it.
//!
//! ```text
//! Request ─► wire (operation) ─► caller (owner) ─► actions/<operation> ─► Driver and its ports
//!                                      members, constraints, arn ┘   └─► Answer or Error ─► wire ─► Response
//! ```
//!
//! Only `error` knows names and HTTP statuses of exceptions. Nothing here applies messages or performs effects.

mod actions;
mod arn;
mod caller;
mod configurations;
mod constraints;
mod definitions;
mod error;
mod executions;
mod gateway;
mod history;
mod ids;
mod machines;
mod map_runs;
mod members;
mod own;
mod pages;
mod redrives;
mod tags;
mod versions;
mod wire;

pub use wire::{Request, Response};

use constraints::DEFINITION_BYTES_MAX;
use driver::Driver;
use error::{Error, Exception};
use ports::Owner;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// The API. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Api {
    driver: Driver,
    settings: Arc<Settings>,
}

/// How the API works.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The account of callers whose access key id is not an account id.
    pub account: Arc<str>,
    /// The region of requests that are not signed.
    pub region: Arc<str>,
    /// How long GetActivityTask waits for a task. AWS waits 60 seconds.
    pub activity_wait: Duration,
}

impl Settings {
    /// Returns the settings of a Lambda function: its region, the account in `STEPWELL_ACCOUNT`, and a wait for activity
    /// tasks that ends before API Gateway gives up.
    pub fn from_env() -> Settings {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let default = Settings::default();
        Settings {
            account: variable("STEPWELL_ACCOUNT").map_or(default.account, Arc::from),
            region: variable("AWS_REGION").map_or(default.region, Arc::from),
            activity_wait: Duration::from_secs(20),
        }
    }
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            account: "123456789012".into(),
            region: "us-east-1".into(),
            activity_wait: Duration::from_secs(60),
        }
    }
}

/// One call of an operation.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) driver: &'a Driver,
    pub(crate) settings: &'a Settings,
    /// Whose resources are created and listed. Others are reached by their ARN.
    pub(crate) owner: Owner,
    pub(crate) body: &'a [u8],
}

impl Api {
    /// Returns the API of what `driver` runs.
    pub fn new(driver: Driver, settings: Settings) -> Api {
        Api {
            driver,
            settings: Arc::new(settings),
        }
    }

    /// Returns how many bytes the body of a request may have.
    pub fn request_bytes_max(&self) -> usize {
        request_bytes_max(self.driver.limits().payload_bytes)
    }

    /// Answers one request. Every failure is an answer too: an exception with its HTTP status.
    pub async fn handle(&self, request: Request) -> Response {
        let owner = caller::owner(request.authorization.as_deref(), &self.settings);
        self.handle_for(owner, request).await
    }

    async fn handle_for(&self, owner: Owner, request: Request) -> Response {
        let request_id = ids::uuid(self.driver.ports());
        let outcome = self.outcome(owner, &request).await;
        Response::of(outcome, request_id)
    }

    async fn outcome(&self, owner: Owner, request: &Request) -> Result<Value, Error> {
        let operation = request.operation()?;
        let most = self.request_bytes_max();
        if request.body.len() > most {
            let message = format!(
                "the request has {} bytes, but at most {most} are allowed",
                request.body.len()
            );
            return Err(Error::new(Exception::RequestEntityTooLargeException, message));
        }
        let call = Call {
            driver: &self.driver,
            settings: &self.settings,
            owner,
            body: &request.body,
        };
        actions::answer(operation, &call).await
    }
}

/// Returns how many bytes a request may have. AWS quota: 1 MiB; but a definition or an input of full size grows when
/// it is written as a JSON string, and operators may raise the payload limit.
fn request_bytes_max(payload_bytes: usize) -> usize {
    DEFINITION_BYTES_MAX.max(payload_bytes).saturating_mul(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_holds_the_largest_definition_and_the_largest_input() {
        assert_eq!(
            request_bytes_max(engine::limits::PAYLOAD_BYTES_MAX),
            2 * 1024 * 1024
        );
        assert_eq!(request_bytes_max(6_000_000), 12_000_000);
        assert_eq!(request_bytes_max(usize::MAX), usize::MAX);
    }

    #[test]
    fn an_api_can_be_shared() {
        fn shared<T: Clone + Send + Sync>() {}
        shared::<Api>();
    }
}
