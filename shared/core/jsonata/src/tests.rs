//! Expressions evaluated as a state would, against a scope made of JSON.

use serde_json::{Value, json};

use crate::{EvaluationError, Expression, Scope, Session, evaluate_with_root};

struct Given {
    states: Value,
    variables: Value,
}

impl Scope for Given {
    fn states_field(&self, name: &str) -> Option<&Value> {
        self.states.get(name)
    }

    fn variable(&self, name: &str) -> Option<&Value> {
        self.variables.get(name)
    }

    fn random(&self) -> u64 {
        7
    }

    fn now_millis(&self) -> i64 {
        1_700_000_000_123 // 2023-11-14T22:13:20.123Z
    }
}

fn given(states: Value, variables: Value) -> Given {
    Given { states, variables }
}

fn try_eval(scope: &Given, text: &str) -> Result<Option<Value>, EvaluationError> {
    let expression = Expression::parse(text).unwrap_or_else(|error| panic!("`{text}`: {error}"));
    Session::new(scope).evaluate(&expression)
}

fn eval(text: &str) -> Option<Value> {
    let scope = given(json!({"input": {}}), json!({}));
    try_eval(&scope, text).unwrap_or_else(|error| panic!("`{text}`: {error}"))
}

fn eval_input(input: Value, text: &str) -> Option<Value> {
    let scope = given(json!({"input": input}), json!({}));
    try_eval(&scope, text).unwrap_or_else(|error| panic!("`{text}`: {error}"))
}

fn fail(text: &str) -> EvaluationError {
    let scope = given(json!({"input": {"a": [1, 2], "s": "x"}}), json!({}));
    match try_eval(&scope, text) {
        Err(error) => error,
        Ok(value) => panic!("`{text}` gave {value:?}"),
    }
}

mod aws_functions {
    use super::*;

    #[test]
    fn partition() {
        // Recorded: conformance/execution/intrinsic_functions, array_partition.
        for (array, size, pieces) in [
            (json!([0]), 1, json!([[0]])),
            (json!([0]), 5, json!([[0]])),
            (json!([0, 1]), 1, json!([[0], [1]])),
            (json!([0, 1, 2]), 2, json!([[0, 1], [2]])),
            (json!([0, 1, 2, 3]), 2, json!([[0, 1], [2, 3]])),
            (json!([0, 1, 2, 3]), 3, json!([[0, 1, 2], [3]])),
        ] {
            let input = json!({"fst": array, "snd": size});
            assert_eq!(
                eval_input(input, "$partition($states.input.fst, $states.input.snd)"),
                Some(pieces)
            );
        }
        assert_eq!(eval("$partition([], 2)"), Some(json!([])));
        assert_eq!(eval("$partition($states.input.none, 2)"), None);
        assert_eq!(fail("$partition([1], 0)").code, "T0410");
        assert_eq!(
            fail("$partition([1], 'x')").message,
            "Argument 2 of function \"partition\" does not match function signature"
        );
    }

    #[test]
    fn range_includes_its_end() {
        // Recorded: conformance/execution/intrinsic_functions, array_range.
        assert_eq!(eval("$range(0, 9, 3)"), Some(json!([0, 3, 6, 9])));
        assert_eq!(eval("$range(0, 10, 3)"), Some(json!([0, 3, 6, 9])));
        assert_eq!(eval("$range(1, 9, 9)"), Some(json!(1)));
        assert_eq!(eval("$range(1, 9, 2)"), Some(json!([1, 3, 5, 7, 9])));
        assert_eq!(eval("$range(3, 1, -1)"), Some(json!([3, 2, 1])));
        assert_eq!(eval("[$range(1, 9, 9)]"), Some(json!([1])));
        assert_eq!(
            fail("$range(1, 9, 0)").message,
            "The step of function \"range\" must not be zero"
        );
        assert_eq!(fail("$range(0, 1e15, 1)").code, "D2015");
        assert_eq!(fail("$range(0, 1, 1e-300)").code, "D2015");
    }

    #[test]
    fn hash() {
        for (algorithm, digest) in [
            ("MD5", "a43c1b0aa53a0c908810c06ab1ff3967"),
            // Measured on AWS.
            ("SHA-1", "140f86aae51ab9e1cda9b4254fe98a74eb54c1a1"),
            (
                "SHA-256",
                "c96c6d5be8d08a12e7b5cdc1b207fa6b2430974c86803d8891675e76fd992c20",
            ),
        ] {
            assert_eq!(
                eval(&format!("$hash('input', '{algorithm}')")),
                Some(json!(digest))
            );
        }
        assert_eq!(
            eval("$length($hash('input', 'SHA-384')) & ' ' & $length($hash('', 'SHA-512'))"),
            Some(json!("96 128"))
        );
        assert_eq!(
            eval("['a', 'b'] ~> $map(function($it) { $hash($it, 'MD5') }) ~> $count()"),
            Some(json!(2))
        );
        assert!(fail("$hash('input', 'CRC32')").message.contains("\"CRC32\""));
        assert_eq!(fail("$hash(1, 'MD5')").code, "T0410");
    }

    #[test]
    fn random_is_seeded_as_in_java() {
        assert_eq!(eval("$random(42)"), Some(json!(0.727_563_680_032_868_1)));
        assert_eq!(eval("$random(42) = $random(42)"), Some(json!(true)));
    }

    #[test]
    fn random_without_a_seed_follows_the_scope() {
        let both = eval("[$random(), $random()]").unwrap();
        assert_eq!(eval("[$random(), $random()]"), Some(both.clone()));
        assert_ne!(both[0], both[1]);
        assert!((0.0..1.0).contains(&both[0].as_f64().unwrap()));
        assert_eq!(eval("$shuffle([1..20])"), eval("$shuffle([1..20])"));
        assert_eq!(eval("$sum($shuffle([1..20]))"), Some(json!(210)));
    }

    #[test]
    fn uuid_is_version_4_and_each_is_new() {
        assert_eq!(
            eval(
                "$match($uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/) ~> $count()"
            ),
            Some(json!(1))
        );
        assert_eq!(eval("$uuid() = $uuid()"), Some(json!(false)));
        assert_eq!(eval("$uuid()"), eval("$uuid()"));
        assert_eq!(eval("$count($distinct($map([1..9], $uuid)))"), Some(json!(9)));
    }

    #[test]
    fn parse() {
        // Recorded: conformance/execution/intrinsic_functions, json_manipulation.
        for (text, value) in [
            ("-0", json!(0)),
            ("1", json!(1)),
            ("1.1", json!(1.1)),
            ("true", json!(true)),
            ("\"HelloWorld\"", json!("HelloWorld")),
            ("[1, 2, \"HelloWorld\"]", json!([1, 2, "HelloWorld"])),
            ("{\"Arg1\": 1, \"Arg2\": []}", json!({"Arg1": 1, "Arg2": []})),
        ] {
            assert_eq!(eval_input(json!(text), "$parse($states.input)"), Some(value));
        }
        assert!(
            fail("$parse('{')")
                .message
                .starts_with("Function \"parse\" cannot read its argument as JSON")
        );
    }

    #[test]
    fn time_is_the_scopes() {
        assert_eq!(eval("$now()"), Some(json!("2023-11-14T22:13:20.123Z")));
        assert_eq!(eval("$millis()"), Some(json!(1_700_000_000_123_i64)));
        assert_eq!(eval("$now('[Y]/[M01]')"), Some(json!("2023/11")));
        assert_eq!(
            eval("($later := $now; $later())"),
            Some(json!("2023-11-14T22:13:20.123Z"))
        );
        for (text, picture, instant) in [
            ("13:45", "[H]:[m]", "2023-11-14T13:45:00.000Z"),
            ("01:45", "[h]:[m]", "2023-11-14T13:45:00.000Z"),
            ("03", "[D01]", "2023-11-03T00:00:00.000Z"),
            ("7", "[M]", "2023-07-01T00:00:00.000Z"),
            ("32", "[d]", "2023-02-01T00:00:00.000Z"),
            ("2018 02", "[Y] [M01]", "2018-02-01T00:00:00.000Z"),
        ] {
            assert_eq!(
                eval(&format!("$fromMillis($toMillis('{text}', '{picture}'))")),
                Some(json!(instant)),
                "{picture}"
            );
        }
        assert_eq!(eval("('2018').$toMillis()"), Some(json!(1_514_764_800_000_i64)));
    }
}

mod replaced_functions {
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
}

mod bounds {
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
}

mod values {
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
            "none",
            "$states.input.s.x",
            "()",
        ] {
            assert_eq!(eval(text), None, "{text}");
        }
        assert_eq!(eval("{'a': $none, 'b': 1}"), Some(json!({"b": 1})));
    }
}

mod states {
    use super::*;

    #[test]
    fn shows_its_fields_in_order() {
        let scope = given(json!({"context": {"c": 1}, "result": [], "input": 1}), json!({}));
        let whole = try_eval(&scope, "$states").unwrap().unwrap();
        assert_eq!(whole.to_string(), r#"{"input":1,"result":[],"context":{"c":1}}"#);
    }

    #[test]
    fn recorded_expressions() {
        let input = json!({"cost": 5, "Values": [1, 1, 1], "type": "Public", "input_values": [1, 2]});
        for (text, value) in [
            ("$states.input.cost < 10", json!(true)),
            ("$count($states.input.Values[$ = 1])", json!(3)),
            ("$sum($states.input.input_values) + 10", json!(13)),
            ("$not($states.input.type = 'Private')", json!(true)),
            ("$contains(\"hello$world\", /^hello\\$/)", json!(true)),
            ("$contains('hello$world', /^hello\\ /)", json!(false)),
            ("$variable := 1", json!(1)),
            ("[0]", json!([0])),
            ("[1, 'two', 3]", json!([1, "two", 3])),
            (
                "$map($states.input.Values, function($v) { $v = 1 ? 'pass' : 'failed' })",
                json!(["pass", "pass", "pass"]),
            ),
        ] {
            assert_eq!(eval_input(input.clone(), text), Some(value), "{text}");
        }
    }

    #[test]
    fn plain_paths_agree_with_the_evaluator() {
        let shapes = [
            json!(null),
            json!(1),
            json!(1.0),
            json!("s"),
            json!(true),
            json!([]),
            json!([1]),
            json!([[1]]),
            json!({}),
            json!({"a": []}),
            json!({"a": [1]}),
            json!({"a": [[]]}),
            json!({"a": null}),
            json!({"a": {"b": [1.0, 2]}}),
            json!({"a": {"b": {"c": 1}}}),
            json!([{"a": 1}, {"a": 2}]),
            json!([{"a": [1]}]),
            json!({"a": [{"b": 1}]}),
            json!({"a": {"b": null}}),
            json!({"a": [{"b": [1]}, {"b": []}]}),
            json!({"a": "text"}),
            json!({"a": {"b": [{}]}}),
        ];
        for shape in shapes {
            let scope = given(json!({"input": shape}), json!({"var": shape}));
            for root in ["$states.input", "$var"] {
                for members in ["", ".a", ".a.b", ".a.b.c", ".none", ".a.none"] {
                    let text = format!("{root}{members}");
                    // The parentheses keep the meaning and lead past the short way.
                    let long = evaluate_with_root(
                        &format!("$$.x ? 0 : {text}"),
                        None,
                        &SameVariables(&scope),
                        None,
                        None,
                    );
                    assert_eq!(try_eval(&scope, &text), long, "{text} over {shape}");
                }
            }
        }
    }

    struct SameVariables<'a>(&'a Given);

    impl Scope for SameVariables<'_> {
        fn states_field(&self, name: &str) -> Option<&Value> {
            self.0.states_field(name)
        }
        fn variable(&self, name: &str) -> Option<&Value> {
            self.0.variable(name)
        }
        fn random(&self) -> u64 {
            self.0.random()
        }
        fn now_millis(&self) -> i64 {
            self.0.now_millis()
        }
    }

    #[test]
    fn a_session_serves_many_expressions() {
        let scope = given(json!({"input": {"n": [1, 2, 3]}}), json!({"k": 10, "sum": 4}));
        let mut session = Session::new(&scope);
        for (text, value) in [
            ("$sum($states.input.n)", 6),
            ("$k + $states.input.n[1]", 12),
            ("($k := 1; $k)", 1),
            ("$k * 2", 20),
            ("$sum + 1", 5),
        ] {
            let expression = Expression::parse(text).unwrap();
            assert_eq!(session.evaluate(&expression), Ok(Some(json!(value))), "{text}");
        }
    }
}

mod errors {
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
}

mod refusals {
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
}

mod analysis {
    use super::*;

    fn variables(text: &str) -> Vec<String> {
        Expression::parse(text)
            .unwrap()
            .variables()
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn free_variables_are_those_not_bound_here() {
        for (text, names) in [
            ("$a + $b.c[$d = 1]", &["a", "b", "d"][..]),
            ("$states.input.x", &["states"]),
            ("($a := $b; $a + $c)", &["b", "c"]),
            ("(($a := 1); $a)", &["a"]),
            ("($a := $a + 1; $a)", &["a"]),
            ("$map($x, function($v, $i) { $v + $i + $y })", &["x", "y"]),
            ("($f := function($n) { $f($n - 1) }; $f(1))", &[]),
            ("$map($x, $uppercase)", &["x"]),
            ("$a@$l.b[$l.c = 1]#$i.{'i': $i}", &["a"]),
            ("$a ~> |b|{'c': $d}|", &["a", "d"]),
            ("$a^($b)", &["a", "b"]),
            ("1", &[]),
        ] {
            assert_eq!(variables(text), names, "{text}");
        }
    }

    #[test]
    fn fields_of_states_are_found() {
        let uses = |text: &str| {
            let expression = Expression::parse(text).unwrap();
            ["input", "result", "errorOutput", "context"].map(|field| expression.uses_states(field))
        };
        assert_eq!(
            uses("$states.input.a + $states.context.b"),
            [true, false, false, true]
        );
        assert_eq!(
            uses("$map($states.result, function($v) { $states.errorOutput })"),
            [false, true, true, false]
        );
        assert_eq!(uses("$states"), [true; 4]);
        assert_eq!(uses("$lookup($states, 'input')"), [true; 4]);
        assert_eq!(uses("$states.*"), [true; 4]);
        assert_eq!(uses("$states[0].input"), [true; 4]);
        assert_eq!(uses("$states.input.a.%.%.result"), [true; 4]);
        assert_eq!(uses("$other"), [false; 4]);
    }

    #[test]
    fn expressions_are_equal_by_text_and_can_be_shared() {
        fn shared<T: Send + Sync + Clone>(it: T) -> T {
            it.clone()
        }
        let expression = shared(Expression::parse("$a").unwrap());
        assert_eq!(expression, Expression::parse("$a").unwrap());
        assert_ne!(expression, Expression::parse("$a ").unwrap());
        assert_eq!(format!("{expression:?}"), "Expression(\"$a\")");
    }
}
#[test]
fn dag_tmp() {
    let text = std::env::var("EXPR").unwrap();
    let scope = given(json!({"input": {}}), json!({}));
    println!("DAG {:?}", try_eval(&scope, &text));
}
