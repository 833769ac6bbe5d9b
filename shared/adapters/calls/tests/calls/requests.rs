//! Requests are the ones that botocore makes of the same members (requests.json, made by requests.py).

use crate::server::Server;
use calls::{Caller, Settings};
use serde_json::Value;
use std::collections::BTreeMap;

#[tokio::test]
async fn requests_are_as_botocore_makes_them() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("requests.json")).unwrap();
    assert!(cases.len() > 80);
    for case in &cases {
        check(case).await;
    }
}

async fn check(case: &Value) {
    let (service, operation) = (
        case["service"].as_str().unwrap(),
        case["operation"].as_str().unwrap(),
    );
    let about = format!("{service}:{operation}");
    let server = Server::answering(500, &[], "").await;
    let settings = Settings {
        endpoint_url: Some(server.url.clone()),
        variables: Some(BTreeMap::new()),
        ..Settings::default()
    };
    // The server's refusal does not matter: only the request is looked at.
    let refusal = Caller::from_env(settings)
        .await
        .call(service, operation, &case["members"])
        .await
        .unwrap_err();
    assert!(
        matches!(refusal, calls::CallError::Service { status: 500, .. }),
        "{about}: {refusal}"
    );

    let request = server.request();
    let mut line = request.line.split(' ');
    let (method, uri) = (line.next().unwrap(), line.next().unwrap());
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    assert_eq!(method, case["method"].as_str().unwrap(), "{about}");
    assert_eq!(path, case["path"].as_str().unwrap(), "{about}");
    assert_eq!(pairs(query), case["query"], "{about}");
    for (name, value) in case["headers"].as_object().unwrap() {
        assert_eq!(request.header(name), value.as_str().unwrap(), "{about}: {name}");
    }
    let body = &case["body"];
    if let Some(form) = body.get("form") {
        assert_eq!(&pairs(&request.body), form, "{about}");
    } else if let Some(json) = body.get("json") {
        assert_eq!(
            &serde_json::from_str::<Value>(&request.body).unwrap(),
            json,
            "{about}"
        );
    } else {
        assert_eq!(request.body, body["text"].as_str().unwrap(), "{about}");
    }
}

/// The pairs of a form or a query, in alphabetical order.
fn pairs(text: &str) -> Value {
    let mut pairs: Vec<&str> = text.split('&').filter(|pair| !pair.is_empty()).collect();
    pairs.sort_unstable();
    pairs.into()
}
