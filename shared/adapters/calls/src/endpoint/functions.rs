//! The functions that endpoint rules call; what they cannot answer is null.

use super::partition;
use serde_json::{Value, json};
use std::net::Ipv4Addr;

/// Calls a function by its name in the rules.
pub(super) fn call(name: &str, arguments: &[Value]) -> Value {
    let argument = |number: usize| arguments.get(number).unwrap_or(&Value::Null);
    let text = |number: usize| argument(number).as_str();
    match name {
        "isSet" => Value::from(!argument(0).is_null()),
        "not" => Value::from(matches!(argument(0), Value::Null | Value::Bool(false))),
        "booleanEquals" | "stringEquals" => Value::from(argument(0) == argument(1)),
        "getAttr" => attribute(argument(0), text(1).unwrap_or_default()),
        "aws.partition" => text(0)
            .and_then(partition::of)
            .map_or(Value::Null, |partition| Value::Object(partition.outputs.clone())),
        "aws.parseArn" => text(0).and_then(arn).unwrap_or_default(),
        "parseURL" => text(0).and_then(url).unwrap_or_default(),
        "uriEncode" => text(0).map(encoded).into(),
        "substring" => substring(arguments).map(str::to_owned).into(),
        "isValidHostLabel" => {
            let subdomains = argument(1) == &Value::Bool(true);
            Value::from(text(0).is_some_and(|text| is_host(text, subdomains)))
        }
        "aws.isVirtualHostableS3Bucket" => {
            let subdomains = argument(1) == &Value::Bool(true);
            Value::from(text(0).is_some_and(|text| is_bucket_host(text, subdomains)))
        }
        _ => Value::Null,
    }
}

/// What stands at a path such as `resourceId[2]` or `outputs.name`.
pub(super) fn attribute(value: &Value, path: &str) -> Value {
    let mut value = value;
    for part in path.split('.') {
        let (name, index) = match part.split_once('[') {
            Some((name, index)) => (name, index.trim_end_matches(']').parse::<usize>().ok()),
            None => (part, None),
        };
        if !name.is_empty() {
            value = value.get(name).unwrap_or(&Value::Null);
        }
        if let Some(index) = index {
            value = value.get(index).unwrap_or(&Value::Null);
        }
    }
    value.clone()
}

/// Whether a text may be a label of a host's name.
pub(super) fn is_host_label(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || c == '-';
    text.len() <= 63 && text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(inner)
}

fn is_host(text: &str, subdomains: bool) -> bool {
    if subdomains {
        text.split('.').all(is_host_label)
    } else {
        is_host_label(text)
    }
}

fn is_bucket_host(text: &str, subdomains: bool) -> bool {
    text.len() >= 3
        && !text.contains(|c: char| c.is_uppercase())
        && text.parse::<Ipv4Addr>().is_err()
        && is_host(text, subdomains)
}

fn arn(text: &str) -> Option<Value> {
    let mut parts = text.strip_prefix("arn:")?.splitn(5, ':');
    let [partition, service, region, account, resource] = std::array::from_fn(|_| parts.next());
    let (partition, service, resource) = (partition?, service?, resource?);
    if partition.is_empty() || service.is_empty() || resource.is_empty() {
        return None;
    }
    let resource: Vec<&str> = resource.split([':', '/']).collect();
    Some(json!({
        "partition": partition,
        "service": service,
        "region": region?,
        "accountId": account?,
        "resourceId": resource,
    }))
}

fn url(text: &str) -> Option<Value> {
    let (scheme, rest) = text.split_once("://")?;
    if !matches!(scheme, "http" | "https") || rest.contains('?') {
        return None;
    }
    let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    let slash = if path.ends_with('/') { "" } else { "/" };
    Some(json!({
        "scheme": scheme,
        "authority": authority,
        "path": path,
        "normalizedPath": format!("{path}{slash}"),
        "isIp": host.parse::<Ipv4Addr>().is_ok() || host.starts_with('['),
    }))
}

fn encoded(text: &str) -> String {
    aws_smithy_schema::http_protocol::percent_encode(text)
}

fn substring(arguments: &[Value]) -> Option<&str> {
    let [text, start, stop, reverse] = arguments else {
        return None;
    };
    let text = text.as_str().filter(|text| text.is_ascii())?;
    let place = |value: &Value| usize::try_from(value.as_u64()?).ok();
    let (start, stop) = (place(start)?, place(stop)?);
    if start >= stop || text.len() < stop {
        return None;
    }
    if reverse == &Value::Bool(true) {
        text.get(text.len() - stop..text.len() - start)
    } else {
        text.get(start..stop)
    }
}
