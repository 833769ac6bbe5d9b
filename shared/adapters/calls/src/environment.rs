//! The AWS settings in environment variables and profile files.

use crate::settings::Settings;
use aws_config::profile::ProfileSet;
use aws_runtime::env_config::file::EnvConfigFiles;
use aws_runtime::env_config::property::PropertiesKey;
use aws_types::os_shim_internal::{Env, Fs};
use std::collections::BTreeMap;
use std::fmt;

/// What the environment says; read once, without the network.
#[derive(Default)]
pub(crate) struct Environment {
    variables: BTreeMap<String, String>,
    profiles: ProfileSet,
    profile_name: Option<String>,
    /// Why the profile files cannot be used.
    pub(crate) broken: Option<String>,
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The variables and the profiles hold secrets.
        f.debug_struct("Environment")
            .field("profile_name", &self.profile_name)
            .finish_non_exhaustive()
    }
}

impl Environment {
    /// Reads the variables and the profile files that they name.
    pub(crate) async fn read(settings: &Settings) -> Environment {
        let variables: BTreeMap<String, String> = match &settings.variables {
            Some(variables) => variables.clone(),
            None => std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
                .collect(),
        };
        let env = Env::from(
            variables
                .clone()
                .into_iter()
                .collect::<std::collections::HashMap<_, _>>(),
        );
        let selected = settings.profile.clone();
        let files = EnvConfigFiles::default();
        let profiles =
            aws_config::profile::load(&Fs::real(), &env, &files, selected.clone().map(Into::into)).await;
        let (profiles, broken) = match profiles {
            Ok(profiles) => (profiles, None),
            Err(error) => (
                ProfileSet::default(),
                Some(aws_smithy_types::error::display::DisplayErrorContext(error).to_string()),
            ),
        };
        let profile_name = selected.or_else(|| variables.get("AWS_PROFILE").cloned());
        Environment {
            variables,
            profiles,
            profile_name,
            broken,
        }
    }

    /// The value of a variable that is set and not empty.
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        self.variables
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// A property of the selected profile.
    pub(crate) fn property(&self, name: &str) -> Option<&str> {
        self.profiles.get(name)
    }

    /// The profile that somebody asked for by name.
    pub(crate) fn profile_name(&self) -> Option<&str> {
        self.profile_name.as_deref()
    }

    /// The Region for every service.
    pub(crate) fn region(&self) -> Option<&str> {
        self.variable("AWS_REGION")
            .or_else(|| self.variable("AWS_DEFAULT_REGION"))
            .or_else(|| self.property("region"))
    }

    /// Whether a variable, or else a property of the profile, says `true`.
    pub(crate) fn is_on(&self, variable: &str, property: &str) -> bool {
        is_true(self.variable(variable).or_else(|| self.property(property)))
    }

    /// The endpoint that the variables or the profile give a service, by the service id.
    // The order is the SDKs': first what names the service, and variables before files.
    pub(crate) fn endpoint(&self, service_id: &str) -> Option<&str> {
        if is_true(self.variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"))
            || is_true(self.property("ignore_configured_endpoint_urls"))
        {
            return None;
        }
        let variable = format!(
            "AWS_ENDPOINT_URL_{}",
            service_id.to_uppercase().replace([' ', '-'], "_")
        );
        self.variable(&variable)
            .or_else(|| self.variable("AWS_ENDPOINT_URL"))
            .or_else(|| self.profile_endpoint(service_id))
            .or_else(|| self.property("endpoint_url"))
    }

    /// The `endpoint_url` below the service's name in the `services` section that the profile names.
    fn profile_endpoint(&self, service_id: &str) -> Option<&str> {
        let key = PropertiesKey::builder()
            .section_key("services")
            .section_name(self.property("services")?)
            .property_name(service_id.to_lowercase().replace([' ', '-'], "_"))
            .sub_property_name("endpoint_url")
            .build()
            .ok()?;
        self.profiles.other_sections().get(&key).map(String::as_str)
    }
}

fn is_true(value: Option<&str>) -> bool {
    value.is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

#[cfg(test)]
mod tests;
