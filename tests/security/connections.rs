//! Clients that send too much, too little, or something else than HTTP: the server keeps its memory and goes on.
//!
//! How long it waits for them is tested beside the code, where time can be made to pass.

use crate::support::{DEADLINE, Server, pass, raw_post};
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

const HEAD: &str =
    "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: AWSStepFunctions.ListStateMachines\r\n";
/// What the server may have had in memory after all of this.
const MEMORY_KIB_MAX: u64 = 200 * 1024;

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream
}

/// Panics unless the server does its work, on a connection of its own.
async fn goes_on(server: &Server, name: &str) {
    let machine = server.create(name, &pass()).await;
    let run = server.run(&machine, "run", "[1]").await;
    assert_eq!(server.ended(&run).await.output.as_deref(), Some("[1]"));
}

/// The most memory that the process has had, where the system tells.
fn memory_kib(server: &Server) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_that_are_too_large_are_refused() {
    let server = Server::start();
    let long = format!(
        "{HEAD}X-Long: {}\r\nContent-Length: 2\r\n\r\n{{}}",
        "x".repeat(200_000)
    );
    let many: String = (0..500).map(|number| format!("X-{number}: x\r\n")).collect();
    let many = format!("{HEAD}{many}Content-Length: 2\r\n\r\n{{}}");
    let path = format!(
        "POST /{} HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "x".repeat(200_000)
    );
    for (what, request) in [("long", long), ("many", many), ("path", path)] {
        let (status, _, _) = raw_post(server.port(), request.as_bytes());
        assert!(matches!(status, 414 | 431), "{what}: {status}");
    }
    // As long as signatures and session tokens get.
    let usual = format!(
        "{HEAD}Connection: close\r\nX-Amz-Security-Token: {}\r\nContent-Length: 2\r\n\r\n{{}}",
        "x".repeat(8_000)
    );
    assert_eq!(raw_post(server.port(), usual.as_bytes()).0, 200);
    goes_on(&server, "heads").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_do_not_end_are_cut_off() {
    let server = Server::start();
    goes_on(&server, "before").await;
    let floods: Vec<_> = (0..8)
        .map(|_| {
            let mut stream = connect(&server);
            std::thread::spawn(move || {
                let head = format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n");
                stream.write_all(head.as_bytes()).unwrap();
                let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
                // A hundred times what a request may have; the server closes long before.
                let sent = (0..4_000).take_while(|_| stream.write_all(chunk.as_bytes()).is_ok());
                let sent = sent.count();
                let mut answer = String::new();
                // The answer may be lost when the connection is cut off under it.
                let _ = stream.read_to_string(&mut answer);
                (sent, answer)
            })
        })
        .collect();
    for flood in floods {
        let (sent, answer) = flood.join().unwrap();
        assert!(sent < 1_000, "{sent} chunks were taken");
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 413 "),
            "{answer}"
        );
    }
    let announced = format!("{HEAD}Content-Length: 99999999999\r\n\r\n{{}}");
    let (status, head, body) = raw_post(server.port(), announced.as_bytes());
    assert_eq!(status, 413, "{body}");
    assert!(head.contains("requestentitytoolargeexception"), "{head}");
    goes_on(&server, "after").await;
    assert!(memory_kib(&server).is_none_or(|most| most < MEMORY_KIB_MAX));
}

#[tokio::test(flavor = "multi_thread")]
async fn lengths_that_are_not_true_are_refused_or_cut_off() {
    let server = Server::start();
    for lengths in [
        "Content-Length: 2\r\nContent-Length: 3\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: x\r\n",
        "Content-Length: 99999999999999999999999\r\n",
    ] {
        let request = format!("{HEAD}{lengths}\r\n{{}}");
        let (status, _, _) = raw_post(server.port(), request.as_bytes());
        assert_eq!(status, 400, "{lengths}");
    }
    // Of two lengths the chunks hold, and the connection serves no further request.
    let both = format!(
        "{HEAD}Content-Length: 60\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n\
         GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    );
    let (_, _, rest) = raw_post(server.port(), both.as_bytes());
    assert!(
        !rest.contains("\"store\""),
        "a second request was smuggled in: {rest}"
    );
    let mut stream = connect(&server);
    stream
        .write_all(format!("{HEAD}Content-Length: 500\r\n\r\n{{").as_bytes())
        .unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    // Refused, or gone: there is nobody to tell.
    let _ = stream.read_to_string(&mut answer);
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 400 "),
        "{answer}"
    );
    let mut stream = connect(&server);
    stream
        .write_all(&[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, b'\r', b'\n', 0])
        .unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(
        !answer.starts_with(b"HTTP/1.1 2"),
        "what is no HTTP is not served"
    );
    goes_on(&server, "lengths").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_say_nothing_take_nobodys_place() {
    let server = Server::start();
    let silent: Vec<TcpStream> = (0..300).map(|_| connect(&server)).collect();
    let halfway: Vec<TcpStream> = (0..100)
        .map(|_| {
            let mut stream = connect(&server);
            stream.write_all(b"POST / HTTP/1.1\r\nHost: lo").unwrap();
            stream
        })
        .collect();
    let served = tokio::time::timeout(Duration::from_secs(10), goes_on(&server, "silent")).await;
    served.expect("others are served");
    assert_eq!(silent.len() + halfway.len(), 400);
    assert!(memory_kib(&server).is_none_or(|most| most < MEMORY_KIB_MAX));
}
