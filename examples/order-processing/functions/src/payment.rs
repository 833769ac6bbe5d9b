//! `validate-payment`: may this card pay this amount?

use lambda_runtime::Diagnostic;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::identifier;

/// The test card that every payment provider declines.
const DECLINED_CARD: &str = "4000000000000002";
const CARD_DIGITS: std::ops::RangeInclusive<usize> = 12..=19; // ISO/IEC 7812
const AMOUNT_CENTS_MAX: u64 = 1_000_000; // the shop's own limit: larger orders are paid by invoice

/// What the function is asked.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Payment {
    /// The order that is paid.
    pub order_id: String,
    /// When it was placed, as `2026-03-01T12:00:00Z`: a card is good or expired at that time, however late a retry is.
    pub ordered_at: String,
    /// The amount in cents.
    pub amount_cents: u64,
    /// The card that pays.
    pub card: Card,
}

/// A payment card.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// The number, digits only.
    pub number: String,
    /// The last month in which the card is good, as `2035-11`.
    pub expires: String,
}

/// What the function answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Authorization {
    /// Names the authorization in a later refund.
    pub authorization_id: String,
    /// The amount in cents.
    pub amount_cents: u64,
}

/// Says why a payment is declined.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum PaymentDeclined {
    #[error("the amount of {cents} cents is not between 1 and {AMOUNT_CENTS_MAX}")]
    Amount { cents: u64 },
    #[error("the card number is not valid")]
    Number,
    #[error("the expiry date is not of the form `2035-11`")]
    ExpiryForm,
    #[error("the card expired at the end of {expires}")]
    Expired { expires: String },
    #[error("the bank refused the card")]
    Refused,
}

/// Gives the error the name that the workflow catches.
impl From<PaymentDeclined> for Diagnostic {
    fn from(declined: PaymentDeclined) -> Diagnostic {
        Diagnostic {
            error_type: "PaymentDeclined".to_owned(),
            error_message: declined.to_string(),
        }
    }
}

/// Authorizes a payment or declines it.
pub fn validate(payment: &Payment) -> Result<Authorization, PaymentDeclined> {
    let cents = payment.amount_cents;
    if !(1..=AMOUNT_CENTS_MAX).contains(&cents) {
        return Err(PaymentDeclined::Amount { cents });
    }
    if !is_card_number(&payment.card.number) {
        return Err(PaymentDeclined::Number);
    }
    let expires = &payment.card.expires;
    if !is_month(expires) {
        return Err(PaymentDeclined::ExpiryForm);
    }
    // Years and months of fixed length compare as text.
    if payment.ordered_at.get(..expires.len()) > Some(expires) {
        return Err(PaymentDeclined::Expired {
            expires: expires.clone(),
        });
    }
    if payment.card.number == DECLINED_CARD {
        return Err(PaymentDeclined::Refused);
    }
    Ok(Authorization {
        authorization_id: authorization_id(&payment.order_id),
        amount_cents: cents,
    })
}

pub(crate) fn authorization_id(order_id: &str) -> String {
    identifier::derived("auth", order_id)
}

/// Tells whether the digits are right by Luhn's checksum.
fn is_card_number(number: &str) -> bool {
    let is_digits = number.bytes().all(|byte| byte.is_ascii_digit());
    let sum: u32 = number
        .bytes()
        .rev()
        .map(|byte| u32::from(byte.wrapping_sub(b'0')))
        .zip([1, 2].into_iter().cycle())
        .map(|(digit, weight)| digit * weight)
        .map(|product| product / 10 + product % 10)
        .sum();
    is_digits && CARD_DIGITS.contains(&number.len()) && sum.is_multiple_of(10)
}

fn is_month(text: &str) -> bool {
    let digits = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    text.split_once('-')
        .is_some_and(|(year, month)| digits(year, 4) && digits(month, 2) && ("01"..="12").contains(&month))
}

#[cfg(test)]
mod tests;
