//! Functions as processes: warm reuse, concurrency, and every way to end.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use function_host::{FunctionHost, FunctionSettings, Invocation, Outcome, OutputLine, Stream};
use serde_json::{Value, json};

const FUNCTION: &str = env!("CARGO_BIN_EXE_echo_function");

/// The settings of the test function; the default time limit is too near for a busy machine.
fn settings() -> FunctionSettings {
    FunctionSettings {
        bootstrap: Some(FUNCTION.into()),
        timeout_seconds: Some(60),
        ..FunctionSettings::default()
    }
}

fn host_of(settings: FunctionSettings) -> FunctionHost {
    let functions = BTreeMap::from([("charge".to_owned(), settings)]);
    FunctionHost::new(functions, std::env::temp_dir(), "eu-west-1", "123456789012").unwrap()
}

async fn invoke(host: &FunctionHost, event: Value) -> Invocation {
    host.invoke("charge", event.to_string().into_bytes()).await
}

fn returned(invocation: &Invocation) -> Value {
    match &invocation.outcome {
        Outcome::Returned(payload) => serde_json::from_slice(payload).unwrap(),
        other => panic!("expected a result, got {other:?}"),
    }
}

fn payload(invocation: &Invocation) -> Value {
    serde_json::from_slice(&invocation.outcome.payload().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_is_kept_warm_for_the_next_invocation() {
    let host = host_of(settings());
    let first = invoke(&host, json!({"order": 1})).await;
    let second = invoke(&host, json!({"order": 2})).await;
    assert_eq!(returned(&first)["event"], json!({"order": 1}));
    assert_eq!(returned(&second)["event"], json!({"order": 2}));
    assert_eq!(returned(&first)["process"], returned(&second)["process"]);
    assert_eq!(returned(&second)["served"], 2);
    assert!(first.cold_start && !second.cold_start);
    assert_ne!(first.request_id, second.request_id);
    host.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_is_told_what_aws_tells_it() {
    let folder = tempfile::tempdir().unwrap();
    let host = host_of(FunctionSettings {
        handler: Some("app.run".to_owned()),
        memory_mb: Some(512),
        environment: BTreeMap::from([("TABLE".to_owned(), "orders".to_owned())]),
        working_directory: Some(folder.path().to_owned()),
        ..settings()
    });
    let before = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_millis();
    let invocation = invoke(&host, json!({})).await;
    let told = returned(&invocation);

    let expected = [
        ("_HANDLER", "app.run"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_DEFAULT_REGION", "eu-west-1"),
        ("AWS_LAMBDA_FUNCTION_NAME", "charge"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/charge"),
        ("LAMBDA_TASK_ROOT", folder.path().to_str().unwrap()),
        ("TABLE", "orders"),
        ("TZ", ":UTC"),
    ];
    for (name, value) in expected {
        assert_eq!(told["environment"][name], value, "{name}");
    }
    assert!(
        told["environment"]["PATH"].is_string(),
        "the host's own environment is passed on"
    );
    let at = Path::new(told["folder"].as_str().unwrap());
    assert_eq!(at.canonicalize().unwrap(), folder.path().canonicalize().unwrap());

    let headers = &told["headers"];
    assert_eq!(
        headers["lambda-runtime-aws-request-id"],
        invocation.request_id.as_str()
    );
    assert_eq!(
        headers["lambda-runtime-invoked-function-arn"],
        "arn:aws:lambda:eu-west-1:123456789012:function:charge"
    );
    assert!(
        headers["lambda-runtime-trace-id"]
            .as_str()
            .unwrap()
            .starts_with("Root=1-")
    );
    let deadline: u128 = headers["lambda-runtime-deadline-ms"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!(
        (60_000..120_000).contains(&(deadline - before)),
        "{deadline} after {before}"
    );
    host.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_is_found_by_every_form_of_its_name() {
    let host = host_of(settings());
    let arn = "arn:aws:lambda:us-east-1:999999999999:function:charge:live";
    for name in ["charge", "charge:live", "123456789012:function:charge", arn] {
        assert!(host.has(name), "{name}");
    }
    for name in ["refund", "", "arn:aws:sqs:us-east-1:123456789012:charge"] {
        assert!(!host.has(name), "{name}");
    }
    let told = |invocation: &Invocation| {
        returned(invocation)["headers"]["lambda-runtime-invoked-function-arn"].clone()
    };
    assert_eq!(told(&host.invoke(arn, b"{}".to_vec()).await), arn);
    assert_eq!(
        told(&host.invoke("charge:live", b"{}".to_vec()).await),
        "arn:aws:lambda:eu-west-1:123456789012:function:charge:live"
    );
    let missing = host.invoke("refund", b"{}".to_vec()).await.outcome;
    assert_eq!(
        missing,
        Outcome::NotStarted {
            message: "there is no local function `refund`".to_owned()
        }
    );
    host.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_invocations_have_processes_of_their_own() {
    let host = host_of(settings());
    let calls = (0..8).map(|order| {
        let host = host.clone();
        tokio::spawn(async move { invoke(&host, json!({"order": order, "sleep_ms": 1500})).await })
    });
    let calls: Vec<_> = calls.collect();
    let mut processes = BTreeSet::new();
    for (order, call) in calls.into_iter().enumerate() {
        let told = returned(&call.await.unwrap());
        assert_eq!(told["event"]["order"], order);
        processes.insert(told["process"].as_u64().unwrap());
    }
    assert_eq!(processes.len(), 8);
    host.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn invocations_above_the_concurrency_wait() {
    let host = host_of(FunctionSettings {
        concurrency: Some(1),
        ..settings()
    });
    let (first, second) = tokio::join!(
        invoke(&host, json!({"sleep_ms": 300})),
        invoke(&host, json!({"sleep_ms": 300}))
    );
    assert_eq!(returned(&first)["process"], returned(&second)["process"]);
    assert_eq!(
        returned(&first)["served"].as_u64().unwrap() + returned(&second)["served"].as_u64().unwrap(),
        3
    );
    host.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_is_passed_on_and_the_process_lives() {
    let host = host_of(settings());
    let failed = invoke(&host, json!({"mode": "error"})).await;
    assert!(
        matches!(failed.outcome, Outcome::FunctionError { .. }),
        "{failed:?}"
    );
    assert_eq!(
        payload(&failed),
        json!({"errorMessage": "boom", "errorType": "CardDeclined", "stackTrace": ["a", "b"]})
    );
    assert_eq!(returned(&invoke(&host, json!({})).await)["served"], 2);
    host.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_is_told_and_the_next_invocation_has_a_new_process() {
    let host = host_of(settings());
    let before = returned(&invoke(&host, json!({})).await);
    let cases = [
        (
            json!({"mode": "exit", "status": 1}),
            "Runtime exited with error: exit status 1",
        ),
        (
            json!({"mode": "exit", "status": 0}),
            "Runtime exited without providing a reason",
        ),
        (
            json!({"mode": "abort"}),
            "Runtime exited with error: signal: aborted",
        ),
    ];
    for (event, expected) in cases {
        let crashed = invoke(&host, event).await;
        assert!(matches!(crashed.outcome, Outcome::Crashed { .. }), "{crashed:?}");
        let told = payload(&crashed);
        assert_eq!(told["errorType"], "Runtime.ExitError");
        // Whether a core was dumped, which is told behind, is the machine's matter.
        let message = format!("RequestId: {} Error: {expected}", crashed.request_id);
        assert!(
            told["errorMessage"].as_str().unwrap().starts_with(&message),
            "{told}"
        );
    }
    let after = invoke(&host, json!({})).await;
    assert!(after.cold_start);
    assert_ne!(returned(&after)["process"], before["process"]);
    assert_eq!(returned(&after)["served"], 1);
    host.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_ends_while_it_idles_is_replaced_unseen() {
    let host = host_of(settings());
    let last_words = invoke(&host, json!({"mode": "answer_and_exit"})).await;
    assert_eq!(returned(&last_words), "last words");
    let first = returned(&invoke(&host, json!({})).await);
    let killed = std::process::Command::new("kill")
        .args(["-KILL", &first["process"].to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    // The signal takes its time; until the process is dead (`Z`: dead and not yet awaited), it may take the event.
    let status = format!("/proc/{}/status", first["process"]);
    while std::fs::read_to_string(&status).is_ok_and(|status| !status.contains("State:\tZ")) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let second = returned(&invoke(&host, json!({})).await);
    assert_ne!(first["process"], second["process"]);
    host.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_out_kills_the_process_and_all_it_started() {
    let host = host_of(FunctionSettings {
        timeout_seconds: Some(2),
        ..settings()
    });
    let lines = collected(&host);
    let started = Instant::now();
    let late = invoke(&host, json!({"mode": "hang_with_child"})).await;
    assert!(matches!(late.outcome, Outcome::TimedOut { .. }), "{late:?}");
    assert!(
        started.elapsed() >= Duration::from_secs(2) && late.duration_ms >= 2000,
        "{late:?}"
    );
    assert_eq!(
        payload(&late),
        json!({
            "errorType": "Sandbox.Timedout",
            "errorMessage": format!("RequestId: {} Error: Task timed out after 2.00 seconds", late.request_id),
        })
    );
    let child = eventually(|| lines.lock().unwrap().first().map(|line| line.text.clone())).await;
    eventually(|| ended(&child).then_some(())).await;
    assert!(invoke(&host, json!({})).await.cold_start);
    host.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_cannot_start_says_why() {
    let start = |mode: &str| FunctionSettings {
        environment: BTreeMap::from([("START".to_owned(), mode.to_owned())]),
        ..settings()
    };
    let reported = invoke(&host_of(start("report")), json!({})).await;
    assert!(
        matches!(reported.outcome, Outcome::FunctionError { .. }),
        "{reported:?}"
    );
    assert_eq!(
        payload(&reported),
        json!({"errorMessage": "no database", "errorType": "StartError"})
    );

    let ended = invoke(&host_of(start("exit")), json!({})).await;
    let message = format!(
        "RequestId: {} Error: Runtime exited with error: exit status 3",
        ended.request_id
    );
    assert_eq!(ended.outcome, Outcome::Crashed { message });

    let missing = host_of(FunctionSettings {
        bootstrap: Some("/nowhere/bootstrap".into()),
        ..settings()
    });
    let Outcome::NotStarted { message } = invoke(&missing, json!({})).await.outcome else {
        panic!("it started")
    };
    assert!(
        message.starts_with("function `charge` cannot be started: `/nowhere/bootstrap` in `/nowhere`: "),
        "{message}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_too_large_or_not_asked_for_is_refused() {
    let host = host_of(settings());
    let large = invoke(&host, json!({"mode": "large"})).await;
    assert_eq!(payload(&large)["errorType"], "Function.ResponseSizeTooLarge");
    host.shutdown().await;

    let host = host_of(settings());
    let lines = collected(&host);
    assert_eq!(
        returned(&invoke(&host, json!({"mode": "answer_twice"})).await),
        "first"
    );
    let refusal = eventually(|| lines.lock().unwrap().first().cloned()).await;
    assert_eq!(refusal.text, "HTTP/1.1 400 Bad Request");
    host.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_function_writes_goes_to_the_callback() {
    let host = host_of(settings());
    let lines = collected(&host);
    invoke(&host, json!({"mode": "print"})).await;
    let mut lines = eventually(|| Some(lines.lock().unwrap().clone()).filter(|lines| lines.len() == 2)).await;
    lines.sort_by_key(|line| line.text.clone());
    let line = |stream, text: &str| OutputLine {
        function: "charge".to_owned(),
        stream,
        text: text.to_owned(),
    };
    assert_eq!(
        lines,
        [
            line(Stream::Stderr, "to stderr"),
            line(Stream::Stdout, "to stdout")
        ]
    );
    host.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_processes_are_stopped() {
    let host = host_of(settings());
    host.keep_idle_processes_for(Duration::from_millis(100));
    let process = returned(&invoke(&host, json!({})).await)["process"].to_string();
    eventually(|| ended(&process).then_some(())).await;
    assert!(invoke(&host, json!({})).await.cold_start);
    host.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_ends_the_busy_and_the_idle() {
    let host = host_of(settings());
    let idle = returned(&invoke(&host, json!({})).await)["process"].to_string();
    let busy = tokio::spawn({
        let host = host.clone();
        async move {
            tokio::join!(
                invoke(&host, json!({"mode": "hang"})),
                invoke(&host, json!({"mode": "hang"}))
            )
        }
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!ended(&idle));
    host.shutdown().await;
    assert!(ended(&idle));
    let (first, second) = busy.await.unwrap();
    for invocation in [first, second] {
        let message = format!(
            "RequestId: {} Error: the function host was shut down",
            invocation.request_id
        );
        assert_eq!(invocation.outcome, Outcome::Crashed { message });
    }
    let refused = invoke(&host, json!({})).await.outcome;
    assert_eq!(
        refused,
        Outcome::NotStarted {
            message: "the function host was shut down".to_owned()
        }
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_end_with_the_last_handle() {
    let host = host_of(settings());
    let process = returned(&invoke(&host, json!({})).await)["process"].to_string();
    let other = host.clone();
    drop(host);
    assert!(!ended(&process));
    drop(other);
    eventually(|| ended(&process).then_some(())).await;
}

#[test]
fn processes_end_with_a_host_that_is_killed() {
    let mut host = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "the_host_that_is_killed", "--nocapture"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(host.stderr.take().unwrap()).lines();
    let child = lines
        .find_map(|line| line.unwrap().strip_prefix("child ").map(str::to_owned))
        .unwrap();
    assert!(!ended(&child));
    host.kill().unwrap();
    host.wait().unwrap();
    for _ in 0..1000 {
        if ended(&child) {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("process {child} outlived its host");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it never ends: the test before runs it in a process of its own"]
async fn the_host_that_is_killed() {
    let host = host_of(settings());
    host.send_output_to(|line| eprintln!("child {}", line.text));
    let outcome = invoke(&host, json!({"mode": "hang_with_child"})).await;
    panic!("the function ended: {outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_runs_on_when_its_caller_stops_waiting() {
    let host = host_of(settings());
    let first = returned(&invoke(&host, json!({})).await)["process"].clone();
    let waited = tokio::time::timeout(
        Duration::from_millis(100),
        invoke(&host, json!({"sleep_ms": 500})),
    )
    .await;
    assert!(waited.is_err());
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let after = returned(&invoke(&host, json!({})).await);
    assert_eq!((&after["process"], &after["served"]), (&first, &json!(3)));
    host.shutdown().await;
}

#[test]
fn a_table_with_a_mistake_is_refused() {
    let new = |name: &str, settings| {
        FunctionHost::new(
            BTreeMap::from([(name.to_owned(), settings)]),
            "/".into(),
            "r",
            "a",
        )
        .unwrap_err()
        .to_string()
    };
    assert_eq!(
        new("charge", FunctionSettings::default()),
        "function `charge`: one of `command`, `bootstrap` and `runtime` is needed"
    );
    assert_eq!(
        new("a b", settings()),
        "function `a b`: a function's name is made of letters, digits, `-` and `_`"
    );
}

/// Collects what the functions of a host write.
fn collected(host: &FunctionHost) -> Arc<Mutex<Vec<OutputLine>>> {
    let lines = Arc::new(Mutex::new(Vec::new()));
    host.send_output_to({
        let lines = Arc::clone(&lines);
        move |line| lines.lock().unwrap().push(line)
    });
    lines
}

/// Waits for something that comes by itself.
async fn eventually<T>(mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..1000 {
        if let Some(found) = look() {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it did not come in 20 seconds");
}

/// Tells whether a process is gone; one that waits only for its parent's notice is.
fn ended(process: &str) -> bool {
    let state = std::process::Command::new("ps")
        .args(["-o", "stat=", "-p", process])
        .output()
        .unwrap();
    let state = String::from_utf8(state.stdout).unwrap();
    state.trim().is_empty() || state.trim().starts_with('Z')
}
