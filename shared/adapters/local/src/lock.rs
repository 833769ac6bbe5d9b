//! The lock on a data folder: one process at a time.

use crate::store::OpenError;
use std::fs::{File, TryLockError};
use std::path::Path;

/// Keeps every other process out of a data folder until it is dropped, or the process ends in whatever way.
#[derive(Debug)]
pub(crate) struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Takes the lock, or says that another process has it.
    pub(crate) fn take(folder: &Path) -> Result<FolderLock, OpenError> {
        let path = folder.join("lock");
        let failed = |source| OpenError::Folder {
            folder: folder.to_owned(),
            source,
        };
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(FolderLock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse {
                folder: folder.to_owned(),
            }),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }
}
