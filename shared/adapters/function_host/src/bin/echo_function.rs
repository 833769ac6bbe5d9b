//! The function that the tests invoke: it speaks the Runtime API over plain sockets and does as the event says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let api = std::env::var("AWS_LAMBDA_RUNTIME_API")?;
    match std::env::var("START").as_deref() {
        Ok("report") => {
            let report = json!({"errorMessage": "no database", "errorType": "StartError"});
            call(&api, "POST", "init/error", &report.to_string())?;
            std::process::exit(1);
        }
        Ok("exit") => std::process::exit(3),
        Ok("hang") => forever(),
        _ => {}
    }
    let mut served = 0;
    loop {
        let (head, body) = call(&api, "GET", "invocation/next", "")?;
        served += 1;
        let id = header(&head, "lambda-runtime-aws-request-id").ok_or("the event has no request id")?;
        let event: Value = serde_json::from_str(&body)?;
        let answer = |what: &str, body: &Value| {
            call(
                &api,
                "POST",
                &format!("invocation/{id}/{what}"),
                &body.to_string(),
            )
        };
        match event["mode"].as_str().unwrap_or("echo") {
            "echo" => {
                std::thread::sleep(Duration::from_millis(event["sleep_ms"].as_u64().unwrap_or(0)));
                answer("response", &echo(&event, &head, served))?;
            }
            "error" => {
                let report =
                    json!({"errorMessage": "boom", "errorType": "CardDeclined", "stackTrace": ["a", "b"]});
                answer("error", &report)?;
            }
            "print" => {
                println!("to stdout");
                eprintln!("to stderr");
                answer("response", &json!(null))?;
            }
            "exit" => std::process::exit(event["status"].as_i64().unwrap_or(0).try_into()?),
            "abort" => std::process::abort(),
            "answer_and_exit" => {
                answer("response", &json!("last words"))?;
                std::process::exit(0);
            }
            "answer_twice" => {
                answer("response", &json!("first"))?;
                let (head, _) = answer("response", &json!("second"))?;
                eprintln!("{}", head.lines().next().unwrap_or_default());
            }
            "hang_with_child" => {
                let mut child = std::process::Command::new("sleep").arg("60").spawn()?;
                println!("{}", child.id());
                child.wait()?;
            }
            "large" => {
                answer("response", &json!("x".repeat(7 * 1024 * 1024)))?;
            }
            _ => forever(),
        }
    }
}

fn echo(event: &Value, head: &str, served: u32) -> Value {
    let variables: serde_json::Map<String, Value> = std::env::vars()
        .map(|(name, value)| (name, value.into()))
        .collect();
    let headers: serde_json::Map<String, Value> = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.into()))
        .collect();
    json!({
        "event": event,
        "process": std::process::id(),
        "served": served,
        "folder": std::env::current_dir().unwrap_or_default(),
        "environment": variables,
        "headers": headers,
    })
}

fn forever() {
    loop {
        std::thread::sleep(Duration::from_secs(60));
    }
}

/// Makes one request on a connection of its own, and gives the response's head and body.
fn call(api: &str, method: &str, path: &str, body: &str) -> std::io::Result<(String, String)> {
    let mut stream = TcpStream::connect(api)?;
    let length = body.len();
    let head = format!(
        "{method} /2018-06-01/runtime/{path} HTTP/1.1\r\nHost: {api}\r\nContent-Length: {length}\r\n\r\n"
    );
    // The host may refuse a body before it has read all of it; its answer is there all the same.
    _ = stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(body.as_bytes()));
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    let length = header(&head, "content-length")
        .and_then(|length| length.parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok((head, String::from_utf8_lossy(&body).into_owned()))
}

fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    head.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
}
