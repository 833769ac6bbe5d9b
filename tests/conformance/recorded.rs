//! Reads what was recorded from AWS, and puts real values in the place of what was volatile.

use super::answers;
use super::case::{ACCOUNT, Case, EXECUTION, Machine};
use serde_json::{Value, json};
use std::path::Path;

/// The role that is meant where a recording does not say which.
const ROLE: &str = "arn:aws:iam::111111111111:role/recorded";
/// The other account of cases about credentials.
const OTHER_ACCOUNT: &str = "222222222222";

/// Reads a recording.
pub(crate) fn read(path: &Path, number: usize) -> Case {
    let text = std::fs::read_to_string(path).expect("a recording can be read");
    let parsed: Value = serde_json::from_str(&text).expect("a recording is JSON");
    let mark = format!("c{number:03}x");
    let calls_child = parsed["input"]
        .to_string()
        .contains(":stateMachine:<ArnPart_0idx>");
    let fill = |text: &str| fill(text, &mark, calls_child);
    let fill_value = |value: &Value| -> Value {
        serde_json::from_str(&fill(&value.to_string())).expect("it is still JSON")
    };
    // What is given to an execution needs a real date; in what came out of it the word stands for any.
    let dated = |text: &str| text.replace("\"date\"", "\"2016-03-14T01:59:00Z\"");
    let definition = fill_value(&parsed["definition"]);
    let expected = fill_value(&parsed["expected"]);
    let started = &expected["events"][0]["executionStartedEventDetails"];
    let role = started["roleArn"]
        .as_str()
        .filter(|role| role.starts_with("arn:"));
    let lambda_code = parsed["lambdas"].to_string();
    let mut case = Case {
        name: stem(path),
        topic: stem(path.parent().expect("a recording is in a folder")),
        is_express: parsed["type"] == "EXPRESS",
        definition: serde_json::from_str(&dated(&definition.to_string())).expect("it is still JSON"),
        input: dated(&fill(parsed["input_text"].as_str().unwrap_or("{}"))),
        role: role.unwrap_or(ROLE).to_owned(),
        mocks: serde_json::Map::new(),
        replies: Vec::new(),
        machines: Vec::new(),
        activity: parsed["definition"]
            .to_string()
            .contains("\"activity_arn\"")
            .then(|| activity_name(&mark)),
        reports: Vec::new(),
        is_real_time: false,
        expected,
        mark: mark.clone(),
    };
    for machine in parsed["other_state_machines"].as_array().into_iter().flatten() {
        let arn = fill(machine["arn"].as_str().unwrap_or_default());
        let parts: Vec<&str> = arn.split(':').collect();
        let [.., account, _, name] = parts[..] else {
            continue;
        };
        // What reported is played by the test: what is left are those that the execution itself starts.
        if machine["started_with"].as_array().is_none_or(Vec::is_empty) {
            case.machines.push(Machine {
                account: account.to_owned(),
                name: name.to_owned(),
                definition: fill_value(&machine["definition"]),
            });
        }
    }
    answers::script(&mut case, &lambda_code);
    bucket(&mut case, &parsed["setup"]);
    case
}

/// Scripts what ItemReaders find in the bucket that was filled before.
fn bucket(case: &mut Case, setup: &Value) {
    let puts = setup.as_array().into_iter().flatten();
    let objects: Vec<&Value> = puts.filter(|call| call["op"] == "PutObject").collect();
    let states = case.definition["States"].as_object().cloned().unwrap_or_default();
    for (name, state) in states {
        let Some(resource) = state["ItemReader"]["Resource"].as_str() else {
            continue;
        };
        let answer = if resource.ends_with(":listObjectsV2") {
            let listed = |object: &&Value| {
                json!({
                    "Key": object["params"]["Key"], "ETag": object["response"]["ETag"],
                    "LastModified": "2024-01-02T03:04:05Z", "StorageClass": "STANDARD",
                    "Size": object["params"]["Body"].as_str().map_or(0, str::len),
                })
            };
            json!({ "Contents": objects.iter().map(listed).collect::<Vec<_>>(), "IsTruncated": false })
        } else {
            json!({ "Body": objects.first().map_or(&Value::Null, |object| &object["params"]["Body"]) })
        };
        case.mocks.insert(name, json!({ "0": { "Return": answer } }));
    }
}

/// Returns the name of a case's child state machine.
pub(crate) fn child_name(mark: &str) -> String {
    format!("child-{mark}")
}

fn activity_name(mark: &str) -> String {
    format!("activity-{mark}")
}

fn stem(path: &Path) -> String {
    path.file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// Puts real values in the place of what is volatile in a recording's JSON text.
pub(crate) fn fill(text: &str, mark: &str, calls_child: bool) -> String {
    let machine = match calls_child {
        true => child_name(mark),
        false => format!("case_{mark}"),
    };
    let mut text = text
        .replace("<partition>", "aws")
        .replace("<region>", crate::support::REGION)
        .replace("<test_aws_account_id>", ACCOUNT)
        .replace("<secondary_test_aws_account_id>", OTHER_ACCOUNT)
        .replace(
            "<trusted_role_arn>",
            &format!("arn:aws:iam::{OTHER_ACCOUNT}:role/trusted"),
        )
        .replace("<ArnPart_0idx>", &machine)
        .replace("<random_arn_part>", "-gone")
        .replace("<ExecArnPart_0idx>", EXECUTION)
        .replace("snf_role_arn", ROLE)
        .replace("sfn_role_arn", ROLE)
        .replace(
            "<no_such_sqs_queue_url>",
            &format!("http://no-such-queue-{mark}/q"),
        )
        .replace("<sqs_queue_url>", "sqs_queue_url")
        .replace(
            "sqs_queue_url",
            &format!("https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/queue-{mark}"),
        )
        .replace("<test-table>", &format!("table-{mark}"))
        .replace("<detail-type>", &format!("detail-{mark}"))
        .replace(
            "activity_arn",
            &format!(
                "arn:aws:states:us-east-1:{ACCOUNT}:activity:{}",
                activity_name(mark)
            ),
        );
    for (function, name) in [
        ("lambda_function_1_name", "function-1"),
        ("lambda_function_2_name", "function-2"),
        ("lambda_function_name", "function"),
        ("lambda-function-name", "function"),
    ] {
        let name = format!("{name}-{mark}");
        text = text
            .replace(&format!("<{function}>"), &name)
            .replace(function, &name);
    }
    for number in 1..9 {
        text = text.replace(
            &format!("<resource:{number}>"),
            &format!("resource-{number}-{mark}"),
        );
    }
    text
}
