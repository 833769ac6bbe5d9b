//! Python handlers in the bootstrap that is brought.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::collections::BTreeMap;
use std::path::Path;

use function_host::{FunctionHost, FunctionSettings, Invocation, Outcome, Runtime};
use serde_json::{Value, json};

const MODULE: &str = r#"
import decimal, logging, os

class CardDeclined(Exception):
    pass

served = 0

def run(event, context):
    global served
    served += 1
    if event.get("fail"):
        raise CardDeclined("no money")
    if event.get("set"):
        return {1, 2}
    if event.get("exit"):
        os._exit(4)
    logging.getLogger().warning("served %d", served)
    return {
        "event": event,
        "served": served,
        "total": [decimal.Decimal("7"), decimal.Decimal("1.5")],
        "request_id": context.aws_request_id,
        "arn": context.invoked_function_arn,
        "memory": context.memory_limit_in_mb,
        "remaining": context.get_remaining_time_in_millis(),
        "trace": os.environ["_X_AMZN_TRACE_ID"],
    }
"#;

/// Tells whether Python is installed, and says so when it is not.
fn python_is_there() -> bool {
    let there = std::process::Command::new("python3")
        .arg("--version")
        .output()
        .is_ok_and(|run| run.status.success());
    if !there {
        eprintln!("skipped: there is no `python3`");
    }
    there
}

fn host_of(folder: &Path, handler: &str) -> FunctionHost {
    let settings = FunctionSettings {
        runtime: Some(Runtime::Python3),
        handler: Some(handler.to_owned()),
        timeout_seconds: Some(60),
        ..FunctionSettings::default()
    };
    let functions = BTreeMap::from([("charge".to_owned(), settings)]);
    FunctionHost::new(functions, folder.to_owned(), "eu-west-1", "123456789012").unwrap()
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

fn failed(invocation: &Invocation) -> Value {
    match &invocation.outcome {
        Outcome::FunctionError { payload } => serde_json::from_slice(payload).unwrap(),
        other => panic!("expected an error, got {other:?}"),
    }
}

#[tokio::test]
async fn a_python_handler_is_served_warm() {
    if !python_is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("app.py"), MODULE).unwrap();
    let host = host_of(folder.path(), "app.run");

    let first = invoke(&host, json!({"order": "é"})).await;
    let told = returned(&first);
    assert_eq!(told["event"], json!({"order": "é"}));
    assert_eq!(told["total"], json!([7, 1.5]));
    assert_eq!(told["request_id"], first.request_id.as_str());
    assert_eq!(
        told["arn"],
        "arn:aws:lambda:eu-west-1:123456789012:function:charge"
    );
    assert_eq!(told["memory"], "128");
    assert!(
        (1..=60_000).contains(&told["remaining"].as_i64().unwrap()),
        "{told}"
    );
    assert!(told["trace"].as_str().unwrap().starts_with("Root=1-"), "{told}");
    assert_eq!(returned(&invoke(&host, json!({})).await)["served"], 2);
    host.shutdown().await;
}

#[tokio::test]
async fn exceptions_are_reported_as_lambda_reports_them() {
    if !python_is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("app.py"), MODULE).unwrap();
    let host = host_of(folder.path(), "app.run");

    let declined = invoke(&host, json!({"fail": true})).await;
    let report = failed(&declined);
    let fields: Vec<&String> = report.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["errorMessage", "errorType", "requestId", "stackTrace"]);
    assert_eq!(
        (&report["errorMessage"], &report["errorType"]),
        (&json!("no money"), &json!("CardDeclined"))
    );
    assert_eq!(report["requestId"], declined.request_id.as_str());
    let frames = report["stackTrace"].as_array().unwrap();
    assert_eq!(frames.len(), 1, "{report}");
    let frame = frames[0].as_str().unwrap();
    assert!(
        frame.contains("app.py\", line ") && frame.contains("raise CardDeclined(\"no money\")"),
        "{frame}"
    );

    let unfit = failed(&invoke(&host, json!({"set": true})).await);
    assert_eq!(unfit["errorType"], "Runtime.MarshalError");
    assert_eq!(
        unfit["errorMessage"],
        "Unable to marshal response: Object of type set is not JSON serializable"
    );
    let unread = failed(&host.invoke("charge", b"{".to_vec()).await);
    assert_eq!(unread["errorType"], "Runtime.UnmarshalError");

    let ended = invoke(&host, json!({"exit": true})).await;
    let message = format!(
        "RequestId: {} Error: Runtime exited with error: exit status 4",
        ended.request_id
    );
    assert_eq!(ended.outcome, Outcome::Crashed { message });
    assert_eq!(returned(&invoke(&host, json!({})).await)["served"], 1);
    host.shutdown().await;
}

#[tokio::test]
async fn a_handler_that_cannot_be_loaded_says_why() {
    if !python_is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("app.py"), MODULE).unwrap();
    std::fs::write(folder.path().join("broken.py"), "def run(:\n").unwrap();
    std::fs::write(folder.path().join("raising.py"), "raise KeyError('TABLE')\n").unwrap();
    let cases = [
        (
            "nowhere.run",
            "Runtime.ImportModuleError",
            "Unable to import module 'nowhere': No module named 'nowhere'",
        ),
        (
            "app.stop",
            "Runtime.HandlerNotFound",
            "Handler 'stop' missing on module 'app'",
        ),
        (
            "broken.run",
            "Runtime.UserCodeSyntaxError",
            "Syntax error in module 'broken': ",
        ),
        ("raising.run", "KeyError", "'TABLE'"),
        ("app", "Runtime.MalformedHandlerName", "Bad handler 'app': "),
    ];
    for (handler, error_type, message) in cases {
        let host = host_of(folder.path(), handler);
        let report = failed(&invoke(&host, json!({})).await);
        assert_eq!(report["errorType"], error_type, "{report}");
        assert!(
            report["errorMessage"].as_str().unwrap().starts_with(message),
            "{report}"
        );
        host.shutdown().await;
    }
}

#[tokio::test]
async fn the_bootstrap_runs_by_an_explicit_command_too() {
    if !python_is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("orders")).unwrap();
    std::fs::write(folder.path().join("orders/app.py"), MODULE).unwrap();
    let bootstrap = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/bootstrap.py");
    let settings = FunctionSettings {
        command: vec!["python3".to_owned(), bootstrap.display().to_string()],
        handler: Some("orders/app.run".to_owned()),
        timeout_seconds: Some(60),
        ..FunctionSettings::default()
    };
    let functions = BTreeMap::from([("charge".to_owned(), settings)]);
    let host = FunctionHost::new(functions, folder.path().to_owned(), "eu-west-1", "123456789012").unwrap();
    assert_eq!(returned(&invoke(&host, json!({})).await)["served"], 1);
    let report = failed(&invoke(&host, json!({"fail": true})).await);
    assert_eq!(report["stackTrace"].as_array().unwrap().len(), 1, "{report}");
    host.shutdown().await;
}
