//! `$now`, `$millis` and `$toMillis`, at the time that the scope gives.

use jsonata_core::evaluator::HostFnResult;
use jsonata_core::value::JValue;

use super::library;

/// `$millis()`: milliseconds since 1970.
pub(super) fn millis(now_millis: i64) -> impl Fn(&[JValue]) -> HostFnResult {
    move |_: &[JValue]| Ok(JValue::from(now_millis))
}

/// `$now([picture [, timezone]])`: JSONata defines it as `$fromMillis` of the present.
pub(super) fn now(now_millis: i64) -> impl Fn(&[JValue]) -> HostFnResult {
    move |arguments: &[JValue]| {
        let mut all = vec![JValue::from(now_millis)];
        all.extend_from_slice(arguments);
        library("fromMillis", &all, &JValue::Undefined)
    }
}

/// `$toMillis(timestamp [, picture])`: what a picture leaves out at its front, such as the date, is the present's.
// The library would take it from the machine's clock, so the present is written in front of both texts.
pub(super) fn to_millis(now_millis: i64) -> impl Fn(&[JValue], &JValue) -> HostFnResult {
    move |arguments: &[JValue], context: &JValue| {
        if let [JValue::String(timestamp), JValue::String(picture)] = arguments
            && let Some(missing) = missing_front(picture)
        {
            let present = [JValue::from(now_millis), JValue::from(missing.as_str())];
            if let JValue::String(present) = library("fromMillis", &present, &JValue::Undefined)? {
                let whole =
                    [format!("{present}{timestamp}"), format!("{missing}{picture}")].map(JValue::from);
                return library("toMillis", &whole, context);
            }
        }
        library("toMillis", arguments, context)
    }
}

/// Writes a picture of the components that come before the first one of `picture`, when there are any.
fn missing_front(picture: &str) -> Option<String> {
    let components = components(picture);
    let has = |names: &str| components.contains(|component| names.contains(component));
    // A picture without components gives undefined; weeks are not supported for reading.
    if components.is_empty() || has("XxWw") {
        return None;
    }
    let mut missing = String::new();
    let order: &[(char, &str)] = if has("d") {
        &[('Y', "[Y0001] ")]
    } else if has("hP") && !has("H") {
        &[
            ('Y', "[Y0001] "),
            ('M', "[M01] "),
            ('D', "[D01] "),
            ('P', "[P] "),
            ('h', "[h01] "),
        ]
    } else {
        &[
            ('Y', "[Y0001] "),
            ('M', "[M01] "),
            ('D', "[D01] "),
            ('H', "[H01] "),
            ('m', "[m01] "),
            ('s', "[s01] "),
            ('f', "[f001] "),
        ]
    };
    for (component, marker) in order {
        if components.contains(*component) {
            break;
        }
        missing.push_str(marker);
    }
    (!missing.is_empty()).then_some(missing)
}

/// Lists the component letters of a picture: `YMD` for `[Y]-[M01]-[D]`.
fn components(picture: &str) -> String {
    let mut letters = String::new();
    let mut rest = picture;
    while let Some((_, after)) = rest.split_once('[') {
        if let Some(literal) = after.strip_prefix('[') {
            rest = literal;
            continue;
        }
        letters.extend(after.trim_start().chars().next());
        rest = after;
    }
    letters
}
