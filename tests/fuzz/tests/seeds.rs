//! Every entry point over its seeds, and over mutations of them that a fixed number draws.

mod mutate;

use fuzzing::{TARGETS, Target};
use mutate::Mutator;
use std::path::{Path, PathBuf};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Returns the files of a folder, and of the folders in it, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("a folder can be listed").path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found.sort();
    found
}

/// Returns the seeds of an entry point, with their names.
fn seeds(target: &Target) -> Vec<(String, Vec<u8>)> {
    let folder = repository().join("fuzz/seeds").join(target.name);
    let mut seeds: Vec<(String, Vec<u8>)> = files(&folder)
        .iter()
        .map(|path| {
            (
                path.display().to_string(),
                std::fs::read(path).expect("a seed can be read"),
            )
        })
        .collect();
    if target.name == "definition" {
        seeds.extend(definitions());
    }
    assert!(!seeds.is_empty(), "`{}` has seeds", target.name);
    seeds
}

/// Returns the definitions that are in the repository for other reasons.
fn definitions() -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for path in files(&repository().join("examples")) {
        if path.to_string_lossy().ends_with(".asl.json") {
            found.push((
                path.display().to_string(),
                std::fs::read(&path).expect("a seed can be read"),
            ));
        }
    }
    for path in files(&repository().join("tests/cases")) {
        let case: Result<serde_json::Value, _> =
            serde_json::from_slice(&std::fs::read(&path).expect("a seed can be read"));
        if let Some(definition) = case
            .ok()
            .and_then(|mut case| Some(case.get_mut("definition")?.take()))
        {
            found.push((path.display().to_string(), definition.to_string().into_bytes()));
        }
    }
    found
}

/// Runs an entry point over an input; a finding fails the test with the input.
fn run(target: &Target, name: &str, input: &[u8]) {
    let attempt = std::panic::catch_unwind(|| (target.run)(input));
    assert!(
        attempt.is_ok(),
        "`{}` has a finding, made of {name}:\n{}\nas hexadecimal: {}",
        target.name,
        String::from_utf8_lossy(input),
        input.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    );
}

fn try_out(name: &str) {
    let target = TARGETS
        .iter()
        .find(|target| target.name == name)
        .expect("a target of this name");
    let seeds = seeds(target);
    for (name, seed) in &seeds {
        run(target, name, seed);
    }
    let mut mutator = Mutator::of(name);
    for number in 0..target.mutations {
        let (from, input) = mutator.mutation(&seeds);
        run(target, &format!("{from}, mutation {number}"), &input);
    }
}

#[test]
fn definitions_give_findings_or_programs() {
    try_out("definition");
}

#[test]
fn paths_give_values_or_errors() {
    try_out("jsonpath");
}

#[test]
fn expressions_give_values_or_errors() {
    try_out("jsonata");
}

#[test]
fn functions_give_values_or_errors() {
    try_out("intrinsics");
}

#[test]
fn a_restart_does_not_show_in_the_journal() {
    try_out("structured");
}

#[test]
fn requests_are_answered() {
    try_out("wire");
}

#[test]
fn damage_of_what_is_stored_is_an_error() {
    try_out("journal");
}

#[test]
fn every_entry_point_has_a_target_of_libfuzzer() {
    let targets = files(&repository().join("fuzz/fuzz_targets"));
    let targets: Vec<String> = targets
        .iter()
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    let mut names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
    names.sort_unstable();
    assert_eq!(targets, names);
}
