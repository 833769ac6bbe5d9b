//! A small HTTP/1.1 client: one kept connection, one request at a time, little work beside that of the server.

use crate::commands::Failure;
use serde_json::Value;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A kept connection to a server.
#[derive(Debug)]
pub(crate) struct Client {
    stream: TcpStream,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl Client {
    /// Connects.
    pub(crate) async fn connect(address: SocketAddr) -> Result<Client, Failure> {
        let stream = TcpStream::connect(address)
            .await
            .map_err(Failure::while_trying(address))?;
        stream.set_nodelay(true).map_err(Failure::while_trying(address))?;
        Ok(Client {
            stream,
            request: Vec::new(),
            answer: Vec::new(),
        })
    }

    /// Calls an operation, and returns the JSON that it answers.
    pub(crate) async fn call(&mut self, operation: &str, members: &Value) -> Result<Value, Failure> {
        let answer = self.post(operation, &members.to_string()).await?;
        serde_json::from_slice(answer).map_err(Failure::while_trying(operation))
    }

    /// Calls an operation, and returns the body that it answers.
    pub(crate) async fn post(&mut self, operation: &str, body: &str) -> Result<&[u8], Failure> {
        self.request.clear();
        self.request
            .extend_from_slice(b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Amz-Target: AWSStepFunctions.");
        self.request.extend_from_slice(operation.as_bytes());
        self.request
            .extend_from_slice(b"\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: ");
        self.request.extend_from_slice(body.len().to_string().as_bytes());
        self.request.extend_from_slice(b"\r\n\r\n");
        self.request.extend_from_slice(body.as_bytes());
        self.exchange(operation).await
    }

    /// Gets a path.
    pub(crate) async fn get(&mut self, path: &str) -> Result<&[u8], Failure> {
        self.request.clear();
        self.request
            .extend_from_slice(format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").as_bytes());
        self.exchange(path).await
    }

    async fn exchange(&mut self, what: &str) -> Result<&[u8], Failure> {
        self.stream
            .write_all(&self.request)
            .await
            .map_err(Failure::while_trying(what))?;
        self.answer.clear();
        let head = loop {
            if let Some(head) = Head::parse(&self.answer)? {
                break head;
            }
            self.receive(what).await?;
        };
        while self.answer.len() < head.length + head.body {
            self.receive(what).await?;
        }
        let body = &self.answer[head.length..head.length + head.body];
        if head.status != 200 {
            let said = String::from_utf8_lossy(body);
            return Err(Failure(format!(
                "{what} was answered with status {}: {said}",
                head.status
            )));
        }
        Ok(body)
    }

    async fn receive(&mut self, what: &str) -> Result<(), Failure> {
        match self
            .stream
            .read_buf(&mut self.answer)
            .await
            .map_err(Failure::while_trying(what))?
        {
            0 => Err(Failure(format!(
                "the server closed the connection instead of answering {what}"
            ))),
            _ => Ok(()),
        }
    }
}

/// What matters of an answer's head.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    /// Bytes of the head itself.
    length: usize,
    /// Bytes of the body.
    body: usize,
}

impl Head {
    /// Reads the head; `None` when it has not arrived as a whole.
    fn parse(received: &[u8]) -> Result<Option<Head>, Failure> {
        let Some(end) = received.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
            return Ok(None);
        };
        let not_http =
            || Failure("the server does not answer in HTTP/1.1 with a `Content-Length`".to_owned());
        let text = std::str::from_utf8(&received[..end]).map_err(|_| not_http())?;
        let mut lines = text.split("\r\n");
        let status = lines
            .next()
            .and_then(|line| line.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok());
        let body = lines
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .and_then(|(_, value)| value.trim().parse().ok());
        match (status, body) {
            (Some(status), Some(body)) => Ok(Some(Head {
                status,
                length: end + 4,
                body,
            })),
            _ => Err(not_http()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Head;

    #[test]
    fn a_head_is_read_when_it_is_whole() {
        let text = b"HTTP/1.1 400 Bad Request\r\ncontent-type: x\r\ncontent-length: 12\r\n\r\n{\"a\"";
        assert_eq!(Head::parse(&text[..40]).unwrap(), None);
        assert_eq!(
            Head::parse(text).unwrap(),
            Some(Head {
                status: 400,
                length: 65,
                body: 12
            })
        );
        assert!(Head::parse(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").is_err());
        assert!(Head::parse(b"SSH-2.0\r\n\r\n").is_err());
    }
}
