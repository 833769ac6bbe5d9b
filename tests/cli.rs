//! The commands, as a shell runs them: what they print, and how they end.

mod cost;
mod examples;
mod functions;
mod iam;
mod proxy;
mod run;
mod serve;
mod validate;

use crate::support::{command, temporary_folder};
use serde_json::Value;
use std::path::PathBuf;
use std::process::Output;
use tempfile::TempDir;

/// A folder with the files of one test.
#[derive(Debug)]
pub(crate) struct Folder(TempDir);

impl Folder {
    /// Makes an empty folder.
    pub(crate) fn new() -> Folder {
        Folder(temporary_folder())
    }

    /// Writes a file.
    pub(crate) fn with(self, name: &str, text: impl AsRef<str>) -> Folder {
        std::fs::write(self.path(name), text.as_ref()).expect("the file can be written");
        self
    }

    /// Returns the path of a file.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs `stepwell` in the folder to its end.
    pub(crate) fn stepwell(&self, arguments: &[&str]) -> Ended {
        Ended::of(
            command(self.0.path())
                .args(arguments)
                .output()
                .expect("the binary runs"),
        )
    }
}

/// What a command printed, and how it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The exit code.
    pub(crate) code: Option<i32>,
    /// What it wrote to standard output.
    pub(crate) out: String,
    /// What it wrote to standard error.
    pub(crate) err: String,
}

impl Ended {
    /// Returns what a process that has ended printed.
    pub(crate) fn of(output: Output) -> Ended {
        Ended {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).expect("the output is text"),
            err: String::from_utf8(output.stderr).expect("the messages are text"),
        }
    }

    /// Reads standard output as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}
