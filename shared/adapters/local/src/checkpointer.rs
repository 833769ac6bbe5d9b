//! Moves the write-ahead log into the main file beside the writer, who would have to wait for the disk otherwise.
//!
//! It never empties the log: while the writer writes on, some pages are always left. The writer's own checkpoint, which
//! follows when the log is long, finds little to do then, and begins the log anew.

use rusqlite::Connection;
use std::path::Path;
use std::sync::mpsc::{self, SyncSender};
use std::thread::JoinHandle;

/// The thread that moves pages; it ends with this value.
#[derive(Debug)]
pub(crate) struct Checkpointer {
    due: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    /// Begins to look after the store in this file.
    pub(crate) fn start(file: &Path) -> Result<Checkpointer, std::io::Error> {
        let file = file.to_owned();
        let (due, asked) = mpsc::sync_channel(1);
        let thread = std::thread::Builder::new()
            .name("store-checkpoint".to_owned())
            .spawn(move || {
                // Whatever fails here is left to the writer, whose failures are seen.
                let Ok(connection) = Connection::open(&file) else {
                    return;
                };
                while asked.recv().is_ok() {
                    let _ = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
                }
            })?;
        Ok(Checkpointer {
            due: Some(due),
            thread: Some(thread),
        })
    }

    /// Says that much was written.
    pub(crate) fn nudge(&self) {
        if let Some(due) = &self.due {
            // It is at work, or will be.
            let _ = due.try_send(());
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.due = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Checkpointer;
    use rusqlite::Connection;

    #[test]
    fn what_was_written_is_moved_into_the_main_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("stepwell.db");
        let connection = Connection::open(&file).unwrap();
        connection.pragma_update(None, "journal_mode", "WAL").unwrap();
        connection.pragma_update(None, "wal_autocheckpoint", 0).unwrap();
        let text = "x".repeat(100_000);
        connection
            .execute_batch("CREATE TABLE t (text TEXT NOT NULL)")
            .unwrap();
        connection.execute("INSERT INTO t VALUES (?1)", [&text]).unwrap();
        let bytes = || std::fs::metadata(&file).unwrap().len();
        assert!(bytes() < 100_000);
        let checkpointer = Checkpointer::start(&file).unwrap();
        checkpointer.nudge();
        drop(checkpointer);
        assert!(bytes() > 100_000);
    }
}
