//! Callbacks: a task that ends when somebody reports with its token.

use crate::support::{Options, Server, Service, event_types, output, refusal, task};
use aws_sdk_sfn::types::ExecutionStatus;
use serde_json::{Value, json};

const LATE: &str = "TaskTimedOut: Task Timed Out: 'Provided task does not exist anymore'";

/// A server, and the queue that the token is sent to.
struct Approval {
    server: Server,
    queue: Service,
    machine: String,
}

impl Approval {
    async fn start(fields: Value) -> Approval {
        Approval::start_then(fields, Value::Null).await
    }

    /// Starts with further fields of the task, and the state `Told` unless it is null.
    async fn start_then(fields: Value, told: Value) -> Approval {
        let queue = Service::start(&json!({ "MessageId": "m-1", "MD5OfMessageBody": "d" }));
        let server = Server::start_with(Options {
            environment: vec![queue.endpoint("SQS")],
            ..Options::default()
        });
        let mut definition = task(json!({
            "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "Parameters": {
                "QueueUrl": "http://localhost/123456789012/approvals",
                "MessageBody": { "question.$": "$.question", "token.$": "$$.Task.Token" }
            }
        }));
        for (name, value) in fields.as_object().unwrap() {
            definition["States"]["T"][name] = value.clone();
        }
        if !told.is_null() {
            definition["States"]["Told"] = told;
        }
        let machine = server.create("approval", &definition).await;
        Approval {
            server,
            queue,
            machine,
        }
    }

    /// Starts an execution; returns its ARN and the token that came with the message.
    async fn ask(&self, name: &str) -> (String, String) {
        let run = self
            .server
            .run(&self.machine, name, r#"{"question":"refund?"}"#)
            .await;
        let call = tokio::task::block_in_place(|| self.queue.next_call());
        let message: Value = serde_json::from_str(call["MessageBody"].as_str().unwrap()).unwrap();
        assert_eq!(message["question"], "refund?");
        (run, message["token"].as_str().unwrap().to_owned())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_of_success_is_the_result_and_a_second_one_is_late() {
    let approval = Approval::start(json!({})).await;
    let server = &approval.server;
    let (run, token) = approval.ask("run").await;
    server.reached(&run, "TaskSubmitted").await;
    assert_eq!(server.described(&run).await.status, ExecutionStatus::Running);

    let succeed = |output: &str| {
        server
            .client()
            .send_task_success()
            .task_token(&token)
            .output(output)
            .send()
    };
    let refused = refusal(succeed("{").await);
    assert!(refused.starts_with("InvalidOutput: "), "{refused}");
    succeed(r#"{"approved":true}"#).await.unwrap();
    assert_eq!(output(&server.ended(&run).await), json!({ "approved": true }));
    assert_eq!(
        event_types(server, &run).await,
        [
            "ExecutionStarted",
            "TaskStateEntered",
            "TaskScheduled",
            "TaskStarted",
            "TaskSubmitted",
            "TaskSucceeded",
            "TaskStateExited",
            "ExecutionSucceeded"
        ]
    );
    assert_eq!(refusal(succeed("2").await), LATE);
    let failure = server
        .client()
        .send_task_failure()
        .task_token(&token)
        .error("E")
        .send()
        .await;
    assert_eq!(refusal(failure), LATE);
    assert_eq!(
        refusal(
            server
                .client()
                .send_task_heartbeat()
                .task_token(&token)
                .send()
                .await
        ),
        LATE
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_may_come_before_the_call_has_been_answered() {
    let approval = Approval::start(json!({})).await;
    let server = &approval.server;
    for number in 0..10 {
        let (run, token) = approval.ask(&format!("run-{number}")).await;
        server
            .client()
            .send_task_success()
            .task_token(token)
            .output(number.to_string())
            .send()
            .await
            .unwrap();
        assert_eq!(output(&server.ended(&run).await), json!(number));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_of_failure_is_caught() {
    let catch = json!([{ "ErrorEquals": ["Refused"], "ResultPath": "$.refusal", "Next": "Told" }]);
    let approval =
        Approval::start_then(json!({ "Catch": catch }), json!({ "Type": "Pass", "End": true })).await;
    let server = &approval.server;
    let (run, token) = approval.ask("run").await;
    let report = server
        .client()
        .send_task_failure()
        .task_token(token)
        .error("Refused")
        .cause("too much");
    report.send().await.unwrap();
    let expected = json!({ "question": "refund?", "refusal": { "Error": "Refused", "Cause": "too much" } });
    assert_eq!(output(&server.ended(&run).await), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_ends_a_task_with_a_heartbeat() {
    let approval = Approval::start(json!({ "HeartbeatSeconds": 1 })).await;
    let server = &approval.server;
    let (run, token) = approval.ask("run").await;
    for _ in 0..4 {
        tokio::time::sleep(std::time::Duration::from_millis(400)).await;
        server
            .client()
            .send_task_heartbeat()
            .task_token(&token)
            .send()
            .await
            .unwrap();
    }
    let ended = server.ended(&run).await;
    assert_eq!(
        (ended.status, ended.error.as_deref()),
        (ExecutionStatus::Failed, Some("States.Timeout"))
    );
    assert_eq!(
        refusal(
            server
                .client()
                .send_task_heartbeat()
                .task_token(&token)
                .send()
                .await
        ),
        LATE
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_outlives_the_process() {
    let mut approval = Approval::start(json!({})).await;
    let (run, token) = approval.ask("run").await;
    approval.server.reached(&run, "TaskSubmitted").await;
    approval.server.kill();
    approval.server.restart();
    let server = &approval.server;
    server
        .client()
        .send_task_success()
        .task_token(token)
        .output("7")
        .send()
        .await
        .unwrap();
    assert_eq!(output(&server.ended(&run).await), json!(7));
}

#[tokio::test]
async fn garbage_is_no_token() {
    let server = Server::start();
    let sfn = server.client();
    let invalid = "InvalidToken: Invalid Token: 'Invalid token'";
    for token in ["AAAA", "AQCEAAAAKgAAAAMAAAAA", "ü", "%%%"] {
        assert_eq!(
            refusal(sfn.send_task_success().task_token(token).output("1").send().await),
            invalid
        );
        assert_eq!(
            refusal(sfn.send_task_failure().task_token(token).send().await),
            invalid
        );
        assert_eq!(
            refusal(sfn.send_task_heartbeat().task_token(token).send().await),
            invalid
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_reports_at_once_one_is_taken() {
    let approval = Approval::start(json!({})).await;
    let server = &approval.server;
    let (run, token) = approval.ask("run").await;
    let reports: Vec<_> = (0..20)
        .map(|number| {
            let report = server
                .client()
                .send_task_success()
                .task_token(&token)
                .output(number.to_string());
            tokio::spawn(async move { (number, report.send().await) })
        })
        .collect();
    let mut taken = Vec::new();
    for report in reports {
        match report.await.unwrap() {
            (number, Ok(_)) => taken.push(number),
            (_, refused) => assert_eq!(refusal(refused), LATE),
        }
    }
    assert_eq!(taken.len(), 1, "{taken:?}");
    assert_eq!(output(&server.ended(&run).await), json!(taken[0]));
}
