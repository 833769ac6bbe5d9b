//! The local stack: the driver over the local adapters.

use crate::commands::Failure;
use crate::config::Config;
use api::Api;
use driver::{Driver, Observer, Settings};
use function_host::{FunctionHost, FunctionSettings};
use local::{
    AnsweredBy, LocalBlobs, LocalClock, LocalJournal, LocalMailbox, LocalRegistry, LocalServices,
    LocalTimers, OpenError, Store, SystemClock, SystemEntropy, VirtualClock,
};
use mocks::MockFile;
use ports::{CallRequest, Ports};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Bytes from which the local store keeps a document apart from its entry. SQLite reads a row as a whole.
const BLOB_BYTES_MIN: usize = 64 * 1024;

/// Is told how a call is answered.
pub(crate) type Watch = Box<dyn Fn(&CallRequest, AnsweredBy) + Send + Sync>;

/// How to put the stack together.
pub(crate) struct Options<'a> {
    /// The folder of the store; none: nothing is kept.
    pub(crate) data: Option<&'a Path>,
    /// The mock configuration.
    pub(crate) mocks: Option<&'a Path>,
    /// Whether time jumps to the next deadline while nothing is at work.
    pub(crate) fast_forward: bool,
    /// The address at which the API is served, if it is: local functions find it there.
    pub(crate) served_at: Option<SocketAddr>,
    /// Who is told what executions do.
    pub(crate) observer: Option<Arc<dyn Observer>>,
    /// Who is told how calls are answered.
    pub(crate) watch: Option<Watch>,
}

/// The driver, and what has to be ended with it.
pub(crate) struct Stack {
    pub(crate) driver: Driver,
    pub(crate) api: Api,
    pub(crate) store: Store,
    services: Arc<LocalServices>,
}

impl Stack {
    /// Opens the store and starts the driver; executions that were open go on when [`Stack::recover`] is called.
    pub(crate) fn open(config: &Config, options: Options<'_>) -> Result<Stack, Failure> {
        let store = match options.data {
            Some(folder) => Store::open(folder),
            None => Store::in_memory(),
        }
        .map_err(|error| unopened(&error))?;
        let mocks = match options.mocks {
            Some(file) => Some(MockFile::open(file).map_err(|error| Failure(error.to_string()))?),
            None => None,
        };
        let functions = FunctionHost::new(
            functions(config, options.served_at),
            std::path::absolute(&config.folder).unwrap_or_else(|_| config.folder.clone()),
            config.region(),
            config.account(),
        )
        .map_err(|error| Failure(error.to_string()))?;
        let aws = calls::Settings {
            region: config.region.clone(),
            ..calls::Settings::default()
        };
        let mut services = LocalServices::new(mocks, functions, aws);
        if let Some(watch) = options.watch {
            services = services.watched_by(watch);
        }
        let services = Arc::new(services);
        let (mailbox, envelopes) = LocalMailbox::new();
        let virtual_clock = options.fast_forward.then(|| Arc::new(VirtualClock::default()));
        let clock: Arc<dyn LocalClock> = match &virtual_clock {
            Some(clock) => Arc::clone(clock) as Arc<dyn LocalClock>,
            None => Arc::new(SystemClock),
        };
        let timers = Arc::new(LocalTimers::new(Arc::clone(&clock), mailbox.sender()));
        let ports = Ports {
            journal: Arc::new(LocalJournal::new(store.clone())),
            registry: Arc::new(LocalRegistry::new(store.clone())),
            blobs: Arc::new(LocalBlobs::new(store.clone())),
            mailbox: Arc::new(mailbox),
            timers: Arc::clone(&timers) as Arc<dyn ports::Timers>,
            services: Arc::clone(&services) as Arc<dyn ports::Services>,
            clock,
            entropy: Arc::new(SystemEntropy),
        };
        let driver = Driver::new(
            ports,
            Settings {
                limits: config.limits,
                exclusive: true,
                hands_over_beyond: None,
                blob_bytes_min: BLOB_BYTES_MIN,
                observer: options.observer,
            },
        );
        let settings = api::Settings {
            region: config.region().into(),
            account: config.account().into(),
            ..api::Settings::default()
        };
        let api = Api::new(driver.clone(), settings);
        api.answer_tasks();
        let receiver = driver.clone();
        tokio::spawn(async move { receiver.receive(envelopes).await });
        if let Some(clock) = virtual_clock {
            tokio::spawn(fast_forward(driver.clone(), clock, timers));
        }
        Ok(Stack {
            driver,
            api,
            store,
            services,
        })
    }

    /// Takes over the executions that were open when the store was closed.
    pub(crate) async fn recover(&self) -> Result<usize, Failure> {
        self.driver
            .recover()
            .await
            .map_err(|error| Failure(error.to_string()))
    }

    /// Ends the processes of functions, and closes the store.
    pub(crate) async fn close(&self) {
        self.services.shutdown().await;
        self.store.close().await;
    }
}

/// Returns the table of local functions. Those that report for a task with its token find the API where the task is, and
/// not AWS's, unless their settings say otherwise.
fn functions(config: &Config, served_at: Option<SocketAddr>) -> BTreeMap<String, FunctionSettings> {
    let mut functions = config.functions.clone();
    if let Some(address) = served_at {
        for function in functions.values_mut() {
            let endpoint = function.environment.entry("AWS_ENDPOINT_URL_SFN".to_owned());
            endpoint.or_insert_with(|| format!("http://{address}"));
        }
    }
    functions
}

/// Says why a store cannot be opened, and what to do.
fn unopened(error: &OpenError) -> Failure {
    let Failure(why) = Failure::of(error);
    match error {
        OpenError::Folder { .. } | OpenError::ReadOnly { .. } => {
            Failure(format!("{why}; --data names a folder that can be written"))
        }
        OpenError::InUse { .. } => Failure(format!("{why}; --data names another folder")),
        OpenError::Later { .. } | OpenError::Lost { .. } | OpenError::Store { .. } => Failure(why),
    }
}

/// Jumps to the next deadline whenever nothing is at work.
async fn fast_forward(driver: Driver, clock: Arc<VirtualClock>, timers: Arc<LocalTimers>) {
    /// Looks in a row that must find nothing at work: a wake-up is for a moment neither a timer nor an actor.
    const QUIET_LOOKS: u32 = 3;
    let mut quiet = 0;
    loop {
        tokio::time::sleep(Duration::from_millis(1)).await;
        // A job is at work somewhere else, and takes the time that it takes.
        let is_quiet = driver.is_idle() && !driver.has_jobs_out();
        quiet = if is_quiet { quiet + 1 } else { 0 };
        if quiet >= QUIET_LOOKS {
            if let Some(time) = timers.earliest() {
                clock.advance_to(time);
            }
            quiet = 0;
        }
    }
}
