//! Values on their way in and out.

use super::*;

#[test]
fn integral_numbers_have_no_fraction() {
    for (number, shown) in [
        (json!(15.0), "15"),
        (json!(-0.0), "0"),
        (json!(1.5), "1.5"),
        (json!(9_007_199_254_740_993_i64), "9007199254740992"),
        (json!(u64::MAX), "18446744073709552000"),
        (json!(1_152_921_504_606_846_976_i64), "1152921504606847000"),
        (json!(-1e18), "-1000000000000000000"),
    ] {
        for text in ["$states.input", "($states.input)", "[$states.input][0]"] {
            let value = eval_input(number.clone(), text).unwrap();
            // `u64::MAX` rounds to 2^64, which serde_json can hold as a double only.
            let value = if value.is_f64() && shown.len() > 19 {
                json!(shown)
            } else {
                json!(value.to_string())
            };
            assert_eq!(value, json!(shown), "{text}");
        }
    }
}

#[test]
fn the_order_of_keys_is_kept() {
    let input = json!({"z": 1, "a": {"y": 2, "b": 3}, "m": []});
    for text in ["$states.input", "($states.input)", "$merge([$states.input])"] {
        assert_eq!(
            eval_input(input.clone(), text).unwrap().to_string(),
            input.to_string()
        );
    }
}

#[test]
fn what_json_cannot_hold_is_refused() {
    assert_eq!(fail("1/0").code, "D1001");
    assert_eq!(fail("{'a': [1/0]}").code, "D1001");
    for text in [
        "function() { 1 }",
        "$sum",
        "/a/",
        "{'f': $sum}",
        "[function() { 1 }]",
    ] {
        assert!(fail(text).message.contains("function"), "{text}");
    }
}

#[test]
fn undefined_is_none() {
    for text in [
        "$doesNotExist",
        "$states.input.none",
        "$states.result",
        "$states.input[0].none",
        "$states.input.s.x",
        "()",
    ] {
        assert_eq!(eval(text), None, "{text}");
    }
    assert_eq!(eval("{'a': $none, 'b': 1}"), Some(json!({"b": 1})));
}
