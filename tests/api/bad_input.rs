//! Requests that no SDK sends: each is answered, none with an internal failure, and the server goes on.

use crate::support::{ROLE, Raw, Server, pass, post, post_to};
use serde_json::{Value, json};

/// The operations of AWS Step Functions: all that its service model has.
pub(crate) const OPERATIONS: [&str; 37] = [
    "CreateActivity",
    "CreateStateMachine",
    "CreateStateMachineAlias",
    "DeleteActivity",
    "DeleteStateMachine",
    "DeleteStateMachineAlias",
    "DeleteStateMachineVersion",
    "DescribeActivity",
    "DescribeExecution",
    "DescribeMapRun",
    "DescribeStateMachine",
    "DescribeStateMachineAlias",
    "DescribeStateMachineForExecution",
    "GetActivityTask",
    "GetExecutionHistory",
    "ListActivities",
    "ListExecutions",
    "ListMapRuns",
    "ListStateMachineAliases",
    "ListStateMachineVersions",
    "ListStateMachines",
    "ListTagsForResource",
    "PublishStateMachineVersion",
    "RedriveExecution",
    "SendTaskFailure",
    "SendTaskHeartbeat",
    "SendTaskSuccess",
    "StartExecution",
    "StartSyncExecution",
    "StopExecution",
    "TagResource",
    "TestState",
    "UntagResource",
    "UpdateMapRun",
    "UpdateStateMachine",
    "UpdateStateMachineAlias",
    "ValidateStateMachineDefinition",
];

/// Panics unless the answer is a refusal that the caller is to blame for.
#[track_caller]
fn is_refusal(answer: &Raw, what: &str) {
    assert!((400..500).contains(&answer.status), "{what}: {answer:?}");
    assert!(
        answer.body["__type"].is_string() && answer.error_type.is_some(),
        "{what}: {answer:?}"
    );
}

/// Panics unless the server still does its work.
async fn still_works(server: &Server) {
    let machine = server.create("still-works", &pass()).await;
    let run = server.run(&machine, "run", "[1]").await;
    assert_eq!(server.ended(&run).await.output.as_deref(), Some("[1]"));
}

#[tokio::test]
async fn bodies_that_are_no_json_object_are_refused() {
    let server = Server::start();
    let arrays = "[".repeat(100_000);
    let inside = format!("{{\"tags\":{arrays}");
    let objects = "{\"tags\":".repeat(100_000);
    for operation in OPERATIONS {
        for body in [
            "",
            "{",
            "[]",
            "null",
            "7",
            "\"x\"",
            "{'a':1}",
            "{\"a\":1}x",
            &arrays,
            &inside,
            &objects,
        ] {
            let answer = post(&server, operation, body.as_bytes());
            // No body at all is what some clients send for no members.
            if body.is_empty() && answer.status == 200 {
                continue;
            }
            is_refusal(&answer, &format!("{operation} {body:.20}"));
        }
    }
    still_works(&server).await;
}

#[tokio::test]
async fn members_of_a_wrong_type_are_refused() {
    let server = Server::start();
    let values = [
        json!(7),
        json!(true),
        json!([]),
        json!({}),
        json!([[{}]]),
        json!(""),
    ];
    for (operation, member) in [
        ("CreateStateMachine", "definition"),
        ("CreateStateMachine", "name"),
        ("CreateActivity", "name"),
        ("DescribeStateMachine", "stateMachineArn"),
        ("StartExecution", "stateMachineArn"),
        ("DescribeExecution", "executionArn"),
        ("GetExecutionHistory", "executionArn"),
        ("GetActivityTask", "activityArn"),
        ("SendTaskSuccess", "taskToken"),
        ("StopExecution", "executionArn"),
        ("TagResource", "resourceArn"),
        ("PublishStateMachineVersion", "stateMachineArn"),
        ("DeleteStateMachineVersion", "stateMachineVersionArn"),
        ("ListStateMachineVersions", "stateMachineArn"),
        ("ListStateMachineAliases", "stateMachineArn"),
        ("CreateStateMachineAlias", "routingConfiguration"),
        ("DescribeStateMachineAlias", "stateMachineAliasArn"),
        ("UpdateStateMachineAlias", "stateMachineAliasArn"),
        ("DeleteStateMachineAlias", "stateMachineAliasArn"),
    ] {
        for value in &values {
            let body = json!({ member: value }).to_string();
            is_refusal(
                &post(&server, operation, body.as_bytes()),
                &format!("{operation} {body}"),
            );
        }
    }
    for value in [json!("many"), json!(-1), json!(1001), json!(1e300), json!([1])] {
        let body = json!({ "maxResults": value }).to_string();
        is_refusal(&post(&server, "ListStateMachines", body.as_bytes()), &body);
    }
    still_works(&server).await;
}

#[tokio::test]
async fn what_is_too_large_is_refused() {
    let server = Server::start();
    let machine = server.create("orders", &pass()).await;
    let start = |input: String| {
        let body = json!({ "stateMachineArn": machine, "input": input }).to_string();
        post(&server, "StartExecution", body.as_bytes())
    };
    is_refusal(
        &start(format!("\"{}\"", "x".repeat(300 * 1024))),
        "an input of 300 KiB",
    );
    is_refusal(&start("[".repeat(100_000)), "an input of nested arrays");
    is_refusal(
        &start(format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000))),
        "an input of deep arrays",
    );
    let definition = |text: String| {
        let body = json!({ "definition": text, "name": "deep", "roleArn": ROLE }).to_string();
        post(&server, "CreateStateMachine", body.as_bytes())
    };
    is_refusal(&definition("[".repeat(100_000)), "a definition of nested arrays");
    let deep = format!(
        r#"{{"StartAt":"A","States":{{"A":{{"Type":"Pass","End":true,"Result":{}1{}}}}}}}"#,
        "[".repeat(50_000),
        "]".repeat(50_000)
    );
    is_refusal(&definition(deep), "a definition with a deep result");
    for body in [
        vec![b'x'; 5 * 1024 * 1024],
        json!({ "name": "x".repeat(5 * 1024 * 1024) })
            .to_string()
            .into_bytes(),
    ] {
        let answer = post(&server, "CreateActivity", &body);
        assert_eq!(answer.status, 413, "{answer:?}");
    }
    still_works(&server).await;
}

#[tokio::test]
async fn a_target_that_is_none_is_refused() {
    let server = Server::start();
    for target in [
        None,
        Some(""),
        Some("AWSStepFunctions"),
        Some("AWSStepFunctions."),
        Some("AWSStepFunctions.MakeCoffee"),
        Some("AWSStepFunctions.startExecution"),
        Some("AmazonSQS.SendMessage"),
        Some("../../etc/passwd"),
    ] {
        let answer = post_to(&server, target, b"{}");
        is_refusal(&answer, &format!("{target:?}"));
        assert_eq!(
            answer.error_type.as_deref(),
            Some("UnknownOperationException"),
            "{target:?}"
        );
    }
    still_works(&server).await;
}

#[tokio::test]
async fn random_bytes_are_refused_by_every_operation() {
    let server = Server::start();
    // A plain generator with a fixed seed: a failure can be had again.
    let mut state: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for operation in OPERATIONS {
        for _ in 0..8 {
            let length = usize::try_from(random() % 600).unwrap() + 1;
            let bytes: Vec<u8> = (0..length).map(|_| random().to_le_bytes()[3]).collect();
            is_refusal(
                &post(&server, operation, &bytes),
                &format!("{operation} {bytes:?}"),
            );
        }
    }
    still_works(&server).await;
}

#[tokio::test]
async fn a_valid_request_with_one_byte_changed_never_fails_inside() {
    let server = Server::start();
    let machine = server.create("orders", &pass()).await;
    let good = json!({
        "stateMachineArn": machine, "resourceArn": machine, "name": "run", "input": "{\"a\":[1]}",
        "definition": pass().to_string(), "roleArn": ROLE, "tags": [{ "key": "k", "value": "v" }], "tagKeys": ["k"],
        "executionArn": "arn:aws:states:us-east-1:123456789012:execution:orders:run",
        "taskToken": "AAAA", "output": "1", "maxResults": 5
    })
    .to_string()
    .into_bytes();
    // Reading tasks of activities would wait for them.
    for operation in OPERATIONS
        .iter()
        .filter(|operation| **operation != "GetActivityTask")
    {
        for place in (0..good.len()).step_by(37) {
            for byte in [b'"', 0xFF] {
                let mut body = good.clone();
                body[place] = byte;
                let answer = post(&server, operation, &body);
                assert!(answer.status < 500, "{operation}, byte {place}: {answer:?}");
            }
        }
    }
    assert!(matches!(
        post(&server, "ListStateMachines", b"{}").body["stateMachines"],
        Value::Array(_)
    ));
    still_works(&server).await;
}

#[tokio::test]
async fn what_is_no_http_disturbs_nobody() {
    use std::io::Write as _;
    let server = Server::start();
    let requests: [&[u8]; 6] = [
        b"\0\xff\xfe\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: AWSStepFunctions.ListActivities\r\nContent-Length: 100\r\n\r\n{",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZZ\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
    ];
    for request in requests {
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", server.port())).unwrap();
        stream.write_all(request).unwrap();
    }
    let mut header = b"POST / HTTP/1.1\r\nX-Amz-Target: ".to_vec();
    header.extend(vec![b'x'; 1024 * 1024]);
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    // The server may close the connection before it has all of it.
    let _ = stream.write_all(&header);
    still_works(&server).await;
}
