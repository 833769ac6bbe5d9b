//! The `aws-sdk` integrations: every service, every action, with the API's own names.

use super::{capitalized, dynamodb, sqs};
use crate::effect::EffectClass;
use crate::exchange::{Failure, ServiceError};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// One service of the AWS SDKs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SdkService {
    /// The name in a Resource, behind `aws-sdk:`.
    pub(crate) name: &'static str,
    /// The name in errors, such as `DynamoDb`.
    client: &'static str,
    /// Operations, separated by commas; a star is on those that may be repeated.
    operations: &'static str,
    /// `member:operations`, separated by semicolons.
    tokens: &'static str,
    /// The name that requests are signed for, where it is another; empty where it is not.
    signing: &'static str,
}

/// One operation of a service.
#[derive(Clone, Copy, Debug)]
struct SdkOperation {
    /// The name in the API, such as `SendMessage`.
    name: &'static str,
    is_repeatable: bool,
}

impl SdkService {
    /// Whether the service has an action; of services that AWS has closed nobody knows any longer what they had.
    pub(crate) fn has(&self, action: &str) -> bool {
        self.operations.is_empty() || self.operation(action).is_some()
    }

    /// The name that requests are signed for.
    pub(crate) fn signing_name(&self) -> &'static str {
        if self.signing.is_empty() {
            self.name
        } else {
            self.signing
        }
    }

    /// The actions that are much like a name.
    pub(crate) fn nearest(&self, action: &str) -> Vec<String> {
        let operations = super::nearest(action, self.operations().map(|operation| operation.name));
        operations.iter().map(|name| uncapitalized(name)).collect()
    }

    fn operation(&self, action: &str) -> Option<SdkOperation> {
        self.operations()
            .find(|operation| operation.name.eq_ignore_ascii_case(action))
    }

    fn operations(&self) -> impl Iterator<Item = SdkOperation> + use<> {
        self.operations.split(',').map(|name| {
            let starred = name.strip_suffix('*');
            SdkOperation {
                name: starred.unwrap_or(name),
                is_repeatable: starred.is_some(),
            }
        })
    }
}

// AWS writes actions with a small letter.
fn uncapitalized(name: &str) -> String {
    let mut chars = name.chars();
    chars
        .next()
        .map(|first| first.to_ascii_lowercase().to_string() + chars.as_str())
        .unwrap_or_default()
}

/// Every service of the AWS SDKs.
pub(crate) fn all() -> impl Iterator<Item = SdkService> {
    SERVICES.values().copied()
}

pub(crate) fn find(name: &str) -> Option<SdkService> {
    SERVICES.get(name).copied()
}

static SERVICES: LazyLock<BTreeMap<&'static str, SdkService>> = LazyLock::new(|| {
    // A line is `name|client|operations|tokens|signing`; shared/adapters/calls/catalogue/generate.py writes them.
    let lines = include_str!("sdk/services.txt").lines();
    let services = lines.map(|line| {
        let mut fields = line.split('|');
        let mut field = || fields.next().unwrap_or_default();
        let name = field();
        let service = SdkService {
            name,
            client: field(),
            operations: field(),
            tokens: field(),
            signing: field(),
        };
        (name, service)
    });
    services.collect()
});

/// Says what may be done with an action of any service when its outcome is unknown.
pub(crate) fn effect_class(service: &str, action: &str, parameters: Option<&Value>) -> EffectClass {
    if let Some(class) = known_better(service, action, parameters) {
        return class;
    }
    let operation = capitalized(action);
    let Some(service) = find(service) else {
        return EffectClass::Once;
    };
    let named = |operations: &str| operations.split(',').any(|known| known == operation);
    let token = service.tokens.split(';').find_map(|entry| {
        let (member, operations) = entry.split_once(':')?;
        named(operations).then(|| member.to_owned())
    });
    if let Some(member) = token {
        return EffectClass::Token {
            member,
            window_seconds: super::TOKEN_WINDOW_SECONDS,
        };
    }
    if let Some(class) = named_token(service.name, &operation) {
        return class;
    }
    let marked = service
        .operation(action)
        .is_some_and(|operation| operation.is_repeatable);
    if marked || READING.iter().any(|verb| starts_with_word(action, verb)) {
        EffectClass::Repeatable
    } else {
        EffectClass::Once
    }
}

/// What the models do not say, or say wrongly for a call that is sent again.
fn known_better(service: &str, action: &str, parameters: Option<&Value>) -> Option<EffectClass> {
    Some(match (service, action, parameters) {
        ("dynamodb", "putItem" | "deleteItem", Some(parameters)) => dynamodb::write_effect(parameters),
        ("dynamodb", "updateItem", Some(parameters)) => dynamodb::update_effect(parameters),
        // Its model says that it has a token, and not for how long.
        ("dynamodb", "transactWriteItems" | "executeTransaction", _) => {
            named_token("dynamodb", &capitalized(action))?
        }
        ("s3", "putObject", Some(parameters))
            if parameters.get("IfNoneMatch").is_none() && parameters.get("IfMatch").is_none() =>
        {
            EffectClass::Repeatable
        }
        ("s3", "deleteObject" | "deleteObjects", _) => EffectClass::Repeatable,
        ("sqs", "sendMessage", Some(parameters)) => sqs::effect(parameters),
        ("sqs", "deleteMessage", _) => EffectClass::Repeatable,
        // A task that is handed out twice is lost the first time.
        ("sfn", "getActivityTask", _) => EffectClass::Once,
        _ => return None,
    })
}

/// After how many seconds a call times out, whatever its state says; `None` for most.
pub(crate) fn seconds_max(service: &str, action: &str) -> Option<u64> {
    // An Express execution has ended after five minutes, and its end has to be told.
    (service == "sfn" && action == "startSyncExecution").then_some(330)
}

/// Finds an operation whose token its model does not declare.
fn named_token(service: &str, operation: &str) -> Option<EffectClass> {
    let mut rows = include_str!("sdk/tokens.txt").lines().map(|line| {
        let mut fields = line.split('|');
        let mut field = || fields.next().unwrap_or_default();
        [field(), field(), field(), field()]
    });
    rows.find_map(|[of, member, seconds, operations]| {
        let has = of == service && operations.split(',').any(|known| known == operation);
        has.then(|| EffectClass::Token {
            member: member.to_owned(),
            window_seconds: seconds.parse().unwrap_or(super::TOKEN_WINDOW_SECONDS),
        })
    })
}

/// Verbs of actions that change nothing, in every service.
const READING: &[&str] = &["batchGet", "describe", "get", "head", "list", "query", "scan"];

fn starts_with_word(action: &str, verb: &str) -> bool {
    action
        .strip_prefix(verb)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_uppercase()))
}

/// Names an error as the `aws-sdk` integrations do, which follow version 2 of AWS's SDK for Java.
pub(crate) fn failure(service: &str, error: ServiceError) -> Failure {
    let service = client_name(service);
    let name = if error.modelled {
        exception(&error.code)
    } else {
        format!("{service}Exception")
    };
    Failure {
        error: format!("{service}.{name}"),
        // Recorded: execution/services, sfn_send_task_outcome_with_no_such_token.
        cause: Some(format!(
            "{} (Service: {service}, Status Code: {}, Request ID: {}) (SDK Attempt Count: 1)",
            error.message, error.status, error.request_id
        )),
    }
}

/// The service in the names of errors.
pub(crate) fn client_name(service: &str) -> String {
    find(service).map_or_else(|| capitalized(service), |service| service.client.to_owned())
}

/// The class of an error: `KMSInvalidStateFault` is `KmsInvalidStateException`.
fn exception(code: &str) -> String {
    let stem = code
        .strip_suffix("Exception")
        .or_else(|| code.strip_suffix("Fault"))
        .unwrap_or(code);
    format!("{}Exception", pascal_case(stem))
}

/// Writes each word of a name with one capital letter; acronyms are words.
pub(super) fn pascal_case(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut cased = String::with_capacity(name.len());
    let mut before: Option<char> = None;
    for (index, &c) in chars.iter().enumerate() {
        let after = chars.get(index + 1).copied();
        let starts = match before {
            None => true,
            Some(before) => {
                !before.is_ascii_alphanumeric()
                    || (before.is_ascii_digit() && c.is_ascii_alphabetic())
                    || (c.is_ascii_uppercase()
                        && (before.is_ascii_lowercase()
                            || after.is_some_and(|after| after.is_ascii_lowercase())))
            }
        };
        if c.is_ascii_alphanumeric() {
            cased.push(if starts {
                c.to_ascii_uppercase()
            } else {
                c.to_ascii_lowercase()
            });
        }
        before = Some(c);
    }
    cased
}
