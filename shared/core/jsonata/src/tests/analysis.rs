//! What is known of an expression before it runs.

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
