//! `stepwell proxy`, between the official SDK and a server that checks signatures as API Gateway does.

mod gate;

use super::Folder;
use crate::support::{
    DEADLINE, Server, Sfn, client, command, first_line, output, pass, raw_post, refusal, signal, wait_for_end,
};
use aws_credential_types::Credentials;
use aws_sdk_sfn::config::interceptors::BeforeSerializationInterceptorContextRef;
use aws_sdk_sfn::config::retry::RetryConfig;
use aws_sdk_sfn::config::{Builder, ConfigBag, Intercept, Region};
use aws_sdk_sfn::types::{ExecutionStatus, StateMachineType};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_types::SigningName;
use gate::{Behind, Gate, KEY, REGION, SECRET, TOKEN};
use serde_json::{Value, json};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// A running proxy with the credentials that the gate knows.
struct Proxy {
    process: Child,
    port: u16,
    _folder: Folder,
}

impl Proxy {
    fn to(gate: &Gate) -> Proxy {
        Proxy::start(&gate.url(), &[], &[("AWS_REGION", REGION)])
    }

    fn start(endpoint: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Proxy {
        let folder = Folder::new();
        let mut process = command(&folder.path("."))
            .env("AWS_ACCESS_KEY_ID", KEY)
            .env("AWS_SECRET_ACCESS_KEY", SECRET)
            .env("AWS_SESSION_TOKEN", TOKEN)
            .envs(environment.iter().copied())
            .args(["proxy", "--listen", "127.0.0.1:0", "--endpoint", endpoint])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let line = first_line(&mut process);
        let port = line
            .strip_prefix("listening on http://127.0.0.1:")
            .and_then(|port| port.trim_end().parse().ok())
            .unwrap_or_else(|| panic!("the proxy did not begin to listen: `{line}`"));
        Proxy {
            process,
            port,
            _folder: folder,
        }
    }

    /// Sends header lines and a body; returns the status, the headers in small letters, and the body.
    fn send(&self, line: &str, headers: &str, body: &str) -> (u16, String, String) {
        let length = body.len();
        let request = format!(
            "{line} HTTP/1.1\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
        );
        raw_post(self.port, request.as_bytes())
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

const HOST: &str = "Host: 127.0.0.1\r\n";
const LIST: &str =
    "Content-Type: application/x-amz-json-1.0\r\nX-Amz-Target: AWSStepFunctions.ListStateMachines\r\n";

fn message(body: &str) -> String {
    let body: Value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"));
    format!(
        "{}: {}",
        body["__type"].as_str().unwrap(),
        body["message"].as_str().unwrap()
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sdk_reaches_the_api_with_the_credentials_of_the_proxy() {
    let server = Server::start();
    let gate = Gate::before(Behind::Server(server.port()));
    let proxy = Proxy::to(&gate);
    // Its key id and secret are none that the gate knows, and it signs for `states` in another Region.
    let client = client(proxy.port, "999999999999");
    let create = |name: &str, kind| {
        let create = client.create_state_machine().name(name).r#type(kind);
        create
            .definition(pass().to_string())
            .role_arn("arn:aws:iam::123456789012:role/r")
            .send()
    };
    let orders = create("orders", StateMachineType::Standard)
        .await
        .unwrap()
        .state_machine_arn;
    assert_eq!(
        orders,
        format!("arn:aws:states:{REGION}:123456789012:stateMachine:orders")
    );
    let started = client
        .start_execution()
        .state_machine_arn(&orders)
        .name("one")
        .input(r#"{"snow": "☃"}"#)
        .send()
        .await
        .unwrap();
    let begun = Instant::now();
    let ended = loop {
        let described = client.describe_execution().execution_arn(&started.execution_arn);
        let described = described.send().await.unwrap();
        if described.status != ExecutionStatus::Running {
            break described;
        }
        assert!(begun.elapsed() < DEADLINE, "the execution does not end");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(output(&ended), json!({ "snow": "☃" }));

    let express = create("quick", StateMachineType::Express)
        .await
        .unwrap()
        .state_machine_arn;
    let sync = client
        .start_sync_execution()
        .state_machine_arn(express)
        .send()
        .await
        .unwrap();
    assert_eq!(sync.output(), Some("{}"));

    // Errors come with their names.
    let missing = format!("{orders}-not-there");
    let refused = refusal(
        client
            .describe_state_machine()
            .state_machine_arn(missing)
            .send()
            .await,
    );
    assert!(refused.starts_with("StateMachineDoesNotExist: "), "{refused}");
    assert!(gate.passed() >= 6, "{}", gate.passed());
    assert_eq!(gate.refused(), Vec::<String>::new());
}

/// What README.md shows for clients in Rust: they need no proxy.
#[derive(Debug)]
struct ForApiGateway;

impl Intercept for ForApiGateway {
    fn name(&self) -> &'static str {
        "ForApiGateway"
    }

    fn read_before_execution(
        &self,
        _context: &BeforeSerializationInterceptorContextRef<'_>,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let state = config.interceptor_state();
        state.store_put(SigningName::from_static("execute-api"));
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sdk_can_sign_for_the_gateway_itself() {
    let server = Server::start();
    let gate = Gate::before(Behind::Server(server.port()));
    let config = Builder::new()
        .endpoint_url(gate.url())
        .region(Region::new(REGION))
        .credentials_provider(Credentials::new(
            KEY,
            SECRET,
            Some(TOKEN.to_owned()),
            None,
            "tests",
        ))
        .retry_config(RetryConfig::disabled())
        .http_client(aws_smithy_http_client::Builder::new().build_http());
    let plain = Sfn::from_conf(config.clone().build());
    assert!(plain.list_state_machines().send().await.is_err());
    let refused = gate.refused();
    assert!(
        refused.len() == 1 && refused[0].contains("/states/aws4_request"),
        "{refused:?}"
    );
    let client = Sfn::from_conf(config.interceptor(ForApiGateway).build());
    let listed = client.list_state_machines().send().await.unwrap();
    assert_eq!((listed.state_machines.len(), gate.passed()), (0, 1));
}

#[test]
fn the_answer_of_the_gateway_itself_comes_unchanged() {
    let gate = Gate::before(Behind::Answer(
        "HTTP/1.1 200 OK\r\nApigw-Requestid: r-1\r\nKeep-Alive: timeout=5\r\nConnection: close, x-hop\r\nX-Hop: 1\r\nContent-Length: 4\r\n\r\n{  }",
    ));
    let region = ["--region", "us-west-2"];
    let proxy = Proxy::start(&gate.url(), &region, &[("AWS_REGION", REGION)]);
    // The gate is in another Region: it refuses, and says why.
    let (status, _, body) = proxy.send("POST /", &format!("{HOST}{LIST}"), "{}");
    assert_eq!((status, body.as_str()), (403, r#"{"message":"Forbidden"}"#));
    assert!(gate.refused()[0].contains("us-west-2"), "{:?}", gate.refused());

    let proxy = Proxy::start(&gate.url(), &["--region", REGION], &[("AWS_REGION", "us-west-2")]);
    let (status, headers, body) = proxy.send("POST /", &format!("{HOST}{LIST}"), "{}");
    assert_eq!((status, body.as_str()), (200, "{  }"));
    assert!(headers.contains("apigw-requestid: r-1"), "{headers}");
    assert!(!headers.contains("allow:"), "{headers}");
    assert!(
        !headers.contains("keep-alive") && !headers.contains("x-hop"),
        "{headers}"
    );
}

#[test]
fn requests_go_on_without_their_signature_and_with_all_else() {
    let gate = Gate::before(Behind::Answer(
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
    ));
    let proxy = Proxy::to(&gate);
    // The host of synchronous executions, and a signature that is true nowhere.
    let headers = format!(
        "Host: sync-127.0.0.1:8083\r\n{LIST}Authorization: AWS4-HMAC-SHA256 Credential=AKIAOTHER/20260131/us-east-1/states/aws4_request, SignedHeaders=host, Signature=00\r\n\
         X-Amz-Date: 20260131T120000Z\r\nX-Amz-Security-Token: other\r\nX-Amz-Content-Sha256: 00\r\nUser-Agent: mine/1\r\nX-Amz-User-Agent: aws-sdk-js/3\r\n\
         TE: trailers\r\nX-Drop: 1\r\nKeep-Alive: 5\r\n"
    );
    // Both are names of `Connection`, which `send` has set already.
    let headers = headers + "Connection: x-drop\r\n";
    let (status, _, body) = proxy.send(
        "POST /state-machines/a%20b%2Fc/executions?wait=1&b=%C3%A9",
        &headers,
        "{\"a\":1}",
    );
    assert_eq!((status, body.as_str()), (200, "{}"));
    let seen = gate.last();
    assert_eq!(
        seen.line,
        "POST /state-machines/a%20b%2Fc/executions?wait=1&b=%C3%A9 HTTP/1.1"
    );
    assert_eq!(seen.body, b"{\"a\":1}");
    assert_eq!(seen.all("host"), [gate.url().trim_start_matches("http://")]);
    assert_eq!(seen.all("user-agent"), ["mine/1"]);
    assert_eq!(seen.all("x-amz-user-agent"), ["aws-sdk-js/3"]);
    assert_eq!(seen.all("x-amz-target"), ["AWSStepFunctions.ListStateMachines"]);
    assert_eq!(seen.all("x-amz-security-token"), [TOKEN]);
    assert_eq!(seen.all("content-length"), ["7"]);
    for gone in ["te", "x-drop", "keep-alive", "x-amz-content-sha256"] {
        assert_eq!(seen.all(gone), Vec::<&str>::new(), "{gone}");
    }
}

#[test]
fn an_answer_is_handed_on_as_it_comes() {
    let gate = Gate::before(Behind::Slow);
    let proxy = Proxy::to(&gate);
    let begun = Instant::now();
    let mut first = None;
    let request = format!("POST / HTTP/1.1\r\n{HOST}{LIST}Content-Length: 2\r\n\r\n{{}}");
    gate::read_until(proxy.port, &request, "\"late\"", |text| {
        if text.contains("\"early\"") && first.is_none() {
            first = Some(begun.elapsed());
            gate.go_on();
        }
    });
    assert!(first.is_some(), "the first part arrives before the last is sent");
}

#[test]
fn what_cannot_be_sent_is_answered_in_the_proxys_own_name() {
    // Nobody listens there.
    let proxy = Proxy::start("http://127.0.0.1:9/", &["--region", REGION], &[]);
    let (status, headers, body) = proxy.send("POST /", &format!("{HOST}{LIST}"), "{}");
    assert_eq!(status, 502);
    assert!(
        headers.contains("x-amzn-errortype: serviceunavailableexception"),
        "{headers}"
    );
    let said = message(&body);
    let expected = "ServiceUnavailableException: stepwell proxy: http://127.0.0.1:9 is not there: ";
    assert!(said.starts_with(expected), "{said}");

    let gate = Gate::before(Behind::Nobody);
    let proxy = Proxy::to(&gate);
    let (status, _, body) = proxy.send("POST /", &format!("{HOST}{LIST}"), "{}");
    assert_eq!(status, 504, "{body}");
    assert!(message(&body).starts_with("ServiceUnavailableException: stepwell proxy: http://127.0.0.1:"));

    let none = [
        ("AWS_ACCESS_KEY_ID", ""),
        ("AWS_SECRET_ACCESS_KEY", ""),
        ("AWS_REGION", REGION),
    ];
    let proxy = Proxy::start(&gate.url(), &[], &none);
    let (status, _, body) = proxy.send("POST /", &format!("{HOST}{LIST}"), "{}");
    assert_eq!(status, 403);
    let said = message(&body);
    let expected = "MissingAuthenticationTokenException: stepwell proxy: there are no AWS credentials: set `AWS_ACCESS_KEY_ID`";
    assert!(said.starts_with(expected), "{said}");

    // The SDK shows it as an error of the service.
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let refused = runtime.block_on(client(proxy.port, "999999999999").list_state_machines().send());
    let said = refusal(refused);
    assert!(
        said.starts_with("MissingAuthenticationTokenException: stepwell proxy: "),
        "{said}"
    );
}

#[test]
fn pages_in_a_browser_other_methods_and_large_bodies_are_refused() {
    let gate = Gate::before(Behind::Answer(
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
    ));
    let proxy = Proxy::to(&gate);
    let (status, _, body) = proxy.send(
        "POST /",
        &format!("{HOST}{LIST}Origin: https://example.com\r\n"),
        "{}",
    );
    assert_eq!(
        (status, message(&body).as_str()),
        (
            403,
            "AccessDeniedException: stepwell proxy: requests of web pages are not answered"
        )
    );
    let (status, _, body) = proxy.send("OPTIONS /", HOST, "");
    assert_eq!(status, 405, "{body}");
    let (status, _, body) = proxy.send(
        "POST /",
        &format!("{HOST}{LIST}"),
        &"x".repeat(10 * 1024 * 1024 + 1),
    );
    assert_eq!(status, 413, "{body}");
    let (status, _, body) = proxy.send("GET /", HOST, "");
    assert_eq!(status, 200);
    assert!(body.contains(&gate.url()), "{body}");
    assert_eq!((gate.passed(), gate.refused()), (0, vec![]));
    let (status, _, _) = proxy.send("POST /", &format!("{HOST}{LIST}"), &"x".repeat(10 * 1024 * 1024));
    assert_eq!((status, gate.passed()), (200, 1));
}

#[test]
fn a_wrong_use_is_said_at_once() {
    let proxy = |arguments: &[&str]| Folder::new().stepwell(&[&["proxy"], arguments].concat());
    for (arguments, said) in [
        (
            &["--endpoint", "https://e.example.com", "--listen", "0.0.0.0:0"][..],
            "--allow-remote",
        ),
        (
            &["--endpoint", "https://e.example.com", "--listen", "127.0.0.1:0"],
            "add --region",
        ),
        (
            &["--endpoint", "e.example.com", "--region", "us-east-1"],
            "must begin with https://",
        ),
        (
            &[
                "--endpoint",
                "https://i.execute-api.eu-west-1.amazonaws.com/",
                "--region",
                "us-east-1",
            ],
            "is in `eu-west-1`",
        ),
        (&["--listen", "127.0.0.1:0"], "--endpoint"),
    ] {
        let refused = proxy(arguments);
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.err.contains(said), "{said}: {refused:?}");
    }
}

#[test]
fn the_profile_of_the_command_line_signs_and_the_end_is_clean() {
    let gate = Gate::before(Behind::Answer(
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
    ));
    let keys = json!({ "Version": 1, "AccessKeyId": KEY, "SecretAccessKey": SECRET, "SessionToken": TOKEN });
    let folder = Folder::new().with("keys.json", keys.to_string());
    let process = format!("cat {}", folder.path("keys.json").display());
    let folder = folder.with(
        "config",
        format!(
            "[profile mine]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\naws_session_token = {TOKEN}\n\
             region = {REGION}\n[profile process]\nregion = {REGION}\ncredential_process = {process}\n"
        ),
    );
    let file = folder.path("config");
    let environment = [
        ("AWS_CONFIG_FILE", file.to_str().unwrap()),
        ("AWS_ACCESS_KEY_ID", "AKIAANOTHER"),
    ];
    for profile in ["mine", "process"] {
        let mut proxy = Proxy::start(&gate.url(), &["--profile", profile], &environment);
        let (status, _, body) = proxy.send("POST /", &format!("{HOST}{LIST}"), "{}");
        assert_eq!(
            (status, body.as_str()),
            (200, "{}"),
            "{profile}: {:?}",
            gate.refused()
        );
        signal("TERM", proxy.process.id());
        assert!(wait_for_end(&mut proxy.process, DEADLINE).success());
    }
}
