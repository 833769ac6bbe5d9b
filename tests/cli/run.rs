//! `stepwell run`.

use super::Folder;
use super::functions::python_is_there;
use crate::support::{DEADLINE, command, pass, task, wait};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::sync::mpsc;
use std::time::{Duration, Instant};

#[test]
fn the_output_is_printed_and_the_code_says_how_it_ended() {
    let failing =
        json!({ "StartAt": "F", "States": { "F": { "Type": "Fail", "Error": "E", "Cause": "because" } } });
    let folder = Folder::new()
        .with("pass.json", pass().to_string())
        .with("fail.json", failing.to_string());
    let passed = folder.stepwell(&["run", "pass.json", "--input", r#"{"n":1.0}"#]);
    assert_eq!((passed.code, passed.out.as_str()), (Some(0), "{\"n\":1.0}\n"));
    assert!(
        passed.err.contains("P (Pass)") && passed.err.contains("ExecutionSucceeded"),
        "{}",
        passed.err
    );

    let failed = folder.stepwell(&["run", "fail.json"]);
    assert_eq!((failed.code, failed.out.as_str()), (Some(1), ""));
    assert!(
        failed.err.contains("FAILED in state `F`: E: because"),
        "{}",
        failed.err
    );

    let timed = json!({ "StartAt": "W", "TimeoutSeconds": 5, "States": { "W": { "Type": "Wait", "Seconds": 60, "End": true } } });
    let folder = folder.with("timed.json", timed.to_string());
    let timed = folder.stepwell(&["run", "timed.json", "--fast-forward"]);
    assert_eq!(timed.code, Some(1));
    assert!(timed.err.contains("TIMED_OUT"), "{}", timed.err);
}

#[test]
fn a_definition_in_yaml_with_placeholders_is_run_as_it_would_be_deployed() {
    const YAML: &str = r"
StartAt: Charge
States:
  Charge:
    Type: Task
    Resource: ${ChargeFunction}
    ResultPath: $.charge
    Next: Tell
  Tell:
    Type: Task
    Resource: arn:aws:states:::lambda:invoke
    Parameters:
      FunctionName: ${TellFunction}
      Payload: { topic: '${Topic}', stage: '${Stage}-${Left}' }
    OutputPath: $.Payload
    End: true
";
    const HANDLER: &str = "def charge(event, context):\n    return {'by': context.function_name}\n\n\
                           def tell(event, context):\n    return event\n";
    let settings = "[substitutions]\nTopic = \"orders\"\nStage = \"test\"\n\
                    [functions.ChargeFunction]\nruntime = \"python3\"\nhandler = \"h.charge\"\n\
                    [functions.TellFunction]\nruntime = \"python3\"\nhandler = \"h.tell\"\n";
    if !python_is_there() {
        return;
    }
    let folder = Folder::new()
        .with("order.asl.yaml", YAML)
        .with("h.py", HANDLER)
        .with("stepwell.toml", settings);
    let ended = folder.stepwell(&["run", "order.asl.yaml", "--substitute", "Stage=prod"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(
        ended.json(),
        json!({ "topic": "orders", "stage": "prod-${Left}" })
    );
    assert!(
        ended
            .err
            .starts_with("order.asl.yaml: note: `${Left}`: nothing is put in the place of these"),
        "{}",
        ended.err
    );
    let checked = folder.stepwell(&[
        "validate",
        "order.asl.yaml",
        "--substitute",
        "ChargeFunction=nonsense",
    ]);
    assert_eq!(checked.code, Some(1), "{checked:?}");
    assert!(
        checked
            .out
            .contains("order.asl.yaml: error: /States/Charge/Resource: "),
        "{checked:?}"
    );
    let torn = folder
        .with("torn.yaml", "StartAt: [\n")
        .stepwell(&["run", "torn.yaml"]);
    assert_eq!(torn.code, Some(2), "{torn:?}");
    assert!(
        torn.err.contains("torn.yaml: ") && torn.err.contains("line 2"),
        "{torn:?}"
    );
}

#[test]
fn each_problem_of_a_definition_is_printed_with_its_place() {
    let bad = json!({
        "StartAt": "A",
        "States": { "A": { "Type": "Pass", "Next": "Nowhere" }, "B": { "Type": "Wait", "End": true } }
    });
    let folder = Folder::new()
        .with("bad.json", bad.to_string())
        .with("torn.json", "{\"StartAt\":");
    let refused = folder.stepwell(&["run", "bad.json"]);
    assert_eq!((refused.code, refused.out.as_str()), (Some(2), ""));
    assert!(
        refused.err.contains("bad.json: /States/A/Next: "),
        "{}",
        refused.err
    );
    assert!(refused.err.contains("bad.json: /States/B"), "{}", refused.err);
    let torn = folder.stepwell(&["run", "torn.json"]);
    assert_eq!(torn.code, Some(2));
    assert!(torn.err.contains("torn.json: "), "{}", torn.err);
}

#[test]
fn wrong_use_is_told_from_failure() {
    let folder = Folder::new()
        .with("pass.json", pass().to_string())
        .with("stepwell.toml", "");
    for (arguments, says) in [
        (&["run", "none.json"][..], "none.json: "),
        (
            &["run", "pass.json", "--input", "{nor"],
            "is neither a file nor JSON",
        ),
        (&["run", "pass.json", "--mock", "none.json"], "none.json"),
        (&["run", "pass.json", "--config", "none.toml"], "none.toml"),
        (&["run", "."], "names no `definition`"),
        (&["run", "pass.json", "--no-such-option"], "--no-such-option"),
        (&["run"], "<DEFINITION>"),
        (&["brew"], "brew"),
    ] {
        let refused = folder.stepwell(arguments);
        assert_eq!(refused.code, Some(2), "{arguments:?}: {refused:?}");
        assert!(refused.err.contains(says), "{arguments:?}: {refused:?}");
        assert_eq!(refused.out, "", "{arguments:?}");
    }
}

#[test]
fn a_mistake_in_the_configuration_is_told_with_its_line() {
    let folder = Folder::new()
        .with("pass.json", pass().to_string())
        .with("stepwell.toml", "\nmoks = \"x\"\n");
    let refused = folder.stepwell(&["run", "pass.json"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(
        refused.err.contains("stepwell.toml") && refused.err.contains("moks"),
        "{refused:?}"
    );
    assert!(refused.err.contains("line 2"), "{refused:?}");
}

#[test]
fn the_input_is_a_file_or_json_or_empty() {
    let folder = Folder::new()
        .with("pass.json", pass().to_string())
        .with("input.json", "\n [1, 2]\n");
    for (input, expected) in [
        ("input.json", json!([1, 2])),
        ("\"text\"", json!("text")),
        ("7", json!(7)),
    ] {
        let ended = folder.stepwell(&["run", "pass.json", "--input", input]);
        assert_eq!((ended.code, ended.json()), (Some(0), expected), "{input}");
    }
    let ended = folder.stepwell(&["run", "pass.json"]);
    assert_eq!(ended.json(), json!({}));
}

#[test]
fn the_outcome_is_json_for_programs() {
    let failing =
        json!({ "StartAt": "F", "States": { "F": { "Type": "Fail", "Error": "E", "Cause": "c" } } });
    let folder = Folder::new()
        .with("pass.json", pass().to_string())
        .with("fail.json", failing.to_string());
    let outcome = folder
        .stepwell(&["run", "pass.json", "--input", "[1]", "--json"])
        .json();
    assert_eq!(
        (&outcome["status"], &outcome["output"], &outcome["error"]),
        (&json!("SUCCEEDED"), &json!([1]), &Value::Null)
    );
    let arn = outcome["executionArn"].as_str().unwrap();
    assert!(
        arn.starts_with("arn:aws:states:us-east-1:123456789012:execution:pass:"),
        "{arn}"
    );

    let failed = folder.stepwell(&["run", "fail.json", "--json"]);
    let outcome = failed.json();
    assert_eq!(failed.code, Some(1));
    let seen = (
        &outcome["status"],
        &outcome["output"],
        &outcome["state"],
        &outcome["error"],
        &outcome["cause"],
    );
    assert_eq!(
        seen,
        (
            &json!("FAILED"),
            &Value::Null,
            &json!("F"),
            &json!("E"),
            &json!("c")
        )
    );
}

#[test]
fn a_day_goes_by_in_a_moment() {
    let folder = Folder::new().with("wait.json", wait(24 * 60 * 60).to_string());
    let begun = Instant::now();
    let ended = folder.stepwell(&["run", "wait.json", "--fast-forward"]);
    assert_eq!((ended.code, ended.json()), (Some(0), json!({})));
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert!(ended.err.contains("24:00:00"), "{}", ended.err);
}

#[test]
fn mocks_answer_for_services_by_test_case() {
    let definition = task(json!({
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": { "FunctionName": "charge" }, "ResultSelector": { "paid.$": "$.Payload.paid" }
    }));
    let mocks = json!({
        "StateMachines": { "charge": { "TestCases": { "Paid": { "T": "Paid" }, "Lost": { "T": "Lost" } } } },
        "MockedResponses": {
            "Paid": { "0": { "Return": { "StatusCode": 200, "Payload": { "paid": 7 } } } },
            "Lost": { "0": { "Throw": { "Error": "CardLost", "Cause": "in the sea" } } }
        }
    });
    let folder = Folder::new()
        .with("charge.asl.json", definition.to_string())
        .with("mocks.json", mocks.to_string());
    let run = |case: &str| {
        folder.stepwell(&[
            "run",
            "charge.asl.json",
            "--mock",
            "mocks.json",
            "--test-case",
            case,
        ])
    };
    assert_eq!(run("Paid").json(), json!({ "paid": 7 }));
    let lost = run("Lost");
    assert_eq!(lost.code, Some(1));
    assert!(lost.err.contains("CardLost: in the sea"), "{}", lost.err);
    let unknown = run("Nope");
    assert_ne!(unknown.code, Some(0), "{unknown:?}");
    assert!(unknown.err.contains("Nope"), "{unknown:?}");
}

#[test]
fn a_run_that_was_killed_goes_on_where_it_was() {
    let definition = json!({
        "StartAt": "First",
        "States": {
            "First": { "Type": "Pass", "Result": 1, "ResultPath": "$.first", "Next": "W" },
            "W": { "Type": "Wait", "Seconds": 2, "Next": "Last" },
            "Last": { "Type": "Pass", "Result": 2, "ResultPath": "$.last", "End": true }
        }
    });
    let folder = Folder::new().with("slow.json", definition.to_string());
    let arguments = [
        "run",
        "slow.json",
        "--input",
        r#"{"n":1}"#,
        "--data",
        "data",
        "--json",
    ];
    let mut process = command(&folder.path("."))
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (send, receive) = mpsc::channel();
    let lines = BufReader::new(process.stderr.take().unwrap()).lines();
    std::thread::spawn(move || {
        for line in lines
            .map_while(Result::ok)
            .filter(|line| line.contains("W (Wait)"))
        {
            // Nobody listens for a second one.
            let _ = send.send(line);
        }
    });
    let reached = receive.recv_timeout(DEADLINE);
    process.kill().unwrap();
    process.wait().unwrap();
    reached.expect("the run comes to its Wait state");

    let ended = folder.stepwell(&arguments);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.err.contains("1 open executions go on"), "{ended:?}");
    assert!(
        !ended.err.contains("First"),
        "the first state is not run again: {ended:?}"
    );
    assert_eq!(ended.json()["output"], json!({ "n": 1, "first": 1, "last": 2 }));
    // Nothing is open now: the same command begins anew.
    let again = folder.stepwell(&arguments);
    assert_ne!(again.json()["executionArn"], ended.json()["executionArn"]);
}
