//! What definitions become.

use super::{FUNCTION, compiled, one};
use crate::program::*;
use crate::{MachineType, Program, compile, compile_state};
use serde_json::{Value, json};

fn program(states: Value) -> Program {
    let compiled = compiled(states);
    compiled
        .program
        .unwrap_or_else(|| panic!("{:?}", compiled.diagnostics))
}

/// Compiles the one state `A`.
fn state(language: &str, state: Value) -> StateKind {
    let compiled = one(language, state);
    let program = compiled
        .program
        .unwrap_or_else(|| panic!("{:?}", compiled.diagnostics));
    program.states[0].kind.clone()
}

fn path(text: &str) -> jsonpath::Path {
    jsonpath::Path::parse(text).unwrap()
}

fn expression(text: &str, field: &str) -> Expression {
    Expression {
        source: jsonata::Expression::parse(text).unwrap(),
        field: field.into(),
    }
}

#[test]
fn states_and_machines_stand_in_document_order() {
    let branch = |name: &str| json!({"StartAt": name, "States": {name: {"Type": "Succeed"}}});
    let states = json!({
        "P": {"Type": "Parallel", "Next": "M", "Branches": [
            {"StartAt": "Q", "States": {"Q": {"Type": "Map", "Iterator": branch("R"), "End": true}}},
            branch("S"),
        ]},
        "M": {"Type": "Map", "ItemProcessor": branch("T"), "Next": "E"},
        "E": {"Type": "Succeed"},
    });
    let program = program(states);
    let names: Vec<(&str, u32)> = program
        .states
        .iter()
        .map(|state| (&*state.name, state.machine.0))
        .collect();
    assert_eq!(
        names,
        [
            ("P", 0),
            ("Q", 1),
            ("R", 2),
            ("S", 3),
            ("M", 0),
            ("T", 4),
            ("E", 0)
        ]
    );
    let starts: Vec<u32> = program
        .machines
        .iter()
        .map(|machine| machine.start_at.0)
        .collect();
    assert_eq!(starts, [0, 1, 2, 3, 5]);
    let StateKind::Parallel(parallel) = &program.states[0].kind else {
        panic!()
    };
    assert_eq!(
        (parallel.branches.clone(), parallel.transition),
        (vec![MachineId(1), MachineId(3)], Transition::Next(StateId(4)))
    );
    let StateKind::Map(map) = &program.states[4].kind else {
        panic!()
    };
    assert_eq!(
        (map.processor, map.transition),
        (MachineId(4), Transition::Next(StateId(6)))
    );
}

#[test]
fn compiling_twice_gives_the_same() {
    let text = json!({"Comment": "c", "TimeoutSeconds": 9, "StartAt": "A", "States": {"A": {"Type": "Pass", "Parameters": {"b.$": "$.b", "a": {"c": 1}}, "End": true}}}).to_string();
    let [first, second] = [(); 2].map(|()| compile(&text, MachineType::Standard).program.unwrap());
    assert_eq!(format!("{first:?}"), format!("{second:?}"));
    assert_eq!(
        (first.timeout_seconds, first.comment.as_deref()),
        (Some(9), Some("c"))
    );
}

#[test]
fn templates_fold_what_never_changes() {
    let parameters = json!({"b.$": "$.b", "a": {"c": [1, {"d": 2}]}, "l": [1, {"e.$": "States.UUID()"}]});
    let StateKind::Pass(pass) = state("JSONPath", json!({"Type": "Pass", "Parameters": parameters})) else {
        panic!()
    };
    let uuid = Template::Intrinsic(jsonpath::Intrinsic::parse("States.UUID()").unwrap());
    assert_eq!(
        pass.flow.arguments,
        Some(Template::Object(vec![
            ("b".into(), Template::Path(path("$.b"))),
            ("a".into(), Template::Literal(json!({"c": [1, {"d": 2}]}))),
            (
                "l".into(),
                Template::List(vec![
                    Template::Literal(json!(1)),
                    Template::Object(vec![("e".into(), uuid)])
                ])
            ),
        ]))
    );
    let StateKind::Pass(pass) = state("JSONPath", json!({"Type": "Pass", "Parameters": {"a": [1]}})) else {
        panic!()
    };
    assert_eq!(pass.flow.arguments, Some(Template::Literal(json!({"a": [1]}))));
}

#[test]
fn expressions_know_their_field() {
    let definition = json!({
        "Type": "Task", "Resource": FUNCTION, "Arguments": "{% $states.input %}",
        "Output": {"v": ["{% 1 %}"]}, "Assign": {"x": "{%$y%}", "z": 1}, "TimeoutSeconds": "{% 5 %}",
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Z", "Assign": {"e": "{% $states.errorOutput %}"}}],
    });
    let StateKind::Task(task) = state("JSONata", definition) else {
        panic!()
    };
    assert_eq!(
        task.flow.arguments,
        Some(Template::Expression(expression("$states.input", "Arguments")))
    );
    let list = Template::List(vec![Template::Expression(expression("1", "Output/v[0]"))]);
    assert_eq!(task.flow.output, Some(Template::Object(vec![("v".into(), list)])));
    assert_eq!(
        task.flow.assign[0],
        ("x".into(), Template::Expression(expression("$y", "Assign/x")))
    );
    assert_eq!(task.flow.assign[1], ("z".into(), Template::Literal(json!(1))));
    assert_eq!(
        task.timeout_seconds,
        Some(Setting::Expression(expression("5", "TimeoutSeconds")))
    );
    let caught = Template::Expression(expression("$states.errorOutput", "Catch[0]/Assign/e"));
    assert_eq!(task.catch[0].assign, [("e".into(), caught)]);
    let rule = json!({"Type": "Choice", "Choices": [{"Condition": "{% true %}", "Next": "Z"}, {"Condition": false, "Next": "Z"}]});
    let StateKind::Choice(choice) = state("JSONata", rule) else {
        panic!()
    };
    assert_eq!(
        choice.rules[0].condition,
        Condition::Expression(expression("true", "Choices[0]/Condition"))
    );
    assert_eq!(choice.rules[1].condition, Condition::Literal(false));
}

#[test]
fn states_tell_which_variables_they_read() {
    let definition = json!({"StartAt": "A", "QueryLanguage": "JSONata", "States": {
        "A": {"Type": "Choice", "Default": "W", "Assign": {"b": "{% $a %}"}, "Choices": [
            {"Condition": "{% $c = $states.input %}", "Output": "{% ($local := 1; $local + $sum([$d])) %}", "Next": "W"},
        ]},
        "W": {"Type": "Wait", "QueryLanguage": "JSONata", "Seconds": "{% $e %}", "Next": "Z"},
        "Z": {"Type": "Succeed"},
    }});
    let program = compile(&definition.to_string(), MachineType::Standard)
        .program
        .unwrap();
    let found: Vec<String> = program
        .variable_references()
        .iter()
        .map(|found| format!("{found:?}"))
        .collect();
    assert_eq!(found, [r#"("A", {"a", "c", "d"})"#, r#"("W", {"e"})"#]);
}

#[test]
fn paths_have_their_neutral_values() {
    let StateKind::Pass(pass) = state("JSONPath", json!({"Type": "Pass"})) else {
        panic!()
    };
    assert_eq!(pass.flow, Flow::new(QueryLanguage::Jsonpath));
    let definition = json!({"Type": "Pass", "InputPath": null, "ResultPath": null, "OutputPath": "$x.y", "Result": {"a.$": 1}});
    let StateKind::Pass(pass) = state("JSONPath", definition) else {
        panic!()
    };
    assert_eq!(pass.flow.input_path, Selector::Nothing);
    assert_eq!(pass.flow.result_path, ResultPath::Discard);
    assert_eq!(pass.flow.output_path, Selector::Path(path("$x.y")));
    assert_eq!(pass.result, Some(json!({"a.$": 1})));
}

#[test]
fn conditions() {
    let definition = json!({"Type": "Choice", "Default": "Z", "Choices": [
        {"And": [{"Variable": "$.a", "NumericLessThanEquals": 5}, {"Not": {"Variable": "$$.b", "StringEqualsPath": "$.c"}}], "Next": "Z"},
        {"Variable": "$.t", "TimestampGreaterThan": "2020-01-01T00:00:00Z", "Assign": {"v.$": "$.t"}, "Next": "Z"},
        {"Variable": "$.s", "StringMatches": "a*", "Next": "Z"},
    ]});
    let StateKind::Choice(choice) = state("JSONPath", definition) else {
        panic!()
    };
    assert_eq!(choice.default, Some(StateId(1)));
    let numeric = Test::Numeric(Comparison::LessThanEquals, Operand::Literal(5.0));
    let text = Test::String(Comparison::Equals, Operand::Path(path("$.c")));
    assert_eq!(
        choice.rules[0].condition,
        Condition::And(vec![
            Condition::Test {
                variable: path("$.a"),
                test: numeric
            },
            Condition::Not(Box::new(Condition::Test {
                variable: path("$$.b"),
                test: text
            })),
        ])
    );
    let time = crate::Timestamp::parse("2020-01-01T00:00:00Z").unwrap();
    let test = Test::Timestamp(Comparison::GreaterThan, Operand::Literal(time));
    assert_eq!(
        choice.rules[1].condition,
        Condition::Test {
            variable: path("$.t"),
            test
        }
    );
    assert_eq!(
        choice.rules[1].assign,
        [("v".into(), Template::Path(path("$.t")))]
    );
    assert_eq!(choice.rules[2].next, StateId(1));
}

#[test]
fn retriers_have_defaults() {
    let definition = json!({"Type": "Task", "Resource": FUNCTION, "Retry": [
        {"ErrorEquals": ["E"], "IntervalSeconds": 3, "MaxAttempts": 0, "BackoffRate": 1, "MaxDelaySeconds": 7, "JitterStrategy": "FULL"},
        {"ErrorEquals": ["States.ALL"]},
    ]});
    let StateKind::Task(task) = state("JSONPath", definition) else {
        panic!()
    };
    let [first, second] = task.retry.as_slice() else {
        panic!()
    };
    assert_eq!(
        (first.interval_seconds, first.max_attempts, first.backoff_rate),
        (3, 0, 1.0)
    );
    assert_eq!((first.max_delay_seconds, first.full_jitter), (Some(7), true));
    assert_eq!(
        (second.interval_seconds, second.max_attempts, second.backoff_rate),
        (1, 3, 2.0)
    );
    assert_eq!((second.max_delay_seconds, second.full_jitter), (None, false));
}

#[test]
fn maps_old_and_new() {
    let processor = json!({"StartAt": "B", "States": {"B": {"Type": "Succeed"}}});
    let definition = json!({"Type": "Map", "Iterator": processor, "Parameters": {"i.$": "$$.Map.Item.Value"}, "ItemsPath": "$.l", "MaxConcurrencyPath": "$.n"});
    let StateKind::Map(map) = state("JSONPath", definition) else {
        panic!()
    };
    assert_eq!(map.flow.arguments, None);
    assert_eq!(
        map.item_selector,
        Some(Template::Object(vec![(
            "i".into(),
            Template::Path(path("$$.Map.Item.Value"))
        )]))
    );
    assert_eq!(
        (map.items, map.max_concurrency),
        (
            Items::Path(Selector::Path(path("$.l"))),
            Setting::Path(path("$.n"))
        )
    );
    assert_eq!(map.mode, MapMode::Inline);

    let mut processor = processor;
    processor["ProcessorConfig"] = json!({"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"});
    let definition = json!({"Type": "Map", "ItemProcessor": processor, "Label": "L", "ItemReader": {"Resource": "arn:aws:states:::s3:getObject"}, "ToleratedFailurePercentage": 5});
    let StateKind::Map(map) = state("JSONata", definition) else {
        panic!()
    };
    let MapMode::Distributed(mode) = map.mode else {
        panic!()
    };
    assert_eq!(
        (mode.express, mode.label.as_deref(), mode.item_reader),
        (
            true,
            Some("L"),
            Some(json!({"Resource": "arn:aws:states:::s3:getObject"}))
        )
    );
    assert_eq!(
        (map.items, map.tolerated_failure_percentage),
        (Items::Input, Some(Setting::Fixed(5.0)))
    );
}

#[test]
fn the_language_of_a_map_is_not_that_of_its_states() {
    let processor =
        json!({"StartAt": "B", "States": {"B": {"Type": "Pass", "InputPath": "$.b", "End": true}}});
    let program = program(
        json!({"M": {"Type": "Map", "QueryLanguage": "JSONata", "Items": [1], "ItemProcessor": processor, "End": true}}),
    );
    let StateKind::Pass(pass) = &program.states[1].kind else {
        panic!()
    };
    assert_eq!(pass.flow.language, QueryLanguage::Jsonpath);
}

#[test]
fn a_state_compiles_alone() {
    let text = json!({"Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": true, "Next": "B"}], "Default": "C"});
    let program = compile_state(&text.to_string(), "A").program.unwrap();
    let StateId(start) = program.machines[0].start_at;
    assert_eq!(&*program.states[start as usize].name, "A");
    let StateKind::Choice(choice) = &program.states[start as usize].kind else {
        panic!()
    };
    assert_eq!(&*program.state(choice.rules[0].next).unwrap().name, "B");
    assert_eq!(&*program.state(choice.default.unwrap()).unwrap().name, "C");
    for broken in ["5", "{\"Type\": \"Pass\"}", "{"] {
        let found = compile_state(broken, "A");
        assert!(
            found.program.is_none() && found.diagnostics.len() == 1,
            "{found:?}"
        );
    }
    // Nothing is said about where the state leads, be it back to itself.
    let text = json!({"Type": "Wait", "Seconds": 1, "Next": "A"}).to_string();
    assert!(compile_state(&text, "A").program.is_some());
}
