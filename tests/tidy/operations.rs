//! The operations of AWS Step Functions: each is there, or is said to be missing.

use super::{none, read};
use crate::api::bad_input::OPERATIONS;
use crate::support::repository;
use std::collections::BTreeSet;

/// Returns the file name of an operation: `start_execution` for StartExecution.
fn file_name(operation: &str) -> String {
    let mut name = String::new();
    for character in operation.chars() {
        if character.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(character.to_ascii_lowercase());
    }
    name
}

/// Returns the rows of COMPATIBILITY.md: the cells of each.
fn rows() -> Vec<Vec<String>> {
    let page = read(&repository().join("COMPATIBILITY.md"));
    let rows = page
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix('|'));
    rows.map(|row| row.split('|').map(|cell| cell.trim().to_owned()).collect())
        .collect()
}

#[test]
fn every_operation_is_a_file_or_said_to_be_missing() {
    let folder = repository().join("shared/api/src/actions");
    let rows = rows();
    let mut breaches = Vec::new();
    for operation in OPERATIONS {
        let states: Vec<&str> = rows
            .iter()
            .filter(|row| row[0] == operation)
            .map(|row| row[1].as_str())
            .collect();
        let is_there = folder.join(file_name(operation)).with_extension("rs").is_file();
        match (states.as_slice(), is_there) {
            (["missing"], false) | (["done" | "differs"], true) => {}
            (["missing"], true) => breaches.push(format!("{operation} is there, and its row says `missing`")),
            ([], _) => breaches.push(format!("{operation} has no row in COMPATIBILITY.md")),
            ([state], _) => breaches.push(format!("{operation} has no file, and its row says `{state}`")),
            (_, _) => breaches.push(format!("{operation} has {} rows", states.len())),
        }
    }
    none(
        "every operation is a file or a row that says `missing`",
        &breaches,
    );
}

#[test]
fn every_action_is_an_operation() {
    let known: BTreeSet<String> = OPERATIONS.iter().map(|operation| file_name(operation)).collect();
    let entries =
        std::fs::read_dir(repository().join("shared/api/src/actions")).expect("the folder is there");
    let strangers = entries.flatten().map(|entry| entry.path()).filter_map(|path| {
        let stem = path.file_stem()?.to_string_lossy().into_owned();
        (!known.contains(&stem)).then_some(stem)
    });
    none(
        "a file among the actions is an operation",
        &strangers.collect::<Vec<_>>(),
    );
}

#[test]
fn the_tests_that_rows_name_exist() {
    let mut breaches = Vec::new();
    for row in rows() {
        for cell in &row {
            let named = cell
                .split('`')
                .skip(1)
                .step_by(2)
                .filter_map(|code| code.strip_prefix("api/"));
            let missing = named.filter(|name| {
                !repository()
                    .join("tests/api")
                    .join(name)
                    .with_extension("rs")
                    .is_file()
            });
            breaches.extend(missing.map(|name| format!("{}: `api/{name}`", row[0])));
        }
    }
    none("tests that COMPATIBILITY.md names exist", &breaches);
}
