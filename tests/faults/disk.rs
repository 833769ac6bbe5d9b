//! A full disk: nothing is acknowledged that is not there, and all goes on when there is room again.

use super::mount::Mount;
use crate::cli::Folder;
use crate::support::{Raw, Server, event_types, output, pass, post, wait};
use aws_sdk_sfn::types::ExecutionStatus;
use serde_json::{Value, json};

/// Bytes of an input that needs new room.
const LARGE: usize = 100_000;

fn start(server: &Server, machine: &str, name: &str) -> Raw {
    let input = json!({ "text": "x".repeat(LARGE) }).to_string();
    let body = json!({ "stateMachineArn": machine, "name": name, "input": input });
    post(server, "StartExecution", body.to_string().as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_and_forgets_nothing() {
    let mut server = Server::start();
    server.kill();
    std::fs::remove_dir_all(server.data()).unwrap();
    let Some(disk) = Mount::of(&server.data(), 2048) else {
        return;
    };
    server.restart();
    let waits = server.create("waits", &wait(1)).await;
    let passes = server.create("passes", &pass()).await;
    let mut acknowledged = vec![server.run(&passes, "before", r#"{"a":1}"#).await];
    let waiting = server.run(&waits, "waiting", r#"{"b":2}"#).await;

    disk.fill();
    // Room that the store has left takes some more, which then has to be there.
    let refused = loop {
        let name = format!("full-{}", acknowledged.len());
        let answer = start(&server, &passes, &name);
        if answer.status != 200 {
            break answer;
        }
        acknowledged.push(answer.body["executionArn"].as_str().unwrap().to_owned());
        assert!(acknowledged.len() < 100, "the disk is full");
    };
    assert_eq!(refused.status, 500, "{refused:?}");
    assert_eq!(refused.error_type.as_deref(), Some("InternalFailure"));
    let message = refused.body["message"].as_str().unwrap();
    assert!(message.ends_with("database or disk is full"), "{message}");
    // What is there can be read; what waits does not end, and does not fail.
    assert_eq!(
        server.described(&acknowledged[0]).await.status,
        ExecutionStatus::Succeeded
    );
    assert_eq!(server.described(&waiting).await.status, ExecutionStatus::Running);
    let elsewhere = Folder::new();
    let fresh = server.data().join("fresh");
    let fresh = fresh.to_str().unwrap();
    let cannot = elsewhere.stepwell(&["serve", "--listen", "127.0.0.1:0", "--data", fresh]);
    assert_eq!(cannot.code, Some(2), "{cannot:?}");
    assert!(
        cannot.err.contains(fresh) && cannot.err.contains("full"),
        "{cannot:?}"
    );

    disk.empty();
    let name = format!("full-{}", acknowledged.len());
    let answer = start(&server, &passes, &name);
    assert_eq!(answer.status, 200, "the name is still free: {answer:?}");
    acknowledged.push(answer.body["executionArn"].as_str().unwrap().to_owned());
    assert_eq!(output(&server.ended(&waiting).await), json!({ "b": 2 }));
    assert_eq!(
        event_types(&server, &waiting).await,
        [
            "ExecutionStarted",
            "WaitStateEntered",
            "WaitStateExited",
            "ExecutionSucceeded"
        ]
    );

    disk.fill();
    while start(&server, &passes, &format!("more-{}", acknowledged.len())).status == 200 {
        acknowledged.push(format!(
            "{}:more-{}",
            passes.replace(":stateMachine:", ":execution:"),
            acknowledged.len()
        ));
    }
    server.kill();
    disk.empty();
    server.restart();
    for run in &acknowledged {
        let ended = server.ended(run).await;
        assert_eq!(ended.status, ExecutionStatus::Succeeded, "{run}");
        let input: Value = serde_json::from_str(ended.input.as_deref().unwrap()).unwrap();
        assert_eq!(output(&ended), input);
    }
}
