use serde_json::{Value, json};

use super::random::JavaRandom;
use super::{Intrinsic, IntrinsicError};
use crate::fixture::Fixture;
use crate::is_intrinsic;

fn evaluate(text: &str, input: Value) -> Result<Value, IntrinsicError> {
    let intrinsic = Intrinsic::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    intrinsic.evaluate(&Fixture::new(input))
}

fn assert_gives(cases: &[(&str, Value, Value)]) {
    for (text, input, expected) in cases {
        assert_eq!(
            evaluate(text, input.clone()).as_ref(),
            Ok(expected),
            "{text} of {input}"
        );
    }
}

fn assert_fails(cases: &[(&str, Value, &str)]) {
    for (text, input, message) in cases {
        let error = evaluate(text, input.clone()).expect_err(text);
        assert_eq!(error.to_string(), *message, "{text} of {input}");
    }
}

/// Recorded: `States.MathAdd` rounds each number before it adds, halves upwards.
#[test]
fn math_add_rounds_first() {
    let recorded = [
        (json!(-9), json!(3), -6),
        (json!(1.49), json!(1.5), 3),
        (json!(1.5), json!(1.51), 4),
        (json!(-1.49), json!(-1.5), -2),
        (json!(-1.5), json!(-1.51), -3),
        (json!(1.49), json!(0), 1),
        (json!(1.49), json!(-1.49), 0),
        (json!(1.5), json!(0), 2),
        (json!(1.51), json!(0), 2),
        (json!(-1.49), json!(0), -1),
        (json!(-1.5), json!(0), -1),
        (json!(-1.51), json!(0), -2),
        (json!(0.5), json!(0), 1),
        (json!(2.5), json!(0), 3),
        (json!(3.5), json!(0), 4),
        (json!(-0.5), json!(0.5), 1),
        (json!(-0.5), json!(0), 0),
        (json!(-2.5), json!(0), -2),
        (json!(-3.5), json!(0), -3),
    ];
    for (first, second, sum) in recorded {
        let input = json!({"fst": first, "snd": second});
        assert_eq!(
            evaluate("States.MathAdd($.fst, $.snd)", input),
            Ok(json!(sum)),
            "{first} {second}"
        );
    }
}

#[test]
fn arrays() {
    let many =
        json!([null, null, true, 1, 1, 1.0, "a", "a", [], [], {"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": 1}]);
    assert_gives(&[
        ("States.Array()", json!({}), json!([])),
        (
            "States.Array('Foo', 2020, $, null, -1.5, true)",
            json!({}),
            json!(["Foo", 2020, {}, null, -1.5, true]),
        ),
        (
            "States.ArrayPartition($, 4)",
            json!([1, 2, 3, 4, 5, 6, 7, 8, 9]),
            json!([[1, 2, 3, 4], [5, 6, 7, 8], [9]]),
        ),
        ("States.ArrayContains($.a, null)", json!({"a": []}), json!(false)),
        (
            "States.ArrayContains($.a, $.b)",
            json!({"a": [[1, 2, 3], 2], "b": [1, 2, 3]}),
            json!(true),
        ),
        (
            "States.ArrayContains($.a, $.b)",
            json!({"a": [{"1": 2, "2": []}], "b": {"2": [], "1": 2}}),
            json!(true),
        ),
        (
            "States.ArrayContains($, false)",
            json!([true, false]),
            json!(true),
        ),
        ("States.ArrayRange(0, 9, 3)", json!({}), json!([0, 3, 6, 9])),
        ("States.ArrayRange(0, 10, 3)", json!({}), json!([0, 3, 6, 9])),
        ("States.ArrayRange(1, 9, 9)", json!({}), json!([1])),
        ("States.ArrayRange(3, 1, -1)", json!({}), json!([3, 2, 1])),
        ("States.ArrayRange(3, 1, 1)", json!({}), json!([])),
        ("States.ArrayRange(2, 1, 9)", json!({}), json!([])),
        ("States.ArrayGetItem($, 5)", json!([1, 2, 3, 4, 5, 6]), json!(6)),
        ("States.ArrayLength($.a)", json!({"a": [1, 2]}), json!(2)),
        ("States.ArrayLength($.a[*].b)", json!({}), json!(0)),
        (
            "States.ArrayUnique($)",
            many,
            json!([null, true, 1, 1.0, "a", [], {"a": 1, "b": 2}, {"a": 1}]),
        ),
    ]);
    assert_eq!(
        evaluate("States.ArrayRange(1, 1000, 1)", json!({}))
            .unwrap()
            .as_array()
            .map(Vec::len),
        Some(1000)
    );
    assert_fails(&[
        (
            "States.ArrayRange(0, 1000, 1)",
            json!({}),
            "Invalid arguments in States.ArrayRange: the range has 1001 elements, more than 1000",
        ),
        (
            "States.ArrayRange(0, 9, 0)",
            json!({}),
            "Invalid arguments in States.ArrayRange: the increment must not be 0",
        ),
        (
            "States.ArrayPartition($, 0)",
            json!([1]),
            "Invalid arguments in States.ArrayPartition: the chunk size must be at least 1",
        ),
        (
            "States.ArrayGetItem($, -1)",
            json!([1]),
            "Invalid arguments in States.ArrayGetItem: the index -1 is out of range for an array of 1 elements",
        ),
        (
            "States.ArrayLength('abc')",
            json!({}),
            "Invalid arguments in States.ArrayLength: argument 1 must be an array, got a string",
        ),
    ]);
}

#[test]
fn strings() {
    let object = json!({"Arg1": 1, "Arg2": [], "x": {"y": [true, "z", null]}});
    assert_gives(&[
        (
            "States.Format('{} and {}.', $.a, null)",
            json!({"a": 1.1}),
            json!("1.1 and null."),
        ),
        (
            "States.Format('{}', $)",
            object,
            json!("{Arg1=1, Arg2=[], x={y=[true, z, null]}}"),
        ),
        (
            "States.Format($.template, $$.Execution.Name)",
            json!({"template": "is {}"}),
            json!("is run-7"),
        ),
        (
            r"States.Format('\{\} \'{}\' \\ {', $count)",
            json!({}),
            json!(r"{} '3' \ {"),
        ),
        ("States.Format('no, (none)')", json!({}), json!("no, (none)")),
        (
            r"States.StringSplit('it\'s', '\'')",
            json!({}),
            json!(["it", "s"]),
        ),
        (
            "States.StringSplit('Hello\nWorld', '\n')",
            json!({}),
            json!(["Hello", "World"]),
        ),
        (
            "States.StringSplit('This.is+a,test=string', '.+,=')",
            json!({}),
            json!(["This", "is", "a", "test", "string"]),
        ),
        (
            "States.StringSplit('AWS::EC2::Instance', '::')",
            json!({}),
            json!(["AWS", "EC2", "Instance"]),
        ),
        ("States.StringSplit('', ',')", json!({}), json!([])),
        ("States.StringSplit('abc', '')", json!({}), json!(["abc"])),
        (
            "States.JsonToString($)",
            json!({"Arg1": 1, "Arg2": []}),
            json!(r#"{"Arg1":1,"Arg2":[]}"#),
        ),
        (
            "States.JsonToString($)",
            json!("HelloWorld"),
            json!("\"HelloWorld\""),
        ),
        ("States.JsonToString($)", json!(1.0), json!("1.0")),
        (
            "States.StringToJson($)",
            json!("{\"number\": 20, \"f\": 1.0}"),
            json!({"number": 20, "f": 1.0}),
        ),
        (
            "States.JsonMerge($.a, $.b, false)",
            json!({"a": {"a": {"x": 1}, "b": 2}, "b": {"a": {"y": 1}, "c": 3}}),
            json!({"a": {"y": 1}, "b": 2, "c": 3}),
        ),
        (
            "States.Base64Encode('Data to encode')",
            json!({}),
            json!("RGF0YSB0byBlbmNvZGU="),
        ),
        (
            "States.Base64Decode('RGF0YSB0byBlbmNvZGU=')",
            json!({}),
            json!("Data to encode"),
        ),
        (
            "States.Base64Decode('RGF0YSB0byBlbmNvZGU')",
            json!({}),
            json!("Data to encode"),
        ),
        (
            "States.Hash('input data', 'MD5')",
            json!({}),
            json!("812f45842bc6d66ee14572ce20db8e86"),
        ),
        (
            "States.Hash('input data', 'SHA-1')",
            json!({}),
            json!("aaff4a450a104cd177d28d18d74485e8cae074b7"),
        ),
        (
            "States.Hash('', 'SHA-256')",
            json!({}),
            json!("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ),
    ]);
    for (algorithm, digits) in [("SHA-384", 96), ("SHA-512", 128)] {
        let digest = evaluate(&format!("States.Hash('x', '{algorithm}')"), json!({})).unwrap();
        assert_eq!(digest.as_str().map(str::len), Some(digits), "{algorithm}");
    }
    let long = json!("x".repeat(10_001));
    assert_fails(&[
        (
            "States.Format('{} {}', 1)",
            json!({}),
            "Invalid arguments in States.Format: number of arguments do not match the occurrences of {}.",
        ),
        (
            r"States.Format('\{}', 1)",
            json!({}),
            "Invalid arguments in States.Format: number of arguments do not match the occurrences of {}.",
        ),
        (
            "States.Base64Encode($)",
            long,
            "Invalid arguments in States.Base64Encode: the data has 10001 characters, more than 10000",
        ),
        (
            "States.Hash('x', 'CRC')",
            json!({}),
            "Invalid arguments in States.Hash: the algorithm `CRC` is not one of MD5, SHA-1, SHA-256, SHA-384, SHA-512",
        ),
        (
            "States.JsonMerge($, $, true)",
            json!({}),
            "Invalid arguments in States.JsonMerge: argument 3 must be false: deep merging is not supported",
        ),
        (
            "States.StringToJson('{')",
            json!({}),
            "Invalid arguments in States.StringToJson: not JSON: EOF while parsing an object at line 1 column 1",
        ),
        (
            "States.MathAdd('1', 2)",
            json!({}),
            "Invalid arguments in States.MathAdd: argument 1 must be a number, got a string",
        ),
        (
            "States.MathAdd(9223372036854775807, 1)",
            json!({}),
            "Invalid arguments in States.MathAdd: the sum is too large",
        ),
        (
            "States.MathAdd(1e300, 1)",
            json!({}),
            "Invalid arguments in States.MathAdd: argument 1 is too large",
        ),
    ]);
}

#[test]
fn calls_nest() {
    let name = "States.StringSplit($$.StateMachine.Name, '-')";
    let last = format!("States.ArrayGetItem({name}, States.MathAdd(States.ArrayLength({name}), -1))");
    assert_eq!(evaluate(&last, json!({})), Ok(json!("last")));
    let nested = |levels: usize| format!("{}1{}", "States.Array(".repeat(levels), ")".repeat(levels));
    assert!(Intrinsic::parse(&nested(10)).is_ok());
    Intrinsic::parse(&nested(11)).expect_err("eleven levels");
    Intrinsic::parse(&nested(100_000)).expect_err("very many levels");
    assert_eq!(
        evaluate(
            "States.MathAdd(States.MathAdd($count,1) , $.a['x, y)'][0] )",
            json!({"a": {"x, y)": [2]}})
        ),
        Ok(json!(6))
    );
    assert_eq!(
        evaluate(
            "States.Array($.a[?(@.b == 'x, y')].c, $.a.length())",
            json!({"a": [{"b": "x, y", "c": 1}]})
        ),
        Ok(json!([[1], 1]))
    );
}

#[test]
fn missing_paths_are_quoted_as_in_aws() {
    assert_fails(&[
        (
            "States.Format('{}', $.nope)",
            json!({"other": 1}),
            "The function 'States.Format('{}', $.nope)' had the following error: The JsonPath argument for the field \
             '$.nope' could not be found in the input '{\"other\":1}'",
        ),
        (
            "States.Array($.a[0])",
            json!({"a": 1}),
            "The function 'States.Array($.a[0])' had the following error: Filter: [0] can only be applied to arrays. \
             Current context is: 1",
        ),
    ]);
}

#[test]
fn random_numbers() {
    // What `new java.util.Random(42)` gives to nextInt(10), nextInt(10), and seed 0 to nextInt(100).
    let mut java = JavaRandom::new(42);
    assert_eq!((java.between(0, 10), java.between(0, 10)), (0, 3));
    assert_eq!(JavaRandom::new(0).between(0, 100), 60);
    assert_eq!(evaluate("States.MathRandom(0, 100, 0)", json!({})), Ok(json!(60)));
    let cases = [
        ("States.MathRandom(12.5, 44.51)", 13, 45),
        ("States.MathRandom(-99999, -9999)", -99999, -9999),
        ("States.MathRandom(7, 8)", 7, 8),
        ("States.MathRandom(0, 3000000001, 5)", 0, 3_000_000_001),
        (
            "States.MathRandom(-9223372036854775807, 9223372036854775807, 5)",
            i64::MIN,
            i64::MAX,
        ),
    ];
    for (text, start, end) in cases {
        let number = evaluate(text, json!({})).unwrap().as_i64().unwrap();
        assert!((start..end).contains(&number), "{text}: {number}");
    }
    assert_fails(&[(
        "States.MathRandom(5, 5)",
        json!({}),
        "Invalid arguments in States.MathRandom: the start 5 must be less than the end 5",
    )]);
    let uuid = evaluate("States.UUID()", json!({})).unwrap();
    let groups: Vec<&str> = uuid.as_str().unwrap().split('-').collect();
    assert_eq!(
        groups.iter().map(|group| group.len()).collect::<Vec<_>>(),
        [8, 4, 4, 4, 12]
    );
    assert!(
        groups[2].starts_with('4') && groups[3].starts_with(['8', '9', 'a', 'b']),
        "{uuid}"
    );
}

#[test]
fn what_is_known_before_running() {
    assert!(is_intrinsic("States.UUID()") && !is_intrinsic("$.States.UUID") && !is_intrinsic("Status"));
    let strings = [
        "Format('a')",
        "JsonToString($)",
        "ArrayGetItem($, 0)",
        "Base64Encode('a')",
        "Base64Decode('a')",
        "Hash('a', 'MD5')",
        "UUID()",
    ];
    for text in strings {
        assert!(
            Intrinsic::parse(&format!("States.{text}"))
                .unwrap()
                .returns_string(),
            "{text}"
        );
    }
    assert!(!Intrinsic::parse("States.Array('a')").unwrap().returns_string());
    let call = Intrinsic::parse("States.Array($.a, States.Format('{}', $$.b), $c)").unwrap();
    assert_eq!(
        call.paths().map(|path| path.text()).collect::<Vec<_>>(),
        ["$.a", "$$.b", "$c"]
    );
}

#[test]
fn faults_are_named_with_their_place() {
    let cases = [
        (
            "States.Nope(1)",
            "`States.Nope` is not an intrinsic function (at offset 0)",
        ),
        (
            "States.UUID",
            "expected `(`, got the end of the text (at offset 11)",
        ),
        (
            "States.UUID(1)",
            "`States.UUID` takes 0 arguments, got 1 (at offset 0)",
        ),
        (
            "States.MathRandom(1)",
            "`States.MathRandom` takes 2 to 3 arguments, got 1 (at offset 0)",
        ),
        (
            "States.Format()",
            "`States.Format` takes at least 1 arguments, got 0 (at offset 0)",
        ),
        ("States.Array('a", "the text has no closing quote (at offset 13)"),
        (
            "States.Array(1",
            "expected `,` or `)` after an argument, got the end of the text (at offset 14)",
        ),
        (
            "States.Array($.a[)",
            "expected a quoted name, an index, `*` or `?(` after `[`, got `)` (at offset 17)",
        ),
        (
            "States.Array(1)x",
            "expected the end after the call, got `x` (at offset 15)",
        ),
        (
            "States.Array(\"a\")",
            "expected a path, a text in single quotes, a number, `true`, `false`, `null` or a call (at offset 13)",
        ),
    ];
    for (text, message) in cases {
        assert_eq!(Intrinsic::parse(text).unwrap_err().to_string(), message, "{text}");
    }
}
