use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::environment::{self, Location};
use crate::exchange::{Answer, Event, Exchange};
use crate::guard::Guard;
use crate::invocation::Outcome;
use crate::output::{Sink, Stream};
use crate::runtime_api::RuntimeApi;
use crate::settings::Launch;

/// The time a process has to start before the function's own time limit runs. // AWS quota of the init phase
const START_LIMIT: Duration = Duration::from_secs(10);
/// The time that an answer sent just before the process's end has to come through the connection.
const LAST_WORDS: Duration = Duration::from_millis(250);

/// One running process of a function: an execution environment, in AWS's words.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    group: Option<u32>,
    exchange: Arc<Exchange>,
    guard: Arc<Guard>,
    _api: RuntimeApi,
}

/// What a process is given for one invocation.
#[derive(Debug)]
pub(crate) struct Task {
    pub(crate) request_id: String,
    pub(crate) function_arn: String,
    pub(crate) trace: String,
    pub(crate) payload: Vec<u8>,
    pub(crate) time_limit: Duration,
}

/// How a process came out of an invocation.
#[derive(Debug)]
pub(crate) enum Served {
    /// It answered and lives on.
    Answered(Outcome, Duration),
    /// It is of no further use.
    Spent(Outcome, Duration),
    /// It had ended before it took the event, which goes back to the caller.
    NotTaken(Task, ExitStatus),
}

impl Process {
    /// Starts a process; the error says why it could not be.
    pub(crate) async fn start(
        name: &str,
        launch: &Launch,
        location: &Location,
        sink: &Sink,
        guard: Arc<Guard>,
    ) -> Result<Process, String> {
        let exchange = Arc::new(Exchange::new());
        let api = RuntimeApi::start(Arc::clone(&exchange))
            .await
            .map_err(|error| format!("the runtime API of function `{name}` cannot listen: {error}"))?;
        let mut command = Command::new(&launch.program);
        command
            .args(&launch.arguments)
            .current_dir(&launch.working_directory)
            .stdin(if launch.input.is_some() {
                Stdio::piped()
            } else {
                Stdio::null()
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        #[cfg(unix)]
        command.process_group(0);
        // A host that is itself a Lambda function must not pass on what it was told.
        let own = environment::variables(name, launch, api.address, location);
        environment::RESERVED
            .iter()
            .for_each(|name| _ = command.env_remove(name));
        command.envs(own);
        let mut child = command.spawn().map_err(|error| {
            let (program, folder) = (launch.program.display(), launch.working_directory.display());
            format!("function `{name}` cannot be started: `{program}` in `{folder}`: {error}")
        })?;

        // The process leads its group, so the group has its id.
        let group = child.id();
        if let Some(group) = group {
            guard.watch(group);
        }
        if let Some(stdout) = child.stdout.take() {
            tokio::spawn(sink.clone().forward(name.to_owned(), Stream::Stdout, stdout));
        }
        if let Some(stderr) = child.stderr.take() {
            tokio::spawn(sink.clone().forward(name.to_owned(), Stream::Stderr, stderr));
        }
        if let (Some(input), Some(mut stdin)) = (launch.input, child.stdin.take()) {
            // A process that does not read its program ends, and that is told as its crash.
            tokio::spawn(async move { stdin.write_all(input.as_bytes()).await });
        }
        tracing::debug!(
            function = name,
            process = group,
            port = api.address.port(),
            "a function process was started"
        );
        Ok(Process {
            child,
            group,
            exchange,
            guard,
            _api: api,
        })
    }

    /// Runs one invocation to its end.
    pub(crate) async fn serve(&mut self, task: Task) -> Served {
        if let Err(outcome) = self.ready(&task).await {
            return Served::Spent(outcome, Duration::ZERO);
        }
        let begun = Instant::now();
        let mut answer = self.exchange.offer(Event {
            request_id: task.request_id.clone(),
            function_arn: task.function_arn.clone(),
            trace: task.trace.clone(),
            deadline: SystemTime::now() + task.time_limit,
            payload: task.payload.clone(),
        });
        tokio::select! {
            biased;
            Ok(answer) = &mut answer => Served::Answered(outcome(answer), begun.elapsed()),
            status = self.child.wait() => match (self.exchange.withdraw(), status) {
                (Some(_), Ok(status)) => Served::NotTaken(task, status),
                (_, status) => match timeout(LAST_WORDS, answer).await {
                    Ok(Ok(answer)) => Served::Spent(outcome(answer), begun.elapsed()),
                    _ => Served::Spent(ended(&task, status), begun.elapsed()),
                },
            },
            () = tokio::time::sleep(task.time_limit) => {
                Served::Spent(Outcome::timed_out(&task.request_id, task.time_limit), begun.elapsed())
            }
        }
    }

    /// Waits until the process asks for an event, which a new one does once its initialization is over.
    async fn ready(&mut self, task: &Task) -> Result<(), Outcome> {
        let mut started = std::pin::pin!(self.exchange.started());
        let start = tokio::select! {
            biased;
            start = &mut started => start,
            status = self.child.wait() => match timeout(LAST_WORDS, started).await {
                Ok(Err(report)) => Err(report),
                _ => return Err(ended(task, status)),
            },
            () = tokio::time::sleep(START_LIMIT + task.time_limit) => {
                return Err(Outcome::timed_out(&task.request_id, task.time_limit));
            }
        };
        start.map_err(|payload| Outcome::FunctionError { payload })
    }

    /// Waits until the process can take a further event; false if it ends or takes too long.
    pub(crate) async fn settled(&mut self, patience: Duration) -> bool {
        tokio::select! {
            biased;
            _ = self.child.wait() => false,
            () = self.exchange.waiting() => true,
            () = tokio::time::sleep(patience) => false,
        }
    }

    pub(crate) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Kills the process with all it started, and waits for its end.
    pub(crate) async fn end(mut self) {
        self.kill();
        if let Err(error) = self.child.wait().await {
            tracing::warn!(%error, "the end of a function process could not be awaited");
        }
    }

    fn kill(&mut self) {
        if let Some(group) = self.group.take() {
            self.guard.kill(group);
        }
        // Fails only for a process that has ended already.
        _ = self.child.start_kill();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

fn outcome(answer: Answer) -> Outcome {
    match answer {
        Answer::Returned(payload) => Outcome::Returned(payload),
        Answer::Failed(payload) => Outcome::FunctionError { payload },
    }
}

fn ended(task: &Task, status: std::io::Result<ExitStatus>) -> Outcome {
    match status {
        Ok(status) => Outcome::crashed(&task.request_id, status),
        Err(error) => Outcome::Crashed {
            message: format!("RequestId: {} Error: Runtime exited: {error}", task.request_id),
        },
    }
}
