//! A function that does something which must not be done twice: it adds its payload as a line to a file.
//!
//! The function is this test program itself, run again as a process that speaks the Lambda Runtime API.

use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

/// The function's name.
pub(crate) const FUNCTION: &str = "ledger";
/// Tells the function where the ledger is.
const FILE: &str = "LEDGER_FILE";

/// Returns a configuration of the server in which the function writes to this file.
pub(crate) fn settings(file: &Path) -> String {
    let program = std::env::current_exe().expect("the test program has a path");
    let text = |path: &Path| Value::from(path.to_str().expect("the path is Unicode")).to_string();
    format!(
        "[functions.{FUNCTION}]\n\
         command = [{}, \"--exact\", \"kill::ledger::adds_lines_when_run_as_a_function\", \"--nocapture\"]\n\
         environment = {{ {FILE} = {} }}\n\
         timeout_seconds = 60\nconcurrency = 4\n",
        text(&program),
        text(file),
    )
}

/// Reads what was written, up to the last whole line.
pub(crate) fn read(file: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line of the ledger is JSON"))
        .collect()
}

/// Serves events until the process is killed. Does nothing when it runs as a test by itself.
#[test]
fn adds_lines_when_run_as_a_function() {
    let (Some(file), Ok(api)) = (std::env::var_os(FILE), std::env::var("AWS_LAMBDA_RUNTIME_API")) else {
        return;
    };
    let mut ledger = File::options()
        .create(true)
        .append(true)
        .open(file)
        .expect("the ledger can be opened");
    loop {
        let (head, body) = call(&api, "GET", "invocation/next", "");
        let event: Value = serde_json::from_str(&body).expect("the event is JSON");
        let pause = Duration::from_millis(event["pause"].as_u64().unwrap_or(0));
        std::thread::sleep(pause);
        // One write: a kill leaves a whole line or none.
        ledger
            .write_all(format!("{event}\n").as_bytes())
            .expect("the ledger can be written");
        std::thread::sleep(pause);
        let id = header(&head, "lambda-runtime-aws-request-id").expect("the event has an id");
        call(
            &api,
            "POST",
            &format!("invocation/{id}/response"),
            &json!({ "added": event["id"] }).to_string(),
        );
    }
}

/// Makes one request on a connection of its own; returns the answer's head and body.
fn call(api: &str, method: &str, path: &str, body: &str) -> (String, String) {
    let mut stream = TcpStream::connect(api).expect("the server accepts connections");
    let length = body.len();
    write!(stream, "{method} /2018-06-01/runtime/{path} HTTP/1.1\r\nHost: {api}\r\nContent-Length: {length}\r\n\r\n{body}")
        .expect("the request can be sent");
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(
            reader.read_line(&mut head).expect("there is an answer"),
            0,
            "the answer breaks off: {head}"
        );
    }
    let length =
        header(&head, "content-length").map_or(0, |length| length.parse().expect("the length is a number"));
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("the answer is whole");
    (head, String::from_utf8(body).expect("the answer is Unicode"))
}

fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    let mut fields = head.lines().filter_map(|line| line.split_once(':'));
    fields
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
}
