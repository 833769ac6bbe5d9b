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

/// A case that was run.
#[derive(Debug)]
pub(crate) struct Compared {
    /// Its name.
    name: String,
    /// What it is about.
    topic: String,
    /// What differs first.
    difference: Option<String>,
}

#[tokio::test(flavor = "multi_thread")]
async fn executions_do_what_the_cases_say() {
    let files = files(&repository().join("tests/cases"));
    let cases: Vec<Case> = files.iter().map(|file| own::read(file)).collect();
    let outcomes = rig::run_all(cases.clone()).await;
    if std::env::var_os(WRITE).is_some() {
        for (file, case) in files.iter().zip(&cases) {
            let outcome = &outcomes[&case.name];
            if case.expected.is_null() {
                assert!(!outcome.end.is_null(), "{}: {:?}", case.name, outcome.difference);
                own::complete(file, &outcome.end, &outcome.events);
            }
        }
        return;
    }
    assert!(cases.len() >= 40, "only {} cases", cases.len());
    judge(&compared(cases, outcomes), &[]);
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
    judge(&compared(cases, outcomes), listed::EXECUTIONS);
}

#[test]
fn operations_answer_as_recorded_from_aws() {
    let Some(folder) = recordings("api") else {
        println!("skipped: no recordings (set {RECORDINGS} to their folder)");
        return;
    };
    let called = operations::call_all(&files(&folder));
    assert!(!called.is_empty(), "{} holds no case", folder.display());
    judge(&called, listed::OPERATIONS);
}

fn compared(cases: Vec<Case>, mut outcomes: BTreeMap<String, Outcome>) -> Vec<Compared> {
    let difference = |name: &str, outcomes: &mut BTreeMap<String, Outcome>| {
        let outcome = outcomes.remove(name).expect("every case was run");
        outcome.difference
    };
    let compared = cases.into_iter().map(|case| Compared {
        difference: difference(&case.name, &mut outcomes),
        name: case.name,
        topic: case.topic,
    });
    compared.collect()
}

/// Prints how many cases of each topic are equal; fails when others differ than those that are listed.
#[track_caller]
fn judge(cases: &[Compared], listed: listed::Listed) {
    let mut topics: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut wrong = Vec::new();
    for Compared {
        name,
        topic,
        difference,
    } in cases
    {
        let (equal, all) = topics.entry(topic).or_default();
        *equal += usize::from(difference.is_none());
        *all += 1;
        match (difference, listed::is_in(listed, name)) {
            (None, false) | (Some(_), true) => {}
            (Some(difference), false) => wrong.push(format!("{name}: {difference}")),
            (None, true) => wrong.push(format!("{name} is listed as different, and is not")),
        }
    }
    for (topic, (equal, all)) in &topics {
        println!("{topic}: {equal} of {all}");
    }
    let equal: usize = topics.values().map(|(equal, _)| equal).sum();
    println!("{equal} of {} cases are equal", cases.len());
    for (reason, names) in listed {
        println!("{} listed: {reason}", names.len());
    }
    for name in listed.iter().flat_map(|(_, names)| names.iter()) {
        if !cases.iter().any(|case| case.name == *name) {
            wrong.push(format!("{name} is listed as different, and is not there"));
        }
    }
    let count = wrong.len();
    assert!(wrong.is_empty(), "{count} cases:\n{}", wrong.join("\n"));
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
