//! `$encodeUrl` and `$encodeUrlComponent`, which must spare exactly the characters that JavaScript spares.

use std::fmt::Write;

use jsonata_core::evaluator::HostFnResult;
use jsonata_core::value::JValue;

use super::bounded::too_long;
use super::library;
use crate::limits::VALUE_WEIGHT_MAX;

/// Punctuation that `encodeURIComponent` leaves alone, besides letters and digits.
const COMPONENT_SPARED: &str = "-_.!~*'()";
/// What `encodeURI` leaves alone as well: the characters that separate the parts of a URL.
const SEPARATORS: &str = ";,/?:@&=+$#";

/// `$encodeUrl(text)`: JavaScript's `encodeURI`.
pub(super) fn encode_url(arguments: &[JValue], context: &JValue) -> HostFnResult {
    encode("encodeUrl", arguments, context, |char| {
        COMPONENT_SPARED.contains(char) || SEPARATORS.contains(char)
    })
}

/// `$encodeUrlComponent(text)`: JavaScript's `encodeURIComponent`.
pub(super) fn encode_url_component(arguments: &[JValue], context: &JValue) -> HostFnResult {
    encode("encodeUrlComponent", arguments, context, |char| {
        COMPONENT_SPARED.contains(char)
    })
}

fn encode(name: &str, arguments: &[JValue], context: &JValue, spared: fn(char) -> bool) -> HostFnResult {
    let text = match arguments {
        [] => context,
        [text] => text,
        _ => &JValue::Undefined,
    };
    let JValue::String(text) = text else {
        // The library knows the right error.
        return library(name, arguments, context);
    };
    if text.len() > VALUE_WEIGHT_MAX {
        return Err(too_long(VALUE_WEIGHT_MAX));
    }
    let mut encoded = String::with_capacity(text.len());
    for char in text.chars() {
        if char.is_ascii_alphanumeric() || spared(char) {
            encoded.push(char);
        } else {
            for byte in char.encode_utf8(&mut [0; 4]).bytes() {
                // Writing to a string cannot fail.
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
    }
    Ok(JValue::from(encoded))
}
