//! HTTP without an SDK: exactly the bytes of a test, and what comes back.

use super::server::{DEADLINE, Server};
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Raw {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The header `x-amzn-ErrorType`.
    pub(crate) error_type: Option<String>,
    /// The body; null when it is not JSON.
    pub(crate) body: Value,
}

/// Calls an operation with these bytes.
pub(crate) fn post(server: &Server, operation: &str, body: &[u8]) -> Raw {
    post_to(server, Some(&format!("AWSStepFunctions.{operation}")), body)
}

/// Sends a request with these bytes; without a target there is no header `X-Amz-Target`.
///
/// # Panics
///
/// When the connection closes without an answer.
pub(crate) fn post_to(server: &Server, target: Option<&str>, body: &[u8]) -> Raw {
    let mut stream =
        TcpStream::connect(("127.0.0.1", server.port())).expect("the server accepts connections");
    stream
        .set_read_timeout(Some(DEADLINE))
        .expect("a time-out can be set");
    let target = target.map_or(String::new(), |target| format!("X-Amz-Target: {target}\r\n"));
    let head = format!(
        "POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/x-amz-json-1.0\r\n\
         {target}Content-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).expect("the head can be sent");
    // A server that refuses a large body may answer before it has read all of it.
    let _ = stream.write_all(body);
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    parse(&answer).unwrap_or_else(|| {
        panic!(
            "no answer but {read:?} to {target} {:.200}",
            String::from_utf8_lossy(body)
        )
    })
}

/// Sends these bytes to a port; returns the status, the headers in small letters, and the body of the answer.
///
/// # Panics
///
/// When the connection closes without an answer.
pub(crate) fn raw_post(port: u16, request: &[u8]) -> (u16, String, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the server accepts connections");
    stream
        .set_read_timeout(Some(DEADLINE))
        .expect("a time-out can be set");
    // A server that refuses a large body may answer before it has read all of it.
    let _ = stream.write_all(request);
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    let text = String::from_utf8_lossy(&answer);
    let parts = text.split_once("\r\n\r\n").and_then(|(head, body)| {
        let status = head.lines().next()?.split(' ').nth(1)?.parse().ok()?;
        Some((status, head.to_ascii_lowercase(), body.to_owned()))
    });
    parts.unwrap_or_else(|| panic!("no answer but {read:?}: {text}"))
}

fn parse(answer: &[u8]) -> Option<Raw> {
    let text = String::from_utf8_lossy(answer);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let error_type = lines
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("x-amzn-errortype"))
        .map(|(_, value)| value.to_owned());
    Some(Raw {
        status,
        error_type,
        body: serde_json::from_str(body).unwrap_or(Value::Null),
    })
}
