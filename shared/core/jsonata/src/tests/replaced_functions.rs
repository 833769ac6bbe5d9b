//! Functions of the language whose body is ours.

use super::*;

#[test]
fn urls_spare_what_javascript_spares() {
    assert_eq!(
        eval("$encodeUrl('https://a.b/c d?x=é&y=[1]#z\"<>^`{|}%~!*()')"),
        Some(json!(
            "https://a.b/c%20d?x=%C3%A9&y=%5B1%5D#z%22%3C%3E%5E%60%7B%7C%7D%25~!*()"
        ))
    );
    assert_eq!(
        eval("$encodeUrlComponent(\"-_.!~*'() /?&=é\")"),
        Some(json!("-_.!~*'()%20%2F%3F%26%3D%C3%A9"))
    );
    assert_eq!(
        eval_input(json!({"q": "a b"}), "$states.input.q.$encodeUrlComponent()"),
        Some(json!("a%20b"))
    );
    assert_eq!(eval("'a b' ~> $encodeUrl()"), Some(json!("a%20b")));
    assert_eq!(
        eval("$map(['a b', 'c'], $encodeUrl)"),
        Some(json!(["a%20b", "c"]))
    );
    assert_eq!(fail("$encodeUrl(1)").code, "T0410");
    assert_eq!(eval("$encodeUrl($states.input.none)"), None);
}

#[test]
fn roman_numerals_are_bounded() {
    assert_eq!(eval("$formatInteger(1999, 'I')"), Some(json!("MCMXCIX")));
    assert_eq!(
        eval("$formatInteger(123456789, '#,##0')"),
        Some(json!("123,456,789"))
    );
    assert!(fail("$formatInteger(1e17, 'I')").message.contains("Roman"));
    assert!(fail("(1e17).$formatInteger('i')").message.contains("Roman"));
}

#[test]
fn padding_is_bounded() {
    assert_eq!(
        eval("$pad('x', 3, '-') & $pad('x', -3, '-')"),
        Some(json!("x----x"))
    );
    assert_eq!(eval("('x').$pad(3, '-')"), Some(json!("x--")));
    assert_eq!(eval("'x' ~> $pad(3)"), Some(json!("x  ")));
    assert_eq!(eval("($wide := $pad(?, 3, '-'); $wide('x'))"), Some(json!("x--")));
    for text in [
        "$pad('', 2e9, 'x')",
        "('x').$pad(-2e9)",
        "($p := $pad; $p('', 2e9, 'x'))",
        "'' ~> $pad(2e9)",
    ] {
        assert_eq!(fail(text).code, "D2015", "{text}");
    }
}

#[test]
fn join_keeps_its_meaning() {
    assert_eq!(
        eval("$join(['a', 'b'], '-') & $join('x') & $join([])"),
        Some(json!("a-bx"))
    );
    assert_eq!(eval("['a', 'b'] ~> $join('-')"), Some(json!("a-b")));
    assert_eq!(fail("$join([1, 2])").code, "T0412");
}
