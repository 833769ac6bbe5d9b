//! What ends an evaluation that would not end by itself.

use super::*;

#[test]
fn endless_recursion_ends() {
    assert_eq!(fail("($f := function($n) { 1 + $f($n) }; $f(1))").code, "D1011");
}

#[test]
fn growing_without_end_ends() {
    for text in [
        "$count([1..10000000])",
        "$reduce([1..60], function($a, $i) { $a & $a }, 'x')",
        "$reduce([1..60], function($a, $i) { $join([$a, $a]) }, 'x')",
        "$reduce([1..60], function($a, $i) { $replace($a, 'x', 'xx') }, 'x')",
        "$reduce([1..60], function($a, $i) { [$a, $a] }, [1])",
        "$reduce([1..60], function($a, $i) { $append($a, $a) }, [1])",
        "$reduce([1..60], function($a, $i) { {'l': $a, 'r': $a} }, 1)",
        "$string($reduce([1..60], function($a, $i) { {'l': $a, 'r': $a} }, 1))",
        "$reduce([1..60], function($a, $i) { {'l': $a, 'r': $a} }, 1) & ''",
        "$replace($pad('', 4e6, 'x'), 'x', $pad('', 4e6, 'y'))",
        "$join([1..100000].('x'), $pad('', 4e6, 'y'))",
        "$reduce([1..500], function($a, $i) { $base64encode($a) }, 'x')",
        "$reduce([1..60], function($a, $i) { $encodeUrl($a & $a) }, ' ')",
        "($x := $reduce([1..60], function($a, $i) { {'l': $a, 'r': $a} }, 1); $x = $x)",
        "($x := $reduce([1..60], function($a, $i) { {'l': $a, 'r': $a} }, 1); $count($x.**))",
        "($x := $reduce([1..60], function($a, $i) { [[$a], [$a]] }, 1); $x.*)",
        "($x := $reduce([1..60], function($a, $i) { {'l': $a, 'r': $a} }, 1); $distinct([$x, $x]))",
    ] {
        assert_eq!(fail(text).code, "D2015", "{text}");
    }
}

#[test]
fn a_panic_of_the_library_fails_the_expression_only() {
    assert!(
        fail("$fromMillis(0, '[é]')")
            .message
            .contains("failed on this expression")
    );
    assert_eq!(eval("$fromMillis(0, '[Y]')"), Some(json!("1970")));
}

#[test]
fn deep_results_are_refused() {
    assert_eq!(
        fail("$reduce([1..500], function($a, $i) { {'a': $a} }, 1)").code,
        "D1011"
    );
}

#[test]
fn deep_texts_are_refused() {
    for text in [
        "(".repeat(200_000),
        "[".repeat(200_000),
        "1+".repeat(200_000),
        "-".repeat(200_000),
        "'a'&".repeat(200_000),
    ] {
        assert!(Expression::parse(&text).is_err());
    }
    let deep = format!("{}$x{}", "-(".repeat(200), ")".repeat(200));
    assert_eq!(
        Expression::parse(&deep).unwrap().variables().collect::<Vec<_>>(),
        ["x"]
    );
}

#[test]
fn ordinary_sizes_pass() {
    assert_eq!(eval("$count([1..500000])"), Some(json!(500_000)));
    assert_eq!(
        eval("$length($join([1..10000].('item ' & $string($)), ','))"),
        Some(json!(98_893))
    );
    let long = (0..300)
        .map(|index| format!("'{index}'"))
        .collect::<Vec<_>>()
        .join(" & ");
    assert_eq!(eval(&format!("$length({long})")), Some(json!(790)));
}

#[test]
fn numbers_that_are_not_finite_end_nothing_else() {
    let scope = given(json!({"input": {}}), json!({}));
    for number in ["(1/0)", "(-1/0)", "(0/0)", "1e308", "-1e308", "1e-308", "0"] {
        for call in [
            "$formatInteger(@, 'w')",
            "$formatInteger(@, 'W;o')",
            "$formatInteger(@, 'A')",
            "$formatInteger(@, 'i')",
            "$formatInteger(@, '#,##0')",
            "(@).$formatInteger('w')",
            "$map([@], function($n) { $formatInteger($n, 'w') })",
            "$formatNumber(@, '#,##0.00e0')",
            "$formatNumber(@, '0%')",
            "$formatBase(@, 2)",
            "$formatBase(10, @)",
            "$fromMillis(@)",
            "$fromMillis(@, '[Yw] [YI] [dw]')",
            "$round(@, 2)",
            "$round(1.5, @)",
            "$power(@, @)",
            "$sqrt(@)",
            "$pad('x', @)",
            "$substring('text', @, @)",
            "$split('a-b', '-', @)",
            "$replace('aaa', 'a', 'b', @)",
            "$match('aaa', /a/, @)",
            "[@..@]",
            "[1, 2][@]",
            "$string(@)",
            "$random(@)",
            "$partition([1, 2], @)",
            "$range(@, @, 1)",
        ] {
            let text = call.replace('@', number);
            // What counts is that an answer comes: the library would write some of these without end.
            let answer = try_eval(&scope, &text);
            if number.contains('/') && text.starts_with("$formatInteger") {
                assert_eq!(
                    answer.map_err(|error| error.code),
                    Err(String::from("D1001")),
                    "{text}"
                );
            }
        }
    }
    assert_eq!(fail("$formatInteger(3 % 0, 'w')").code, "D1001");
}
