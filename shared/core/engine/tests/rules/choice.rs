//! Choice.

use crate::play::{play, play_jsonata};
use serde_json::{Value, json};

/// Whether a rule holds for `value`, which stands at `$.v`; `$.w` holds `other`.
fn holds(test: Value, value: Value, other: Value) -> bool {
    let mut rule = json!({ "Variable": "$.v", "Next": "Yes" });
    for (name, operand) in test.as_object().unwrap() {
        rule[name.as_str()] = operand.clone();
    }
    decide(rule, json!({ "v": value, "w": other })).unwrap()
}

/// Where a rule leads: `true` to its Next, `false` to Default; else the error.
fn decide(rule: Value, input: Value) -> Result<bool, String> {
    let play = play(
        json!({
            "C": { "Type": "Choice", "Choices": [rule], "Default": "No" },
            "Yes": { "Type": "Pass", "Result": true, "End": true },
            "No": { "Type": "Pass", "Result": false, "End": true },
        }),
        input,
    );
    match play
        .execution
        .closing
        .as_ref()
        .and_then(|closing| closing.output.clone())
    {
        Some(output) => Ok(output.value().as_bool().unwrap()),
        None => Err(play.error().0),
    }
}

/// One family of comparisons: for each operator, whether it holds for less, equal and greater.
fn family(prefix: &str, low: Value, high: Value) {
    for (operator, expected) in [
        ("Equals", [false, true, false]),
        ("LessThan", [true, false, false]),
        ("GreaterThan", [false, false, true]),
        ("LessThanEquals", [true, true, false]),
        ("GreaterThanEquals", [false, true, true]),
    ] {
        let name = format!("{prefix}{operator}");
        let pairs = [(&low, &high), (&low, &low), (&high, &low)];
        for ((left, right), expected) in pairs.into_iter().zip(expected) {
            assert_eq!(
                holds(json!({ &name: right }), left.clone(), json!(null)),
                expected,
                "{left} {name} {right}"
            );
            let by_path = json!({ format!("{name}Path"): "$.w" });
            assert_eq!(
                holds(by_path, left.clone(), right.clone()),
                expected,
                "{left} {name}Path {right}"
            );
        }
        for other in [
            json!(null),
            json!({}),
            json!([]),
            json!(true),
            if low.is_string() { json!(1) } else { json!("1") },
        ] {
            assert!(
                !holds(json!({ &name: low }), other.clone(), json!(null)),
                "{other} {name} {low}"
            );
            assert!(
                !holds(
                    json!({ format!("{name}Path"): "$.w" }),
                    low.clone(),
                    other.clone()
                ),
                "{low} {name}Path {other}"
            );
        }
    }
}

#[test]
fn strings_compare_by_their_characters() {
    family("String", json!("a"), json!("b"));
    family("String", json!("B"), json!("a"));
}

#[test]
fn numbers_compare_by_value() {
    family("Numeric", json!(1), json!(1.5));
    assert!(holds(json!({ "NumericEquals": 1.0 }), json!(1), json!(null)));
}

#[test]
fn timestamps_compare_as_moments() {
    family(
        "Timestamp",
        json!("2024-01-01T00:00:00Z"),
        json!("2024-01-01T00:00:01Z"),
    );
    let same = json!({ "TimestampEquals": "2024-01-01T01:00:00+01:00" });
    assert!(holds(same, json!("2024-01-01T00:00:00Z"), json!(null)));
    assert!(!holds(
        json!({ "TimestampEquals": "2024-01-01T00:00:00Z" }),
        json!("yesterday"),
        json!(null)
    ));
}

#[test]
fn booleans_compare() {
    assert!(holds(json!({ "BooleanEquals": true }), json!(true), json!(null)));
    assert!(!holds(
        json!({ "BooleanEquals": true }),
        json!(false),
        json!(null)
    ));
    assert!(holds(
        json!({ "BooleanEqualsPath": "$.w" }),
        json!(false),
        json!(false)
    ));
    assert!(!holds(
        json!({ "BooleanEquals": true }),
        json!("true"),
        json!(null)
    ));
    assert!(!holds(
        json!({ "BooleanEqualsPath": "$.w" }),
        json!(true),
        json!("true")
    ));
}

#[test]
fn string_matches_knows_one_wildcard() {
    assert!(holds(
        json!({ "StringMatches": "log-*.txt" }),
        json!("log-1.txt"),
        json!(null)
    ));
    assert!(!holds(
        json!({ "StringMatches": "log-*.txt" }),
        json!("log-1.csv"),
        json!(null)
    ));
    assert!(!holds(json!({ "StringMatches": "*" }), json!(1), json!(null)));
}

#[test]
fn types_are_asked_for() {
    let values = [
        json!(null),
        json!(1),
        json!("x"),
        json!(true),
        json!("2024-01-01T00:00:00Z"),
        json!([]),
        json!({}),
    ];
    for (operator, positions) in [
        ("IsNull", vec![0]),
        ("IsNumeric", vec![1]),
        ("IsString", vec![2, 4]),
        ("IsBoolean", vec![3]),
        ("IsTimestamp", vec![4]),
        ("IsPresent", vec![0, 1, 2, 3, 4, 5, 6]),
    ] {
        for (number, value) in values.iter().enumerate() {
            let is = positions.contains(&number);
            assert_eq!(
                holds(json!({ operator: true }), value.clone(), json!(null)),
                is,
                "{operator} {value}"
            );
            assert_eq!(
                holds(json!({ operator: false }), value.clone(), json!(null)),
                !is,
                "not {operator} {value}"
            );
        }
    }
}

#[test]
fn only_is_present_may_ask_for_what_is_not_there() {
    let rule = |test: &str, operand: Value| json!({ "Variable": "$.none", test: operand, "Next": "Yes" });
    assert_eq!(decide(rule("IsPresent", json!(true)), json!({})), Ok(false));
    assert_eq!(decide(rule("IsPresent", json!(false)), json!({})), Ok(true));
    assert_eq!(
        decide(rule("IsNull", json!(true)), json!({})),
        Err("States.Runtime".into())
    );
    assert_eq!(
        decide(rule("NumericEquals", json!(1)), json!({})),
        Err("States.Runtime".into())
    );
    let by_path = json!({ "Variable": "$.v", "NumericEqualsPath": "$.none", "Next": "Yes" });
    assert_eq!(decide(by_path, json!({ "v": 1 })), Err("States.Runtime".into()));
}

#[test]
fn rules_combine() {
    let is = |value: i32| json!({ "Variable": "$.v", "NumericEquals": value });
    let input = json!({ "v": 1 });
    let decide =
        |rule: Value| decide(crate::play::with(rule, json!({ "Next": "Yes" })), input.clone()).unwrap();
    assert!(decide(json!({ "And": [is(1), is(1)] })));
    assert!(!decide(json!({ "And": [is(1), is(2)] })));
    assert!(decide(json!({ "Or": [is(2), is(1)] })));
    assert!(!decide(json!({ "Or": [is(2), is(3)] })));
    assert!(decide(json!({ "Not": is(2) })));
    assert!(!decide(json!({ "Not": { "Or": [is(1)] } })));
}

#[test]
fn and_stops_at_the_first_that_does_not_hold() {
    let guarded = json!({ "And": [
        { "Variable": "$.none", "IsPresent": true },
        { "Variable": "$.none", "NumericEquals": 1 },
    ], "Next": "Yes" });
    assert_eq!(decide(guarded, json!({})), Ok(false));
}

#[test]
fn the_first_rule_that_holds_decides_and_assigns() {
    let play = play(
        json!({
            "C": { "Type": "Choice", "Choices": [
                { "Variable": "$.v", "IsNumeric": true, "Next": "A", "Assign": { "by": "first" } },
                { "Variable": "$.v", "NumericEquals": 1, "Next": "A", "Assign": { "by": "second" } },
            ] },
            "A": { "Type": "Pass", "Parameters": { "by.$": "$by" }, "End": true },
        }),
        json!({ "v": 1 }),
    );
    assert_eq!(play.output(), json!({ "by": "first" }));
}

#[test]
fn default_uses_the_states_own_assign() {
    let play = play(
        json!({
            "C": {
                "Type": "Choice", "Default": "A", "Assign": { "by": "default" },
                "Choices": [{ "Variable": "$.v", "IsNull": true, "Next": "A", "Assign": { "by": "rule" } }],
            },
            "A": { "Type": "Pass", "Parameters": { "by.$": "$by" }, "End": true },
        }),
        json!({ "v": 1 }),
    );
    assert_eq!(play.output(), json!({ "by": "default" }));
}

#[test]
fn without_a_rule_or_default_the_execution_fails() {
    let play = play(
        json!({
            "C": { "Type": "Choice", "Choices": [{ "Variable": "$.v", "IsNull": true, "Next": "A" }] },
            "A": { "Type": "Succeed" },
        }),
        json!({ "v": 1 }),
    );
    assert_eq!(play.error().0, "States.NoChoiceMatched");
    assert_eq!(
        play.types(),
        ["ExecutionStarted", "ChoiceStateEntered", "ExecutionFailed"]
    );
}

#[test]
fn jsonata_conditions_must_be_boolean() {
    let play = |condition: &str| {
        play_jsonata(
            json!({
                "C": {
                    "Type": "Choice", "Default": "A", "Output": "default",
                    "Choices": [{ "Condition": condition, "Next": "A", "Output": { "rule": "{% $states.input.v %}" } }],
                },
                "A": { "Type": "Succeed" },
            }),
            json!({ "v": 1 }),
        )
    };
    assert_eq!(play("{% $states.input.v = 1 %}").output(), json!({ "rule": 1 }));
    assert_eq!(play("{% $states.input.v = 2 %}").output(), json!("default"));
    let failed = play("{% $states.input.v %}");
    assert_eq!(failed.error().0, "States.QueryEvaluationError");
    assert_eq!(failed.count("EvaluationFailed"), 1);
}
