//! `sns:publish`.

use super::metadata::with_metadata;
use super::{Action, Effect, Naming, RR_TOKEN, Service, to_text};
use crate::effect::EffectClass;
use serde_json::Value;

pub(crate) const SERVICE: Service = Service {
    name: "sns",
    client: Some("sns"),
    naming: Naming {
        prefix: "SNS",
        fallback: "AmazonSNSException",
        service: "AmazonSNS",
    },
    actions: &[Action::new("publish", RR_TOKEN, Effect::ByParameters(effect))],
    prepare: |members| to_text(members, "Message"),
    render: with_metadata,
};

/// A FIFO topic drops a message that it has already had, by its deduplication id or by its content.
fn effect(parameters: &Value) -> EffectClass {
    let fifo = parameters
        .get("TopicArn")
        .and_then(Value::as_str)
        .is_some_and(|arn| arn.ends_with(".fifo"));
    if !fifo {
        return EffectClass::Once;
    }
    // The member is never filled in: it would switch off deduplication by content, which the topic may want.
    EffectClass::Token {
        member: "MessageDeduplicationId".to_owned(),
        window_seconds: DEDUPLICATION_SECONDS,
    }
}

const DEDUPLICATION_SECONDS: u64 = 5 * 60; // AWS quota
