//! What of executions is told, and to whom.

use std::sync::Arc;

/// What of executions is told, and to whom; the default tells nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObserveSettings {
    /// Whether metrics are written to the standard output: `STEPWELL_METRICS` is `true`.
    pub metrics: bool,
    /// The name or ARN of the event bus that is told of status changes: `STEPWELL_STATUS_EVENTS_BUS`.
    pub status_events_bus: Option<Arc<str>>,
    /// The standard SNS topic that is told of failed executions and dead letters: `STEPWELL_NOTICE_TOPIC_ARN`.
    pub notice_topic: Option<Arc<str>>,
    /// The URLs of the queues of dead letters: `STEPWELL_DEAD_LETTERS`, separated by commas.
    pub dead_letters: Vec<Arc<str>>,
}

impl ObserveSettings {
    /// Reads the environment variables; all may be missing or empty.
    pub(crate) fn read(variable: impl Fn(&str) -> Option<String>) -> ObserveSettings {
        let named = |name: &str| variable(name).filter(|value| !value.is_empty());
        let urls = named("STEPWELL_DEAD_LETTERS").unwrap_or_default();
        ObserveSettings {
            metrics: named("STEPWELL_METRICS").as_deref() == Some("true"),
            status_events_bus: named("STEPWELL_STATUS_EVENTS_BUS").map(Arc::from),
            notice_topic: named("STEPWELL_NOTICE_TOPIC_ARN").map(Arc::from),
            dead_letters: urls
                .split(',')
                .map(str::trim)
                .filter(|url| !url.is_empty())
                .map(Arc::from)
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ObserveSettings;

    #[test]
    fn nothing_is_told_unless_it_is_asked_for() {
        let none = ObserveSettings::read(|_| None);
        assert_eq!(none, ObserveSettings::default());
        assert_eq!(ObserveSettings::read(|_| Some(String::new())), none);
        let all = ObserveSettings::read(|name| {
            let value = match name {
                "STEPWELL_METRICS" => "true",
                "STEPWELL_STATUS_EVENTS_BUS" => "default",
                "STEPWELL_NOTICE_TOPIC_ARN" => "arn:aws:sns:us-east-1:123456789012:t",
                _ => "https://sqs/a, https://sqs/b",
            };
            Some(value.to_owned())
        });
        assert!(all.metrics);
        assert_eq!(all.status_events_bus.as_deref(), Some("default"));
        assert_eq!(
            all.notice_topic.as_deref(),
            Some("arn:aws:sns:us-east-1:123456789012:t")
        );
        assert_eq!(all.dead_letters, ["https://sqs/a".into(), "https://sqs/b".into()]);
    }
}
