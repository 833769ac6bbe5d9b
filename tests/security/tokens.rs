//! Task tokens: good for one attempt of one task, and for nothing else.

use crate::support::{Options, Server, Service, output, post, refusal, task};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

struct Asking {
    server: Server,
    queue: Service,
    machine: String,
}

impl Asking {
    async fn start() -> Asking {
        let queue = Service::start(&json!({ "MessageId": "m-1", "MD5OfMessageBody": "d" }));
        let server = Server::start_with(Options {
            environment: vec![queue.endpoint("SQS")],
            ..Options::default()
        });
        let definition = task(json!({
            "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "Parameters": {
                "QueueUrl": "http://localhost/123456789012/approvals",
                "MessageBody": { "token.$": "$$.Task.Token" }
            },
            "Retry": [{ "ErrorEquals": ["Again"], "IntervalSeconds": 1, "MaxAttempts": 3, "BackoffRate": 1 }]
        }));
        let machine = server.create("asking", &definition).await;
        Asking {
            server,
            queue,
            machine,
        }
    }

    fn next_token(&self) -> String {
        let call = tokio::task::block_in_place(|| self.queue.next_call());
        let message: Value = serde_json::from_str(call["MessageBody"].as_str().unwrap()).unwrap();
        message["token"].as_str().unwrap().to_owned()
    }

    async fn succeeds(&self, token: &str, output: &str) -> Result<(), String> {
        let report = self.server.client().send_task_success();
        let report = report.task_token(token).output(output).send().await;
        match report {
            Ok(_) => Ok(()),
            refused => Err(refusal(refused)),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_of_one_attempt_does_not_end_the_next() {
    let asking = Asking::start().await;
    let run = asking.server.run(&asking.machine, "run", "{}").await;
    let first = asking.next_token();
    let fails = asking.server.client().send_task_failure();
    fails.task_token(&first).error("Again").send().await.unwrap();
    let second = asking.next_token();
    assert_ne!(first, second);
    let late = "TaskTimedOut: Task Timed Out: 'Provided task does not exist anymore'";
    assert_eq!(asking.succeeds(&first, "1").await, Err(late.to_owned()));
    let beats = asking.server.client().send_task_heartbeat();
    assert_eq!(refusal(beats.task_token(&first).send().await), late);
    assert_eq!(asking.succeeds(&second, "2").await, Ok(()));
    assert_eq!(output(&asking.server.ended(&run).await), json!(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_was_made_up_from_what_is_known_is_refused() {
    let asking = Asking::start().await;
    let one = asking.server.run(&asking.machine, "one", "{}").await;
    let first = asking.next_token();
    let two = asking.server.run(&asking.machine, "two", "{}").await;
    let second = asking.next_token();
    let decoded = [&first, &second].map(|token| STANDARD.decode(token).unwrap());
    // The proof of one execution before the rest of the other one's token, and changes at every place of one.
    let mut forged = vec![
        STANDARD.encode([&decoded[0][..16], &decoded[1][16..]].concat()),
        STANDARD.encode([[0; 16].as_slice(), &decoded[1][16..]].concat()),
    ];
    for place in 0..decoded[1].len() {
        let mut changed = decoded[1].clone();
        changed[place] ^= 1;
        forged.push(STANDARD.encode(&changed));
    }
    for token in forged {
        let refused = asking.succeeds(&token, "666").await.unwrap_err();
        let named = ["InvalidToken: ", "TaskDoesNotExist: ", "TaskTimedOut: "];
        assert!(named.iter().any(|name| refused.starts_with(name)), "{refused}");
    }
    for (run, token) in [(one, first), (two, second)] {
        let request = json!({ "executionArn": run }).to_string();
        let history = post(&asking.server, "GetExecutionHistory", request.as_bytes());
        let history = history.body.to_string();
        // The parameters show the token, as on AWS; nothing else does.
        assert_eq!(history.matches(&token).count(), 1, "{history}");
        assert_eq!(asking.succeeds(&token, "7").await, Ok(()));
        assert_eq!(output(&asking.server.ended(&run).await), json!(7));
    }
}
