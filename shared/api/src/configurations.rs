//! Logging, tracing and encryption configurations: checked, brought to one form, stored and shown.

use crate::constraints::{ARN, KMS_KEY_ID};
use crate::error::{Error, Exception};
use crate::members::Members;
use crate::wire::Answer;
use ports::Revision;
use serde_json::{Value, json};

/// The configurations that a request gives, in the form in which they are stored; `None` for those that it leaves out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Configurations {
    pub(crate) logging: Option<Value>,
    pub(crate) tracing: Option<Value>,
    pub(crate) encryption: Option<Value>,
}

impl Configurations {
    /// Reads the configurations of CreateStateMachine and UpdateStateMachine.
    pub(crate) fn read(members: &mut Members) -> Result<Configurations, Error> {
        Ok(Configurations {
            logging: members.structure("loggingConfiguration", logging)?,
            tracing: members.structure("tracingConfiguration", tracing)?,
            encryption: encryption_of(members)?,
        })
    }

    /// Checks what can only be said of members that are there.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if let Some(logging) = &self.logging {
            check_logging(logging)?;
        }
        if let Some(tracing) = &self.tracing
            && !tracing["enabled"].is_boolean()
        {
            let message = "Invalid Tracing Configuration: 'enabled' must be true or false";
            return Err(Error::new(Exception::InvalidTracingConfiguration, message));
        }
        check_encryption(self.encryption.as_ref())
    }
}

/// Reads `encryptionConfiguration`.
pub(crate) fn encryption_of(members: &mut Members) -> Result<Option<Value>, Error> {
    members.structure("encryptionConfiguration", encryption)
}

/// Checks an encryption configuration.
pub(crate) fn check_encryption(encryption: Option<&Value>) -> Result<(), Error> {
    let Some(encryption) = encryption else {
        return Ok(());
    };
    let refuse = |why: &str| {
        let message = format!("Invalid Encryption Configuration: {why}");
        Err(Error::new(Exception::InvalidEncryptionConfiguration, message))
    };
    let has_key = encryption.get("kmsKeyId").is_some();
    let has_period = encryption.get("kmsDataKeyReusePeriodSeconds").is_some();
    if encryption["type"] == CUSTOMER_KEY {
        if has_key {
            Ok(())
        } else {
            refuse("'kmsKeyId' is required for the type CUSTOMER_MANAGED_KMS_KEY")
        }
    } else if has_key || has_period {
        refuse("'kmsKeyId' and 'kmsDataKeyReusePeriodSeconds' need the type CUSTOMER_MANAGED_KMS_KEY")
    } else {
        Ok(())
    }
}

/// Returns a logging configuration as it is shown: AWS shows its default too.
pub(crate) fn shown_logging(logging: Option<&Value>) -> Value {
    logging
        .cloned()
        .unwrap_or_else(|| json!({ "level": "OFF", "includeExecutionData": false }))
}

/// Returns a tracing configuration as it is shown.
pub(crate) fn shown_tracing(tracing: Option<&Value>) -> Value {
    tracing.cloned().unwrap_or_else(|| json!({ "enabled": false }))
}

/// Returns an encryption configuration as it is shown.
pub(crate) fn shown_encryption(encryption: Option<&Value>) -> Value {
    encryption
        .cloned()
        .unwrap_or_else(|| json!({ "type": OWNED_KEY }))
}

/// Tells whether two revisions have the same configurations: given, or left out and the default.
pub(crate) fn is_configured_alike(one: &Revision, other: &Revision) -> bool {
    shown_logging(one.logging.as_ref()) == shown_logging(other.logging.as_ref())
        && shown_tracing(one.tracing.as_ref()) == shown_tracing(other.tracing.as_ref())
        && shown_encryption(one.encryption.as_ref()) == shown_encryption(other.encryption.as_ref())
}

const OWNED_KEY: &str = "AWS_OWNED_KEY";
const CUSTOMER_KEY: &str = "CUSTOMER_MANAGED_KMS_KEY";
/// How long a data key may be used, in seconds. Service model: KmsDataKeyReusePeriodSeconds.
const KEY_REUSE_SECONDS: std::ops::RangeInclusive<u64> = 60..=900;

fn logging(members: &mut Members) -> Result<Value, Error> {
    let words = [
        ("ALL", "ALL"),
        ("ERROR", "ERROR"),
        ("FATAL", "FATAL"),
        ("OFF", "OFF"),
    ];
    let level = members.one_of("level", &words)?.unwrap_or("OFF");
    let data = members.boolean("includeExecutionData")?.unwrap_or(false);
    let destinations = members.structures("destinations", |destination| {
        let group =
            destination.structure("cloudWatchLogsLogGroup", |group| group.text("logGroupArn", &ARN))?;
        let group = group.map(|arn| Value::from(Answer::default().with_some("logGroupArn", arn)));
        Ok(Value::from(
            Answer::default().with_some("cloudWatchLogsLogGroup", group),
        ))
    })?;
    let destinations = destinations.filter(|destinations| !destinations.is_empty());
    let answer = Answer::default()
        .with("level", level)
        .with("includeExecutionData", data);
    Ok(answer.with_some("destinations", destinations).into())
}

fn check_logging(logging: &Value) -> Result<(), Error> {
    let refuse = |why: &str| {
        let message = format!("Invalid Logging Configuration: {why}");
        Err(Error::new(Exception::InvalidLoggingConfiguration, message))
    };
    let destinations = logging
        .get("destinations")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    match destinations {
        [] if logging["level"] != "OFF" => refuse("a log destination is required when the level is not OFF"),
        [] => Ok(()),
        [destination] => match destination["cloudWatchLogsLogGroup"]["logGroupArn"].as_str() {
            // AWS wants the ARN with `:*` behind the group's name.
            Some(arn) if is_log_group(arn) => Ok(()),
            _ => refuse("the log destination must be the ARN of a log group that ends with ':*'"),
        },
        _ => refuse("at most one log destination is allowed"),
    }
}

fn is_log_group(arn: &str) -> bool {
    let parts: Vec<&str> = arn.split(':').collect();
    matches!(parts.as_slice(), ["arn", _, "logs", _, _, "log-group", name, "*"] if !name.is_empty())
}

fn tracing(members: &mut Members) -> Result<Value, Error> {
    Ok(Answer::default()
        .with_some("enabled", members.boolean("enabled")?)
        .into())
}

fn encryption(members: &mut Members) -> Result<Value, Error> {
    if !members.has("type") {
        members.miss("type");
    }
    let kind = members.one_of("type", &[(OWNED_KEY, OWNED_KEY), (CUSTOMER_KEY, CUSTOMER_KEY)])?;
    let key = members.text("kmsKeyId", &KMS_KEY_ID)?;
    let (min, max) = (*KEY_REUSE_SECONDS.start(), *KEY_REUSE_SECONDS.end());
    let period = members.integer("kmsDataKeyReusePeriodSeconds", min, max)?;
    let answer = Answer::default()
        .with("type", kind.unwrap_or(OWNED_KEY))
        .with_some("kmsKeyId", key);
    Ok(answer.with_some("kmsDataKeyReusePeriodSeconds", period).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::members;

    fn checked(body: &Value) -> Result<Configurations, Exception> {
        let read = members::read(body.to_string().as_bytes(), Configurations::read);
        let read = read.map_err(|error| error.exception)?;
        read.check().map_err(|error| error.exception)?;
        Ok(read)
    }

    #[test]
    fn what_is_left_out_is_shown_as_aws_shows_it() {
        let none = checked(&json!({})).unwrap();
        assert_eq!(
            shown_logging(none.logging.as_ref()),
            json!({ "level": "OFF", "includeExecutionData": false })
        );
        assert_eq!(shown_tracing(none.tracing.as_ref()), json!({ "enabled": false }));
        assert_eq!(
            shown_encryption(none.encryption.as_ref()),
            json!({ "type": "AWS_OWNED_KEY" })
        );
    }

    #[test]
    fn logging_needs_one_destination_unless_it_is_off() {
        let destination = |arn: &str| json!({ "cloudWatchLogsLogGroup": { "logGroupArn": arn } });
        let logging = |level: &str, destinations: Vec<Value>| {
            checked(&json!({ "loggingConfiguration": { "level": level, "destinations": destinations } }))
        };
        let good = destination("arn:aws:logs:us-east-1:123456789012:log-group:orders:*");
        let read = logging("ALL", vec![good.clone()]).unwrap();
        assert_eq!(
            read.logging,
            Some(json!({ "level": "ALL", "includeExecutionData": false, "destinations": [good.clone()] }))
        );
        assert!(logging("OFF", vec![]).is_ok());
        for (level, destinations) in [
            ("ALL", vec![]),
            ("ALL", vec![good.clone(), good]),
            (
                "ALL",
                vec![destination(
                    "arn:aws:logs:us-east-1:123456789012:log-group:orders",
                )],
            ),
            ("OFF", vec![json!({})]),
        ] {
            let refused = logging(level, destinations).unwrap_err();
            assert_eq!(refused, Exception::InvalidLoggingConfiguration);
        }
        assert_eq!(
            logging("SOME", vec![]).unwrap_err(),
            Exception::ValidationException
        );
    }

    #[test]
    fn tracing_is_on_or_off() {
        let read = checked(&json!({ "tracingConfiguration": { "enabled": true } })).unwrap();
        assert_eq!(read.tracing, Some(json!({ "enabled": true })));
        let refused = checked(&json!({ "tracingConfiguration": {} })).unwrap_err();
        assert_eq!(refused, Exception::InvalidTracingConfiguration);
    }

    #[test]
    fn encryption_with_a_key_needs_the_key() {
        let encryption = |value: Value| checked(&json!({ "encryptionConfiguration": value }));
        assert!(encryption(json!({ "type": "AWS_OWNED_KEY" })).is_ok());
        assert!(encryption(json!({ "type": CUSTOMER_KEY, "kmsKeyId": "alias/x" })).is_ok());
        let refused = encryption(json!({ "type": CUSTOMER_KEY })).unwrap_err();
        assert_eq!(refused, Exception::InvalidEncryptionConfiguration);
        let refused = encryption(json!({ "type": "AWS_OWNED_KEY", "kmsKeyId": "alias/x" })).unwrap_err();
        assert_eq!(refused, Exception::InvalidEncryptionConfiguration);
        for value in [
            json!({}),
            json!({ "type": CUSTOMER_KEY, "kmsKeyId": "x", "kmsDataKeyReusePeriodSeconds": 5 }),
        ] {
            assert_eq!(encryption(value).unwrap_err(), Exception::ValidationException);
        }
    }
}
