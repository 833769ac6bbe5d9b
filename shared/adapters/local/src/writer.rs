//! The one writer: commits everything that is ready in one transaction.

use crate::checkpointer::Checkpointer;
use crate::lock::FolderLock;
use crate::store::StoreError;
use rusqlite::Connection;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use tokio::sync::oneshot;

/// At most so many requests share a transaction; more would make the first wait too long.
const BATCH_MAX: usize = 256;

/// After so many requests the write-ahead log is worth moving.
const CHECKPOINT_AFTER: usize = 1_500;

/// What the writer is asked.
pub(crate) enum Request {
    /// To write.
    Work(Box<dyn Job>),
    /// To end, and to say when.
    Close(oneshot::Sender<()>),
}

/// What the store has done so far.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) commits: AtomicU64,
    pub(crate) writes: AtomicU64,
}

/// Something to do in a transaction, and somebody who waits for it.
pub(crate) trait Job: Send {
    /// Does it; the transaction is not committed yet.
    fn run(&mut self, connection: &Connection) -> Result<(), StoreError>;

    /// Tells the waiting side: the transaction is durable, or nothing of it was kept.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

/// A [`Job`] made of a closure.
pub(crate) struct Work<T, F> {
    pub(crate) work: F,
    pub(crate) value: Option<T>,
    pub(crate) reply: oneshot::Sender<Done<T, F>>,
}

/// What became of a [`Work`]. The closure goes back with it: the writer has better things to do than to free memory.
pub(crate) struct Done<T, F> {
    pub(crate) result: Result<T, StoreError>,
    pub(crate) _work: F,
}

impl<T, F> Job for Work<T, F>
where
    T: Send,
    F: Fn(&Connection) -> Result<T, StoreError> + Send,
{
    fn run(&mut self, connection: &Connection) -> Result<(), StoreError> {
        self.value = None;
        self.value = Some((self.work)(connection)?);
        Ok(())
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let Work { value, reply, work } = *self;
        // Nobody may be waiting any more.
        let _ = reply.send(Done {
            result: committed.and_then(|()| value.ok_or_else(StoreError::closed)),
            _work: work,
        });
    }
}

/// The writer's side of the store.
pub(crate) struct Writer {
    pub(crate) connection: Connection,
    pub(crate) lock: Option<FolderLock>,
    /// `None` for a store in memory.
    pub(crate) checkpointer: Option<Checkpointer>,
    pub(crate) requests: mpsc::Receiver<Request>,
    pub(crate) counters: Arc<Counters>,
}

impl Writer {
    /// Serves requests until it is told to close, or nobody can ask any more.
    pub(crate) fn run(self) {
        let mut batch: Vec<Box<dyn Job>> = Vec::with_capacity(BATCH_MAX);
        let mut closing = None;
        let mut served = 0;
        while closing.is_none() {
            let Ok(first) = self.requests.recv() else { break };
            let mut next = Some(first);
            while let Some(request) = next.take() {
                match request {
                    Request::Work(job) => batch.push(job),
                    Request::Close(done) => closing = Some(done),
                }
                if closing.is_none() && batch.len() < BATCH_MAX {
                    next = self.requests.try_recv().ok();
                }
            }
            served += batch.len();
            self.serve(&mut batch);
            if served >= CHECKPOINT_AFTER
                && let Some(checkpointer) = &self.checkpointer
            {
                served = 0;
                checkpointer.nudge();
            }
        }
        let Writer {
            connection,
            lock,
            checkpointer,
            requests,
            ..
        } = self;
        drop(requests);
        drop(checkpointer);
        if closing.is_some() {
            // Without this, the next opening does it.
            let _ = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        }
        drop(connection);
        drop(lock);
        if let Some(done) = closing {
            let _ = done.send(());
        }
    }

    /// Commits a batch together; when that fails, each job by itself, so that a bad one fails alone.
    fn serve(&self, batch: &mut Vec<Box<dyn Job>>) {
        if batch.len() > 1 && self.commit(batch).is_ok() {
            for job in batch.drain(..) {
                job.answer(Ok(()));
            }
        }
        for mut job in batch.drain(..) {
            let committed = self.commit(std::slice::from_mut(&mut job));
            job.answer(committed);
        }
    }

    fn commit(&self, jobs: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
        let result = self.transact(jobs);
        if result.is_ok() {
            self.counters.commits.fetch_add(1, Ordering::Relaxed);
        } else if !self.connection.is_autocommit() {
            // SQLite rolls back by itself after some errors; after the others this does.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        result
    }

    fn transact(&self, jobs: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
        self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        for job in jobs {
            job.run(&self.connection)?;
        }
        self.connection.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    }
}
