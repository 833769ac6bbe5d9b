use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::environment::Location;
use crate::guard::Guard;
use crate::invocation::{Invocation, Outcome};
use crate::output::Sink;
use crate::process::{Process, Served, Task};
use crate::settings::Launch;

/// How long a caller is kept for its process to ask for the next event, so that a sequence of calls needs one process.
const HAND_BACK: Duration = Duration::from_millis(50);

/// The processes of one function.
#[derive(Debug)]
pub(crate) struct Pool {
    pub(crate) name: String,
    launch: Launch,
    slots: Arc<Semaphore>,
    /// The last one that was used is at the end, and used again first: the others grow old and are reaped.
    idle: Mutex<Vec<(Process, Instant)>>,
}

/// What all functions of a host share.
#[derive(Debug)]
pub(crate) struct Surroundings {
    pub(crate) location: Location,
    pub(crate) sink: Mutex<Sink>,
    pub(crate) guard: std::sync::OnceLock<Arc<Guard>>,
}

/// What an invocation leaves to do after its answer.
pub(crate) type Aftermath = (Process, OwnedSemaphorePermit);

impl Pool {
    pub(crate) fn new(name: String, launch: Launch) -> Pool {
        let slots = Arc::new(Semaphore::new(launch.concurrency));
        Pool {
            name,
            launch,
            slots,
            idle: Mutex::default(),
        }
    }

    pub(crate) fn time_limit(&self) -> Duration {
        self.launch.timeout
    }

    /// Serves one invocation on an idle process or on a new one, once there is room.
    pub(crate) async fn invoke(
        &self,
        around: &Surroundings,
        mut task: Task,
    ) -> (Invocation, Option<Aftermath>) {
        let request_id = task.request_id.clone();
        let invocation = |outcome, duration: Duration, cold_start| Invocation {
            request_id: request_id.clone(),
            outcome,
            duration_ms: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
            cold_start,
        };
        let not_started = |message| {
            (
                invocation(Outcome::NotStarted { message }, Duration::ZERO, false),
                None::<Aftermath>,
            )
        };

        let Ok(slot) = Arc::clone(&self.slots).acquire_owned().await else {
            return not_started(format!("function `{}` takes no more invocations", self.name));
        };
        loop {
            let warm = self.idle_process();
            let cold_start = warm.is_none();
            let mut process = match warm {
                Some(process) => process,
                None => match self.start(around).await {
                    Ok(process) => process,
                    Err(message) => return not_started(message),
                },
            };
            match process.serve(task).await {
                Served::Answered(outcome, duration) => {
                    return match process.settled(HAND_BACK).await {
                        true => {
                            self.take_back(process);
                            (invocation(outcome, duration, cold_start), None)
                        }
                        false => (invocation(outcome, duration, cold_start), Some((process, slot))),
                    };
                }
                Served::Spent(outcome, duration) => {
                    process.end().await;
                    return (invocation(outcome, duration, cold_start), None);
                }
                // A warm process may end while it idles; the event was not seen, so another process may have it.
                Served::NotTaken(untaken, _) if !cold_start => task = untaken,
                Served::NotTaken(untaken, status) => {
                    return (
                        invocation(
                            Outcome::crashed(&untaken.request_id, status),
                            Duration::ZERO,
                            true,
                        ),
                        None,
                    );
                }
            }
        }
    }

    /// Gives a process that went on after its answer the rest of its time limit, as Lambda does, then takes it back.
    pub(crate) async fn await_return(&self, (mut process, _slot): Aftermath) {
        if process.settled(self.launch.timeout).await {
            self.take_back(process);
        } else {
            process.end().await;
        }
    }

    async fn start(&self, around: &Surroundings) -> Result<Process, String> {
        let guard = Arc::clone(around.guard.get_or_init(|| Arc::new(Guard::start())));
        let sink = around.sink.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Process::start(&self.name, &self.launch, &around.location, &sink, guard).await
    }

    fn take_back(&self, process: Process) {
        self.idle().push((process, Instant::now()));
    }

    fn idle_process(&self) -> Option<Process> {
        loop {
            let (mut process, _) = self.idle().pop()?;
            if process.is_alive() {
                return Some(process);
            }
        }
    }

    /// Ends the processes that have idled for this long or have ended by themselves.
    pub(crate) fn reap(&self, idle_time: Duration) {
        self.idle()
            .retain_mut(|(process, since)| since.elapsed() < idle_time && process.is_alive());
    }

    /// Ends all idle processes and waits for their ends.
    pub(crate) async fn clear(&self) {
        let idle = std::mem::take(&mut *self.idle());
        for (process, _) in idle {
            process.end().await;
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<(Process, Instant)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
