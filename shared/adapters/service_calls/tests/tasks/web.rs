//! The limit of an HTTP Task, against a server that takes requests and never answers.

use super::{call, caller, send};
use calls::Settings;
use engine::Call;
use integrations::web::PlainHttp;

use ports::CallOutcome;
use serde_json::{Value, json};
use service_calls::Web;
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

fn task(url: &str) -> Call {
    let parameters = json!({
        "ApiEndpoint": url,
        "Method": "POST",
        "InvocationConfig": { "ConnectionArn": "arn:aws:events:us-east-1:1:connection/c/1" },
    });
    call("arn:aws:states:::http:invoke", &parameters)
}

#[tokio::test]
async fn an_http_api_that_does_not_answer_in_time_fails_the_task() {
    let aws = answering(json!({
        "AuthorizationType": "API_KEY",
        "SecretArn": "arn:s",
        "SecretString": r#"{"api_key_name":"X-Key","api_key_value":"k"}"#,
    }))
    .await;
    let caller = caller(&aws, Settings::default()).await;
    // It takes connections, but nobody reads from them.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let call = task(&format!("http://{}/", silent.local_addr().unwrap()));
    let web = Web::new(PlainHttp::ToThisMachine).with_timeout(Duration::from_millis(50));
    let (outcome, exchange) = send(&caller, &web, &call).await;
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
