//! A tiny HTTP server that records requests and answers what it was told to.

use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// One request as it came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recorded {
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Recorded {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
            .unwrap_or_default()
    }
}

/// A server that gives every request the same answer.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<Recorded>>>,
}

impl Server {
    /// Answers with a status, header lines and a body.
    pub(crate) async fn answering(status: u16, headers: &[(&str, &str)], body: &str) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let mut answer = format!("HTTP/1.1 {status} Said\r\ncontent-length: {}\r\n", body.len());
        for (name, value) in headers {
            answer += &format!("{name}: {value}\r\n");
        }
        answer = format!("{answer}\r\n{body}");
        let seen = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, answer.clone(), Arc::clone(&seen)));
            }
        });
        Server { url, requests }
    }

    /// The only request that came.
    pub(crate) fn request(&self) -> Recorded {
        let requests = self.requests.lock().unwrap();
        assert_eq!(requests.len(), 1, "one request is expected, got {requests:?}");
        requests[0].clone()
    }

    /// The request that came last.
    pub(crate) fn last_request(&self) -> Recorded {
        self.requests.lock().unwrap().last().unwrap().clone()
    }

    /// How many requests came.
    pub(crate) fn count(&self) -> usize {
        self.requests.lock().unwrap().len()
    }
}

async fn serve(mut stream: TcpStream, answer: String, seen: Arc<Mutex<Vec<Recorded>>>) {
    let mut bytes = Vec::new();
    loop {
        let head_end = loop {
            if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
                break at;
            }
            if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
                return;
            }
        };
        let head = String::from_utf8(bytes[..head_end].to_vec()).unwrap();
        let mut lines = head.split("\r\n");
        let mut request = Recorded {
            line: lines.next().unwrap().to_owned(),
            ..Recorded::default()
        };
        for line in lines {
            let (name, value) = line.split_once(':').unwrap();
            request.headers.push((name.to_owned(), value.trim().to_owned()));
        }
        let length: usize = request.header("content-length").parse().unwrap_or(0);
        let end = head_end + 4 + length;
        while bytes.len() < end {
            if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
                return;
            }
        }
        request.body = String::from_utf8_lossy(&bytes[head_end + 4..end]).into_owned();
        bytes.drain(..end);
        seen.lock().unwrap().push(request);
        // An empty answer stands for a connection that is lost after the request was sent.
        if answer.starts_with("HTTP/1.1 0 ") || stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}
