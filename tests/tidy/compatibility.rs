//! COMPATIBILITY.md: every row has a state, and what is there names the tests that show it.

use super::{none, read};
use crate::support::repository;
use std::path::PathBuf;

/// The columns of every table of features.
const COLUMNS: [&str; 4] = ["feature", "state", "notes", "test"];
/// The columns of the table of short forms.
const SHORT_FORMS: [&str; 2] = ["short form", "file"];

/// A row of a table, with the names of its columns.
#[derive(Debug)]
struct Line {
    columns: Vec<String>,
    cells: Vec<String>,
}

/// What the page says about a feature.
#[derive(Debug)]
pub(super) struct Row(Vec<String>);

impl Row {
    pub(super) fn feature(&self) -> &str {
        &self.0[0]
    }

    pub(super) fn state(&self) -> &str {
        &self.0[1]
    }

    fn test(&self) -> &str {
        &self.0[3]
    }
}

/// Returns what COMPATIBILITY.md says about all features.
pub(super) fn rows() -> Vec<Row> {
    rows_of(&lines(&page()))
}

fn page() -> String {
    read(&repository().join("COMPATIBILITY.md"))
}

fn rows_of(lines: &[Line]) -> Vec<Row> {
    let features = lines.iter().filter(|line| line.columns == COLUMNS);
    features
        .filter(|line| line.cells.len() == COLUMNS.len())
        .map(|line| Row(line.cells.clone()))
        .collect()
}

/// Returns the rows of all tables of a page.
fn lines(page: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut columns: Vec<String> = Vec::new();
    for line in page.lines() {
        let Some(inner) = line.strip_prefix('|') else {
            columns.clear();
            continue;
        };
        let inner = inner.trim_end().trim_end_matches('|');
        let cells: Vec<String> = inner.split('|').map(|cell| cell.trim().to_owned()).collect();
        if columns.is_empty() {
            columns = cells;
        } else if !cells[0].starts_with("---") {
            lines.push(Line {
                columns: columns.clone(),
                cells,
            });
        }
    }
    lines
}

/// Returns what stands between backticks.
fn codes(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// Returns the short forms that the page explains, each with what it stands for.
fn short_forms(lines: &[Line]) -> Vec<(String, String)> {
    let explained = lines.iter().filter(|line| line.columns == SHORT_FORMS);
    explained
        .filter_map(|line| {
            let short = codes(&line.cells[0]).first()?.to_string();
            Some((short, codes(&line.cells[1]).first()?.to_string()))
        })
        .collect()
}

/// Returns the file that a name stands for, as a path in the repository.
fn file(name: &str, short_forms: &[(String, String)]) -> String {
    let full = short_forms
        .iter()
        .find_map(|(short, full)| match short.split_once('…') {
            Some((start, _)) => Some(full.replace('…', name.strip_prefix(start)?)),
            None => (short == name).then(|| full.clone()),
        });
    full.unwrap_or_else(|| name.to_owned())
}

/// Returns what is wrong with the name of a test: `FILE` or `FILE::NAME`.
fn wrong_with(named: &str, short_forms: &[(String, String)]) -> Option<String> {
    let (name, test) = match named.split_once("::") {
        Some((name, test)) => (name, Some(test)),
        None => (named, None),
    };
    let file = file(name, short_forms);
    let path: PathBuf = repository().join(&file);
    if !path.exists() {
        return Some(format!("there is no `{file}`"));
    }
    let test = test?;
    let has = path.is_file() && read(&path).contains(&format!("fn {test}("));
    (!has).then(|| format!("`{file}` has no test `{test}`"))
}

/// Returns what is wrong with the rows of a page.
fn breaches(page: &str) -> Vec<String> {
    let lines = lines(page);
    let short_forms = short_forms(&lines);
    let mut breaches = Vec::new();
    for line in &lines {
        let is_of_features = line.columns.iter().any(|column| column == "state");
        if is_of_features && (line.columns != COLUMNS || line.cells.len() != COLUMNS.len()) {
            breaches.push(format!("{}: not the columns {COLUMNS:?}", line.cells[0]));
        }
    }
    for row in rows_of(&lines) {
        let mut found = |what: String| breaches.push(format!("{}: {what}", row.feature()));
        let tests = codes(row.test());
        match row.state() {
            "done" | "differs" if tests.is_empty() => found("names no test".to_owned()),
            "done" | "differs" | "missing" => {}
            other => found(format!("unknown state `{other}`")),
        }
        tests
            .into_iter()
            .filter_map(|test| wrong_with(test, &short_forms))
            .for_each(found);
    }
    breaches
}

#[test]
fn what_is_there_names_tests_that_exist() {
    none(
        "rows of COMPATIBILITY.md have a state and name tests",
        &breaches(&page()),
    );
}

#[test]
fn short_forms_lead_somewhere() {
    let short_forms = short_forms(&lines(&page()));
    assert!(!short_forms.is_empty(), "the page explains its short forms");
    let lost = short_forms.iter().filter(|(_, full)| {
        let folder = full.split_once('…').map_or(full.as_str(), |(start, _)| start);
        let folder = folder.rsplit_once('/').map_or(folder, |(folder, _)| folder);
        !repository().join(folder).exists()
    });
    none(
        "short forms stand for files",
        &lost.map(|(short, _)| short.clone()).collect::<Vec<_>>(),
    );
}

#[test]
fn breaches_are_found() {
    let page = "| short form | file |\n|---|---|\n| `tidy/…` | `tests/tidy/….rs` |\n\n\
        | feature | state | notes | test |\n|---|---|---|---|\n\
        | a | done | | `tidy/compatibility::breaches_are_found`, `README.md` |\n\
        | b | perhaps | | |\n\
        | c | differs | `README.md` | |\n\
        | d | done | | `tidy/nothing` |\n\
        | e | done | | `tidy/compatibility::nothing` |\n\
        | f | missing | | |\n\n\
        | feature | state |\n|---|---|\n| g | done |\n";
    assert_eq!(
        breaches(page),
        [
            "g: not the columns [\"feature\", \"state\", \"notes\", \"test\"]",
            "b: unknown state `perhaps`",
            "c: names no test",
            "d: there is no `tests/tidy/nothing.rs`",
            "e: `tests/tidy/compatibility.rs` has no test `nothing`",
        ]
    );
}
