//! Runs the functions as the local host does: as processes that speak the Runtime API.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use function_host::{FunctionHost, FunctionSettings, Outcome};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_is_authorized_and_can_be_refunded() {
    let host = host();
    let authorization = call(&host, "validate-payment", payment("4242424242424242"))
        .await
        .unwrap();
    assert_eq!(authorization["amountCents"], 6990);

    let refund = json!({
        "orderId": "order-1",
        "authorizationId": authorization["authorizationId"],
        "amountCents": 6990,
    });
    let refunded = call(&host, "refund-payment", refund.clone()).await.unwrap();
    assert_eq!(refunded["amountCents"], 6990);
    assert_eq!(call(&host, "refund-payment", refund).await.unwrap(), refunded);
    host.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_card_is_an_error_of_the_name_that_the_workflow_catches() {
    let host = host();
    let error = call(&host, "validate-payment", payment("4000000000000002"))
        .await
        .unwrap_err();
    assert_eq!(error["errorType"], "PaymentDeclined");
    assert_eq!(error["errorMessage"], "the bank refused the card");
    host.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_no_payment_is_another_error() {
    let host = host();
    let error = call(&host, "validate-payment", json!({"orderId": "order-1"}))
        .await
        .unwrap_err();
    assert_ne!(error["errorType"], "PaymentDeclined");
    assert!(
        error["errorMessage"].as_str().unwrap().contains("missing field"),
        "{error}"
    );
    host.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_gets_its_invoice() {
    let host = host();
    let order = json!({
        "orderId": "order-1",
        "taxPercent": 20,
        "lines": [{"sku": "kettle-steel", "quantity": 2, "unitPriceCents": 3495}],
    });
    let invoice = call(&host, "create-invoice", order).await.unwrap();
    assert_eq!(invoice["totalCents"], 6990);
    assert_eq!(invoice["netCents"], 5825);
    assert_eq!(invoice["taxCents"], 1165);
    host.shutdown().await;
}

fn payment(card_number: &str) -> Value {
    json!({
        "orderId": "order-1",
        "orderedAt": "2026-03-01T12:00:00.000Z",
        "amountCents": 6990,
        "card": {"number": card_number, "expires": "2035-11"},
    })
}

/// Gives what the function returned, or the error that it ended with.
async fn call(host: &FunctionHost, function: &str, event: Value) -> Result<Value, Value> {
    let invocation = host.invoke(function, event.to_string().into_bytes()).await;
    let payload = |payload: &[u8]| serde_json::from_slice(payload).unwrap();
    match &invocation.outcome {
        Outcome::Returned(result) => Ok(payload(result)),
        Outcome::FunctionError { .. } => Err(payload(&invocation.outcome.payload().unwrap())),
        other => panic!("expected an answer, got {other:?}"),
    }
}

fn host() -> FunctionHost {
    let functions = [
        ("create-invoice", env!("CARGO_BIN_EXE_create-invoice")),
        ("refund-payment", env!("CARGO_BIN_EXE_refund-payment")),
        ("validate-payment", env!("CARGO_BIN_EXE_validate-payment")),
    ];
    let settings = |(name, program): (&str, &str)| {
        let settings = FunctionSettings {
            bootstrap: Some(PathBuf::from(program)),
            timeout_seconds: Some(60), // for a busy machine
            ..FunctionSettings::default()
        };
        (name.to_owned(), settings)
    };
    let functions: BTreeMap<_, _> = functions.map(settings).into();
    FunctionHost::new(functions, std::env::temp_dir(), "us-east-1", "123456789012").unwrap()
}
