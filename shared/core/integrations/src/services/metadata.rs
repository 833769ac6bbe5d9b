//! What results of optimized integrations have in common: HTTP metadata, and dates as numbers.

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

/// Shows the dates in members that a name is chosen for as milliseconds since 1970, wherever they stand.
// Results of the optimized integrations come from version 1 of AWS's SDK for Java, which writes dates so.
pub(crate) fn dates_to_millis(value: &mut Value, is_date: fn(&str) -> bool) {
    match value {
        Value::Object(members) => {
            for (name, value) in members.iter_mut() {
                let moment = value
                    .as_str()
                    .filter(|_| is_date(name))
                    .and_then(|text| text.parse().ok());
                match moment.map(|moment: jiff::Timestamp| moment.as_millisecond()) {
                    Some(millis) => *value = Value::from(millis),
                    None => dates_to_millis(value, is_date),
                }
            }
        }
        Value::Array(values) => values
            .iter_mut()
            .for_each(|value| dates_to_millis(value, is_date)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
