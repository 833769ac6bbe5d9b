//! A stand-in for an AWS service: answers every call alike, and keeps what it was called with.

use super::server::DEADLINE;
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver};

/// A service that listens until the test ends.
#[derive(Debug)]
pub(crate) struct Service {
    port: u16,
    calls: Mutex<Receiver<Value>>,
}

impl Service {
    /// Starts a service that gives this answer to every call.
    pub(crate) fn start(answer: &Value) -> Service {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
        let port = listener.local_addr().expect("the port is known").port();
        let (send, receive) = mpsc::channel();
        let answer = answer.to_string();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A connection that breaks off is one call less; the test that waits for it says so.
                if let Some(call) = serve(stream, &answer)
                    && send.send(call).is_err()
                {
                    return;
                }
            }
        });
        Service {
            port,
            calls: Mutex::new(receive),
        }
    }

    /// Returns the variable that leads calls of a service here: `AWS_ENDPOINT_URL_SQS`.
    pub(crate) fn endpoint(&self, service: &str) -> (String, String) {
        (
            format!("AWS_ENDPOINT_URL_{service}"),
            format!("http://127.0.0.1:{}", self.port),
        )
    }

    /// Waits for the next call; returns its body.
    pub(crate) fn next_call(&self) -> Value {
        let calls = self
            .calls
            .lock()
            .expect("no test has failed with the calls in hand");
        calls.recv_timeout(DEADLINE).expect("the service is called")
    }
}

fn serve(stream: TcpStream, answer: &str) -> Option<Value> {
    stream.set_read_timeout(Some(DEADLINE)).ok()?;
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        answer.len()
    );
    let mut stream = reader.into_inner();
    stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(answer.as_bytes()))
        .ok()?;
    serde_json::from_slice(&body).ok()
}
