//! `$states`, variables and the short way to them.

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
