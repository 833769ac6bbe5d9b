//! Clients that hang up, or ask for an execution in the moment of its start: it goes on all the same.

use super::machines;
use crate::support::{self, Options, Server};
use serde_json::json;
use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

/// Executions of each test; every one meets its moment a little differently.
const EXECUTIONS: u64 = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_execution_goes_on_whose_client_has_hung_up() {
    let server = Server::start_with(Options {
        mocks: Some(machines::mocks()),
        ..Options::default()
    });
    let machine = server.create("branches", &answered()).await;
    for number in 0..EXECUTIONS {
        let name = format!("e{number}");
        let body = json!({ "stateMachineArn": machine, "name": name, "input": "{}" }).to_string();
        let mut stream =
            TcpStream::connect(("127.0.0.1", server.port())).expect("the server accepts connections");
        let length = body.len();
        write!(
            stream,
            "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: AWSStepFunctions.StartExecution\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        )
        .expect("the request can be sent");
        tokio::time::sleep(Duration::from_micros(50 * number)).await;
        drop(stream);
    }
    let mut begun = 0;
    for number in 0..EXECUTIONS {
        // The first start was heard or not; if so, this one changes nothing.
        let client = server.client();
        let name = format!("e{number}");
        match client
            .start_execution()
            .state_machine_arn(&machine)
            .name(&name)
            .input("{}")
            .send()
            .await
        {
            Ok(_) => {}
            Err(error) => {
                let refusal = support::refusal(Err::<(), _>(error));
                assert!(refusal.starts_with("ExecutionAlreadyExists"), "{refusal}");
                begun += 1;
            }
        }
        let arn = format!("{}:{name}", machine.replace(":stateMachine:", ":execution:"));
        support::output(&server.ended(&arn).await);
    }
    println!("{begun} of {EXECUTIONS} had ended before they were asked for again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_execution_goes_on_that_others_ask_for_or_start_in_the_same_moment() {
    let server = Server::start_with(Options {
        mocks: Some(machines::mocks()),
        ..Options::default()
    });
    let machine = server.create("branches", &answered()).await;
    for number in 0..EXECUTIONS {
        let arn = format!("{}:e{number}", machine.replace(":stateMachine:", ":execution:"));
        let start = || {
            let request = server
                .client()
                .start_execution()
                .state_machine_arn(&machine)
                .name(format!("e{number}"));
            request.input("{}").send()
        };
        let stop = server.client().stop_execution().execution_arn(&arn).send();
        let (stopped, first, second) = tokio::join!(stop, start(), start());
        assert!(first.is_ok() || second.is_ok(), "{first:?} {second:?}");
        let ended = server.ended(&arn).await;
        if stopped.is_err() {
            support::output(&ended);
        }
    }
}

/// A definition with one call, which the mocks answer at once.
fn answered() -> serde_json::Value {
    json!({ "StartAt": "Ask", "States": { "Ask": {
        "Type": "Task", "Resource": "arn:aws:states:::dynamodb:getItem", "End": true,
        "Parameters": { "TableName": "t", "Key": { "id": { "S": "1" } } } } } })
}
