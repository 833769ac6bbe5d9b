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

#[test]
fn unknown_functions_are_those_that_nobody_defines() {
    for (text, names) in [
        ("$uppercase('a') & $hash('a', 'MD5')", &[][..]),
        ("$upperCase('a')", &["upperCase"]),
        ("($f := function($n) { $n }; $f(1) + $g(2))", &["g"]),
        ("$map([1], function($v) { $nope($v) })", &["nope"]),
    ] {
        let expression = Expression::parse(text).unwrap();
        assert_eq!(
            expression.unknown_functions().collect::<Vec<_>>(),
            names,
            "{text}"
        );
    }
}

#[test]
fn paths_below_states_end_at_the_first_step_that_is_more_than_a_name() {
    for (text, paths) in [
        (
            "$states.context.Execution.Id & $states.input.a[0].b",
            &[&["context", "Execution", "Id"][..], &["input", "a"]][..],
        ),
        ("$states.input.*.b", &[&["input"]]),
        ("$states", &[]),
    ] {
        let expression = Expression::parse(text).unwrap();
        assert_eq!(expression.states_paths().collect::<Vec<_>>(), paths, "{text}");
    }
}
