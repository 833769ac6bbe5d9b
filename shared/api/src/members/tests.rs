use super::*;
use crate::constraints::{ARN, NAME, TAG_KEY, TAG_VALUE};
use crate::error::Exception;

/// Returns exception and message of what `reader` refuses in `body`.
fn refused<T: std::fmt::Debug>(
    body: &str,
    reader: impl FnOnce(&mut Members) -> Result<T, Error>,
) -> (Exception, String) {
    let error = read(body.as_bytes(), reader).unwrap_err();
    (error.exception, error.message)
}

#[test]
fn reads_what_is_there_and_takes_null_as_absent() {
    let body =
        br#"{"name":"n","maxResults":0,"reverse":true,"type":"EXPRESS","gone":null,"unknown":{"x":1}}"#;
    let got = read(body, |m| {
        Ok((
            m.required_text("name", &NAME)?,
            m.max_results(100, 1000)?,
            m.boolean("reverse")?,
            m.one_of("type", &[("STANDARD", 1), ("EXPRESS", 2)])?,
            m.text("gone", &NAME)?,
        ))
    });
    assert_eq!(got.unwrap(), ("n".to_owned(), 100, Some(true), Some(2), None));
    assert_eq!(read(b"", |m| m.text("name", &NAME)).unwrap(), None);
}

#[test]
fn wrong_types_are_serialization_exceptions() {
    let cases = [
        (r#"{"name":5}"#, "NUMBER_VALUE can not be converted to a String"),
        (
            r#"{"name":5.5}"#,
            "DECIMAL_VALUE can not be converted to a String",
        ),
        (r#"{"name":true}"#, "TRUE_VALUE can not be converted to a String"),
        (
            r#"{"name":{}}"#,
            "Start of structure or map found where not expected.",
        ),
        (r#"{"name":["n"]}"#, "Start of list found where not expected."),
    ];
    for (body, message) in cases {
        let expected = (Exception::SerializationException, message.to_owned());
        assert_eq!(refused(body, |m| m.text("name", &NAME)), expected, "{body}");
    }
    let expected = (
        Exception::SerializationException,
        "STRING_VALUE can not be converted to an Integer".to_owned(),
    );
    assert_eq!(
        refused(r#"{"maxResults":"5"}"#, |m| m.max_results(100, 1000)),
        expected
    );
    let expected = (
        Exception::SerializationException,
        "STRING_VALUE can not be converted to a Boolean".to_owned(),
    );
    assert_eq!(
        refused(r#"{"reverse":"true"}"#, |m| m.boolean("reverse")),
        expected
    );
}

#[test]
fn bodies_that_are_no_json_object_are_serialization_exceptions() {
    let deep = "[".repeat(100_000);
    for body in ["{", "[]", "5", "\"x\"", "{\"a\":1}x", "\u{1}", &deep] {
        assert_eq!(
            refused(body, |_| Ok(())).0,
            Exception::SerializationException,
            "{body:.20}"
        );
    }
    assert_eq!(
        read(&[0xff, 0xfe], |_| Ok(())).unwrap_err().exception,
        Exception::SerializationException
    );
}

#[test]
fn violations_of_all_members_are_told_at_once() {
    let (exception, message) = refused(r#"{"maxResults":-1,"type":"FAST"}"#, |m| {
        m.required_text("stateMachineArn", &ARN)?;
        m.one_of("type", &[("STANDARD", 1), ("EXPRESS", 2)])?;
        m.max_results(100, 1000)
    });
    assert_eq!(exception, Exception::ValidationException);
    assert_eq!(
        message,
        "3 validation errors detected: \
         Value null at 'stateMachineArn' failed to satisfy constraint: Member must not be null; \
         Value 'FAST' at 'type' failed to satisfy constraint: Member must satisfy enum value set: [STANDARD, EXPRESS]; \
         Value '-1' at 'maxResults' failed to satisfy constraint: Member must have value greater than or equal to 0"
    );
    assert_eq!(
        refused(r#"{"maxResults":1001}"#, |m| m.max_results(100, 1000)).1,
        "1 validation error detected: Value '1001' at 'maxResults' failed to satisfy constraint: \
         Member must have value less than or equal to 1000"
    );
}

#[test]
fn violations_in_lists_name_the_element() {
    let body = r#"{"tags":[{"key":"a","value":"b"},{"key":"","value":"c"}],"tagKeys":["x",""]}"#;
    let (_, message) = refused(body, |m| {
        m.structures("tags", |tag| {
            Ok((tag.text("key", &TAG_KEY)?, tag.text("value", &TAG_VALUE)?))
        })?;
        m.texts("tagKeys", &TAG_KEY)
    });
    assert_eq!(
        message,
        "2 validation errors detected: \
         Value '' at 'tags.2.member.key' failed to satisfy constraint: Member must have length greater than or equal to 1; \
         Value '' at 'tagKeys.2.member' failed to satisfy constraint: Member must have length greater than or equal to 1"
    );
}
