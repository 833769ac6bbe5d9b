use super::*;

/// Wraps one response into a file around it.
fn with_response(response: &str) -> String {
    format!(r#"{{"StateMachines": {{}}, "MockedResponses": {{"R": {response}}}}}"#)
}

fn with_machine(machine: &str) -> String {
    format!(r#"{{"StateMachines": {{"M": {machine}}}, "MockedResponses": {{}}}}"#)
}

fn error(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

#[test]
fn every_mistake_is_told_with_its_place() {
    let cases = [
        (
            r#"[]"#.to_owned(),
            "the mock configuration: expected an object, got an array",
        ),
        (
            r#"{"MockedResponses": {}}"#.to_owned(),
            "StateMachines: the field is missing",
        ),
        (
            r#"{"StateMachines": {}}"#.to_owned(),
            "MockedResponses: the field is missing",
        ),
        (
            r#"{"StateMachines": {}, "MockedResponse": {}}"#.to_owned(),
            "the mock configuration: unknown field `MockedResponse`, expected one of `StateMachines`, `MockedResponses`, `Comment`",
        ),
        (
            with_machine("{}"),
            "StateMachines.M.TestCases: the field is missing",
        ),
        (
            with_machine(r#"{"TestCases": {"Happy Path": {"S": 7}}}"#),
            r#"StateMachines.M.TestCases["Happy Path"].S: expected a string, got a number"#,
        ),
        (
            with_machine(r#"{"TestCases": {}, "DefaultTestCase": "T"}"#),
            "StateMachines.M.DefaultTestCase: there is no test case `T` in `TestCases`",
        ),
        (
            with_response(r#"{"x": {"Return": 1}}"#),
            "MockedResponses.R.x: expected an attempt counted from 0, such as `0`, or a range, such as `1-3`",
        ),
        (
            with_response(r#"{"3-1": {"Return": 1}}"#),
            r#"MockedResponses.R["3-1"]: expected an attempt counted from 0, such as `0`, or a range, such as `1-3`"#,
        ),
        (
            with_response(r#"{"0-2": {"Return": 1}, "2": {"Return": 2}}"#),
            r#"MockedResponses.R["2"]: the attempts overlap those of `0-2`"#,
        ),
        (
            with_response(r#"{"0": {}}"#),
            r#"MockedResponses.R["0"]: expected either `Return` or `Throw`"#,
        ),
        (
            with_response(r#"{"0": {"Return": 1, "Throw": {"Error": "E"}}}"#),
            r#"MockedResponses.R["0"]: expected either `Return` or `Throw`"#,
        ),
        (
            with_response(r#"{"0": {"Throw": {"Cause": "C"}}}"#),
            r#"MockedResponses.R["0"].Throw: the field `Error` is missing"#,
        ),
        (
            with_response(r#"{"0": {"Throw": {"Error": "E", "Cause": {}}}}"#),
            r#"MockedResponses.R["0"].Throw.Cause: expected a string, got an object"#,
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(error(&text), expected, "{text}");
    }
}

#[test]
fn broken_json_is_told_with_line_and_column() {
    let told = error("{\n  \"StateMachines\": oops\n}");
    assert!(
        told.starts_with("the mock configuration is not JSON: ") && told.contains("line 2 column"),
        "{told}"
    );
}

#[test]
fn attempts_are_plain_decimal_numbers() {
    for refused in ["", "-", "-1", "+1", " 1", "1-", "1-2-3", "1 - 2", "99999999999"] {
        assert_eq!(AttemptRange::parse(refused), None, "{refused:?}");
    }
    assert_eq!(
        AttemptRange::parse("12"),
        Some(AttemptRange { first: 12, last: 12 })
    );
    assert_eq!(
        AttemptRange::parse("1-2"),
        Some(AttemptRange { first: 1, last: 2 })
    );
}

#[test]
fn comments_are_let_pass() {
    let text = r#"{"Comment": "c", "StateMachines": {"M": {"Comment": "c", "TestCases": {}}}, "MockedResponses": {}}"#;
    assert!(parse(text).unwrap().machines.contains_key("M"));
}
