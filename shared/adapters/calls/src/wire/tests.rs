use super::*;
use crate::catalogue;
use serde_json::json;

fn body(service: &str, operation: &str, members: Value) -> Result<String, String> {
    let service = catalogue::service(service).unwrap();
    let shape = &service.model.operations[operation];
    let Value::Object(members) = members else {
        panic!("members are an object")
    };
    let request = request(service, operation, shape, &members)?;
    Ok(String::from_utf8(request.body().bytes().unwrap_or_default().to_vec()).unwrap())
}

#[test]
fn moments_are_written_as_the_protocol_wants_them() {
    let members =
        json!({ "Entries": [{ "Time": "2026-01-31T12:00:00Z", "Source": "s" }, { "Time": 1769860800.5 }] });
    assert_eq!(
        body("events", "PutEvents", members).unwrap(),
        r#"{"Entries":[{"Time":1769860800,"Source":"s"},{"Time":1769860800.5}]}"#
    );
}

#[test]
fn whole_numbers_may_come_as_floats() {
    let members = json!({ "QueueUrl": "u", "MessageBody": "b", "DelaySeconds": 5.0 });
    assert_eq!(
        body("sqs", "SendMessage", members).unwrap(),
        r#"{"QueueUrl":"u","MessageBody":"b","DelaySeconds":5}"#
    );
    let error = body(
        "sqs",
        "SendMessage",
        json!({ "QueueUrl": "u", "MessageBody": "b", "DelaySeconds": "5" }),
    );
    assert!(
        error
            .unwrap_err()
            .contains("member `DelaySeconds` must be an integer of 32 bits, got \"5\"")
    );
}

#[test]
fn bytes_are_text_or_the_json_text_of_other_values() {
    let blob = |value: Value| {
        let members = json!({ "FunctionName": "f", "Payload": value });
        body("lambda", "Invoke", members).unwrap()
    };
    assert_eq!(blob(json!("plain")), "plain");
    assert_eq!(blob(json!({ "a": [1] })), r#"{"a":[1]}"#);
}

#[test]
fn a_token_that_is_given_is_kept() {
    let members = json!({ "TransactItems": [], "ClientRequestToken": "mine" });
    assert_eq!(
        body("dynamodb", "TransactWriteItems", members).unwrap(),
        r#"{"TransactItems":[],"ClientRequestToken":"mine"}"#
    );
}

#[test]
fn lists_in_forms_are_numbered() {
    let members = json!({ "RoleArn": "r", "RoleSessionName": "s", "PolicyArns": [{ "arn": "p1" }, { "Arn": "p2" }], "DurationSeconds": 900 });
    assert_eq!(
        body("sts", "AssumeRole", members).unwrap(),
        "Action=AssumeRole&Version=2011-06-15&RoleArn=r&RoleSessionName=s&PolicyArns.member.1.arn=p1\
         &PolicyArns.member.2.arn=p2&DurationSeconds=900"
    );
}

#[test]
fn a_structure_that_is_the_whole_body_has_no_name() {
    let members = json!({ "CallbackId": "c", "Error": { "ErrorData": "d" } });
    assert_eq!(
        body("lambda", "SendDurableExecutionCallbackFailure", members).unwrap(),
        r#"{"ErrorData":"d"}"#
    );
}
