//! Deadlines in memory: after a restart, the executions that run say theirs again.

use crate::clock::LocalClock;
use async_trait::async_trait;
use engine::{ExecutionKey, Message, Timestamp};
use ports::{Envelope, Timers, TimersError};
use std::collections::BTreeSet;
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
    armed: Mutex<BTreeSet<Alarm>>,
    /// Says that there is an alarm earlier than all others.
    earlier: Notify,
}

/// Ordered by time; the same alarm twice is one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Alarm {
    at: Timestamp,
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
        let shared = Arc::new(Shared { clock, armed: Mutex::default(), earlier: Notify::new() });
        let task = tokio::spawn(run(Arc::clone(&shared), jumps, post));
        LocalTimers { shared, task }
    }

    /// Returns the earliest deadline: where a clock that can be moved may be moved to when there is nothing else to do.
    pub fn earliest(&self) -> Option<Timestamp> {
        self.shared.armed().first().map(|alarm| alarm.at)
    }
}

#[async_trait]
impl Timers for LocalTimers {
    async fn arm(&self, key: &ExecutionKey, incarnation: &str, at: Timestamp) -> Result<(), TimersError> {
        if self.task.is_finished() {
            return Err(TimersError("nobody receives their messages any more".to_owned()));
        }
        let alarm = Alarm { at, key: key.clone(), incarnation: incarnation.into() };
        let mut armed = self.shared.armed();
        let first = armed.first().is_none_or(|first| at < first.at);
        armed.insert(alarm);
        drop(armed);
        if first {
            self.shared.earlier.notify_one();
        }
        Ok(())
    }
}

impl Drop for LocalTimers {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for LocalTimers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LocalTimers({} armed)", self.shared.armed().len())
    }
}

impl Shared {
    fn armed(&self) -> MutexGuard<'_, BTreeSet<Alarm>> {
        self.armed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the earliest alarm if it is due, else says how long to sleep; with no alarm, `None`.
    fn next(&self) -> Result<Alarm, Option<Duration>> {
        let now = self.clock.now();
        let mut armed = self.armed();
        match armed.pop_first() {
            Some(alarm) if alarm.at <= now => Ok(alarm),
            Some(alarm) => {
                let ahead = u64::try_from(alarm.at.millis().saturating_sub(now.millis())).unwrap_or_default();
                armed.insert(alarm);
                Err(Some(Duration::from_millis(ahead).min(SLEEP_MAX)))
            }
            None => Err(None),
        }
    }
}

async fn run(shared: Arc<Shared>, mut jumps: Option<watch::Receiver<Duration>>, post: UnboundedSender<Envelope>) {
    loop {
        // Marked as seen before the clock is read: a jump in between is noticed below.
        if let Some(jumps) = &mut jumps {
            jumps.mark_unchanged();
        }
        match shared.next() {
            Ok(alarm) => {
                if post.send(alarm.into()).is_err() {
                    return;
                }
            }
            Err(pause) => tokio::select! {
                () = shared.earlier.notified() => {}
                () = jumped(&mut jumps) => {}
                () = asleep(pause) => {}
            },
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

impl From<Alarm> for Envelope {
    fn from(alarm: Alarm) -> Envelope {
        let deduplication = format!("{}#timer", alarm.at.millis());
        Envelope { key: alarm.key, incarnation: alarm.incarnation, message: Message::Wake, deduplication }
    }
}

#[cfg(test)]
mod tests;
