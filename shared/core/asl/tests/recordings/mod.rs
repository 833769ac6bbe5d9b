//! Finds recordings, which are not part of the repository.
//!
//! They stand in a folder beside it, or where the environment variable `STEPWELL_RECORDINGS` says.

use std::path::{Path, PathBuf};

/// Replaces each `<word>`, where `<` and `>` are `open` and `close`.
pub(crate) fn replaced(text: &str, open: &str, close: &str, value: impl Fn(&str) -> String) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(open) {
        out.push_str(before);
        match after.split_once(close) {
            Some((name, tail))
                if !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_:-".contains(c)) =>
            {
                out.push_str(&value(name));
                rest = tail;
            }
            _ => {
                out.push_str(open);
                rest = after;
            }
        }
    }
    out + rest
}

#[expect(clippy::disallowed_methods, reason = "the recordings are files")]
/// Reads a recording.
pub(crate) fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// Lists the files of a folder of recordings; says so when there is no such folder.
#[expect(clippy::disallowed_methods, reason = "says where the recordings are")]
pub(crate) fn recordings(folder: &str) -> Vec<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared");
    let folder = std::env::var("STEPWELL_RECORDINGS")
        .map_or_else(|_| beside(), PathBuf::from)
        .join(folder);
    if !folder.is_dir() {
        println!("skipped: there are no recordings in {}", folder.display());
        return Vec::new();
    }
    let mut found = Vec::new();
    collect(&folder, &mut found);
    found.sort();
    found
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found)
        } else {
            found.push(path)
        }
    }
}
