//! The lock on a data folder: one process at a time.

use crate::store::OpenError;
use std::fs::{File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;

/// Says in the lock's file that the folder has had a store.
const HAS_STORE: &str = "store";

/// Keeps every other process out of a data folder until it is dropped, or the process ends in whatever way.
///
/// Its file holds the process that has or had it, and whether a store was made in the folder.
#[derive(Debug)]
pub(crate) struct FolderLock {
    file: File,
    has_had_store: bool,
}

impl FolderLock {
    /// Takes the lock, or says that another process has it.
    pub(crate) fn take(folder: &Path) -> Result<FolderLock, OpenError> {
        let path = folder.join("lock");
        let failed = |source| OpenError::Folder {
            folder: folder.to_owned(),
            source,
        };
        let mut file = File::options()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(path)
            .map_err(failed)?;
        let locked = file.try_lock();
        let mut text = String::new();
        // What cannot be read is not known: it only serves to say more.
        let _ = file.read_to_string(&mut text);
        match locked {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::InUse {
                    folder: folder.to_owned(),
                    process: text
                        .split_whitespace()
                        .next()
                        .and_then(|first| first.parse().ok()),
                });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let mut lock = FolderLock {
            file,
            has_had_store: text.split_whitespace().any(|word| word == HAS_STORE),
        };
        lock.write();
        Ok(lock)
    }

    /// Returns whether a store was made in the folder, by this process or an earlier one.
    pub(crate) fn has_had_store(&self) -> bool {
        self.has_had_store
    }

    /// Notes that there is a store in the folder.
    pub(crate) fn note_store(&mut self) {
        if !self.has_had_store {
            self.has_had_store = true;
            self.write();
        }
    }

    fn write(&mut self) {
        let store = if self.has_had_store { HAS_STORE } else { "" };
        // Always of one length, so that nothing of an earlier text is left; a full disk does not matter here.
        let text = format!("{:<10} {store:<5}\n", std::process::id());
        let _ = self
            .file
            .rewind()
            .and_then(|()| self.file.write_all(text.as_bytes()));
    }
}
