//! The limit of an HTTP Task, against a server that takes requests and never answers.

#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

use calls::{Caller, Settings};
use engine::{Call, CallId, Data, PayloadId, Timestamp};
use integrations::web::PlainHttp;
use integrations::{EffectClass, Resource};
use ports::CallOutcome;
use serde_json::{Value, json};
use service_calls::{Sending, Web};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// Answers every request with one document, as EventBridge and Secrets Manager would.
async fn answering(document: Value) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let body = document.to_string();
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 64 * 1024];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    url
}

fn call(url: &str) -> Call {
    let parameters = json!({
        "ApiEndpoint": url,
        "Method": "POST",
        "InvocationConfig": { "ConnectionArn": "arn:aws:events:us-east-1:1:connection/c/1" },
    });
    let now = Timestamp(1_800_000_000_000);
    Call {
        id: CallId(1),
        state: "Call".into(),
        number: 0,
        resource: Resource::parse("arn:aws:states:::http:invoke").unwrap(),
        parameters: Data::from_text(PayloadId::new(0, 0), parameters.to_string().into()),
        token: None,
        client_token: "token".to_owned(),
        class: EffectClass::Once,
        role_arn: None,
        deadline: now.plus_seconds(60),
        heartbeat_seconds: None,
        committed_in: 0,
        is_handed_over: false,
        asked_at: now,
        job: None,
    }
}

#[tokio::test]
async fn an_http_api_that_does_not_answer_in_time_fails_the_task() {
    let aws = answering(json!({
        "AuthorizationType": "API_KEY",
        "SecretArn": "arn:s",
        "SecretString": r#"{"api_key_name":"X-Key","api_key_value":"k"}"#,
    }))
    .await;
    let caller = Caller::from_env(Settings {
        endpoint_url: Some(aws),
        region: Some("eu-west-1".to_owned()),
        variables: Some(BTreeMap::new()),
        ..Settings::default()
    })
    .await;
    // It takes connections, but nobody reads from them.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let call = call(&format!("http://{}/", silent.local_addr().unwrap()));
    let web = Web::new(PlainHttp::ToThisMachine).with_timeout(Duration::from_millis(50));
    let plan = service_calls::plan(&call, &web).unwrap();
    let sending = Sending {
        caller: &caller,
        web: &web,
        roles: &[],
        region: "eu-west-1",
    };
    let (outcome, exchange) = sending.send(&call, &plan).await;
    let CallOutcome::Failed(failure) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(failure.error, "States.Http.Socket");
    assert!(failure.cause.unwrap().contains("no answer within 0.05 seconds"));
    let exchange = exchange.unwrap();
    let request = exchange.request.unwrap();
    assert!(request.headers.contains(&("X-Key".to_owned(), "k".to_owned())));
    assert_eq!(exchange.answer, None);

    let elsewhere = service_calls::plan(&call, &Web::new(PlainHttp::Refused)).unwrap_err();
    assert_eq!(elsewhere.error, "States.Runtime");
}
