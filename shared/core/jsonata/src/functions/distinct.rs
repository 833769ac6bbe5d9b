//! `$distinct`, which compares every item with every other one in the library.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use jsonata_core::evaluator::HostFnResult;
use jsonata_core::value::{JValue, with_stack};

use super::bounded::{check_weight, too_many};
use super::library;

/// Up to so many items the library compares them.
const COMPARED_MAX: usize = 1_000;

/// `$distinct(array)`: in one look at each item, as long as there is no function among them.
pub(super) fn distinct(arguments: &[JValue]) -> HostFnResult {
    let Some(JValue::Array(items)) = arguments.first() else {
        return library("distinct", arguments, &JValue::Undefined);
    };
    check_weight(&JValue::Array(items.clone()))?;
    if items.len() <= COMPARED_MAX {
        return library("distinct", arguments, &JValue::Undefined);
    }
    let mut seen = BTreeSet::new();
    let mut kept = Vec::new();
    for item in items.iter() {
        let mut name = String::new();
        if !write_name(item, &mut name) {
            return Err(too_many(COMPARED_MAX));
        }
        if seen.insert(name) {
            kept.push(item.clone());
        }
    }
    let kept = JValue::Array(items.with_items(kept));
    match &kept {
        // What is left may be so little that it matters how the library gives it out.
        JValue::Array(items) if items.len() <= COMPARED_MAX => {
            library("distinct", &[kept], &JValue::Undefined)
        }
        _ => Ok(kept),
    }
}

/// Writes a text that two values share when they are equal; false for a function, which is equal to itself alone.
fn write_name(value: &JValue, out: &mut String) -> bool {
    match value {
        JValue::Undefined => out.push('u'),
        JValue::Null => out.push('n'),
        JValue::Bool(it) => out.push(if *it { 't' } else { 'f' }),
        // Adding zero makes one zero of both.
        JValue::Number(it) => _ = write!(out, "#{:x}", (it + 0.0).to_bits()),
        JValue::String(it) => _ = write!(out, "\"{}:{it}", it.len()),
        JValue::Array(items) => {
            _ = write!(out, "[{}:", items.len());
            return with_stack(|| items.iter().all(|item| write_name(item, out)));
        }
        JValue::Object(fields) => {
            _ = write!(out, "{{{}:", fields.len());
            let mut sorted: Vec<_> = fields.iter().collect();
            sorted.sort_unstable_by_key(|(key, _)| *key);
            return with_stack(|| {
                let mut sorted = sorted.into_iter();
                sorted.all(|(key, value)| {
                    _ = write!(out, "{}:{key}", key.len());
                    write_name(value, out)
                })
            });
        }
        JValue::Lambda(_) | JValue::Builtin { .. } | JValue::Regex { .. } => return false,
    }
    true
}
