//! Whole executions, compared event by event with what AWS Step Functions does.
//!
//! Two sets of cases go through the same runner: those in `tests/cases`, which are the project's own, and recordings
//! from AWS, which are not part of the repository. All run on `stepwell serve`, through the official SDK.

mod answers;
mod case;
mod clients;
mod compare;
mod listed;
mod operations;
mod own;
mod recorded;
mod rig;

use crate::support::repository;
use case::Case;
use rig::Outcome;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Takes what came out as what is expected, for cases that do not say it yet.
const WRITE: &str = "STEPWELL_WRITE_CASES";
/// The folder of the recordings.
const RECORDINGS: &str = "STEPWELL_RECORDINGS";

#[tokio::test(flavor = "multi_thread")]
async fn executions_do_what_the_cases_say() {
    let files = files(&repository().join("tests/cases"));
    let cases: Vec<Case> = files.iter().map(|file| own::read(file)).collect();
    let outcomes = rig::run_all(cases.clone()).await;
    if std::env::var_os(WRITE).is_some() {
        for (file, case) in files
            .iter()
            .zip(&cases)
            .filter(|(_, case)| case.expected.is_null())
        {
            let outcome = &outcomes[&case.name];
            assert!(!outcome.end.is_null(), "{}: {:?}", case.name, outcome.difference);
            own::complete(file, &outcome.end, &outcome.events);
        }
        return;
    }
    report(&cases, &outcomes);
    let wrong = outcomes.iter().filter_map(|(name, outcome)| {
        let difference = outcome.difference.as_ref()?;
        Some(format!("{name}: {difference}"))
    });
    fail_with(&wrong.collect::<Vec<_>>());
    assert!(cases.len() >= 40, "only {} cases", cases.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn executions_are_those_recorded_from_aws() {
    let Some(folder) = recordings("execution") else {
        println!("skipped: no recordings (set {RECORDINGS} to their folder)");
        return;
    };
    let files = files(&folder);
    let numbered = files.iter().enumerate();
    let cases: Vec<Case> = numbered
        .map(|(number, file)| recorded::read(file, number))
        .collect();
    assert!(!cases.is_empty(), "{} holds no case", folder.display());
    let outcomes = rig::run_all(cases.clone()).await;
    report(&cases, &outcomes);
    let mut wrong = Vec::new();
    for (name, outcome) in &outcomes {
        match (&outcome.difference, listed::reason(name)) {
            (None, None) | (Some(_), Some(_)) => {}
            (Some(difference), None) => wrong.push(format!("{name}: {difference}")),
            (None, Some(_)) => wrong.push(format!("{name} is listed as different, and is not")),
        }
    }
    let is_there = |name: &&str| cases.iter().any(|case| case.name == *name);
    let gone = listed::names().filter(|name| !is_there(name));
    wrong.extend(gone.map(|name| format!("{name} is listed as different, and is not there")));
    fail_with(&wrong);
}

#[test]
fn operations_answer_as_recorded_from_aws() {
    let Some(folder) = recordings("api") else {
        println!("skipped: no recordings (set {RECORDINGS} to their folder)");
        return;
    };
    let called = operations::call_all(&files(&folder));
    assert!(!called.is_empty(), "{} holds no case", folder.display());
    let seen = called
        .iter()
        .map(|(case, difference)| (case.name.as_str(), case.topic.as_str(), difference.as_ref()));
    compare_to_list(&listed::OPERATIONS, seen.collect());
}

/// Prints how many cases of each topic are equal.
fn report(cases: &[Case], outcomes: &BTreeMap<String, Outcome>) {
    let mut topics: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for case in cases {
        let (equal, all) = topics.entry(&case.topic).or_default();
        *equal += usize::from(outcomes[&case.name].difference.is_none());
        *all += 1;
    }
    for (topic, (equal, all)) in &topics {
        println!("{topic}: {equal} of {all}");
    }
    let equal: usize = topics.values().map(|(equal, _)| equal).sum();
    println!("{equal} of {} cases are equal", cases.len());
}

#[track_caller]
fn fail_with(wrong: &[String]) {
    assert!(
        wrong.is_empty(),
        "{} cases differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

fn recordings(kind: &str) -> Option<PathBuf> {
    let beside = || repository().join("../shared/conformance");
    let folder = std::env::var_os(RECORDINGS).map_or_else(beside, PathBuf::from);
    Some(folder.join(kind)).filter(|folder| folder.is_dir())
}

/// Returns the cases in a folder and those below it, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|ending| ending == "json") {
            found.push(path);
        }
    }
    found.sort();
    found
}
