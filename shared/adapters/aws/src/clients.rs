//! The clients of AWS's services; nothing here uses the network before the first call.

use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use std::time::Duration;

/// Reads the usual AWS settings: environment variables and profiles, endpoints among them.
///
/// The Region comes from there too: the machine's metadata service is not asked for it.
pub(crate) async fn configuration() -> SdkConfig {
    let region = RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new())
        .or_else(ProfileFileRegionProvider::new());
    let client = Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .build();
    let loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(client)
        .region(region)
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS_MAX))
        .timeout_config(timeouts);
    Box::pin(loader.load()).await
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// An answer that is lost costs this once; every write may be tried again, as its nonce or key tells it apart.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);
/// The driver tries again too, and knows for how long it makes sense.
const ATTEMPTS_MAX: u32 = 3;
