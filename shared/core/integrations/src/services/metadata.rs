//! The HTTP metadata that most optimized integrations add to their results.

use crate::exchange::{Failure, ServiceAnswer};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Shows the answer's members together with `SdkHttpMetadata` and `SdkResponseMetadata`, in alphabetical order.
// The order is AWS's (recorded: execution/services, execution/callback).
pub(crate) fn with_metadata(answer: ServiceAnswer) -> Result<Value, Failure> {
    let mut members: BTreeMap<String, Value> = match answer.members {
        Value::Object(members) => members.into_iter().collect(),
        _ => BTreeMap::new(),
    };
    let mut all: Map<String, Value> = Map::new();
    let mut first: BTreeMap<String, String> = BTreeMap::new();
    let mut request_id = String::new();
    for (name, value) in answer.headers {
        if name.eq_ignore_ascii_case("x-amzn-requestid") || name.eq_ignore_ascii_case("x-amz-request-id") {
            request_id.clone_from(&value);
        }
        first.entry(name.clone()).or_insert_with(|| value.clone());
        match all.entry(name).or_insert_with(|| json!([])) {
            Value::Array(values) => values.push(Value::String(value)),
            other => *other = json!([value]),
        }
    }
    members.insert(
        "SdkHttpMetadata".to_owned(),
        json!({ "AllHttpHeaders": all, "HttpHeaders": first, "HttpStatusCode": answer.status }),
    );
    members.insert(
        "SdkResponseMetadata".to_owned(),
        json!({ "RequestId": request_id }),
    );
    Ok(Value::Object(members.into_iter().collect()))
}

/// Shows the answer's members alone.
pub(crate) fn members_alone(answer: ServiceAnswer) -> Result<Value, Failure> {
    Ok(answer.members)
}
