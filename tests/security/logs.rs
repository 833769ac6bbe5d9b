//! What is logged: never what executions are about, nor what proves who calls, at whatever level.

use crate::support::{Options, Server, Service, output, raw_post, task};
use serde_json::{Value, json};
use std::process::Command;

/// Stands in everything that is nobody's business; each place has its own ending.
const MARKER: &str = "Zxq7Secret";

fn marked(place: &str) -> String {
    format!("{MARKER}-{place}")
}

const HANDLER: &str = r#"
import os
def handle(event, context):
    if event.get("fail"):
        raise ValueError(os.environ["MARK"])
    return {"result": os.environ["MARK"], "event": event}
"#;

fn settings() -> String {
    format!(
        "[functions.marked]\nruntime = \"python3\"\nhandler = \"marked.handle\"\nenvironment = {{ MARK = \"{}\" }}\n",
        marked("function-environment")
    )
}

fn python_is_there() -> bool {
    let there = Command::new("python3")
        .arg("--version")
        .output()
        .is_ok_and(|run| run.status.success());
    if !there {
        eprintln!("partly skipped: there is no `python3`");
    }
    there
}

/// Starts a server that logs all it can, with marked credentials, a marked mock, and a queue behind SQS.
fn start(queue: &Service, level: &str) -> Server {
    let mocks = json!({
        "StateMachines": { "mocked": { "TestCases": { "marked": { "T": "Marked" } } } },
        "MockedResponses": { "Marked": {
            "0": { "Throw": { "Error": "Marked", "Cause": marked("mocked-cause") } },
            "1": { "Return": { "Payload": marked("mocked-result") } }
        } }
    });
    let variable = |name: &str, value: String| (name.to_owned(), value);
    Server::start_with(Options {
        mocks: Some(mocks),
        config: Some(settings()),
        environment: vec![
            queue.endpoint("SQS"),
            variable("STEPWELL_LOG", level.to_owned()),
            variable("RUST_LOG", level.to_owned()),
            variable("AWS_ACCESS_KEY_ID", marked("key")),
            variable("AWS_SECRET_ACCESS_KEY", marked("secret")),
            variable("AWS_SESSION_TOKEN", marked("session")),
        ],
        ..Options::default()
    })
}

/// Runs what handles marked data in every way.
async fn work(server: &Server, queue: &Service) {
    std::fs::write(server.folder().join("marked.py"), HANDLER).unwrap();
    let input = json!({ "in": marked("input") }).to_string();

    let mut definition = task(json!({
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": { "FunctionName": "other", "Payload.$": "$" },
        "Retry": [{ "ErrorEquals": ["Marked"], "IntervalSeconds": 1 }]
    }));
    definition["Comment"] = marked("comment").into();
    let mocked = server.create("mocked", &definition).await;
    let run = server.run(&format!("{mocked}#marked"), "run", &input).await;
    server.ended(&run).await;

    let asks = server
        .create(
            "asks",
            &task(json!({
                "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                "Parameters": {
                    "QueueUrl": "http://localhost/123456789012/q",
                    "MessageBody": { "token.$": "$$.Task.Token", "text": marked("message") }
                }
            })),
        )
        .await;
    for (name, fails) in [("good", false), ("bad", true)] {
        let run = server.run(&asks, name, &input).await;
        let call = tokio::task::block_in_place(|| queue.next_call());
        let message: Value = serde_json::from_str(call["MessageBody"].as_str().unwrap()).unwrap();
        let token = message["token"].as_str().unwrap();
        if fails {
            let report = server.client().send_task_failure().task_token(token);
            let report = report.error("E").cause(marked("reported-cause"));
            report.send().await.unwrap();
        } else {
            let report = server.client().send_task_success().task_token(token);
            let reported = json!(marked("reported-output")).to_string();
            report.output(reported).send().await.unwrap();
        }
        server.ended(&run).await;
    }

    if python_is_there() {
        let invokes = task(json!({ "Resource": "arn:aws:lambda:us-east-1:123456789012:function:marked" }));
        let invokes = server.create("invokes", &invokes).await;
        let run = server.run(&invokes, "run", &input).await;
        let result = output(&server.ended(&run).await);
        assert_eq!(result["result"], marked("function-environment"));
        let failing = json!({ "fail": true, "in": marked("input") }).to_string();
        let run = server.run(&invokes, "fails", &failing).await;
        assert!(server.ended(&run).await.cause.unwrap().contains(MARKER));
    }

    let body = format!("{{\"input\": \"{}\", \"x", marked("broken"));
    let broken = format!(
        "POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: AWS4-HMAC-SHA256 Credential={}/x\r\n\
         X-Amz-Security-Token: {}\r\nX-Amz-Target: AWSStepFunctions.StartExecution\r\nContent-Length: {}\r\n\r\n{body}",
        marked("client-key"),
        marked("client-session"),
        body.len()
    );
    raw_post(server.port(), broken.as_bytes());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_level_shows_what_executions_are_about() {
    let queue = Service::start(&json!({ "MessageId": "m-1", "MD5OfMessageBody": marked("answer") }));
    for level in ["trace", "aws_sigv4::http_request=trace,hyper=trace,debug"] {
        let mut server = start(&queue, level);
        work(&server, &queue).await;
        tokio::task::block_in_place(|| server.terminate());
        let log = std::fs::read_to_string(server.folder().join("stderr.log")).unwrap();
        // What a function prints is its own log, and its errors that nobody catches belong to it, as on AWS.
        let told = log.lines().filter(|line| !line.contains("function_host::output"));
        let shown: Vec<&str> = told.filter(|line| line.contains(MARKER)).collect();
        assert!(shown.is_empty(), "{level}: {shown:#?}");
        assert!(
            log.contains("DEBUG function_host") || !python_is_there(),
            "{level} logs: {log}"
        );
    }
}
