//! The functions that Step Functions adds, against what AWS answered.

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
