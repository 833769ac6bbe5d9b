//! Source files.

use super::{files, none, read, shown};

/// Code lines from which a file needs a reason.
const CODE_LINES_MAX: usize = 800;

/// Files that are longer, and why.
const LONG: [(&str, &str); 0] = [];

/// Tests that only run when they are asked for, and why.
const ASKED_FOR: [(&str, &str); 4] = [
    (
        "shared/adapters/calls/src/compared.rs",
        "it is the other side of tests/calls/compare.py, which runs it",
    ),
    (
        "shared/adapters/calls/src/measured.rs",
        "it measures, and a busy machine would fail it",
    ),
    (
        "shared/adapters/function_host/tests/host.rs",
        "it never ends: another test runs it as a process to kill",
    ),
    (
        "shared/adapters/local/tests/throughput.rs",
        "it measures, and a busy machine would fail it",
    ),
];

/// Returns a file's lines without comments.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("//"))
}

#[test]
fn long_files_have_a_reason() {
    let mut breaches = Vec::new();
    let mut long = Vec::new();
    for file in files(".rs") {
        let lines = code(&read(&file)).count();
        if lines > CODE_LINES_MAX {
            let name = shown(&file);
            if !LONG
                .iter()
                .any(|(listed, reason)| *listed == name && !reason.is_empty())
            {
                breaches.push(format!("{name}: {lines} lines"));
            }
            long.push(name);
        }
    }
    let short = LONG
        .iter()
        .filter(|(listed, _)| !long.iter().any(|name| name == listed));
    breaches.extend(short.map(|(listed, _)| format!("{listed}: is listed and short")));
    none(
        "a file of more than 800 code lines is listed with its reason",
        &breaches,
    );
}

#[test]
fn nothing_is_left_to_be_done_later() {
    // Put together, so that this file does not hold them.
    let words = [["todo", "!("], ["unimplemented", "!("], ["dbg", "!("]].map(|parts| parts.concat());
    let mut breaches = Vec::new();
    for file in files(".rs") {
        for (number, line) in read(&file)
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
        {
            if words.iter().any(|word| line.contains(word.as_str())) {
                breaches.push(format!("{}:{}: {}", shown(&file), number + 1, line.trim()));
            }
        }
    }
    none("what is missing is refused by name", &breaches);
}

#[test]
fn every_test_runs() {
    let attribute = ["#[", "ignore"].concat();
    let ignoring = files(".rs")
        .into_iter()
        .filter(|file| code(&read(file)).any(|line| line.starts_with(&attribute)));
    let ignoring: Vec<String> = ignoring.map(|file| shown(&file)).collect();
    let listed: Vec<&str> = ASKED_FOR.iter().map(|(file, _)| *file).collect();
    assert_eq!(
        ignoring, listed,
        "tests that are left out are listed with their reason"
    );
}
