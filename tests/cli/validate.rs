//! `stepwell validate`.

use super::Folder;
use crate::support::pass;
use serde_json::json;

#[test]
fn findings_have_a_place_and_errors_a_code() {
    let bad = json!({ "StartAt": "A", "States": { "A": { "Type": "Pass", "Next": "Nowhere" } } });
    let warned = json!({
        "StartAt": "A", "States": { "A": { "Type": "Pass", "Parameters": { "now": "$.time" }, "End": true } }
    });
    let folder = Folder::new()
        .with("good.json", pass().to_string())
        .with("bad.json", bad.to_string())
        .with("warned.json", warned.to_string());
    let good = folder.stepwell(&["validate", "good.json"]);
    assert_eq!((good.code, good.out.as_str()), (Some(0), "good.json: ok\n"));
    let warned = folder.stepwell(&["validate", "warned.json"]);
    assert_eq!(warned.code, Some(0), "{warned:?}");
    assert!(
        warned.out.starts_with("warned.json: warning: /States/A/"),
        "{warned:?}"
    );
    let bad = folder.stepwell(&["validate", "good.json", "bad.json", "warned.json"]);
    assert_eq!(bad.code, Some(1));
    let lines: Vec<&str> = bad.out.lines().collect();
    assert_eq!(lines[0], "good.json: ok");
    assert!(
        bad.out.contains("bad.json: error: /States/A/Next: "),
        "{}",
        bad.out
    );
    assert!(bad.out.contains("warned.json: warning: "), "{}", bad.out);
    assert_eq!(bad.err, "");
}

#[test]
fn express_has_rules_of_its_own() {
    let activity = json!({
        "StartAt": "T",
        "States": { "T": {
            "Type": "Task", "Resource": "arn:aws:states:us-east-1:123456789012:activity:pick", "End": true
        } }
    });
    let folder = Folder::new().with("task.json", activity.to_string());
    assert_eq!(folder.stepwell(&["validate", "task.json"]).code, Some(0));
    let express = folder.stepwell(&["validate", "--express", "task.json"]);
    assert_eq!(express.code, Some(1));
    assert!(
        express.out.contains("task.json: error: /States/T/Resource: "),
        "{}",
        express.out
    );
}

#[test]
fn a_file_that_cannot_be_read_is_wrong_use() {
    let refused = Folder::new().stepwell(&["validate", "none.json"]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.err.starts_with("stepwell: none.json: "), "{refused:?}");
    assert_eq!(Folder::new().stepwell(&["validate"]).code, Some(2));
}
