//! A client of the official SDK for Rust that talks to the server under test.
//!
//! AWS's SDKs send `StartSyncExecution` and `TestState` to a host of their own: they put `sync-` before the host's name,
//! also when the endpoint is set by hand, so that `http://127.0.0.1:8083` becomes `http://sync-127.0.0.1:8083`, which no
//! resolver knows. What leaves the name as it is:
//!
//! * AWS CLI and boto3: `AWS_DISABLE_HOST_PREFIX_INJECTION=true` in the environment, or
//!   `disable_host_prefix_injection = true` in the profile (tried with CLI 1.45 and botocore 1.43).
//! * boto3, in the program: `boto3.client("stepfunctions", config=Config(inject_host_prefix=False))`.
//! * SDK for Rust: it has no setting (1.125); an interceptor that takes the prefix off again, such as [`NoHostPrefix`]
//!   here, by `.interceptor(NoHostPrefix)` on the service's configuration.

use aws_credential_types::Credentials;
use aws_sdk_sfn::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_sfn::config::retry::RetryConfig;
use aws_sdk_sfn::config::{Builder, ConfigBag, Intercept, Region, RuntimeComponents};
use aws_sdk_sfn::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::box_error::BoxError;

/// The client of the official SDK.
pub(crate) type Sfn = aws_sdk_sfn::Client;

/// The account that a server takes for its own.
pub(crate) const ACCOUNT: &str = "123456789012";
/// The region that the clients sign for.
pub(crate) const REGION: &str = "us-east-1";

/// Returns a client of an account. It does not try again: a test sees every failure.
pub(crate) fn client(port: u16, account: &str) -> Sfn {
    let config = Builder::new()
        .endpoint_url(format!("http://127.0.0.1:{port}"))
        .region(Region::new(REGION))
        .credentials_provider(Credentials::new(account, "secret", None, None, "tests"))
        .retry_config(RetryConfig::disabled())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .interceptor(NoHostPrefix)
        .build();
    Sfn::from_conf(config)
}

/// Sends every operation to the endpoint's own host.
#[derive(Debug)]
struct NoHostPrefix;

impl Intercept for NoHostPrefix {
    fn name(&self) -> &'static str {
        "NoHostPrefix"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        if let Some(plain) = request
            .uri()
            .strip_prefix("http://sync-")
            .map(|rest| format!("http://{rest}"))
        {
            request.set_uri(plain)?;
        }
        Ok(())
    }
}

/// Returns why a call was refused: `NAME: MESSAGE`.
pub(crate) fn refusal<T: std::fmt::Debug, E, R>(answer: Result<T, SdkError<E, R>>) -> String
where
    SdkError<E, R>: ProvideErrorMetadata + std::fmt::Debug,
{
    let error = answer.expect_err("the call is refused");
    match (error.code(), error.message()) {
        (Some(code), message) => format!("{code}: {}", message.unwrap_or("")),
        (None, _) => panic!("the call failed without an answer: {error:?}"),
    }
}
