//! Stands where API Gateway does: lets through what is rightly signed for `execute-api`, and nothing else.
//!
//! The signature is computed here anew, from what came over the wire and AWS's description of it
//! (Signature Version 4), without the crate that made it.

use crate::support::DEADLINE;
use sha2::{Digest as _, Sha256};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};

pub(super) const KEY: &str = "AKIAREALREAL";
pub(super) const SECRET: &str = "real/secret+key";
pub(super) const TOKEN: &str = "real-token==";
pub(super) const REGION: &str = "eu-central-1";

/// What answers the requests that the gate lets through.
#[derive(Clone, Copy, Debug)]
pub(super) enum Behind {
    /// A server on this machine.
    Server(u16),
    /// Always these bytes.
    Answer(&'static str),
    /// One part of an answer, and the rest when the test says so.
    Slow,
    /// The connection ends without an answer.
    Nobody,
}

#[derive(Debug)]
pub(super) struct Gate {
    port: u16,
    seen: Arc<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    passed: Mutex<Vec<Received>>,
    refused: Mutex<Vec<String>>,
    go_on: Mutex<bool>,
    told: Condvar,
}

impl Gate {
    pub(super) fn before(behind: Behind) -> Gate {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
        let port = listener.local_addr().expect("the port is known").port();
        let seen = Arc::new(Seen::default());
        let shared = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let seen = Arc::clone(&shared);
                // A connection that breaks off is missed by the test that waits for its answer.
                std::thread::spawn(move || serve(stream, behind, &seen));
            }
        });
        Gate { port, seen }
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// How many requests were let through.
    pub(super) fn passed(&self) -> usize {
        self.seen.passed.lock().unwrap().len()
    }

    /// The last request that was let through.
    pub(super) fn last(&self) -> Received {
        self.seen
            .passed
            .lock()
            .unwrap()
            .last()
            .cloned()
            .expect("a request came")
    }

    /// Why requests were refused.
    pub(super) fn refused(&self) -> Vec<String> {
        self.seen.refused.lock().unwrap().clone()
    }

    /// Lets a slow answer go on.
    pub(super) fn go_on(&self) {
        *self.seen.go_on.lock().unwrap() = true;
        self.seen.told.notify_all();
    }
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(super) struct Received {
    pub(super) line: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Received {
    fn read(stream: &mut TcpStream) -> Option<Received> {
        let mut bytes = Vec::new();
        let mut part = [0; 65_536];
        let mut end = None;
        loop {
            if end.is_none() {
                end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
            }
            if let Some(end) = end {
                let head = String::from_utf8(bytes[..end].to_vec()).ok()?;
                let mut lines = head.split("\r\n");
                let line = lines.next()?.to_owned();
                let headers: Vec<(String, String)> = lines
                    .filter_map(|line| line.split_once(':'))
                    .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
                    .collect();
                let mut received = Received {
                    line,
                    headers,
                    body: Vec::new(),
                };
                let length: usize = received.one("content-length").parse().unwrap_or(0);
                if bytes.len() >= end + 4 + length {
                    received.body = bytes[end + 4..end + 4 + length].to_vec();
                    return Some(received);
                }
            }
            match stream.read(&mut part) {
                Ok(0) | Err(_) => return None,
                Ok(count) => bytes.extend_from_slice(&part[..count]),
            }
        }
    }

    /// All values of a header.
    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        let values = self.headers.iter().filter(|(known, _)| known == name);
        values.map(|(_, value)| value.as_str()).collect()
    }

    fn one(&self, name: &str) -> &str {
        self.all(name).first().copied().unwrap_or_default()
    }

    /// Says why the signature does not hold.
    fn check(&self) -> Result<(), String> {
        let authorization = self.one("authorization");
        let parts = authorization
            .strip_prefix("AWS4-HMAC-SHA256 ")
            .ok_or_else(|| format!("no signature: `{authorization}`"))?;
        let part = |name: &str| {
            let found = parts
                .split(", ")
                .find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
            found.ok_or_else(|| format!("no `{name}` in `{authorization}`"))
        };
        let (key, scope) = part("Credential")?.split_once('/').ok_or("no scope")?;
        let date_time = self.one("x-amz-date");
        let date = date_time.get(..8).ok_or("no date")?;
        let expected = format!("{date}/{REGION}/execute-api/aws4_request");
        if (key, scope) != (KEY, expected.as_str()) {
            return Err(format!("signed by `{key}` for `{scope}`, not `{expected}`"));
        }
        if self.all("x-amz-security-token") != [TOKEN] {
            return Err("another session token".to_owned());
        }
        let signed = part("SignedHeaders")?;
        for (name, _) in &self.headers {
            let needed = name == "host" || name == "content-type" || name.starts_with("x-amz-");
            if needed && !signed.split(';').any(|known| known == name) {
                return Err(format!("`{name}` is not signed"));
            }
        }
        let canonical = self.canonical(signed);
        let to_sign = format!(
            "AWS4-HMAC-SHA256\n{date_time}\n{scope}\n{}",
            hexadecimal(&Sha256::digest(canonical.as_bytes()))
        );
        let mut derived = format!("AWS4{SECRET}").into_bytes();
        for text in [date, REGION, "execute-api", "aws4_request", to_sign.as_str()] {
            derived = hmac(&derived, text.as_bytes());
        }
        if part("Signature")? == hexadecimal(&derived) {
            Ok(())
        } else {
            Err(format!("another signature is right for\n{canonical}"))
        }
    }

    fn canonical(&self, signed: &str) -> String {
        let mut words = self.line.split(' ');
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut pairs: Vec<String> = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                if pair.contains('=') {
                    pair.to_owned()
                } else {
                    format!("{pair}=")
                }
            })
            .collect();
        pairs.sort();
        let headers: String = signed
            .split(';')
            .map(|name| format!("{name}:{}\n", self.all(name).join(",")))
            .collect();
        format!(
            "{method}\n{}\n{}\n{headers}\n{signed}\n{}",
            path.replace('%', "%25"),
            pairs.join("&"),
            hexadecimal(&Sha256::digest(&self.body))
        )
    }
}

fn serve(mut stream: TcpStream, behind: Behind, seen: &Seen) {
    stream
        .set_read_timeout(Some(DEADLINE))
        .expect("a time-out can be set");
    let Some(received) = Received::read(&mut stream) else {
        return;
    };
    if let Err(why) = received.check() {
        seen.refused.lock().unwrap().push(why);
        let answer = "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: 23\r\n\r\n{\"message\":\"Forbidden\"}";
        let _ = stream.write_all(answer.as_bytes());
        return;
    }
    seen.passed.lock().unwrap().push(received.clone());
    let answer = match behind {
        Behind::Answer(answer) => answer.as_bytes().to_vec(),
        Behind::Server(port) => asked(port, &received),
        Behind::Nobody => return,
        Behind::Slow => {
            let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n9\r\n{\"early\":\r\n";
            let _ = stream.write_all(head.as_bytes());
            let told = seen.go_on.lock().unwrap();
            let waited = seen
                .told
                .wait_timeout_while(told, DEADLINE, |told| !*told)
                .unwrap();
            if waited.1.timed_out() {
                return;
            }
            b"7\r\n\"late\"}\r\n0\r\n\r\n".to_vec()
        }
    };
    let _ = stream.write_all(&answer);
}

/// Sends a request on to a server; returns its whole answer.
fn asked(port: u16, request: &Received) -> Vec<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the server accepts connections");
    let headers: String = request
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let head = format!("{}\r\n{headers}connection: close\r\n\r\n", request.line);
    stream.write_all(head.as_bytes()).expect("the head can be sent");
    stream.write_all(&request.body).expect("the body can be sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("the server answers");
    answer
}

/// Sends a request, and shows all that has come of the answer after each part, until it has a text.
pub(super) fn read_until(port: u16, request: &str, last: &str, mut look: impl FnMut(&str)) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the proxy accepts connections");
    stream
        .set_read_timeout(Some(DEADLINE))
        .expect("a time-out can be set");
    stream
        .write_all(request.as_bytes())
        .expect("the request can be sent");
    let mut text = String::new();
    let mut part = [0; 1024];
    while !text.contains(last) {
        let count = stream.read(&mut part).expect("the answer comes");
        assert!(count > 0, "the answer breaks off: {text}");
        text += &String::from_utf8_lossy(&part[..count]);
        look(&text);
    }
}

/// HMAC-SHA-256 (RFC 2104).
fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut block = [0; 64];
    if key.len() > block.len() {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let padded = |with: u8| block.map(|byte| byte ^ with);
    let inner = Sha256::new()
        .chain_update(padded(0x36))
        .chain_update(text)
        .finalize();
    let outer = Sha256::new().chain_update(padded(0x5c)).chain_update(inner);
    outer.finalize().to_vec()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
