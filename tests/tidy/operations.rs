//! The operations of AWS Step Functions: each is there, or is said to be missing.

use super::compatibility::rows;
use super::none;
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

#[test]
fn every_operation_is_a_file_or_said_to_be_missing() {
    let folder = repository().join("shared/api/src/actions");
    let rows = rows();
    let mut breaches = Vec::new();
    for operation in OPERATIONS {
        let states: Vec<&str> = rows
            .iter()
            .filter(|row| row.feature() == operation)
            .map(|row| row.state())
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
