use super::*;
use crate::error::Exception;

#[test]
fn a_value_that_is_too_long_is_shown_unless_it_is_sensitive() {
    let name = "x".repeat(81);
    assert_eq!(
        NAME.violations("name", &name),
        [format!(
            "Value '{name}' at 'name' failed to satisfy constraint: Member must have length less than or equal to 80"
        )]
    );
    assert_eq!(
        ERROR.violations("error", &"x".repeat(257)),
        ["Value at 'error' failed to satisfy constraint: Member must have length less than or equal to 256"]
    );
    assert_eq!(
        ARN.violations("stateMachineArn", ""),
        [
            "Value '' at 'stateMachineArn' failed to satisfy constraint: Member must have length greater than or equal to 1"
        ]
    );
    assert!(NAME.violations("name", &"ü".repeat(80)).is_empty());
}

#[test]
fn payloads_are_counted_in_bytes() {
    assert!(Text::payload(4).violations("input", "üü").is_empty());
    assert_eq!(Text::payload(4).violations("input", "üüü").len(), 1);
}

#[test]
fn trace_headers_are_ascii() {
    assert!(
        TRACE_HEADER
            .violations("traceHeader", "Root=1-5759e988")
            .is_empty()
    );
    assert_eq!(
        TRACE_HEADER.violations("traceHeader", "ü"),
        [
            "Value 'ü' at 'traceHeader' failed to satisfy constraint: Member must satisfy regular expression pattern: \\p{ASCII}*"
        ]
    );
}

#[test]
fn violations_are_counted_and_joined() {
    assert_eq!(refusal(&[]), None);
    let one = refusal(&[missing("name")]).unwrap();
    assert_eq!(one.exception, Exception::ValidationException);
    assert_eq!(
        one.message,
        "1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null"
    );
    let two = refusal(&[missing("name"), missing("definition")]).unwrap();
    assert_eq!(
        two.message,
        "2 validation errors detected: Value null at 'name' failed to satisfy constraint: Member must not be null; \
         Value null at 'definition' failed to satisfy constraint: Member must not be null"
    );
}

#[test]
fn names_may_hold_what_aws_allows() {
    for name in ["a", "Order-1_2.3", "münchen", "a@b!(c)='d'+"] {
        assert_eq!(check_name(name), Ok(()), "{name}");
    }
    for name in [
        "a b",
        "a:b",
        "a/b",
        "a#b",
        "a\u{7f}",
        "a\u{9f}",
        "a\u{3000}b",
        "a,b",
        "a$",
        "\u{10FFFF}",
    ] {
        assert_eq!(check_name(name), Err(Error::invalid_name(name)), "{name:?}");
    }
}
