use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{RwLock, watch};

use crate::environment::Location;
use crate::identifier;
use crate::invocation::{Invocation, Outcome};
use crate::name::FunctionName;
use crate::output::{OutputLine, Sink};
use crate::pool::{Pool, Surroundings};
use crate::process::Task;
use crate::settings::{FunctionSettings, FunctionSettingsError};

const IDLE_SECONDS_DEFAULT: u64 = 300;
const REAP_SECONDS_MAX: u64 = 30;

/// Runs the functions of a table as local processes; clones share them.
///
/// The processes end with [`FunctionHost::shutdown`], with the last clone, or with the host's own process, however
/// that ends.
#[derive(Clone, Debug)]
pub struct FunctionHost {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    pools: BTreeMap<String, Arc<Pool>>,
    surroundings: Arc<Surroundings>,
    idle_milliseconds: AtomicU64,
    reaper: OnceLock<()>,
    /// Turns true at shutdown; its end, when the last clone is gone, means the same.
    closing: watch::Sender<bool>,
    /// Every invocation holds it for reading; it says whether the host is closed.
    closed: Arc<RwLock<bool>>,
}

impl FunctionHost {
    /// Checks the table; no process is started before the first invocation.
    pub fn new(
        functions: BTreeMap<String, FunctionSettings>,
        base_directory: PathBuf,
        region: impl Into<String>,
        account: impl Into<String>,
    ) -> Result<FunctionHost, FunctionSettingsError> {
        // Functions run elsewhere, so what they are told must not depend on where the host was started.
        let base = std::path::absolute(&base_directory).unwrap_or(base_directory);
        let pools = functions
            .into_iter()
            .map(|(name, settings)| pool(name, &settings, &base));
        let location = Location {
            region: region.into(),
            account: account.into(),
        };
        Ok(FunctionHost {
            shared: Arc::new(Shared {
                pools: pools.collect::<Result<_, _>>()?,
                surroundings: Arc::new(Surroundings {
                    location,
                    sink: Mutex::default(),
                    guard: OnceLock::new(),
                }),
                idle_milliseconds: AtomicU64::new(IDLE_SECONDS_DEFAULT * 1000),
                reaper: OnceLock::new(),
                closing: watch::Sender::new(false),
                closed: Arc::default(),
            }),
        })
    }

    /// Sends what functions write to `callback` instead of `tracing`; processes that run already keep their way.
    pub fn send_output_to(&self, callback: impl Fn(OutputLine) + Send + Sync + 'static) {
        let mut sink = self
            .shared
            .surroundings
            .sink
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *sink = Sink::Callback(Arc::new(callback));
    }

    /// Sets how long an idle process is kept: 300 seconds unless set.
    pub fn keep_idle_processes_for(&self, idle_time: Duration) {
        let milliseconds = u64::try_from(idle_time.as_millis()).unwrap_or(u64::MAX);
        self.shared
            .idle_milliseconds
            .store(milliseconds, Ordering::Relaxed);
    }

    /// Tells whether a function is in the table, by `NAME`, `NAME:QUALIFIER`, partial or full ARN.
    pub fn has(&self, name_or_arn: &str) -> bool {
        self.find(name_or_arn).is_some()
    }

    /// Invokes a function and waits for its end.
    ///
    /// As on AWS, the function runs on when the caller stops waiting.
    pub async fn invoke(&self, name_or_arn: &str, payload: Vec<u8>) -> Invocation {
        let request_id = identifier::request_id();
        let Some((name, pool)) = self.find(name_or_arn) else {
            return not_started(request_id, format!("there is no local function `{name_or_arn}`"));
        };
        let running = Arc::clone(&self.shared.closed).read_owned().await;
        if *running {
            return not_started(request_id, "the function host was shut down".to_owned());
        }
        self.start_reaper();
        let task = Task {
            request_id: request_id.clone(),
            function_arn: match name.arn {
                Some(arn) => arn.to_owned(),
                None => self.shared.surroundings.location.arn(name.name, name.qualifier),
            },
            trace: identifier::trace_header(),
            payload,
            time_limit: pool.time_limit(),
        };
        let (pool, around) = (Arc::clone(pool), Arc::clone(&self.shared.surroundings));
        let mut closing = self.shared.closing.subscribe();
        let (answer, answered) = tokio::sync::oneshot::channel();
        tokio::spawn(async move {
            let run = async {
                let (invocation, aftermath) = pool.invoke(&around, task).await;
                log(&pool.name, &invocation);
                _ = answer.send(invocation); // the caller may have stopped waiting
                if let Some(aftermath) = aftermath {
                    pool.await_return(aftermath).await;
                }
            };
            tokio::select! {
                _ = closing.wait_for(|closing| *closing) => {}
                () = run => {}
            }
            drop(running);
        });
        answered.await.unwrap_or_else(|_| Invocation {
            outcome: Outcome::Crashed {
                message: format!("RequestId: {request_id} Error: the function host was shut down"),
            },
            ..not_started(request_id, String::new())
        })
    }

    /// Ends all processes, those that are busy too, and waits for their ends; later invocations are refused.
    pub async fn shutdown(&self) {
        self.shared.closing.send_replace(true);
        *self.shared.closed.write().await = true;
        for pool in self.shared.pools.values() {
            pool.clear().await;
        }
    }

    fn find<'n>(&self, name_or_arn: &'n str) -> Option<(FunctionName<'n>, &Arc<Pool>)> {
        let name = FunctionName::parse(name_or_arn)?;
        let pool = self.shared.pools.get(name.name)?;
        Some((name, pool))
    }

    fn start_reaper(&self) {
        self.shared.reaper.get_or_init(|| {
            tokio::spawn(reap(Arc::downgrade(&self.shared)));
        });
    }
}

fn pool(
    name: String,
    settings: &FunctionSettings,
    base: &Path,
) -> Result<(String, Arc<Pool>), FunctionSettingsError> {
    // A name that no caller can spell would never be found.
    if FunctionName::parse(&name).is_none_or(|parsed| parsed.name != name) {
        let problem = "a function's name is made of letters, digits, `-` and `_`".to_owned();
        return Err(FunctionSettingsError {
            function: name,
            problem,
        });
    }
    let launch = settings.launch(&name, base)?;
    Ok((name.clone(), Arc::new(Pool::new(name, launch))))
}

/// Ends long idle processes now and then, until the host is gone or closed.
async fn reap(shared: Weak<Shared>) {
    let mut pause = Duration::ZERO;
    loop {
        tokio::time::sleep(pause).await;
        let Some(shared) = shared.upgrade() else { return };
        if *shared.closing.borrow() {
            return;
        }
        let idle_time = Duration::from_millis(shared.idle_milliseconds.load(Ordering::Relaxed));
        for pool in shared.pools.values() {
            pool.reap(idle_time);
        }
        pause = (idle_time / 2).clamp(Duration::from_millis(10), Duration::from_secs(REAP_SECONDS_MAX));
    }
}

fn not_started(request_id: String, message: String) -> Invocation {
    Invocation {
        request_id,
        outcome: Outcome::NotStarted { message },
        duration_ms: 0,
        cold_start: false,
    }
}

/// Tells the endings that the function itself cannot tell; its own errors are its own to log.
fn log(function: &str, invocation: &Invocation) {
    match &invocation.outcome {
        Outcome::Crashed { message } | Outcome::TimedOut { message } | Outcome::NotStarted { message } => {
            tracing::warn!(function, request_id = invocation.request_id, "{message}");
        }
        Outcome::Returned(_) | Outcome::FunctionError { .. } => {
            tracing::debug!(
                function,
                request_id = invocation.request_id,
                invocation.duration_ms,
                "function ended"
            );
        }
    }
}
