//! The driver: load, apply, append, dispatch.
//!
//! ```text
//!   start ──► apply ──► Journal::create ─┐
//! deliver ──► Mailbox ──► advance ───────┤
//!                           ▲   load ─► apply ─► Journal::append ─► dispatch ─► Services │ children │ activities
//!                           └──────────────── results ◄──────────────┘             Timers
//! ```
//!
//! An execution that is at work has one task here, its actor; one that only waits has none. Only the actor applies
//! messages, and only `dispatch` performs effects, after the entry that asks for them is durable.

mod actor;
mod child;
mod delivery;
mod dispatch;
mod error;
mod handed_over;
mod job;
mod leases;
mod live;
mod map_run;
#[cfg(feature = "mutants")]
mod mutant;
mod payloads;
mod programs;
mod recover;
mod redrive;
mod relay;
mod settings;
mod start;
#[cfg(feature = "mutants")]
mod tape;
mod trial;
mod write;

pub use error::Error;
pub use map_run::Updated;
#[cfg(feature = "mutants")]
pub use mutant::Mutant;
pub use ports::Observer;
pub use redrive::Redrive;
pub use relay::Attempt;
pub use settings::Settings;
pub use start::{Start, Started, SyncEnd};
#[cfg(feature = "mutants")]
pub use tape::{Applied, applied_for};
pub use trial::Test;

use delivery::{Delivery, Reply};
use engine::{ExecutionKey, Limits, Message, Program, TaskToken, Timestamp};
use integrations::Failure;
use ports::{ActivityTask, Envelope, Ports, Revision, StoredPayload};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Runs executions. Cloning is cheap; all clones are one driver.
#[derive(Clone)]
pub struct Driver(Arc<Inner>);

struct Inner {
    ports: Ports,
    settings: Settings,
    /// Tells this driver's writes from those of any other: the first half of its nonces.
    instance: String,
    programs: programs::Programs,
    /// The actors at work, by execution.
    actors: Mutex<HashMap<ExecutionKey, mpsc::UnboundedSender<Delivery>>>,
    /// The executions that wait for jobs, as far as this driver looks after them alone.
    jobs_out: Mutex<BTreeSet<ExecutionKey>>,
    /// The Map Runs and the executions that wait for one, as far as this driver alone looks after them: the ends of what they
    /// have started are told to them.
    mapping: Mutex<BTreeSet<ExecutionKey>>,
    /// The polls that this driver has armed a timer for, by incarnation and call.
    polls: job::Polls,
    attempts: std::sync::atomic::AtomicU64,
}

/// What became of a StopExecution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// The execution was stopped now.
    Now(Timestamp),
    /// It had ended before.
    Already(Timestamp),
    /// There is no such execution.
    Missing,
}

/// What became of a SendTaskSuccess, SendTaskFailure or SendTaskHeartbeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskAnswer {
    /// The task waited for it, and it is durable.
    Accepted,
    /// No such task was ever there.
    DoesNotExist,
    /// The task has ended before.
    TimedOut,
}

impl std::fmt::Debug for Driver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Driver")
            .field("instance", &self.0.instance)
            .finish_non_exhaustive()
    }
}

impl Driver {
    /// Returns a driver over these ports. It does nothing by itself: see [`Driver::receive`] and [`Driver::recover`].
    pub fn new(ports: Ports, settings: Settings) -> Driver {
        let instance = payloads::hexadecimal(&ports.entropy.bytes()[..8]);
        Driver(Arc::new(Inner {
            ports,
            settings,
            instance,
            programs: programs::Programs::default(),
            actors: Mutex::new(HashMap::new()),
            jobs_out: Mutex::default(),
            mapping: Mutex::default(),
            polls: job::Polls::default(),
            attempts: std::sync::atomic::AtomicU64::new(0),
        }))
    }

    /// Returns the ports that it works with.
    pub fn ports(&self) -> &Ports {
        &self.0.ports
    }

    /// Returns the limits in force.
    pub fn limits(&self) -> Limits {
        self.0.settings.limits
    }

    /// Returns the compiled form of a revision, from a cache; `machine` is [`ports::machine_key`].
    ///
    /// # Errors
    ///
    /// When the stored definition does not compile any more.
    pub fn program(&self, machine: &str, revision: &Revision) -> Result<Arc<Program>, Error> {
        self.0
            .programs
            .get_or_compile(machine, &revision.id, &revision.definition)
    }

    /// Returns a document's JSON text.
    ///
    /// # Errors
    ///
    /// When the blob store fails, or lost the document.
    pub async fn text(&self, payload: &StoredPayload) -> Result<Arc<str>, Error> {
        payloads::text(&self.0.ports, payload).await
    }

    /// Delivers envelopes from the mailbox until the channel closes.
    pub async fn receive(&self, mut envelopes: mpsc::UnboundedReceiver<Envelope>) {
        while let Some(envelope) = envelopes.recv().await {
            if let Message::Claim { call } = envelope.message {
                let driver = self.clone();
                tokio::spawn(async move {
                    if let Err(error) = driver.make_handed_over(&envelope, call).await {
                        tracing::error!(execution = %envelope.key.name, %error, "a call was not made");
                    }
                });
                continue;
            }
            let delivery = Delivery::new(envelope.message, Some(envelope.incarnation));
            self.deliver(&envelope.key, delivery);
        }
    }

    /// Returns whether no execution is at work: all that is open waits for time or for somebody outside.
    pub fn is_idle(&self) -> bool {
        self.0
            .actors
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_empty()
    }

    /// Returns whether an execution waits for a job: something is at work then, though not here. Only the driver that is
    /// the only one of its journal knows.
    pub fn has_jobs_out(&self) -> bool {
        !self.0.jobs_out().is_empty()
    }

    /// Stops an execution, durably.
    ///
    /// # Errors
    ///
    /// When the journal fails; the execution may or may not be stopped.
    pub async fn stop(
        &self,
        key: &ExecutionKey,
        error: Option<String>,
        cause: Option<String>,
    ) -> Result<Stopped, Error> {
        match self.ask(key, Message::Stop { error, cause }, None).await? {
            Reply::Accepted { at } => Ok(Stopped::Now(at)),
            Reply::Stale { closed: Some(at) } => Ok(Stopped::Already(at)),
            Reply::Stale { closed: None } | Reply::NotRedrivable(_) | Reply::Missing => Ok(Stopped::Missing),
            Reply::Failed(error) => Err(error),
        }
    }

    /// Reports a task's success, durably. `output` is JSON text.
    ///
    /// # Errors
    ///
    /// When the journal fails; the report may or may not have been taken.
    pub async fn task_succeeded(&self, token: &TaskToken, output: String) -> Result<TaskAnswer, Error> {
        self.report(
            token,
            Message::Callback {
                call: token.call,
                result: Ok(output),
            },
        )
        .await
    }

    /// Reports a task's failure, durably.
    ///
    /// # Errors
    ///
    /// When the journal fails; the report may or may not have been taken.
    pub async fn task_failed(&self, token: &TaskToken, failure: Failure) -> Result<TaskAnswer, Error> {
        self.report(
            token,
            Message::Callback {
                call: token.call,
                result: Err(failure),
            },
        )
        .await
    }

    /// Reports that a task is alive, durably.
    ///
    /// # Errors
    ///
    /// When the journal fails; the report may or may not have been taken.
    pub async fn task_heartbeat(&self, token: &TaskToken) -> Result<TaskAnswer, Error> {
        self.report(token, Message::Heartbeat { call: token.call }).await
    }

    /// Takes a task of an activity for a worker; waits for one at most as long as given.
    ///
    /// # Errors
    ///
    /// When the mailbox or the journal fails.
    pub async fn take_activity_task(
        &self,
        activity_arn: &str,
        worker_name: Option<String>,
        wait: Duration,
    ) -> Result<Option<ActivityTask>, Error> {
        let until = tokio::time::Instant::now() + wait;
        loop {
            let left = until.saturating_duration_since(tokio::time::Instant::now());
            let Some(task) = self.0.ports.mailbox.take(activity_arn, left).await? else {
                return Ok(None);
            };
            let message = Message::ActivityStarted {
                call: task.call,
                worker_name: worker_name.clone(),
            };
            let delivery = Delivery::new(message, Some(Arc::clone(&task.incarnation)));
            // A task that its execution does not wait for any more is dropped; the next one may still be wanted.
            let error = match self.ask_with(&task.key, delivery).await {
                Ok(Reply::Accepted { .. }) => return Ok(Some(task)),
                Ok(Reply::Stale { .. } | Reply::NotRedrivable(_) | Reply::Missing) => continue,
                Ok(Reply::Failed(error)) | Err(error) => error,
            };
            // Nobody knows whether this worker has it. If it has, the task is out of date for everybody else.
            self.0.ports.mailbox.offer(task).await?;
            return Err(error);
        }
    }

    async fn report(&self, token: &TaskToken, message: Message) -> Result<TaskAnswer, Error> {
        match self.ask(&token.key, message, Some(token.clone())).await? {
            Reply::Accepted { .. } => Ok(TaskAnswer::Accepted),
            Reply::Stale { .. } => Ok(TaskAnswer::TimedOut),
            Reply::NotRedrivable(_) | Reply::Missing => Ok(TaskAnswer::DoesNotExist),
            Reply::Failed(error) => Err(error),
        }
    }

    async fn ask(
        &self,
        key: &ExecutionKey,
        message: Message,
        token: Option<TaskToken>,
    ) -> Result<Reply, Error> {
        let incarnation = token.as_ref().map(|token| Arc::from(token.incarnation.as_str()));
        let mut delivery = Delivery::new(message, incarnation);
        delivery.token = token;
        self.ask_with(key, delivery).await
    }

    async fn ask_with(&self, key: &ExecutionKey, mut delivery: Delivery) -> Result<Reply, Error> {
        if !self.0.settings.exclusive {
            return self.relay(key, &delivery).await;
        }
        let (send, receive) = oneshot::channel();
        delivery.reply = Some(send);
        self.deliver(key, delivery);
        // An actor that is gone without an answer was dropped with its runtime.
        receive.await.map_err(|_| Error::Shutdown)
    }

    /// Hands a delivery to the execution's actor, which begins if it is not at work.
    fn deliver(&self, key: &ExecutionKey, delivery: Delivery) {
        if let Some(inbox) = self.enter(key, delivery) {
            tokio::spawn(actor::run(
                self.clone(),
                key.clone(),
                inbox,
                actor::Session::Stored,
                actor::FOREVER,
            ));
        }
    }

    /// Hands a delivery to the execution's actor; when none is at work, enters one into the table and returns its inbox.
    fn enter(&self, key: &ExecutionKey, delivery: Delivery) -> Option<mpsc::UnboundedReceiver<Delivery>> {
        let mut actors = self.0.actors.lock().unwrap_or_else(PoisonError::into_inner);
        let delivery = match actors.get(key) {
            Some(actor) => match actor.send(delivery) {
                Ok(()) => return None,
                Err(returned) => returned.0,
            },
            None => delivery,
        };
        let (send, receive) = mpsc::unbounded_channel();
        // The receiver is right here: this cannot fail.
        let _ = send.send(delivery);
        actors.insert(key.clone(), send);
        Some(receive)
    }
}

impl Inner {
    fn jobs_out(&self) -> std::sync::MutexGuard<'_, BTreeSet<ExecutionKey>> {
        self.jobs_out.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns whether it is noted that an execution waits for jobs.
    fn knows_jobs_of(&self, execution: &engine::Execution) -> bool {
        self.jobs_out().contains(&execution.identity.key)
    }

    /// Takes note of whether an execution waits for jobs.
    fn note_jobs(&self, execution: &engine::Execution) {
        if !self.settings.exclusive {
            return;
        }
        let key = &execution.identity.key;
        let mut jobs_out = self.jobs_out();
        if !execution.waits_for_jobs() {
            jobs_out.remove(key);
        } else if !jobs_out.contains(key) {
            jobs_out.insert(key.clone());
        }
    }

    fn mapping(&self) -> std::sync::MutexGuard<'_, BTreeSet<ExecutionKey>> {
        self.mapping.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn actors_at_work(&self) -> usize {
        self.actors.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}
