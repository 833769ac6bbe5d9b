//! `stepwell serve`.

use super::Folder;
use crate::support::{Server, command, first_line, pass, post_to, signal, wait, wait_for_end};
use std::process::Stdio;
use std::time::Duration;

/// How long an end that was asked for may take.
const END: Duration = Duration::from_secs(5);

#[test]
fn the_first_line_says_where() {
    let folder = Folder::new();
    let mut process = command(&folder.path("."))
        .args(["serve", "--listen", "127.0.0.1:0", "--data", "data"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let line = first_line(&mut process);
    signal("INT", process.id());
    let status = wait_for_end(&mut process, END);
    let port = line
        .strip_prefix("listening on http://127.0.0.1:")
        .and_then(|rest| rest.strip_suffix('\n'));
    assert!(
        port.is_some_and(|port| port.parse::<u16>().is_ok_and(|port| port > 0)),
        "{line}"
    );
    assert!(status.success(), "an interrupt is a clean end: {status}");
}

#[test]
fn a_data_folder_has_one_server() {
    let server = Server::start();
    let folder = Folder::new();
    let data = server.data();
    let data = data.to_str().unwrap();
    let second = folder.stepwell(&["serve", "--listen", "127.0.0.1:0", "--data", data]);
    assert_eq!((second.code, second.out.as_str()), (Some(2), ""), "{second:?}");
    assert!(
        second.err.contains(data) && second.err.contains("another process"),
        "{second:?}"
    );
    let folder = folder.with("pass.json", pass().to_string());
    let run = folder.stepwell(&["run", "pass.json", "--data", data]);
    assert_eq!(run.code, Some(2), "{run:?}");
}

#[test]
fn a_port_has_one_server() {
    let server = Server::start();
    let address = format!("127.0.0.1:{}", server.port());
    let second = Folder::new().stepwell(&["serve", "--listen", &address, "--data", "data"]);
    assert_eq!(second.code, Some(2));
    assert!(second.err.contains(&address), "{second:?}");
}

#[test]
fn other_machines_are_kept_out_unless_they_are_let_in() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let refused = Folder::new().stepwell(&["serve", "--listen", address, "--data", "data"]);
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.err.contains("--allow-remote"), "{refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn asked_to_end_it_ends_with_a_long_poll_open() {
    let mut server = Server::start();
    let machine = server.create("orders", &wait(3600)).await;
    let run = server.run(&machine, "run", "{}").await;
    let activity = server
        .client()
        .create_activity()
        .name("pick")
        .send()
        .await
        .unwrap()
        .activity_arn;
    let poll = server.client().get_activity_task().activity_arn(activity).send();
    let poll = tokio::spawn(poll);
    tokio::time::sleep(Duration::from_millis(300)).await;
    let (status, took) = tokio::task::block_in_place(|| server.terminate());
    assert!(status.success(), "{status}");
    assert!(took < END, "it took {took:?}");
    // The worker is told so in whatever way, and does not wait for a minute.
    let polled = tokio::time::timeout(END, poll)
        .await
        .expect("the poll ends")
        .unwrap();
    assert!(polled.is_err() || polled.is_ok_and(|task| task.task_token.is_none()));

    server.restart();
    let described = server.described(&run).await;
    assert_eq!(described.status, aws_sdk_sfn::types::ExecutionStatus::Running);
}

#[test]
fn a_browser_and_a_health_check_are_answered() {
    let server = Server::start();
    let get = |path: &str| {
        use std::io::{Read as _, Write as _};
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", server.port())).unwrap();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    assert!(get("/health").starts_with("HTTP/1.1 200 "));
    assert!(get("/").starts_with("HTTP/1.1 200 "));
    assert!(get("/nothing-there").starts_with("HTTP/1.1 404 "));
    assert_eq!(post_to(&server, None, b"").status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_ask_for_nothing_do_not_hold_up_its_end() {
    let mut server = Server::start();
    // The client keeps its connection; and one has never asked anything.
    server.create("orders", &pass()).await;
    let _silent = std::net::TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    let (status, took) = tokio::task::block_in_place(|| server.terminate());
    assert!(status.success(), "{status}");
    assert!(took < END, "it took {took:?}");
}
