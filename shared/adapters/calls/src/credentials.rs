//! Where credentials come from.

use crate::environment::Environment;
use crate::settings::{AccessKey, Settings};
use crate::transport;
use aws_config::ecs::EcsCredentialsProvider;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::meta::credentials::CredentialsProviderChain;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::web_identity_token::WebIdentityTokenCredentialsProvider;
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use aws_types::region::Region;
use serde_json::Value;
use std::time::{Duration, SystemTime};
use tokio::sync::{Mutex, OnceCell};

/// The credentials that are configured, fetched when first needed and again before they expire.
#[derive(Debug)]
pub(crate) struct Source {
    fixed: Option<Credentials>,
    places: Places,
    profile: Option<String>,
    region: Option<String>,
    provider: OnceCell<SharedCredentialsProvider>,
    fetched: Mutex<Option<Credentials>>,
}

/// The places that are configured, in the order in which the SDKs look there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Places {
    profile: bool,
    web_identity: bool,
    container: bool,
    instance: bool,
}

impl Source {
    /// Looks for what is configured; asks nobody.
    pub(crate) fn new(settings: &Settings, environment: &Environment) -> Source {
        let fixed = settings.access_key.clone().or_else(|| {
            // A profile that is named on the command line goes before keys in the environment.
            if settings.profile.is_some() {
                return None;
            }
            Some(AccessKey {
                id: environment.variable("AWS_ACCESS_KEY_ID")?.to_owned(),
                secret: environment.variable("AWS_SECRET_ACCESS_KEY")?.to_owned(),
                session_token: environment.variable("AWS_SESSION_TOKEN").map(str::to_owned),
            })
        });
        let in_profile = [
            "aws_access_key_id",
            "role_arn",
            "credential_process",
            "credential_source",
            "web_identity_token_file",
        ];
        let places = Places {
            profile: in_profile.iter().any(|name| environment.property(name).is_some()),
            web_identity: environment.variable("AWS_WEB_IDENTITY_TOKEN_FILE").is_some(),
            container: [
                "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            ]
            .iter()
            .any(|name| environment.variable(name).is_some()),
            instance: settings.instance_credentials
                && !environment
                    .variable("AWS_EC2_METADATA_DISABLED")
                    .is_some_and(|value| value.eq_ignore_ascii_case("true")),
        };
        Source {
            fixed: fixed.map(|key| Credentials::new(key.id, key.secret, key.session_token, None, "stepwell")),
            places,
            profile: environment.profile_name().map(str::to_owned),
            region: settings
                .region
                .clone()
                .or_else(|| environment.region().map(str::to_owned)),
            provider: OnceCell::new(),
            fetched: Mutex::new(None),
        }
    }

    /// Whether there is any place to take credentials from.
    pub(crate) fn is_configured(&self) -> bool {
        self.fixed.is_some() || self.places != Places::default()
    }

    /// The credentials for a call that is made now.
    pub(crate) async fn get(&self) -> Result<Credentials, String> {
        if let Some(fixed) = &self.fixed {
            return Ok(fixed.clone());
        }
        let mut fetched = self.fetched.lock().await;
        if let Some(credentials) = fetched.as_ref().filter(|credentials| is_fresh(credentials)) {
            return Ok(credentials.clone());
        }
        let provider = self.provider.get_or_init(|| self.chain()).await;
        let credentials = provider.provide_credentials().await.map_err(|error| {
            let error = aws_smithy_types::error::display::DisplayErrorContext(error);
            format!("the AWS credentials cannot be fetched: {error}")
        })?;
        *fetched = Some(credentials.clone());
        Ok(credentials)
    }

    async fn chain(&self) -> SharedCredentialsProvider {
        let configuration = ProviderConfig::empty()
            .with_http_client(transport::https_client())
            .with_region(self.region.clone().map(Region::new));
        let mut chain: Option<CredentialsProviderChain> = None;
        let mut add = |name: &'static str, provider: SharedCredentialsProvider| {
            chain = Some(match chain.take() {
                None => CredentialsProviderChain::first_try(name, provider),
                Some(chain) => chain.or_else(name, provider),
            });
        };
        if self.places.profile {
            let mut provider = ProfileFileCredentialsProvider::builder().configure(&configuration);
            if let Some(profile) = &self.profile {
                provider = provider.profile_name(profile);
            }
            add("profile", SharedCredentialsProvider::new(provider.build()));
        }
        if self.places.web_identity {
            let provider = WebIdentityTokenCredentialsProvider::builder()
                .configure(&configuration)
                .build();
            add("web identity", SharedCredentialsProvider::new(provider));
        }
        if self.places.container {
            let provider = EcsCredentialsProvider::builder()
                .configure(&configuration)
                .build();
            add("container", SharedCredentialsProvider::new(provider));
        }
        if self.places.instance {
            let mut provider = ImdsCredentialsProvider::builder().configure(&configuration);
            if let Some(profile) = &self.profile {
                provider = provider.profile(profile);
            }
            add("instance", SharedCredentialsProvider::new(provider.build()));
        }
        chain.map_or_else(
            || SharedCredentialsProvider::new(placeholder()),
            SharedCredentialsProvider::new,
        )
    }
}

/// The credentials of a role that `AssumeRole` of `sts` answered with.
pub(crate) fn assumed(answer: &Value) -> Option<Credentials> {
    let credentials = answer.get("Credentials")?;
    let text = |name: &str| credentials.get(name).and_then(Value::as_str);
    let expiry = DateTime::from_str(text("Expiration")?, Format::DateTimeWithOffset).ok()?;
    Some(Credentials::new(
        text("AccessKeyId")?,
        text("SecretAccessKey")?,
        text("SessionToken").map(str::to_owned),
        Some(SystemTime::try_from(expiry).ok()?),
        "assumed role",
    ))
}

/// Whether credentials last long enough for a call.
pub(crate) fn is_fresh(credentials: &Credentials) -> bool {
    credentials
        .expiry()
        .is_none_or(|expiry| expiry > SystemTime::now() + RENEWED_BEFORE)
}

/// How long before their end credentials are fetched again.
const RENEWED_BEFORE: Duration = Duration::from_secs(120);

/// What an endpoint gets to see when no credentials are configured: emulators want a signature but do not check it.
pub(crate) fn placeholder() -> Credentials {
    Credentials::new("test", "test", None, None, "placeholder")
}

#[cfg(test)]
mod tests;
