//! What cannot be used in Step Functions.

use super::*;

fn refusal(text: &str) -> String {
    match Expression::parse(text) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("`{text}` was accepted"),
    }
}

#[test]
fn eval_is_refused_everywhere() {
    for text in [
        "$eval('1')",
        "$map(['1'], $eval)",
        "('1' ~> $eval)",
        "($e := $eval; $e('1'))",
        "{'a': [$eval('1')]}",
    ] {
        assert!(refusal(text).starts_with("`$eval` is not available"), "{text}");
    }
    assert!(Expression::parse("($eval := function($x) { $x }; $eval('1'))").is_ok());
}

#[test]
fn the_top_level_has_no_context() {
    for text in [
        "$",
        "$.a",
        "$$",
        "$$.a",
        "$count($)",
        "{'a': $}",
        "$[0]",
        "$sum($$.a)",
        "1 + $.a",
        "($)",
    ] {
        assert!(refusal(text).contains("at the top level"), "{text}");
    }
    for text in [
        "$states.input[$ = 1]",
        "$states.input.($ & 'x')",
        "$states.input.{'a': $}",
        "$states.input^($)",
        "$map($states.input, function($v) { $v })",
        "[1, 2][$ > 1]",
    ] {
        assert!(Expression::parse(text).is_ok(), "{text}");
    }
}

#[test]
fn names_at_the_top_level_are_refused_each_once() {
    for (text, names) in [
        ("phone", &["phone"][..]),
        ("phone.number[0]", &["phone"]),
        ("Account.Order[Product = 1].Price", &["Account"]),
        ("{'a': a, 'b': b.c + a}", &["a", "b"]),
        ("$sum(prices)", &["prices"]),
        ("$states.input.a = b ? c : d", &["b", "c", "d"]),
        ("(a; $)", &["a", "$"]),
    ] {
        let error = Expression::parse(text).unwrap_err();
        let mut found = vec![error.message];
        found.extend(error.others);
        let wanted: Vec<String> = names
            .iter()
            .map(|name| format!("Reference to '{name}' at the top level is not supported."))
            .collect();
        assert_eq!(found, wanted, "{text}");
        assert_eq!(error.code, "");
    }
    for text in [
        "$states.input.phone.number",
        "$orders[price > 1].{'id': id}",
        "$states.input.(a + b)",
        "$orders^(price)",
        "$map($orders, function($o) { $o.price })",
        "$states.input ~> |orders|{'total': price * 2}|",
        "{'name': 'a'}",
    ] {
        assert!(Expression::parse(text).is_ok(), "{text}");
    }
}
