//! What an author's parameters have in them that fails when the task runs, as far as it stands there.

use super::form::ArrayFormat;
use super::parts::{METHODS, is_among};
use super::url::{PlainHttp, checked};
use super::{api, http};
use crate::integration::Integration;
use serde_json::{Map, Value};

/// Returns the mistakes in unevaluated Parameters or Arguments: the field, and what is wrong with it.
///
/// What an expression or a path gives is not known, and no mistake.
pub fn mistakes(integration: &Integration, given: &Map<String, Value>) -> Vec<(&'static str, String)> {
    let is_http = match integration.service() {
        _ if integration.is_sdk() => return Vec::new(),
        "http" => true,
        "apigateway" => false,
        _ => return Vec::new(),
    };
    let mut found = Vec::new();
    if let Some(method) = fixed(given, "Method").filter(|method| !METHODS.contains(method)) {
        found.push(("Method", one_of(method, &METHODS)));
    }
    let is_forbidden = |name: &str| match is_http {
        true => is_among(name, &http::FORBIDDEN),
        false => is_among(name, &api::FORBIDDEN),
    };
    let headers = given.get("Headers").and_then(Value::as_object);
    for name in headers.into_iter().flat_map(Map::keys) {
        if is_forbidden(name.strip_suffix(".$").unwrap_or(name)) {
            found.push(("Headers", format!("The header '{name}' is not allowed here")));
        }
    }
    if is_http {
        of_http(given, &mut found);
    } else if let Some(kind) = fixed(given, "AuthType").filter(|kind| !api::AUTH_TYPES.contains(kind)) {
        found.push(("AuthType", one_of(kind, &api::AUTH_TYPES)));
    }
    found
}

fn of_http(given: &Map<String, Value>, found: &mut Vec<(&'static str, String)>) {
    if let Some(url) = fixed(given, "ApiEndpoint")
        && checked(url, PlainHttp::ToThisMachine).is_err()
    {
        let message = format!("An HTTP Task calls URLs that begin with 'https://', not '{url}'");
        found.push(("ApiEndpoint", message));
    }
    let Some(transform) = given.get("Transform").and_then(Value::as_object) else {
        return;
    };
    let encoding = fixed(transform, "RequestBodyEncoding");
    if let Some(encoding) = encoding.filter(|encoding| !["NONE", "URL_ENCODED"].contains(encoding)) {
        found.push(("Transform", one_of(encoding, &["NONE", "URL_ENCODED"])));
    }
    let options = transform.get("RequestEncodingOptions").and_then(Value::as_object);
    let format = options.and_then(|options| fixed(options, "ArrayFormat"));
    if let Some(format) = format.filter(|format| ArrayFormat::read(format).is_none()) {
        found.push(("Transform", one_of(format, &ArrayFormat::NAMES)));
    }
    let is_named = |name: &String| name.eq_ignore_ascii_case("content-type");
    let has_type = match given.get("Headers") {
        Some(Value::Object(headers)) => headers
            .keys()
            .any(|name| is_named(name) || is_named(&name.replace(".$", ""))),
        Some(_) => true,
        None => given.contains_key("Headers.$"),
    };
    if encoding == Some("URL_ENCODED") && !has_type {
        let message = "A body that is URL-encoded needs the header 'Content-Type' with the value \
                       'application/x-www-form-urlencoded', here or in the connection";
        found.push(("Transform", message.to_owned()));
    }
}

/// A text that is no expression.
fn fixed<'a>(given: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    let text = given.get(name)?.as_str()?;
    (!text.trim_start().starts_with("{%")).then_some(text)
}

fn one_of(got: &str, known: &[&str]) -> String {
    format!("Expected one of {}, but found '{got}'", known.join(", "))
}
