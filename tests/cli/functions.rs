//! Lambda functions as processes of this machine.

use super::Folder;
use crate::support::{Options, Server, output, task};
use aws_sdk_sfn::types::ExecutionStatus;
use serde_json::{Value, json};
use std::process::Command;

/// A handler that greets, or fails as it is told.
const HANDLER: &str = r#"
class CardDeclined(Exception):
    pass

def greet(event, context):
    if event.get("fail"):
        raise CardDeclined("no money")
    return {"greeting": "hello " + event["name"], "function": context.function_name}
"#;

const SETTINGS: &str = r#"
[functions.greet]
runtime = "python3"
handler = "greeter.greet"
timeout_seconds = 30
"#;

/// A state machine that invokes the function, by each of the two ways.
fn definition(resource: &str) -> Value {
    match resource {
        "arn:aws:states:::lambda:invoke" => task(json!({
            "Resource": resource,
            "Parameters": { "FunctionName": "greet", "Payload.$": "$" },
            "OutputPath": "$.Payload"
        })),
        _ => task(json!({ "Resource": resource })),
    }
}

/// Tells whether Python is installed, and says so when it is not.
pub(super) fn python_is_there() -> bool {
    let there = Command::new("python3")
        .arg("--version")
        .output()
        .is_ok_and(|run| run.status.success());
    if !there {
        eprintln!("skipped: there is no `python3`");
    }
    there
}

#[test]
fn a_python_handler_answers_a_run() {
    if !python_is_there() {
        return;
    }
    let folder = Folder::new()
        .with("greeter.py", HANDLER)
        .with("stepwell.toml", SETTINGS);
    for resource in [
        "arn:aws:states:::lambda:invoke",
        "arn:aws:lambda:us-east-1:123456789012:function:greet",
    ] {
        std::fs::write(folder.path("greet.json"), definition(resource).to_string()).unwrap();
        let ended = folder.stepwell(&["run", "greet.json", "--input", r#"{"name":"Ada"}"#]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(
            ended.json(),
            json!({ "greeting": "hello Ada", "function": "greet" }),
            "{resource}"
        );
        assert!(ended.err.contains("[local function]"), "{}", ended.err);
        let failed = folder.stepwell(&["run", "greet.json", "--input", r#"{"fail":true}"#, "--json"]);
        assert_eq!(
            (failed.code, &failed.json()["error"]),
            (Some(1), &json!("CardDeclined")),
            "{resource}"
        );
    }
}

#[tokio::test]
async fn a_python_handler_answers_executions_of_a_server() {
    if !python_is_there() {
        return;
    }
    let handler = tempfile::tempdir().unwrap();
    std::fs::write(handler.path().join("greeter.py"), HANDLER).unwrap();
    let settings = format!("{SETTINGS}working_directory = {:?}\n", handler.path());
    let server = Server::start_with(Options {
        config: Some(settings),
        ..Options::default()
    });
    let machine = server
        .create("greet", &definition("arn:aws:states:::lambda:invoke"))
        .await;
    let mut runs = Vec::new();
    for number in 0..8 {
        runs.push(
            server
                .run(
                    &machine,
                    &format!("run-{number}"),
                    &json!({ "name": number.to_string() }).to_string(),
                )
                .await,
        );
    }
    for (number, run) in runs.iter().enumerate() {
        assert_eq!(
            output(&server.ended(run).await)["greeting"],
            format!("hello {number}")
        );
    }
    let failed = server
        .ended(&server.run(&machine, "fails", r#"{"fail":1}"#).await)
        .await;
    assert_eq!(
        (failed.status, failed.error.as_deref()),
        (ExecutionStatus::Failed, Some("CardDeclined"))
    );
    let cause: Value = serde_json::from_str(failed.cause.as_deref().unwrap()).unwrap();
    assert_eq!(
        (&cause["errorType"], &cause["errorMessage"]),
        (&json!("CardDeclined"), &json!("no money"))
    );
}

/// A handler that reports for the task whose token it is given, as a program without AWS's SDK would.
const REPORTER: &str = r#"
import json, os, urllib.request

def report(event, context):
    body = {"taskToken": event["token"], "output": json.dumps({"approved": event["name"]})}
    headers = {"X-Amz-Target": "AWSStepFunctions.SendTaskSuccess", "Content-Type": "application/x-amz-json-1.0"}
    request = urllib.request.Request(os.environ["AWS_ENDPOINT_URL_SFN"], json.dumps(body).encode(), headers)
    return urllib.request.urlopen(request).status
"#;

const REPORTING: &str = "[functions.report]\nruntime = \"python3\"\nhandler = \"reporter.report\"\n";

/// A state machine whose task the function reports for.
fn reported() -> Value {
    task(json!({
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "TimeoutSeconds": 60,
        "Parameters": { "FunctionName": "report", "Payload": { "token.$": "$$.Task.Token", "name.$": "$.name" } }
    }))
}

#[test]
fn a_function_of_a_run_reports_for_its_task() {
    if !python_is_there() {
        return;
    }
    let folder = Folder::new()
        .with("reporter.py", REPORTER)
        .with("stepwell.toml", REPORTING)
        .with("report.json", reported().to_string());
    let ended = folder.stepwell(&["run", "report.json", "--input", r#"{"name":"Ada"}"#]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.json(), json!({ "approved": "Ada" }));
}

#[tokio::test]
async fn a_function_of_a_server_reports_for_its_task() {
    if !python_is_there() {
        return;
    }
    let handler = tempfile::tempdir().unwrap();
    std::fs::write(handler.path().join("reporter.py"), REPORTER).unwrap();
    let server = Server::start_with(Options {
        config: Some(format!("{REPORTING}working_directory = {:?}\n", handler.path())),
        // Meant for clients of another server.
        environment: vec![("AWS_ENDPOINT_URL_SFN".to_owned(), "http://127.0.0.1:1".to_owned())],
        ..Options::default()
    });
    let machine = server.create("report", &reported()).await;
    let run = server.run(&machine, "run", r#"{"name":"Bob"}"#).await;
    assert_eq!(output(&server.ended(&run).await), json!({ "approved": "Bob" }));
}

#[test]
fn a_function_that_cannot_be_started_fails_its_task() {
    let settings = "[functions.greet]\ncommand = [\"./no-such-program\"]\n";
    let folder = Folder::new().with("stepwell.toml", settings).with(
        "greet.json",
        definition("arn:aws:states:::lambda:invoke").to_string(),
    );
    let ended = folder.stepwell(&["run", "greet.json", "--json"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended.json()["cause"]
            .as_str()
            .unwrap()
            .contains("no-such-program"),
        "{ended:?}"
    );
}
