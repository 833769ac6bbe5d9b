//! The rules of the house, for what no compiler checks.

mod compatibility;
mod crates;
mod deployment;
mod names;
mod operations;
mod pages;
mod sources;

use crate::support::repository;
use std::path::{Path, PathBuf};

/// Returns all files of the repository whose names end in this, in order. What is built or hidden is left out.
pub(crate) fn files(ending: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = entries()
        .into_iter()
        .filter(|path| path.is_file() && path.to_string_lossy().ends_with(ending))
        .collect();
    found.sort();
    assert!(!found.is_empty(), "there are files that end in `{ending}`");
    found
}

/// Returns all files and folders of the repository. What is built or hidden is left out.
pub(crate) fn entries() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![repository().to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("the folder can be read") {
            let path = entry.expect("the folder can be read").path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            if name.starts_with('.') || name == "target" {
                continue;
            }
            if path.is_dir() {
                folders.push(path.clone());
            }
            found.push(path);
        }
    }
    found
}

/// Reads a file.
pub(crate) fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns a path as it is written in the repository: from its folder, with `/`.
pub(crate) fn shown(path: &Path) -> String {
    let inner = path.strip_prefix(repository()).unwrap_or(path);
    inner.to_string_lossy().replace('\\', "/")
}

/// Panics with all breaches of a rule.
#[track_caller]
pub(crate) fn none(rule: &str, breaches: &[String]) {
    assert!(breaches.is_empty(), "{rule}:\n  {}", breaches.join("\n  "));
}
