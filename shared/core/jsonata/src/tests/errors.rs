//! Codes and texts of failures.

use super::*;

#[test]
fn carry_jsonatas_code_and_text() {
    let error = fail("$states.input.s + 1");
    assert_eq!(error.code, "T2001");
    assert_eq!(error.to_string(), format!("T2001: {}", error.message));
    assert!(
        error.message.starts_with("The left side of the"),
        "{}",
        error.message
    );
    assert_eq!(fail("$error('mine')").code, "D3137");
    assert_eq!(fail("$unknown(1)").code, "T1006");
}

#[test]
fn of_parsing_say_what_is_wrong() {
    for (text, code) in [
        ("$states.input.", "S0207"),
        ("", "S0207"),
        ("'a", "S0101"),
        ("1 /* x", "S0106"),
        ("(1", "S0203"),
    ] {
        assert_eq!(Expression::parse(text).unwrap_err().code, code, "{text}");
    }
}
