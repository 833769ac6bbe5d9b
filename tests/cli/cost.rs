//! `stepwell cost`.

use super::Folder;
use crate::support::repository;
use serde_json::{Value, json};

#[test]
fn the_measured_workloads_are_reckoned_without_a_file() {
    let ended = Folder::new().stepwell(&["cost"]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    for part in [
        "executions that are kept for 90 days, at list prices of us-east-1 (2026-06), without free tiers",
        "chain of 10 direct SDK tasks",
        "inline Map of 1,000 items with a task each",
        "Assumed:",
        "memory of each function (the template's default): 256 MB",
        "Not counted:",
    ] {
        assert!(ended.out.contains(part), "`{part}` is missing in\n{}", ended.out);
    }
    let wait = ended
        .out
        .lines()
        .find(|line| line.contains("one Wait of 20 minutes"))
        .unwrap();
    assert!(wait.contains("cannot"), "Express ends after five minutes: {wait}");
}

#[test]
fn programs_get_prices_assumptions_and_every_line() {
    let ended = Folder::new().stepwell(&["cost", "--json"]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let reckoned: Value = ended.json();
    assert_eq!(reckoned["workloads"].as_array().unwrap().len(), 5);
    for workload in reckoned["workloads"].as_array().unwrap() {
        let of = &workload["dollars_per_million_executions"];
        let lines = of["stepwell_lines"].as_object().unwrap();
        let sum: f64 = lines.values().map(|dollars| dollars.as_f64().unwrap()).sum();
        assert!((sum - of["stepwell"].as_f64().unwrap()).abs() < 1e-6);
        assert_eq!(workload["durations"], "assumed");
        let standard = workload["transitions"].as_f64().unwrap() * 25.0;
        assert!((of["step_functions_standard"].as_f64().unwrap() - standard).abs() < 1e-6);
    }
    for price in reckoned["prices"].as_array().unwrap() {
        assert!(
            price["page"]
                .as_str()
                .unwrap()
                .starts_with("https://aws.amazon.com/"),
            "{price}"
        );
    }
    assert!(!reckoned["assumptions"].as_array().unwrap().is_empty());
}

#[test]
fn a_file_of_ones_own_is_reckoned() {
    let usage = json!({ "workloads": [{
        "name": "mine", "title": "my execution", "transitions": 2, "items": 1, "item_bytes": 0, "wake_ups": 0,
        "api_milliseconds": 0, "transition_milliseconds": 0,
        "usage": { "write_units": 1000 },
    }] });
    let folder = Folder::new().with("usage.json", usage.to_string());
    let ended = folder.stepwell(&["cost", "usage.json", "--json"]);
    let reckoned: Value = ended.json();
    let workload = &reckoned["workloads"][0];
    let lines = &workload["dollars_per_million_executions"]["stepwell_lines"];
    assert_eq!(lines["DynamoDB writes"], 625.0);
    assert_eq!(workload["durations"], "measured");
}

/// A figure there may be rounded; one that has changed must be written anew.
#[test]
fn the_readme_has_the_figures_of_the_command() {
    let readme = std::fs::read_to_string(repository().join("README.md")).unwrap();
    let section = readme.split("### What it costs").nth(1).unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| ")).skip(1);
    let reckoned = Folder::new().stepwell(&["cost", "--json"]).json();
    let workloads = reckoned["workloads"].as_array().unwrap();
    for (row, workload) in rows.zip(workloads) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let of = &workload["dollars_per_million_executions"];
        let columns = ["stepwell", "step_functions_standard", "step_functions_express"];
        for (cell, column) in cells[1..].iter().zip(columns) {
            let Some(figure) = of[column].as_f64() else {
                assert_eq!(*cell, "cannot", "{row}");
                continue;
            };
            let written: f64 = cell.replace(['$', ','], "").parse().unwrap();
            assert!(
                (written - figure).abs() < 0.03 * figure,
                "{row}: {column} is {figure}"
            );
        }
    }
}

#[test]
fn a_shorter_retention_is_cheaper() {
    let total = |days: &str| {
        let reckoned = Folder::new()
            .stepwell(&["cost", "--json", "--retention-days", days])
            .json();
        let of = &reckoned["workloads"][0]["dollars_per_million_executions"]["stepwell"];
        of.as_f64().unwrap()
    };
    assert!(total("14") < total("90"));
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let folder = Folder::new().with("bad.json", "{}");
    let ended = folder.stepwell(&["cost", "bad.json"]);
    assert_eq!(ended.code, Some(2));
    assert!(
        ended.err.contains("bad.json: missing field `workloads`"),
        "{}",
        ended.err
    );
}
