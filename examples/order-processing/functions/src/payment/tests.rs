use super::*;

fn payment(number: &str, expires: &str, amount_cents: u64) -> Payment {
    Payment {
        order_id: "order-1".to_owned(),
        ordered_at: "2026-03-31T23:59:59.999Z".to_owned(),
        amount_cents,
        card: Card {
            number: number.to_owned(),
            expires: expires.to_owned(),
        },
    }
}

#[test]
fn a_good_card_is_authorized() {
    for number in ["4242424242424242", "5555555555554444", "378282246310005"] {
        let authorization = validate(&payment(number, "2027-01", 6990)).unwrap();
        assert_eq!(authorization.amount_cents, 6990);
        assert_eq!(authorization.authorization_id, authorization_id("order-1"));
    }
}

#[test]
fn a_mistyped_card_number_is_declined() {
    for number in [
        "4242424242424241",
        "2442424242424242",
        "",
        "0",
        "4242 4242 4242 4242",
        "42424242424242424242",
    ] {
        let declined = validate(&payment(number, "2027-01", 6990)).unwrap_err();
        assert_eq!(declined, PaymentDeclined::Number, "{number:?}");
    }
}

#[test]
fn a_card_is_good_to_the_end_of_its_month() {
    assert!(validate(&payment("4242424242424242", "2026-03", 6990)).is_ok());
    let declined = validate(&payment("4242424242424242", "2026-02", 6990)).unwrap_err();
    assert_eq!(declined.to_string(), "the card expired at the end of 2026-02");
}

#[test]
fn an_expiry_date_of_another_form_is_declined() {
    for expires in ["", "11/35", "2035-13", "2035-00", "2035-1", "35-11", "2035-11-30"] {
        let declined = validate(&payment("4242424242424242", expires, 6990)).unwrap_err();
        assert_eq!(declined, PaymentDeclined::ExpiryForm, "{expires:?}");
    }
}

#[test]
fn an_amount_out_of_range_is_declined() {
    for cents in [0, AMOUNT_CENTS_MAX + 1] {
        let declined = validate(&payment("4242424242424242", "2027-01", cents)).unwrap_err();
        assert_eq!(declined, PaymentDeclined::Amount { cents });
    }
    assert!(validate(&payment("4242424242424242", "2027-01", AMOUNT_CENTS_MAX)).is_ok());
}

#[test]
fn the_declined_test_card_is_refused_under_the_name_that_the_workflow_catches() {
    let declined = validate(&payment(DECLINED_CARD, "2027-01", 6990)).unwrap_err();
    let diagnostic = Diagnostic::from(declined);
    assert_eq!(diagnostic.error_type, "PaymentDeclined");
    assert_eq!(diagnostic.error_message, "the bank refused the card");
}
