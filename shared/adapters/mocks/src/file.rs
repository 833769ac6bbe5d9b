use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use thiserror::Error;

use crate::{MockConfiguration, MockSyntaxError};

/// A mock configuration file that is read again whenever it has changed.
#[derive(Debug)]
pub struct MockFile {
    path: PathBuf,
    last: Mutex<(Stamp, Arc<MockConfiguration>)>,
}

/// Says why a mock configuration file could not be used.
#[derive(Debug, Error)]
pub enum MockFileError {
    /// The file could not be read.
    #[error("cannot read the mock configuration `{}`: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file's content is malformed.
    #[error("mock configuration `{}`: {source}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        source: MockSyntaxError,
    },
}

/// What tells a changed file at the price of one `stat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    modified: SystemTime,
    length: u64,
}

impl MockFile {
    /// Opens and reads the file.
    pub fn open(path: impl Into<PathBuf>) -> Result<MockFile, MockFileError> {
        let path = path.into();
        let read = stamped(&path)?;
        Ok(MockFile {
            path,
            last: Mutex::new(read),
        })
    }

    /// Gives the configuration as the file now stands.
    ///
    /// A file that was changed into something malformed is an error, at every look until it is mended: to go on with
    /// the old answers would hide the mistake.
    pub fn configuration(&self) -> Result<Arc<MockConfiguration>, MockFileError> {
        self.reload_if_changed()?;
        Ok(Arc::clone(
            &self.last.lock().unwrap_or_else(PoisonError::into_inner).1,
        ))
    }

    /// Reads the file again if its time or length changed, and tells whether it did.
    pub fn reload_if_changed(&self) -> Result<bool, MockFileError> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if stamp(&self.path)? == last.0 {
            return Ok(false);
        }
        *last = stamped(&self.path)?;
        Ok(true)
    }

    /// Gives the file's path.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

pub(crate) fn read(path: &Path) -> Result<MockConfiguration, MockFileError> {
    let text = std::fs::read_to_string(path).map_err(|source| unreadable(path, source))?;
    MockConfiguration::parse(&text).map_err(|source| MockFileError::Malformed {
        path: path.to_owned(),
        source,
    })
}

/// Takes the stamp before the content, so that a change in between is seen at the next look.
fn stamped(path: &Path) -> Result<(Stamp, Arc<MockConfiguration>), MockFileError> {
    let stamp = stamp(path)?;
    Ok((stamp, Arc::new(read(path)?)))
}

fn stamp(path: &Path) -> Result<Stamp, MockFileError> {
    let metadata = std::fs::metadata(path).map_err(|source| unreadable(path, source))?;
    let modified = metadata.modified().map_err(|source| unreadable(path, source))?;
    Ok(Stamp {
        modified,
        length: metadata.len(),
    })
}

fn unreadable(path: &Path, source: io::Error) -> MockFileError {
    MockFileError::Unreadable {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests;
