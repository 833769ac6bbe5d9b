//! `stepwell iam`.

use super::Folder;
use serde_json::{Value, json};

const INVOKE: &str = "arn:aws:states:::lambda:invoke";

/// Writes a definition of one Task.
fn one(name: &str, fields: Value) -> String {
    let mut task = json!({ "Type": "Task", "End": true });
    let given = fields.as_object().expect("fields are an object").clone();
    task.as_object_mut().expect("a state is an object").extend(given);
    json!({ "StartAt": name, "States": { name: task } }).to_string()
}

#[test]
fn the_policy_is_printed_and_what_is_wide_said() {
    let named = one(
        "Named",
        json!({ "Resource": INVOKE, "Parameters": { "FunctionName": "f" } }),
    );
    let chosen = json!({ "Resource": "arn:aws:states:::sns:publish",
        "Parameters": { "TopicArn.$": "$.topic", "Message": "m" } });
    let folder = Folder::new()
        .with("named.json", named)
        .with("chosen.json", one("Chosen", chosen));
    let ended = folder.stepwell(&["iam", "named.json", "--account", "111111111111"]);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{ended:?}");
    let function = "arn:aws:lambda:*:111111111111:function:f";
    assert_eq!(
        ended.json(),
        json!({ "Version": "2012-10-17", "Statement": [{
            "Sid": "LambdaInvokeFunction",
            "Effect": "Allow",
            "Action": ["lambda:InvokeFunction"],
            "Resource": [function, format!("{function}:*")],
        }] })
    );
    let both = folder.stepwell(&["iam", "named.json", "chosen.json"]);
    assert_eq!(both.code, Some(0));
    assert_eq!(
        both.err,
        "note: `sns:Publish` is wide for `Chosen`: `TopicArn` is chosen when it runs\n"
    );
    assert_eq!(both.json()["Statement"][1]["Resource"], json!(["*"]));
}

#[test]
fn a_placeholder_stays_what_it_is() {
    let text = one("F", json!({ "Resource": "${Validate.Arn}" }));
    let ended = Folder::new().with("f.json", text).stepwell(&["iam", "f.json"]);
    assert_eq!(
        ended.json()["Statement"][0]["Resource"],
        json!(["${Validate.Arn}", "${Validate.Arn}:*"])
    );
}

#[test]
fn another_role_has_a_policy_of_its_own() {
    let role = "arn:aws:iam::222222222222:role/other";
    let fields = json!({ "Resource": INVOKE, "Parameters": { "FunctionName": "f" }, "Credentials": { "RoleArn": role } });
    let folder = Folder::new().with("d.json", one("There", fields));
    let own = folder.stepwell(&["iam", "d.json"]);
    assert_eq!(own.json()["Statement"][0]["Action"], json!(["sts:AssumeRole"]));
    assert_eq!(
        own.err,
        format!(
            "note: `There` calls under the role `{role}`, which needs lambda:InvokeFunction: `--role {role}` prints its policy\n"
        )
    );
    let other = folder.stepwell(&["iam", "d.json", "--role", role]);
    assert_eq!(
        other.json()["Statement"][0]["Action"],
        json!(["lambda:InvokeFunction"])
    );
    assert_eq!(
        other.json()["Statement"][0]["Resource"][0],
        "arn:aws:lambda:*:222222222222:function:f"
    );
}

#[test]
fn a_definition_that_is_none_has_no_policy() {
    let folder = Folder::new()
        .with("bad.json", one("T", json!({ "Resource": "lambda" })))
        .with("d.yaml", "StartAt: A\n");
    let bad = folder.stepwell(&["iam", "bad.json"]);
    assert_eq!((bad.code, bad.out.as_str()), (Some(1), ""));
    assert!(
        bad.err.starts_with("bad.json: error: /States/T/Resource: "),
        "{bad:?}"
    );
    let yaml = folder.stepwell(&["iam", "d.yaml"]);
    assert_eq!((yaml.code, yaml.out.as_str()), (Some(1), ""));
    assert!(yaml.err.starts_with("d.yaml: error: "), "{yaml:?}");
    let none = folder.stepwell(&["iam", "none.json"]);
    assert_eq!(none.code, Some(2));
    assert!(none.err.starts_with("stepwell: none.json: "), "{none:?}");
}

#[test]
fn what_needs_nothing_or_cannot_be_run_says_so() {
    let pass = json!({ "StartAt": "P", "States": { "P": { "Type": "Pass", "End": true } } });
    let mut processor = pass.clone();
    processor["ProcessorConfig"] = json!({ "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" });
    let writer = json!({ "Resource": "arn:aws:states:::s3:putObject", "Parameters": { "Bucket": "b", "Prefix": "p" } });
    let map = json!({ "Type": "Map", "ItemProcessor": processor, "ResultWriter": writer, "End": true });
    let later = json!({ "StartAt": "Many", "States": { "Many": map } });
    let folder = Folder::new()
        .with("pass.json", pass.to_string())
        .with("map.json", later.to_string());
    let nothing = folder.stepwell(&["iam", "pass.json"]);
    assert_eq!(
        (nothing.code, nothing.err.as_str()),
        (Some(0), "note: the role needs nothing\n")
    );
    let map = folder.stepwell(&["iam", "map.json"]);
    assert_eq!(map.code, Some(0));
    assert!(
        map.err
            .starts_with("map.json: note: `Many` cannot be run here: the ResultWriter of"),
        "{map:?}"
    );
}
