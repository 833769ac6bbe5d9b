//! `refund-payment`: gives back what was authorized.

use lambda_runtime::Diagnostic;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{identifier, payment};

/// What the function is asked.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Refund {
    /// The order that was paid.
    pub order_id: String,
    /// The authorization of its payment.
    pub authorization_id: String,
    /// The amount in cents.
    pub amount_cents: u64,
}

/// What the function answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Refunded {
    /// Names the refund.
    pub refund_id: String,
    /// The amount in cents.
    pub amount_cents: u64,
}

/// Says that an authorization belongs to another order.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("order `{order_id}` has no authorization `{authorization_id}`")]
pub struct UnknownAuthorization {
    order_id: String,
    authorization_id: String,
}

impl From<UnknownAuthorization> for Diagnostic {
    fn from(unknown: UnknownAuthorization) -> Diagnostic {
        Diagnostic {
            error_type: "UnknownAuthorization".to_owned(),
            error_message: unknown.to_string(),
        }
    }
}

/// Refunds a payment, if the authorization is that of the order.
pub fn refund(refund: &Refund) -> Result<Refunded, UnknownAuthorization> {
    if refund.authorization_id != payment::authorization_id(&refund.order_id) {
        return Err(UnknownAuthorization {
            order_id: refund.order_id.clone(),
            authorization_id: refund.authorization_id.clone(),
        });
    }
    Ok(Refunded {
        refund_id: identifier::derived("refund", &refund.order_id),
        amount_cents: refund.amount_cents,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(authorization_id: String) -> Refund {
        Refund {
            order_id: "order-1".to_owned(),
            authorization_id,
            amount_cents: 6990,
        }
    }

    #[test]
    fn the_orders_own_payment_is_refunded_once_under_one_name() {
        let first = refund(&asked(payment::authorization_id("order-1"))).unwrap();
        let again = refund(&asked(payment::authorization_id("order-1"))).unwrap();
        assert_eq!(first, again);
        assert!(first.refund_id.starts_with("refund-"));
        assert_eq!(first.amount_cents, 6990);
    }

    #[test]
    fn the_authorization_of_another_order_is_refused() {
        let unknown = refund(&asked(payment::authorization_id("order-2"))).unwrap_err();
        assert!(
            unknown
                .to_string()
                .starts_with("order `order-1` has no authorization `auth-")
        );
        assert_eq!(Diagnostic::from(unknown).error_type, "UnknownAuthorization");
    }
}
