//! The embedded store: SQLite with one writer, and readers beside it.

use crate::checkpointer::Checkpointer;
use crate::lock::FolderLock;
use crate::machines::Machines;
use crate::schema;
use crate::writer::{Counters, Request, Work, Writer};
use rusqlite::{Connection, OpenFlags};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;
use tokio::sync::{Semaphore, oneshot};

/// How many reads run at once; each has a connection of its own.
const READERS_MAX: usize = 8;
/// How long a connection waits for a lock, which only a foreign program like the `sqlite3` shell can hold.
const BUSY_WAIT: Duration = Duration::from_secs(5);
/// Pages of the write-ahead log after which the writer moves what the checkpointer has left: 16 MB.
const CHECKPOINT_PAGES: i64 = 4_000;
/// Kibibytes of pages that the writer keeps in memory.
const WRITER_CACHE_KIB: i64 = 64 * 1024;

/// The embedded store of one data folder. Clones share it; the folder is free again when the last one is gone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    queue: Option<mpsc::Sender<Request>>,
    writer: Option<std::thread::JoinHandle<()>>,
    /// `None` for a store in memory, whose reads go through the writer's connection.
    readers: Option<Readers>,
    counters: Arc<Counters>,
    machines: Machines,
}

struct Readers {
    file: PathBuf,
    idle: Mutex<Vec<Connection>>,
    places: Arc<Semaphore>,
}

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder cannot be made or used.
    #[error("cannot use the data folder `{}`", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another process has the folder.
    #[error(
        "the data folder `{}` is in use by another process{}",
        folder.display(),
        process.map_or(String::new(), |process| format!(", {process}"))
    )]
    InUse {
        /// The folder.
        folder: PathBuf,
        /// The process, where it is known.
        process: Option<u32>,
    },
    /// There was a store in the folder, and it is gone or empty.
    #[error(
        "the data folder `{}` has lost its store: put `stepwell.db` and `stepwell.db-wal` back, or remove the file `lock` there to begin anew",
        folder.display()
    )]
    Lost {
        /// The folder.
        folder: PathBuf,
    },
    /// The store cannot be written.
    #[error("the store in the data folder `{}` cannot be written", folder.display())]
    ReadOnly {
        /// The folder.
        folder: PathBuf,
    },
    /// The store was written by a later version of this program.
    #[error("the data folder `{}` has version {found}, but this program knows versions up to {known}", folder.display())]
    Later {
        /// The folder.
        folder: PathBuf,
        /// The store's version.
        found: i64,
        /// This program's version.
        known: i64,
    },
    /// SQLite cannot open it.
    #[error("cannot open the store in the data folder `{}`", folder.display())]
    Store {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
}

/// Why the store did not do what it was asked.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// The disk is full, the file system read-only, the store closed, and the like.
    #[error("{0}")]
    Failed(String),
    /// A row does not hold what this program writes.
    #[error("{0}")]
    Damaged(String),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> StoreError {
        StoreError::Failed(error.to_string())
    }
}

impl StoreError {
    pub(crate) fn closed() -> StoreError {
        StoreError::Failed("the store is closed".to_owned())
    }
}

impl Store {
    /// Opens the store in a folder, and makes both when they are not there.
    ///
    /// # Errors
    ///
    /// When another process has the folder, or a later version of this program wrote it, or the store is damaged, or the
    /// disk fails.
    pub fn open(folder: &Path) -> Result<Store, OpenError> {
        std::fs::create_dir_all(folder).map_err(|source| OpenError::Folder {
            folder: folder.to_owned(),
            source,
        })?;
        let mut lock = FolderLock::take(folder)?;
        let file = folder.join("stepwell.db");
        let failed = |source| OpenError::Store {
            folder: folder.to_owned(),
            source,
        };
        // SQLite would remove the write-ahead log beside a main file that is not there.
        let is_empty = std::fs::metadata(&file).map_or(true, |file| file.len() == 0);
        if is_empty && lock.has_had_store() {
            return Err(OpenError::Lost {
                folder: folder.to_owned(),
            });
        }
        let mut connection = Connection::open(&file).map_err(failed)?;
        if connection.is_readonly("main").map_err(failed)? {
            return Err(OpenError::ReadOnly {
                folder: folder.to_owned(),
            });
        }
        configure(&connection).map_err(failed)?;
        schema::prepare(&mut connection, folder, lock.has_had_store())?;
        lock.note_store();
        let failed = |source| OpenError::Folder {
            folder: folder.to_owned(),
            source,
        };
        let checkpointer = Checkpointer::start(&file).map_err(failed)?;
        let readers = Readers {
            file,
            idle: Mutex::default(),
            places: Arc::new(Semaphore::new(READERS_MAX)),
        };
        Store::start(connection, Some(lock), Some(checkpointer), Some(readers)).map_err(failed)
    }

    /// Opens a store that lives in memory, and ends with its last clone.
    ///
    /// # Errors
    ///
    /// When the system gives no memory or no thread.
    pub fn in_memory() -> Result<Store, OpenError> {
        let folder = Path::new(":memory:");
        let failed = |source| OpenError::Store {
            folder: folder.to_owned(),
            source,
        };
        let mut connection = Connection::open_in_memory().map_err(failed)?;
        configure(&connection).map_err(failed)?;
        schema::prepare(&mut connection, folder, false)?;
        Store::start(connection, None, None, None).map_err(|source| OpenError::Folder {
            folder: folder.to_owned(),
            source,
        })
    }

    fn start(
        connection: Connection,
        lock: Option<FolderLock>,
        checkpointer: Option<Checkpointer>,
        readers: Option<Readers>,
    ) -> Result<Store, std::io::Error> {
        let counters = Arc::<Counters>::default();
        let (queue, requests) = mpsc::channel();
        let writer = Writer {
            connection,
            lock,
            checkpointer,
            requests,
            counters: Arc::clone(&counters),
        };
        let writer = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writer.run())?;
        Ok(Store {
            inner: Arc::new(Inner {
                queue: Some(queue),
                writer: Some(writer),
                readers,
                counters,
                machines: Machines::default(),
            }),
        })
    }

    /// Finishes what was asked, moves everything into the main file and frees the folder; whatever is asked later fails.
    pub async fn close(&self) {
        if let Some(readers) = &self.inner.readers {
            // With all places taken nobody reads, so that the write-ahead log can be emptied.
            let _all = readers.places.acquire_many(READERS_MAX as u32).await;
            readers.places.close();
            readers
                .idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clear();
        }
        let (done, closed) = oneshot::channel();
        if self.inner.send(Request::Close(done)).is_ok() {
            let _ = closed.await;
        }
    }

    /// Returns how many transactions were committed: on a disk, each costs one flush.
    pub fn commits(&self) -> u64 {
        self.inner.counters.commits.load(Ordering::Relaxed)
    }

    /// Returns how many journal entries were written.
    pub fn writes(&self) -> u64 {
        self.inner.counters.writes.load(Ordering::Relaxed)
    }

    pub(crate) fn count_write(&self) {
        self.inner.counters.writes.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns the state machines that are kept in memory; here, for all clones of the store to know the same ones.
    pub(crate) fn machines(&self) -> &Machines {
        &self.inner.machines
    }

    /// Runs `work` in the writer's next transaction, and returns when that is durable.
    ///
    /// `work` runs again when the transaction failed because of a neighbour.
    pub(crate) async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        self.inner.send(Request::Work(Box::new(Work {
            work,
            value: None,
            reply,
        })))?;
        answer.await.map_err(|_| StoreError::closed())?.result
    }

    /// Runs `work` on one snapshot of everything that is durable.
    pub(crate) async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let Some(readers) = &self.inner.readers else {
            return self.write(work).await;
        };
        let place = Arc::clone(&readers.places)
            .acquire_owned()
            .await
            .map_err(|_| StoreError::closed())?;
        let store = self.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let _place = place;
            let Some(readers) = &store.inner.readers else {
                return Err(StoreError::closed());
            };
            let connection = readers.take()?;
            let snapshot = connection.unchecked_transaction()?;
            let value = work(&connection)?;
            drop(snapshot);
            readers.give_back(connection);
            Ok(value)
        });
        reading
            .await
            .unwrap_or_else(|error| Err(StoreError::Failed(error.to_string())))
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.inner.readers {
            Some(readers) => write!(f, "Store({})", readers.file.display()),
            None => f.write_str("Store(:memory:)"),
        }
    }
}

impl Inner {
    fn send(&self, request: Request) -> Result<(), StoreError> {
        self.queue
            .as_ref()
            .and_then(|queue| queue.send(request).ok())
            .ok_or_else(StoreError::closed)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // The writer ends when the queue is empty and nobody can add to it; only then the folder is free.
        self.readers = None;
        self.queue = None;
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

impl Readers {
    fn take(&self) -> Result<Connection, StoreError> {
        if let Some(connection) = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop() {
            return Ok(connection);
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.file, flags)?;
        connection.busy_timeout(BUSY_WAIT)?;
        Ok(connection)
    }

    fn give_back(&self, connection: Connection) {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(connection);
    }
}

/// Makes each commit durable before it returns, at the price of one flush.
fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_WAIT)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

#[cfg(test)]
mod tests;
