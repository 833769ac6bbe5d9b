//! What the adapters are told: which table, which queues, which schedules.

use crate::journal::Retention;
use crate::observe::ObserveSettings;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The places in an AWS account that the adapters work with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwsSettings {
    /// The table's name: `STEPWELL_TABLE`.
    pub table: Arc<str>,
    /// The URL of the FIFO queue of wake-ups: `STEPWELL_MAILBOX_URL`.
    pub mailbox_url: Arc<str>,
    /// The URL of the standard queue of long calls: `STEPWELL_CALLS_URL`.
    pub calls_url: Arc<str>,
    /// The URL of the standard queue of timers: `STEPWELL_TIMERS_URL`.
    pub timers_url: Arc<str>,
    /// The ARN of the same queue, for schedules: `STEPWELL_TIMERS_ARN`.
    pub timers_arn: Arc<str>,
    /// The group of schedules: `STEPWELL_SCHEDULE_GROUP`.
    pub schedule_group: Arc<str>,
    /// The role under which schedules send to the queue of timers: `STEPWELL_SCHEDULE_ROLE_ARN`.
    pub schedule_role: Arc<str>,
    /// Functions whose `TimeoutSeconds` is greater are called by the function for long calls:
    /// `STEPWELL_LONG_CALL_SECONDS`, or else 60.
    pub long_call_seconds: u64,
    /// The bucket of large documents: `STEPWELL_BUCKET`, or else they lie in the table.
    pub bucket: Option<Arc<str>>,
    /// For how long executions are kept after their end: `STEPWELL_RETENTION_DAYS`, or else 90 days.
    pub retention: Retention,
    /// What of executions is told, and to whom.
    pub observe: ObserveSettings,
}

/// Why the settings cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// Some are missing.
    #[error("the environment has no `{}`", .0.join("`, `"))]
    Missing(Vec<&'static str>),
    /// The retention is no number of days.
    #[error("`STEPWELL_RETENTION_DAYS` must be a number of days from 1 to 3650, got `{0}`")]
    Retention(String),
    /// What a long call is, is no number of seconds.
    #[error("`STEPWELL_LONG_CALL_SECONDS` must be a number of seconds, got `{0}`")]
    LongCalls(String),
}

/// A call of a minute costs as much in the waiting function as 20 messages.
const LONG_CALL_SECONDS_DEFAULT: u64 = 60;

/// Ten years: longer than anybody keeps an execution, and far from where times end.
const RETENTION_DAYS_MAX: u32 = 3650;

impl AwsSettings {
    /// Reads the environment variables.
    ///
    /// # Errors
    ///
    /// When one is missing, all that are missing are named; or when one cannot be read.
    pub fn from_env() -> Result<AwsSettings, SettingsError> {
        AwsSettings::read(|name| std::env::var(name).ok())
    }

    /// Reads the outputs of a stack, which are named after the variables: `MailboxUrl` is `STEPWELL_MAILBOX_URL`. Metrics
    /// are what Lambda takes from its functions' output, and are left out.
    ///
    /// # Errors
    ///
    /// As [`AwsSettings::from_env`].
    pub fn from_outputs(outputs: &BTreeMap<String, String>) -> Result<AwsSettings, SettingsError> {
        AwsSettings::read(|name| outputs.get(&output_name(name)).cloned())
    }

    fn read(variable: impl Fn(&str) -> Option<String>) -> Result<AwsSettings, SettingsError> {
        let mut missing = Vec::new();
        let mut needed = |name: &'static str| -> Arc<str> {
            let value = variable(name).filter(|value| !value.is_empty());
            if value.is_none() {
                missing.push(name);
            }
            value.unwrap_or_default().into()
        };
        let table = needed("STEPWELL_TABLE");
        let mailbox_url = needed("STEPWELL_MAILBOX_URL");
        let calls_url = needed("STEPWELL_CALLS_URL");
        let timers_url = needed("STEPWELL_TIMERS_URL");
        let timers_arn = needed("STEPWELL_TIMERS_ARN");
        let schedule_group = needed("STEPWELL_SCHEDULE_GROUP");
        let schedule_role = needed("STEPWELL_SCHEDULE_ROLE_ARN");
        if !missing.is_empty() {
            return Err(SettingsError::Missing(missing));
        }
        let retention = match variable("STEPWELL_RETENTION_DAYS").filter(|days| !days.is_empty()) {
            None => Retention::default(),
            Some(text) => match text.parse() {
                Ok(days) if (1..=RETENTION_DAYS_MAX).contains(&days) => Retention { days },
                _ => return Err(SettingsError::Retention(text)),
            },
        };
        let bucket = variable("STEPWELL_BUCKET").filter(|name| !name.is_empty());
        let long_call_seconds = match variable("STEPWELL_LONG_CALL_SECONDS").filter(|text| !text.is_empty()) {
            None => LONG_CALL_SECONDS_DEFAULT,
            Some(text) => text.parse().map_err(|_| SettingsError::LongCalls(text))?,
        };
        Ok(AwsSettings {
            table,
            mailbox_url,
            calls_url,
            timers_url,
            timers_arn,
            schedule_group,
            schedule_role,
            long_call_seconds,
            bucket: bucket.map(Into::into),
            retention,
            observe: ObserveSettings::read(variable),
        })
    }
}

/// Returns the name of the stack's output that has the value of a variable.
fn output_name(variable: &str) -> String {
    let words = variable.trim_start_matches("STEPWELL_").split('_');
    words
        .map(|word| {
            let (first, rest) = word.split_at(word.len().min(1));
            format!("{first}{}", rest.to_lowercase())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{AwsSettings, Retention, SettingsError};

    const ALL: [(&str, &str); 7] = [
        ("STEPWELL_TABLE", "t"),
        ("STEPWELL_MAILBOX_URL", "https://sqs/m.fifo"),
        ("STEPWELL_CALLS_URL", "https://sqs/c"),
        ("STEPWELL_TIMERS_URL", "https://sqs/t"),
        ("STEPWELL_TIMERS_ARN", "arn:aws:sqs:us-east-1:123456789012:t"),
        ("STEPWELL_SCHEDULE_GROUP", "g"),
        ("STEPWELL_SCHEDULE_ROLE_ARN", "arn:aws:iam::123456789012:role/r"),
    ];

    fn read(more: &[(&str, &str)]) -> Result<AwsSettings, SettingsError> {
        AwsSettings::read(|name| {
            let known = more.iter().chain(&ALL).find(|(known, _)| *known == name);
            known.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn settings_are_read_with_ninety_days_unless_others_are_named() {
        let settings = read(&[]).unwrap();
        assert_eq!((&*settings.table, settings.retention.days), ("t", 90));
        for (bucket, read_as) in [("", None), ("documents", Some("documents"))] {
            let settings = read(&[("STEPWELL_BUCKET", bucket)]).unwrap();
            assert_eq!(settings.bucket.as_deref(), read_as);
        }
        assert_eq!(
            read(&[("STEPWELL_RETENTION_DAYS", "14")]).unwrap().retention,
            Retention { days: 14 }
        );
        for days in ["0", "3651", "-1", "many"] {
            let error = read(&[("STEPWELL_RETENTION_DAYS", days)]).unwrap_err();
            assert_eq!(error, SettingsError::Retention(days.to_owned()));
        }
    }

    #[test]
    fn the_outputs_of_the_stack_are_settings_too() {
        let outputs = ALL.map(|(name, value)| (super::output_name(name), value.to_owned()));
        assert_eq!(outputs[1].0, "MailboxUrl");
        assert_eq!(
            AwsSettings::from_outputs(&outputs.into()).unwrap(),
            read(&[]).unwrap()
        );
        let template = include_str!("../../../../template.yaml");
        let named = template.split("\nOutputs:\n").nth(1).unwrap();
        for (name, _) in ALL {
            let name = super::output_name(name);
            assert!(
                named.contains(&format!("  {name}:\n")),
                "the template has no output `{name}`"
            );
        }
    }

    #[test]
    fn all_that_is_missing_is_named_at_once() {
        let error = read(&[("STEPWELL_TABLE", ""), ("STEPWELL_TIMERS_ARN", "")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the environment has no `STEPWELL_TABLE`, `STEPWELL_TIMERS_ARN`"
        );
    }
}
