//! `Retry`: which errors are tried again, how often and after how long.

use super::allowed::{self, RETRIER};
use super::catching::{check_order, error_equals};
use super::task::SECONDS_MAX;
use crate::fields::{Fields, integer, number, string};
use crate::program::Retrier;

/// The longest delay between two attempts, in seconds: a year and a day. // AWS: "must be less than 31622400"
const MAX_DELAY_SECONDS_MAX: u64 = 31_622_400;

/// Reads `Retry`.
pub(crate) fn read(fields: &mut Fields<'_, '_>) -> Vec<Retrier> {
    let entries = fields.objects("Retry");
    let count = entries.len();
    let mut retry = Vec::new();
    for (index, (object, at)) in entries.into_iter().enumerate() {
        let mut entry = fields.of(object, at);
        allowed::check(&mut entry, RETRIER);
        let retrier = retrier(&mut entry);
        check_order(&mut entry, &retrier.error_equals, index + 1 == count);
        retry.push(retrier);
    }
    retry
}

fn retrier(fields: &mut Fields<'_, '_>) -> Retrier {
    fields.require(&["ErrorEquals"]);
    let jitter = fields.read("JitterStrategy", |value| match string(value)? {
        "FULL" => Ok(true),
        "NONE" => Ok(false),
        _ => Err("The field 'JitterStrategy' should have one of these values: [FULL, NONE]".to_owned()),
    });
    Retrier {
        error_equals: error_equals(fields),
        interval_seconds: fields
            .read("IntervalSeconds", integer(1, SECONDS_MAX))
            .unwrap_or(1),
        max_attempts: fields.read("MaxAttempts", integer(0, SECONDS_MAX)).unwrap_or(3),
        backoff_rate: fields.read("BackoffRate", number(1.0, f64::MAX)).unwrap_or(2.0),
        max_delay_seconds: fields.read("MaxDelaySeconds", integer(1, MAX_DELAY_SECONDS_MAX)),
        full_jitter: jitter.unwrap_or(false),
    }
}
