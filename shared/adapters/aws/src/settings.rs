//! What the adapters are told: which table, which queues, which schedules.

use crate::journal::Retention;
use std::sync::Arc;

/// The places in an AWS account that the adapters work with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwsSettings {
    /// The table's name: `STEPWELL_TABLE`.
    pub table: Arc<str>,
    /// The URL of the FIFO queue of wake-ups: `STEPWELL_MAILBOX_URL`.
    pub mailbox_url: Arc<str>,
    /// The URL of the standard queue of timers: `STEPWELL_TIMERS_URL`.
    pub timers_url: Arc<str>,
    /// The ARN of the same queue, for schedules: `STEPWELL_TIMERS_ARN`.
    pub timers_arn: Arc<str>,
    /// The group of schedules: `STEPWELL_SCHEDULE_GROUP`.
    pub schedule_group: Arc<str>,
    /// The role under which schedules send to the queue of timers: `STEPWELL_SCHEDULE_ROLE_ARN`.
    pub schedule_role: Arc<str>,
    /// For how long executions are kept after their end: `STEPWELL_RETENTION_DAYS`, or else 90 days.
    pub retention: Retention,
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
}

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
        Ok(AwsSettings {
            table,
            mailbox_url,
            timers_url,
            timers_arn,
            schedule_group,
            schedule_role,
            retention,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{AwsSettings, Retention, SettingsError};

    const ALL: [(&str, &str); 6] = [
        ("STEPWELL_TABLE", "t"),
        ("STEPWELL_MAILBOX_URL", "https://sqs/m.fifo"),
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
    fn all_that_is_missing_is_named_at_once() {
        let error = read(&[("STEPWELL_TABLE", ""), ("STEPWELL_TIMERS_ARN", "")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the environment has no `STEPWELL_TABLE`, `STEPWELL_TIMERS_ARN`"
        );
    }
}
