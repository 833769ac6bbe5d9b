//! Real definitions, broken in one place at a time: how many of the mistakes of each kind are found.
//!
//! The definitions are not part of the repository. Without them this test says so and passes. To see the figures:
//! `cargo test -p asl --test mutations -- --nocapture`.

#![expect(
    clippy::unwrap_used,
    reason = "a recording that cannot be read fails its test"
)]

#[path = "mutations/breaking.rs"]
mod breaking;
#[path = "recordings/placeholders.rs"]
mod placeholders;
mod recordings;

use asl::{Diagnostic, MachineType, Severity, compile};
use breaking::{KINDS, Mutation, mutations};
use placeholders::substituted;
use recordings::{read, recordings};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What became of the mutations of one kind.
#[derive(Debug, Default)]
struct Tally {
    errors: usize,
    warnings: usize,
    missed: Vec<String>,
}

#[test]
fn most_mistakes_in_real_definitions_are_found() {
    let mut tallies: BTreeMap<&str, Tally> = BTreeMap::new();
    let mut warned: Vec<String> = Vec::new();
    for path in recordings("corpus") {
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let Ok(definition) = serde_json::from_str::<Value>(&substituted(&read(&path))) else {
            continue;
        };
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        let before = compile(&definition.to_string(), MachineType::Standard);
        if before.program.is_none() {
            continue;
        }
        warned.extend(before.diagnostics.iter().map(|found| format!("{file}: {found}")));
        let before: BTreeSet<String> = before.diagnostics.iter().map(ToString::to_string).collect();
        for Mutation { kind, place, text } in mutations(&definition) {
            let tally = tallies.entry(kind).or_default();
            let after = compile(&text, MachineType::Standard).diagnostics;
            let is_new = |found: &&Diagnostic| !before.contains(&found.to_string());
            if after.iter().any(|found| found.severity == Severity::Error) {
                tally.errors += 1;
            } else if after.iter().any(|found| is_new(&found)) {
                tally.warnings += 1;
            } else {
                tally.missed.push(format!("{file}: {place}"));
            }
        }
    }
    println!("findings before any mutation: {}", warned.len());
    warned.iter().for_each(|found| println!("  {found}"));
    let mut low = Vec::new();
    for (kind, floor) in KINDS {
        let Some(tally) = tallies.get(kind) else { continue };
        let found = tally.errors + tally.warnings;
        let all = found + tally.missed.len();
        let percent = 100 * found / all;
        println!(
            "{kind:28} {all:5} mutations: {:5} errors, {:4} warnings, {:4} missed: {percent} % found",
            tally.errors,
            tally.warnings,
            tally.missed.len()
        );
        tally
            .missed
            .iter()
            .take(12)
            .for_each(|place| println!("    {place}"));
        if percent < floor {
            low.push(format!("{kind}: {percent} %, less than {floor} %"));
        }
    }
    assert!(low.is_empty(), "{low:#?}");
}
