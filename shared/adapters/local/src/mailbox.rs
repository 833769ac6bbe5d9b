//! Wake-ups and activity tasks in memory: after a restart, the executions that run ask again.

use async_trait::async_trait;
use engine::{CallId, ExecutionKey};
use ports::{ActivityTask, Envelope, Mailbox, MailboxError};
use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

/// The mailbox: a channel to the driver, and a queue of tasks for each activity.
pub struct LocalMailbox {
    post: UnboundedSender<Envelope>,
    queues: Arc<Queues>,
}

type Queues = Mutex<HashMap<Arc<str>, Queue>>;

/// One activity's tasks and takers: one of both is empty. A queue without either is removed.
#[derive(Default)]
struct Queue {
    tasks: VecDeque<ActivityTask>,
    /// The attempts in `tasks`.
    queued: HashSet<Attempt>,
    /// Longest waiting first.
    takers: VecDeque<oneshot::Sender<ActivityTask>>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Attempt {
    key: ExecutionKey,
    incarnation: Arc<str>,
    call: CallId,
}

impl LocalMailbox {
    /// Returns a mailbox, and the end where its messages arrive.
    pub fn new() -> (LocalMailbox, UnboundedReceiver<Envelope>) {
        let (post, arrivals) = unbounded_channel();
        (
            LocalMailbox {
                post,
                queues: Arc::default(),
            },
            arrivals,
        )
    }

    /// Returns a sender of messages, for the timers.
    pub fn sender(&self) -> UnboundedSender<Envelope> {
        self.post.clone()
    }
}

#[async_trait]
impl Mailbox for LocalMailbox {
    async fn post(&self, envelope: Envelope) -> Result<(), MailboxError> {
        self.post
            .send(envelope)
            .map_err(|_| MailboxError("nobody receives its messages any more".to_owned()))
    }

    async fn hand_over(&self, envelope: Envelope) -> Result<(), MailboxError> {
        // Whoever receives the messages takes these too: in one process nobody has less time than another.
        self.post(envelope).await
    }

    async fn offer(&self, task: ActivityTask) -> Result<(), MailboxError> {
        let mut queues = locked(&self.queues);
        let arn = Arc::clone(&task.activity_arn);
        let queue = queues.entry(Arc::clone(&arn)).or_default();
        queue.offer(task, End::Back);
        if queue.is_empty() {
            queues.remove(&arn);
        }
        Ok(())
    }

    async fn take(&self, activity_arn: &str, wait: Duration) -> Result<Option<ActivityTask>, MailboxError> {
        let arn: Arc<str> = activity_arn.into();
        let mut taker = {
            let mut queues = locked(&self.queues);
            let queue = queues.entry(Arc::clone(&arn)).or_default();
            if let Some(task) = queue.pop() {
                if queue.is_empty() {
                    queues.remove(&arn);
                }
                return Ok(Some(task));
            }
            if wait.is_zero() {
                if queue.is_empty() {
                    queues.remove(&arn);
                }
                return Ok(None);
            }
            let (sender, task) = oneshot::channel();
            queue.takers.push_back(sender);
            Taker {
                queues: Arc::clone(&self.queues),
                arn,
                task,
            }
        };
        Ok(match tokio::time::timeout(wait, &mut taker.task).await {
            Ok(task) => task.ok(),
            Err(_) => taker.give_up(),
        })
    }
}

impl fmt::Debug for LocalMailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LocalMailbox")
    }
}

/// At which end of the queue a task goes in.
enum End {
    Front,
    Back,
}

impl Queue {
    /// Gives a task to the taker that has waited longest, or keeps it.
    fn offer(&mut self, task: ActivityTask, end: End) {
        let attempt = Attempt::of(&task);
        if self.queued.contains(&attempt) {
            return;
        }
        let mut task = task;
        while let Some(taker) = self.takers.pop_front() {
            match taker.send(task) {
                Ok(()) => return,
                Err(refused) => task = refused,
            }
        }
        self.queued.insert(attempt);
        match end {
            End::Front => self.tasks.push_front(task),
            End::Back => self.tasks.push_back(task),
        }
    }

    fn pop(&mut self) -> Option<ActivityTask> {
        let task = self.tasks.pop_front()?;
        self.queued.remove(&Attempt::of(&task));
        Some(task)
    }

    fn is_empty(&self) -> bool {
        self.tasks.is_empty() && self.takers.is_empty()
    }
}

impl Attempt {
    fn of(task: &ActivityTask) -> Attempt {
        Attempt {
            key: task.key.clone(),
            incarnation: Arc::clone(&task.incarnation),
            call: task.call,
        }
    }
}

/// Somebody who waits. Whoever stops waiting leaves nothing behind, and a task that came in that moment is not lost.
struct Taker {
    queues: Arc<Queues>,
    arn: Arc<str>,
    task: oneshot::Receiver<ActivityTask>,
}

impl Taker {
    /// Refuses tasks from now on; returns one that was given already.
    fn give_up(&mut self) -> Option<ActivityTask> {
        self.task.close();
        self.task.try_recv().ok()
    }
}

impl Drop for Taker {
    fn drop(&mut self) {
        let task = self.give_up();
        let mut queues = locked(&self.queues);
        if let Some(task) = task {
            queues
                .entry(Arc::clone(&self.arn))
                .or_default()
                .offer(task, End::Front);
        }
        if let Some(queue) = queues.get_mut(&self.arn) {
            queue.takers.retain(|taker| !taker.is_closed());
            if queue.is_empty() {
                queues.remove(&self.arn);
            }
        }
    }
}

fn locked(queues: &Queues) -> MutexGuard<'_, HashMap<Arc<str>, Queue>> {
    queues.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
