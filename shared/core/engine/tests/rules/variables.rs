//! Variables.

use crate::play::{FUNCTION, Play, play, play_jsonata, run, run_jsonata};
use engine::{Limits, Status};
use serde_json::json;

#[test]
fn all_of_an_assign_sees_the_values_from_before_it() {
    let play = play(
        json!({
            "Set": { "Type": "Pass", "Assign": { "x": 1, "y": 2 }, "Next": "Swap" },
            "Swap": { "Type": "Pass", "Assign": { "x.$": "$y", "y.$": "$x" }, "Next": "Show" },
            "Show": { "Type": "Pass", "Parameters": { "x.$": "$x", "y.$": "$y" }, "End": true },
        }),
        json!({}),
    );
    assert_eq!(play.output(), json!({ "x": 2, "y": 1 }));
}

#[test]
fn output_sees_the_values_from_before_assign() {
    let play = play_jsonata(
        json!({
            "Set": { "Type": "Pass", "Assign": { "x": 1 }, "Next": "Both" },
            "Both": { "Type": "Pass", "Assign": { "x": "{% $x + 1 %}" }, "Output": "{% $x %}", "Next": "Show" },
            "Show": { "Type": "Pass", "Output": { "output": "{% $states.input %}", "now": "{% $x %}" }, "End": true },
        }),
        json!({}),
    );
    assert_eq!(play.output(), json!({ "output": 1, "now": 2 }));
}

#[test]
fn assigned_variables_stand_in_the_exit_event() {
    let play = run(
        json!({ "Type": "Pass", "Assign": { "a": { "b.$": "$.in" } }, "End": true }),
        json!({ "in": 1 }),
    );
    assert_eq!(
        play.last("PassStateExited")["stateExitedEventDetails"]["assignedVariables"],
        json!({ "a": { "b": 1 } })
    );
}

#[test]
fn a_task_assigns_from_its_result() {
    let mut play = play(
        json!({
            "S": { "Type": "Task", "Resource": FUNCTION, "Assign": { "r.$": "$.n" }, "ResultPath": null, "Next": "Show" },
            "Show": { "Type": "Pass", "Parameters": { "r.$": "$r" }, "End": true },
        }),
        json!({}),
    );
    play.answer(json!({ "n": 5 }));
    assert_eq!(play.output(), json!({ "r": 5 }));
}

#[test]
fn branches_see_outer_variables_and_keep_their_own() {
    let branch = |name: &str, value: i32| {
        let show = format!("{name}Show");
        json!({ "StartAt": name, "States": {
            name: { "Type": "Pass", "Assign": { "own": value }, "Next": show },
            show: { "Type": "Pass", "Parameters": { "outer.$": "$outer", "own.$": "$own" }, "End": true },
        } })
    };
    let play = play(
        json!({
            "Set": { "Type": "Pass", "Assign": { "outer": 1 }, "Next": "P" },
            "P": { "Type": "Parallel", "Branches": [branch("A", 10), branch("B", 20)], "End": true },
        }),
        json!({}),
    );
    assert_eq!(
        play.output(),
        json!([{ "outer": 1, "own": 10 }, { "outer": 1, "own": 20 }])
    );
}

#[test]
fn variables_of_a_branch_end_with_it() {
    let branch =
        json!({ "StartAt": "A", "States": { "A": { "Type": "Pass", "Assign": { "own": 1 }, "End": true } } });
    let play = play_jsonata(
        json!({
            "P": { "Type": "Parallel", "Branches": [branch], "Next": "Show" },
            "Show": { "Type": "Pass", "Output": "{% $exists($own) %}", "End": true },
        }),
        json!({}),
    );
    assert_eq!(play.output(), json!(false));
}

#[test]
fn iterations_have_variables_of_their_own() {
    let processor = json!({ "StartAt": "A", "States": {
        "A": { "Type": "Pass", "Assign": { "n.$": "$" }, "Next": "B" },
        "B": { "Type": "Wait", "Seconds": 1, "Next": "C" },
        "C": { "Type": "Pass", "Parameters": { "n.$": "$n" }, "End": true },
    } });
    let mut play = play(
        json!({ "M": { "Type": "Map", "ItemProcessor": processor, "End": true } }),
        json!([1, 2]),
    );
    play.run_to_the_end().unwrap();
    assert_eq!(play.output(), json!([{ "n": 1 }, { "n": 2 }]));
}

#[test]
fn a_variable_that_was_never_assigned_fails() {
    let play = run_jsonata(
        json!({ "Type": "Pass", "Output": "{% $none %}", "End": true }),
        json!({}),
    );
    assert_eq!(play.error().0, "States.QueryEvaluationError");
}

/// One Assign of so many variables, each a string of so many bytes as JSON.
fn assign(count: usize, bytes: usize) -> Play {
    let fields: serde_json::Map<String, serde_json::Value> = (0..count)
        .map(|number| (format!("v{number}"), json!("x".repeat(bytes - 2))))
        .collect();
    run(
        json!({ "Type": "Pass", "Assign": fields, "End": true }),
        json!({}),
    )
}

#[test]
fn one_assign_holds_up_to_256_kib() {
    assert_eq!(assign(1, 262_144).status(), Status::Succeeded);
    assert_eq!(assign(1, 262_145).error().0, "States.DataLimitExceeded");
    assert_eq!(assign(4, 65_536).status(), Status::Succeeded);
    assert_eq!(assign(4, 65_537).error().0, "States.DataLimitExceeded");
}

#[test]
fn all_variables_hold_up_to_10_mib() {
    // 41 variables of 256 KiB: one too many. Assigned again they take no more room.
    let large = "x".repeat(262_142);
    let machine = |count: usize, names: usize| {
        let states: serde_json::Map<String, serde_json::Value> = (0..count)
            .map(|number| {
                let next = if number + 1 == count {
                    json!({ "End": true })
                } else {
                    json!({ "Next": format!("S{}", number + 1) })
                };
                let assign = json!({ format!("v{}", number % names): large });
                (
                    format!("S{number}"),
                    crate::play::with(json!({ "Type": "Pass", "Assign": assign }), next),
                )
            })
            .collect();
        let definition = json!({ "StartAt": "S0", "States": states });
        Play::with_limits(&definition.to_string(), "{}", Limits::default())
    };
    assert_eq!(machine(40, 40).unwrap().status(), Status::Succeeded);
    assert_eq!(machine(41, 41).unwrap().error().0, "States.DataLimitExceeded");
    assert_eq!(machine(45, 5).unwrap().status(), Status::Succeeded);
}
