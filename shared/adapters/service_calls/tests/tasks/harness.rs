//! Harnesses of AgentCore, against a server that answers with frames of an event stream.

use super::{call, caller, send};
use calls::Settings;
use engine::Call;
use integrations::Failure;
use integrations::web::PlainHttp;
use ports::CallOutcome;
use serde_json::{Value, json};
use service_calls::Web;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// The sum that a frame has of its bytes (the one of zlib).
fn sum(bytes: &[u8]) -> [u8; 4] {
    let crc = bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg())
        })
    });
    (!crc).to_be_bytes()
}

/// Writes a frame, as the specification of `application/vnd.amazon.eventstream` has it.
fn frame(headers: &[(&str, &str)], payload: &Value) -> Vec<u8> {
    let payload = payload.to_string();
    let mut named = Vec::new();
    for (name, value) in headers {
        named.push(u8::try_from(name.len()).unwrap());
        named.extend(name.as_bytes());
        named.push(7); // text
        named.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
        named.extend(value.as_bytes());
    }
    let length = 16 + named.len() + payload.len();
    let mut frame = Vec::new();
    frame.extend(u32::try_from(length).unwrap().to_be_bytes());
    frame.extend(u32::try_from(named.len()).unwrap().to_be_bytes());
    frame.extend(sum(&frame));
    frame.extend(named);
    frame.extend(payload.as_bytes());
    frame.extend(sum(&frame));
    frame
}

fn event(kind: &str, payload: &Value) -> Vec<u8> {
    let headers = [
        (":event-type", kind),
        (":content-type", "application/json"),
        (":message-type", "event"),
    ];
    frame(&headers, payload)
}

fn exception(kind: &str, payload: &Value) -> Vec<u8> {
    frame(
        &[(":exception-type", kind), (":message-type", "exception")],
        payload,
    )
}

/// What an agent says that uses a tool.
fn frames() -> Vec<Vec<u8>> {
    let usage = |tokens: u64| {
        json!({ "usage": { "inputTokens": tokens, "outputTokens": 2, "totalTokens": tokens + 2, "cacheReadInputTokens": 1 },
            "metrics": { "latencyMs": 100 } })
    };
    let delta = |delta: Value| {
        event(
            "contentBlockDelta",
            &json!({ "contentBlockIndex": 0, "delta": delta }),
        )
    };
    vec![
        event("messageStart", &json!({ "role": "assistant" })),
        event(
            "contentBlockStart",
            &json!({ "contentBlockIndex": 0, "start": { "toolUse": { "toolUseId": "t", "name": "n" } } }),
        ),
        delta(json!({ "toolUse": { "input": "{\"order\":1}" } })),
        event("contentBlockStop", &json!({ "contentBlockIndex": 0 })),
        event("messageStop", &json!({ "stopReason": "tool_use" })),
        event("metadata", &usage(10)),
        event("messageStart", &json!({ "role": "user" })),
        delta(json!({ "toolResult": [{ "json": { "state": "sent" } }] })),
        event("messageStop", &json!({ "stopReason": "tool_result" })),
        event("weather", &json!({ "sky": ["blue"] })),
        event("messageStart", &json!({ "role": "assistant", "mood": "new" })),
        delta(json!({ "text": "It is on its " })),
        delta(json!({ "text": "way ☃" })),
        event("messageStop", &json!({ "stopReason": "end_turn" })),
        event("metadata", &usage(20)),
    ]
}

/// How a server answers: what comes before the body, the body in the pieces that it is sent in, and whether it is ended.
#[derive(Clone)]
struct Script {
    head: &'static str,
    pieces: Vec<Vec<u8>>,
    end: End,
}

#[derive(Clone, Copy, PartialEq)]
enum End {
    /// As HTTP says it.
    Proper,
    /// The connection is closed.
    Cut,
    /// Nothing more comes.
    Silence,
}

const STREAM: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: application/vnd.amazon.eventstream\r\nx-amzn-requestid: r-1\r\n";

fn script(bytes: &[u8], size: usize, end: End) -> Script {
    Script {
        head: STREAM,
        pieces: bytes.chunks(size).map(<[u8]>::to_vec).collect(),
        end,
    }
}

/// Calls a harness that answers so; returns the request, too.
async fn invoke(script: Script) -> (CallOutcome, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        while !String::from_utf8_lossy(&seen.lock().unwrap()).ends_with('}') {
            let mut part = [0; 4096];
            let count = stream.read(&mut part).await.unwrap();
            seen.lock().unwrap().extend(&part[..count]);
        }
        let head = format!("{}transfer-encoding: chunked\r\n\r\n", script.head);
        stream.write_all(head.as_bytes()).await.unwrap();
        for piece in &script.pieces {
            let size = format!("{:x}\r\n", piece.len());
            let chunk = [size.as_bytes(), piece, b"\r\n"].concat();
            // Whoever has seen enough may be gone.
            let _ = stream.write_all(&chunk).await;
        }
        match script.end {
            End::Proper => drop(stream.write_all(b"0\r\n\r\n").await),
            End::Cut => {}
            End::Silence => tokio::time::sleep(Duration::from_secs(3600)).await,
        }
    });
    let caller = caller(
        &url,
        Settings {
            answer_timeout: Some(Duration::from_secs(if script.end == End::Silence {
                1
            } else {
                60
            })),
            ..Settings::default()
        },
    )
    .await;
    let call = task();
    let web = Web::new(PlainHttp::Refused);
    let (outcome, _) = send(&caller, &web, &call).await;
    server.abort();
    let request = String::from_utf8(asked.lock().unwrap().clone()).unwrap();
    (outcome, request)
}

fn task() -> Call {
    let parameters = json!({
        "HarnessArn": "arn:aws:bedrock-agentcore:eu-west-1:1:harness/h",
        "RuntimeSessionId": "s".repeat(33),
        "Messages": [{ "Role": "user", "Content": [{ "Text": "Where is order 1?" }] }],
        "Model": { "BedrockModelConfig": { "ModelId": "m", "Temperature": 0.5 } },
        "MaxIterations": 3,
    });
    call("arn:aws:states:::bedrockagentcore:invokeHarness", &parameters)
}

fn failure(outcome: CallOutcome) -> Failure {
    match outcome {
        CallOutcome::Failed(failure) => failure,
        other => panic!("{other:?}"),
    }
}

fn is_unknown(outcome: &CallOutcome) -> bool {
    matches!(outcome, CallOutcome::Unknown(_))
}

#[tokio::test]
async fn a_reply_is_put_together_wherever_its_bytes_are_split() {
    let bytes = frames().concat();
    for size in [1, 3, 11, 12, 13, 97, bytes.len() - 1, bytes.len()] {
        let (outcome, _) = invoke(script(&bytes, size, End::Proper)).await;
        let CallOutcome::Succeeded(result) = outcome else {
            panic!("pieces of {size}: {outcome:?}")
        };
        assert_eq!(
            serde_json::from_str::<Value>(&result).unwrap(),
            json!({
                "Output": { "Message": { "Role": "assistant", "Content": [{ "Text": "It is on its way ☃" }] } },
                "StopReason": "end_turn",
                "Usage": { "InputTokens": 30, "OutputTokens": 4, "TotalTokens": 34 },
                "Metrics": { "LatencyMs": 200 },
            })
        );
    }
}

#[tokio::test]
async fn a_harness_is_asked_as_the_api_wants_it() {
    let (_, request) = invoke(script(&frames().concat(), 1000, End::Proper)).await;
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let line = head.lines().next().unwrap();
    let arn = "arn%3Aaws%3Abedrock-agentcore%3Aeu-west-1%3A1%3Aharness%2Fh";
    assert_eq!(line, format!("POST /harnesses/invoke?harnessArn={arn} HTTP/1.1"));
    let session = format!("x-amzn-bedrock-agentcore-runtime-session-id: {}", "s".repeat(33));
    assert!(head.to_ascii_lowercase().contains(&session), "{head}");
    assert!(
        head.contains("/eu-west-1/bedrock-agentcore/aws4_request"),
        "{head}"
    );
    assert_eq!(
        serde_json::from_str::<Value>(body).unwrap(),
        json!({
            "messages": [{ "role": "user", "content": [{ "text": "Where is order 1?" }] }],
            "model": { "bedrockModelConfig": { "modelId": "m", "temperature": 0.5 } },
            "maxIterations": 3,
        })
    );
}

#[tokio::test]
async fn a_stream_that_breaks_off_is_no_success() {
    let all = frames();
    let bytes = all.concat();
    let mut ends = vec![0];
    for frame in &all {
        ends.push(ends.last().unwrap() + frame.len());
    }
    for (number, end) in ends.iter().enumerate() {
        // Cut between two events, after the first bytes of one, and before its last; also when it is all there, since
        // nobody has said so.
        for at in [
            *end,
            end + 5,
            end + 14,
            bytes.len().min(*ends.get(number + 1).unwrap_or(end)) - 1,
        ] {
            let part = &bytes[..at.min(bytes.len())];
            let (outcome, _) = invoke(script(part, 100, End::Cut)).await;
            assert!(is_unknown(&outcome), "cut at {at}: {outcome:?}");
        }
        // Ended as HTTP ends, in the middle of what the agent says, or before it has said anything.
        if matches!(number, 0..5 | 7..9 | 11..14) {
            let (outcome, _) = invoke(script(&bytes[..*end], 100, End::Proper)).await;
            assert!(is_unknown(&outcome), "ended after {number} events: {outcome:?}");
        }
    }
    let (outcome, _) = invoke(script(&bytes[..bytes.len() - 1], 100, End::Proper)).await;
    assert!(is_unknown(&outcome), "{outcome:?}");
}

#[tokio::test]
async fn a_damaged_stream_is_no_success() {
    let bytes = frames().concat();
    for at in (0..bytes.len()).step_by(17) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x40;
        let (outcome, _) = invoke(script(&damaged, 1000, End::Proper)).await;
        assert!(is_unknown(&outcome), "damaged at {at}: {outcome:?}");
    }
    let (outcome, _) = invoke(script(b"{\"message\":\"hello\"}", 100, End::Proper)).await;
    assert!(is_unknown(&outcome), "{outcome:?}");
}

#[tokio::test]
async fn a_stream_that_stands_still_ends_when_its_time_is_over() {
    let bytes = frames().concat();
    let (outcome, _) = invoke(script(&bytes[..300], 100, End::Silence)).await;
    let CallOutcome::Unknown(why) = outcome else {
        panic!("{outcome:?}")
    };
    assert!(why.contains("no answer within 1 seconds"), "{why}");
}

#[tokio::test]
async fn errors_are_named_wherever_they_are_reported() {
    let said = |frame: Vec<u8>| [frames()[..3].concat(), frame].concat();
    let in_stream = |kind: &str| exception(kind, &json!({ "message": "too bad" }));
    let (outcome, _) = invoke(script(&said(in_stream("internalServerException")), 50, End::Cut)).await;
    assert_eq!(
        failure(outcome),
        Failure {
            error: "BedrockAgentCore.InternalServerException".to_owned(),
            cause: Some(
                "too bad (Service: BedrockAgentCore; Status Code: 400; Error Code: InternalServerException; Request ID: r-1; Proxy: null)"
                    .to_owned()
            ),
        }
    );
    let (outcome, _) = invoke(script(&said(in_stream("runtimeClientError")), 50, End::Proper)).await;
    assert_eq!(
        failure(outcome).error,
        "BedrockAgentCore.RuntimeClientErrorException"
    );
    let (outcome, _) = invoke(script(&said(in_stream("solarFlare")), 50, End::Proper)).await;
    assert_eq!(
        failure(outcome).error,
        "BedrockAgentCore.BedrockAgentCoreException"
    );
    let headers = [
        (":message-type", "error"),
        (":error-code", "Gone"),
        (":error-message", "away"),
    ];
    let (outcome, _) = invoke(script(&said(frame(&headers, &json!({}))), 50, End::Proper)).await;
    let cause = failure(outcome).cause.unwrap();
    assert!(
        cause.starts_with("away (") && cause.contains("Error Code: Gone;"),
        "{cause}"
    );

    let refused = Script {
        head: "HTTP/1.1 429 Busy\r\nx-amzn-errortype: ThrottlingException\r\nx-amzn-requestid: r-2\r\n",
        pieces: vec![br#"{"message":"slower"}"#.to_vec()],
        end: End::Proper,
    };
    let (outcome, _) = invoke(refused).await;
    let failed = failure(outcome);
    assert_eq!(failed.error, "BedrockAgentCore.ThrottlingException");
    assert!(
        failed
            .cause
            .unwrap()
            .starts_with("slower (Service: BedrockAgentCore; Status Code: 429;")
    );
}
