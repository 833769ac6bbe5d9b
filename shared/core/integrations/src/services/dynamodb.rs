//! Items of Amazon DynamoDB.

use super::metadata::with_metadata;
use super::{Action, Effect, Naming, RR, Service, as_given};
use crate::effect::EffectClass;
use serde_json::Value;

pub(crate) const SERVICE: Service = Service {
    name: "dynamodb",
    client: Some("dynamodb"),
    naming: Naming {
        prefix: "DynamoDB",
        fallback: "AmazonDynamoDBException",
        service: "AmazonDynamoDBv2",
    },
    actions: &[
        Action::new("getItem", RR, Effect::Repeatable),
        Action::new("putItem", RR, Effect::ByParameters(write_effect)),
        Action::new("updateItem", RR, Effect::ByParameters(update_effect)),
        Action::new("deleteItem", RR, Effect::ByParameters(write_effect)),
    ],
    prepare: as_given,
    render: with_metadata,
};

/// A write may be repeated unless its answer or its success depends on what was there before.
pub(super) fn write_effect(parameters: &Value) -> EffectClass {
    let conditional = ["ConditionExpression", "Expected"]
        .iter()
        .any(|name| parameters.get(name).is_some());
    let tells_old = parameters
        .get("ReturnValues")
        .is_some_and(|value| matches!(value.as_str(), Some("ALL_OLD" | "UPDATED_OLD")));
    if conditional || tells_old {
        EffectClass::Once
    } else {
        EffectClass::Repeatable
    }
}

/// An update may be repeated when it sets values that do not depend on the item.
pub(super) fn update_effect(parameters: &Value) -> EffectClass {
    if parameters.get("AttributeUpdates").is_some() {
        return EffectClass::Once;
    }
    let expression = parameters
        .get("UpdateExpression")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let depends_on_item = expression.contains(['+', '-', '('])
        || expression
            .split_whitespace()
            .any(|word| word.eq_ignore_ascii_case("ADD"));
    // `SET a = b` copies, and may copy what another clause has changed: only placeholders are safe.
    let copies = expression
        .split('=')
        .skip(1)
        .any(|right| !right.trim_start().starts_with(':'));
    if depends_on_item || copies {
        EffectClass::Once
    } else {
        write_effect(parameters)
    }
}
