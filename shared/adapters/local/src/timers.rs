//! Deadlines in memory: after a restart, the executions that run say theirs again.

use crate::clock::LocalClock;
use async_trait::async_trait;
use engine::{ExecutionKey, Message, Timestamp};
use ports::{Envelope, Timers, TimersError};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

/// How long the timers sleep at most: the system's clock may be set, or the machine may have slept.
const SLEEP_MAX: Duration = Duration::from_secs(1);

/// The timers: one ordered set, one task. They end when this is dropped.
pub struct LocalTimers {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    clock: Arc<dyn LocalClock>,
    armed: Mutex<Armed>,
    /// Says that there is an alarm earlier than all others.
    earlier: Notify,
}

/// The alarms by time, and by execution so that those of an ended one can be found.
#[derive(Default)]
struct Armed {
    by_time: BTreeSet<(Timestamp, Run)>,
    by_run: BTreeMap<Run, BTreeSet<Timestamp>>,
}

/// Nobody receives the wake-ups any more.
struct Unheard;

/// One run of an execution's name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Run {
    key: ExecutionKey,
    incarnation: Arc<str>,
}

impl LocalTimers {
    /// Starts the timers: what is due is sent to `post`.
    ///
    /// # Panics
    ///
    /// When it is called outside of a Tokio runtime.
    pub fn new(clock: Arc<dyn LocalClock>, post: UnboundedSender<Envelope>) -> LocalTimers {
        let jumps = clock.jumps();
        let shared = Arc::new(Shared {
            clock,
            armed: Mutex::default(),
            earlier: Notify::new(),
        });
        let task = tokio::spawn(run(Arc::clone(&shared), jumps, post));
        LocalTimers { shared, task }
    }

    /// Returns the earliest deadline: where a clock that can be moved may be moved to when there is nothing else to do.
    pub fn earliest(&self) -> Option<Timestamp> {
        self.shared.armed().earliest()
    }
}

#[async_trait]
impl Timers for LocalTimers {
    async fn arm(&self, key: &ExecutionKey, incarnation: &str, at: Timestamp) -> Result<(), TimersError> {
        if self.task.is_finished() {
            return Err(TimersError("nobody receives their messages any more".to_owned()));
        }
        let run = Run::new(key, incarnation);
        let mut armed = self.shared.armed();
        let first = armed.earliest().is_none_or(|first| at < first);
        armed.insert(at, run);
        drop(armed);
        if first {
            self.shared.earlier.notify_one();
        }
        Ok(())
    }

    async fn disarm(&self, key: &ExecutionKey, incarnation: &str) {
        self.shared.armed().forget(&Run::new(key, incarnation));
    }
}

impl Drop for LocalTimers {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for LocalTimers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LocalTimers({} armed)", self.shared.armed().by_time.len())
    }
}

impl Shared {
    fn armed(&self) -> MutexGuard<'_, Armed> {
        self.armed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends what is due, and says how long to sleep then; `None` for as long as nothing is armed.
    ///
    /// A wake-up is sent under the lock: whoever asks for the earliest deadline finds it there or sent, never between.
    fn fire(&self, post: &UnboundedSender<Envelope>) -> Result<Option<Duration>, Unheard> {
        let mut armed = self.armed();
        loop {
            let Some(at) = armed.earliest() else {
                return Ok(None);
            };
            let ahead = at.millis().saturating_sub(self.clock.now().millis());
            if ahead > 0 {
                let ahead = Duration::from_millis(ahead.unsigned_abs());
                return Ok(Some(ahead.min(SLEEP_MAX)));
            }
            if let Some((at, run)) = armed.pop() {
                post.send(run.wake(at)).map_err(|_| Unheard)?;
            }
        }
    }
}

impl Armed {
    fn earliest(&self) -> Option<Timestamp> {
        self.by_time.first().map(|(at, _)| *at)
    }

    fn insert(&mut self, at: Timestamp, run: Run) {
        self.by_run.entry(run.clone()).or_default().insert(at);
        self.by_time.insert((at, run));
    }

    fn pop(&mut self) -> Option<(Timestamp, Run)> {
        let (at, run) = self.by_time.pop_first()?;
        if let Some(times) = self.by_run.get_mut(&run) {
            times.remove(&at);
            if times.is_empty() {
                self.by_run.remove(&run);
            }
        }
        Some((at, run))
    }

    fn forget(&mut self, run: &Run) {
        for at in self.by_run.remove(run).unwrap_or_default() {
            self.by_time.remove(&(at, run.clone()));
        }
    }
}

impl Run {
    fn new(key: &ExecutionKey, incarnation: &str) -> Run {
        Run {
            key: key.clone(),
            incarnation: incarnation.into(),
        }
    }

    fn wake(self, at: Timestamp) -> Envelope {
        let deduplication = format!("{}#timer", at.millis());
        Envelope {
            key: self.key,
            incarnation: self.incarnation,
            message: Message::Due { at },
            deduplication,
        }
    }
}

async fn run(
    shared: Arc<Shared>,
    mut jumps: Option<watch::Receiver<Duration>>,
    post: UnboundedSender<Envelope>,
) {
    loop {
        // Marked as seen before the clock is read: a jump in between is noticed below.
        if let Some(jumps) = &mut jumps {
            jumps.mark_unchanged();
        }
        let Ok(pause) = shared.fire(&post) else { return };
        tokio::select! {
            () = shared.earlier.notified() => {}
            () = jumped(&mut jumps) => {}
            () = asleep(pause) => {}
        }
    }
}

async fn asleep(pause: Option<Duration>) {
    match pause {
        Some(pause) => tokio::time::sleep(pause).await,
        None => std::future::pending().await,
    }
}

async fn jumped(jumps: &mut Option<watch::Receiver<Duration>>) {
    match jumps {
        Some(receiver) => {
            if receiver.changed().await.is_err() {
                *jumps = None;
            }
        }
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
