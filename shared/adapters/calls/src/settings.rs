//! What a caller may be told, in place of what the environment says.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// Overrides of the usual AWS settings; the default changes nothing.
#[derive(Clone, Default)]
pub struct Settings {
    /// The Region, in place of `AWS_REGION`, `AWS_DEFAULT_REGION` and the profile's.
    pub region: Option<String>,
    /// The profile, in place of `AWS_PROFILE`.
    pub profile: Option<String>,
    /// The endpoint of every service, in place of `AWS_ENDPOINT_URL`.
    pub endpoint_url: Option<String>,
    /// Endpoints of single services, such as `sqs`, in place of `AWS_ENDPOINT_URL_SQS`.
    pub endpoints: BTreeMap<String, String>,
    /// The credentials, in place of all the places where they may stand.
    pub access_key: Option<AccessKey>,
    /// Whether to ask the machine's metadata service for credentials when there are no others.
    pub instance_credentials: bool,
    /// The environment variables, in place of the process's; `AWS_` ones are looked at.
    pub variables: Option<BTreeMap<String, String>>,
    /// How long to wait for an answer, in place of the operation's own limit.
    pub answer_timeout: Option<Duration>,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The variables hold secrets.
        f.debug_struct("Settings")
            .field("region", &self.region)
            .field("profile", &self.profile)
            .field("endpoint_url", &self.endpoint_url)
            .field("endpoints", &self.endpoints)
            .field("access_key", &self.access_key)
            .field("instance_credentials", &self.instance_credentials)
            .field("answer_timeout", &self.answer_timeout)
            .finish_non_exhaustive()
    }
}

/// A pair of access keys, with the token that temporary ones have.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessKey {
    /// The key's public part.
    pub id: String,
    /// The key's secret part.
    pub secret: String,
    /// The session token of temporary keys.
    pub session_token: Option<String>,
}

impl fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
