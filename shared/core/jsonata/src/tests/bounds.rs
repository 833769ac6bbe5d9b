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
        "$reduce([1..60], function($a, $i) { $replace($a, 'x', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx') }, 'x')",
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
        // The clock is the last net. On a busy machine it would come before the others.
        let scope = given(json!({"input": {}}), json!({}));
        let result = evaluate_with_root(text, None, &scope, None, Some(100_000));
        assert_eq!(
            result.map_err(|error| error.code),
            Err(String::from("D2015")),
            "{text}"
        );
    }
}

/// What a function of ours stands in for means what it meant.
#[test]
fn functions_that_are_passed_on_keep_their_meaning() {
    for (text, value) in [
        ("($j := $join; $j(['a', 'b'], '-'))", json!("a-b")),
        ("($j := $join(?, '-'); $j(['a', 'b']))", json!("a-b")),
        ("(['a', 'b'] ~> $join('-'))", json!("a-b")),
        ("(['b', 'a'] ~> $sort)", json!(["a", "b"])),
        (
            "($s := $sort; $s([3, 1, 2], function($l, $r) { $l < $r }))",
            json!([3, 2, 1]),
        ),
        ("($m := $match; $m('abab', /a(b)/).groups)", json!(["b", "b"])),
        ("$count($match('aaaa', /a/, 2))", json!(2)),
        ("($m := $match; $count($m('aaaa', /a/, 2)))", json!(2)),
        (
            "('a1b2' ~> $replace(/[0-9]/, function($m) { '<' & $m.match & '>' }))",
            json!("a<1>b<2>"),
        ),
        (
            "($f := function($m) { $m.match & '!' }; $replace('abc', /b/, $f))",
            json!("ab!c"),
        ),
        ("($r := $replace(?, 'a', ?); $r('banana', 'o'))", json!("bonono")),
        ("($r := $replace; $r('banana', 'a', 'o', 2))", json!("bonona")),
        ("($by := 'o'; $replace('banana', 'a', $by))", json!("bonono")),
        ("$map(['x', 'y'], $uppercase)", json!(["X", "Y"])),
        ("$map([1, 2], $string)", json!(["1", "2"])),
        ("($s := $string; $s([1], true))", json!("[\n  1\n]")),
        ("($keys := $keys({'a': 1, 'b': 2}); $keys)", json!(["a", "b"])),
        ("($match := $match('ab', /b/); $match.index)", json!(1)),
        ("[1, 2].$string()", json!(["1", "2"])),
        ("['a,b', 'c'].$split(',')", json!(["a", "b", "c"])),
        ("{'a': 1, 'b': 2}.$keys()", json!(["a", "b"])),
        (
            "($string := function($x) { 'mine' }; $string(1) & 'x')",
            json!("minex"),
        ),
        ("$count($distinct([1..1500, 1..1500]))", json!(1500)),
        (
            "$count($distinct([[1..1100].{'a': $, 'b': 1}, [1..1100].{'b': 1, 'a': $}]))",
            json!(1100),
        ),
        ("$count($distinct([[1..1200].($ % 3), 0/1]))", json!(3)),
        ("$fromMillis(0, '[Y0001]-[M01,2-2]')", json!("1970-01")),
    ] {
        assert_eq!(eval(text), Some(value), "{text}");
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

/// The same in a release: its profile checks the library's arithmetic.
#[test]
fn numbers_that_the_library_has_no_room_for_are_no_other_numbers() {
    for text in [
        "$fromMillis(0, '[Y,1-64]')",
        "$fromMillis(0, '[Y0000000000000000000000000000000000000000000000000000000000000000]')",
        "$parseInteger('zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz', 'a')",
        "$toMillis('zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz', '[Ya]')",
    ] {
        assert!(fail(text).message.contains("failed on this expression"), "{text}");
    }
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
