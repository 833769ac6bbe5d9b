//! Clients that start executions, stop some, work for them, and write down what was acknowledged.

use super::ledger;
use super::machines::{Arns, Machine};
use super::random::Random;
use super::story::millis;
use crate::support::{self, Server, Sfn};
use aws_sdk_sfn::error::SdkError;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::task::JoinHandle;

/// How long a client waits before it tries again: the server may be starting.
const PAUSE: Duration = Duration::from_millis(20);
/// Clients that start executions.
const STARTERS: u64 = 8;
/// Workers of the activity.
const WORKERS: u64 = 3;

/// The clients of one server, and what they know.
#[derive(Debug)]
pub(crate) struct Load {
    pub(crate) arns: Arns,
    ledger: PathBuf,
    client: Mutex<Sfn>,
    known: Mutex<Known>,
    is_starting: AtomicBool,
    is_working: AtomicBool,
    numbers: AtomicU64,
}

/// What the clients did.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    pub(crate) starts: Vec<Start>,
    pub(crate) reports: Vec<Report>,
    /// Answers that no kill explains.
    pub(crate) complaints: Vec<String>,
}

/// An execution that a client wanted.
#[derive(Clone, Debug)]
pub(crate) struct Start {
    pub(crate) machine: Machine,
    pub(crate) name: String,
    pub(crate) input: Value,
    pub(crate) is_acknowledged: bool,
    pub(crate) stop: Stop,
}

/// What became of a StopExecution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Stop {
    /// Nobody asked for it, or it was refused because there was no such execution.
    None,
    /// It was asked for; nobody knows whether it was heard.
    Asked,
    /// It was acknowledged, with this stop date in milliseconds.
    Acknowledged(i64),
}

/// A SendTaskSuccess for an execution.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    /// The execution's name.
    pub(crate) of: String,
    pub(crate) output: String,
    pub(crate) is_acknowledged: bool,
}

/// How a call ended.
enum Answer<T> {
    Given(T),
    /// Refused: the exception's name.
    Refused(String),
    /// The connection broke before an answer came.
    Lost,
}

impl<T> Answer<T> {
    fn of<E, R>(result: Result<T, SdkError<E, R>>) -> Answer<T>
    where
        SdkError<E, R>: aws_sdk_sfn::error::ProvideErrorMetadata + std::fmt::Debug,
    {
        use aws_sdk_sfn::error::ProvideErrorMetadata as _;
        match result {
            Ok(answer) => Answer::Given(answer),
            Err(error) => match error.code() {
                Some(code) => Answer::Refused(code.to_owned()),
                None => Answer::Lost,
            },
        }
    }
}

impl Load {
    pub(crate) fn new(arns: Arns, client: Sfn, ledger: PathBuf) -> Load {
        Load {
            arns,
            ledger,
            client: Mutex::new(client),
            known: Mutex::default(),
            is_starting: AtomicBool::new(true),
            is_working: AtomicBool::new(true),
            numbers: AtomicU64::new(0),
        }
    }

    /// Talks to the server at its new port.
    pub(crate) fn use_client(&self, client: Sfn) {
        *self.client.lock().expect("no client panicked") = client;
    }

    pub(crate) fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().expect("no client panicked")
    }

    /// Starts an execution of each machine, and waits for the answers.
    pub(crate) async fn start_one_of_each(self: &Arc<Load>, random: &mut Random) {
        for machine in Machine::STARTED {
            self.start_one(machine, machine == Machine::Stops, random).await;
        }
    }

    /// Starts executions until [`Load::finish_starting`].
    pub(crate) fn start(self: &Arc<Load>, random: &mut Random) -> Vec<JoinHandle<()>> {
        let starter = |mut random: Random| {
            let load = Arc::clone(self);
            tokio::spawn(async move {
                while load.is_starting.load(Ordering::Relaxed) {
                    let at =
                        usize::try_from(random.below(Machine::STARTED.len() as u64)).expect("a small number");
                    let machine = Machine::STARTED[at];
                    let is_stopped = machine == Machine::Stops || random.one_in(6);
                    load.start_one(machine, is_stopped && machine != Machine::Express, &mut random)
                        .await;
                    tokio::time::sleep(Duration::from_millis(random.below(150))).await;
                }
            })
        };
        (0..STARTERS).map(|_| starter(random.fork())).collect()
    }

    pub(crate) fn finish_starting(&self) {
        self.is_starting.store(false, Ordering::Relaxed);
    }

    /// Works for the executions until [`Load::finish_working`].
    pub(crate) fn work(self: &Arc<Load>, random: &mut Random) -> Vec<JoinHandle<()>> {
        let reporter = {
            let load = Arc::clone(self);
            tokio::spawn(async move { load.report_what_the_function_was_asked().await })
        };
        let worker = |random: Random| {
            let load = Arc::clone(self);
            tokio::spawn(async move { load.work_for_the_activity(random).await })
        };
        std::iter::once(reporter)
            .chain((0..WORKERS).map(|_| worker(random.fork())))
            .collect()
    }

    /// Ends the workers, who may be waiting for a task.
    pub(crate) async fn finish_working(&self, helpers: Vec<JoinHandle<()>>) {
        self.is_working.store(false, Ordering::Relaxed);
        for helper in helpers {
            helper.abort();
            if let Err(error) = helper.await {
                assert!(error.is_cancelled(), "a worker panicked: {error}");
            }
        }
    }

    /// Returns the ARN of an execution.
    pub(crate) fn arn(&self, machine: Machine, name: &str) -> String {
        format!(
            "{}:{name}",
            self.arns.machines[&machine].replace(":stateMachine:", ":execution:")
        )
    }

    /// Returns the ARNs of open executions.
    pub(crate) fn open(&self, server: &Server) -> Vec<String> {
        let standard = self
            .arns
            .machines
            .iter()
            .filter(|(machine, _)| **machine != Machine::Express);
        let mut open: Vec<String> = standard
            .flat_map(|(_, arn)| {
                let request =
                    json!({ "stateMachineArn": arn, "statusFilter": "RUNNING", "maxResults": 1000 });
                let answer = support::post(server, "ListExecutions", request.to_string().as_bytes());
                let executions = answer.body["executions"]
                    .as_array()
                    .expect("there is a list")
                    .clone();
                executions
                    .into_iter()
                    .map(|execution| execution["executionArn"].to_string())
            })
            .collect();
        let lines = ledger::read(&self.ledger);
        let known = self.known();
        let begun = |name: &str| lines.iter().any(|line| line["express"] == name);
        let express = known
            .starts
            .iter()
            .filter(|start| start.machine == Machine::Express && start.is_acknowledged);
        open.extend(
            express
                .filter(|start| !begun(&start.name))
                .map(|start| start.name.clone()),
        );
        open
    }

    fn client(&self) -> Sfn {
        self.client.lock().expect("no client panicked").clone()
    }

    fn complain(&self, what: String) {
        self.known().complaints.push(what);
    }

    /// Starts an execution. Most clients ask until they know; some give up when the connection breaks.
    async fn start_one(self: &Arc<Load>, machine: Machine, is_stopped: bool, random: &mut Random) {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}-{number}", machine.name());
        let input = machine.input(random);
        let is_patient = !random.one_in(5);
        let text = input.to_string();
        let stop = Stop::None;
        let index = {
            let mut known = self.known();
            known.starts.push(Start {
                machine,
                name: name.clone(),
                input,
                is_acknowledged: false,
                stop,
            });
            known.starts.len() - 1
        };
        // Some are stopped in the moment of their start, or before.
        let delay = Duration::from_millis(if random.one_in(3) { 0 } else { random.below(1500) });
        let stopping = is_stopped.then(|| {
            let load = Arc::clone(self);
            tokio::spawn(async move { load.stop_one(index, delay).await })
        });
        let mut was_lost = false;
        let is_acknowledged = loop {
            let request = self
                .client()
                .start_execution()
                .state_machine_arn(&self.arns.machines[&machine]);
            match Answer::of(request.name(&name).input(&text).send().await) {
                Answer::Given(_) => break true,
                // The call before was heard, and the execution has ended since.
                Answer::Refused(error) if error == "ExecutionAlreadyExists" && was_lost => break true,
                Answer::Refused(error) => {
                    self.complain(format!("StartExecution of {name}: {error}"));
                    break false;
                }
                Answer::Lost if is_patient || machine == Machine::Stops => was_lost = true,
                Answer::Lost => break false,
            }
            tokio::time::sleep(PAUSE).await;
        };
        self.known().starts[index].is_acknowledged = is_acknowledged;
        if machine == Machine::Stops
            && let Some(stopping) = stopping
        {
            stopping.await.expect("the execution is stopped");
        }
    }

    /// Stops an execution, whether it has begun or not; one that would not end by itself, until that is acknowledged.
    async fn stop_one(&self, index: usize, delay: Duration) {
        let Start { machine, name, .. } = self.known().starts[index].clone();
        tokio::time::sleep(delay).await;
        loop {
            let was = std::mem::replace(&mut self.known().starts[index].stop, Stop::Asked);
            let request = self
                .client()
                .stop_execution()
                .execution_arn(self.arn(machine, &name));
            match Answer::of(request.error("Enough").send().await) {
                Answer::Given(answer) => {
                    // The SDK cuts off what the number of seconds is short of a millisecond.
                    let stopped = millis(answer.stop_date.as_secs_f64());
                    self.known().starts[index].stop = Stop::Acknowledged(stopped);
                    return;
                }
                Answer::Refused(error) if error == "ExecutionDoesNotExist" => {
                    self.known().starts[index].stop = was;
                    if machine != Machine::Stops {
                        return;
                    }
                }
                Answer::Refused(error) => return self.complain(format!("StopExecution of {name}: {error}")),
                Answer::Lost => {}
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn work_for_the_activity(&self, mut random: Random) {
        while self.is_working.load(Ordering::Relaxed) {
            let request = self
                .client()
                .get_activity_task()
                .activity_arn(&self.arns.activity)
                .worker_name("w");
            let task = match Answer::of(request.send().await) {
                Answer::Given(task) => task,
                Answer::Refused(error) => return self.complain(format!("GetActivityTask: {error}")),
                Answer::Lost => {
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            };
            let Some(token) = task.task_token.filter(|token| !token.is_empty()) else {
                continue;
            };
            let input: Value =
                serde_json::from_str(&task.input.unwrap_or_default()).expect("the input is JSON");
            let of = input["of"]
                .as_str()
                .expect("the task names its execution")
                .to_owned();
            match random.below(10) {
                // Forgotten: the task times out.
                0 => {}
                1 | 2 => {
                    // Whether it is heard or not: if not, the task times out.
                    let _ = self
                        .client()
                        .send_task_failure()
                        .task_token(token)
                        .error("Refused")
                        .send()
                        .await;
                }
                _ => {
                    if random.one_in(3) {
                        let _ = self
                            .client()
                            .send_task_heartbeat()
                            .task_token(&token)
                            .send()
                            .await;
                    }
                    self.report(of, token).await;
                }
            }
        }
    }

    async fn report_what_the_function_was_asked(self: Arc<Load>) {
        let mut seen = 0;
        while self.is_working.load(Ordering::Relaxed) {
            let lines = ledger::read(&self.ledger);
            for line in lines.iter().skip(seen) {
                if let (Some(id), Some(token)) = (line["id"].as_str(), line["token"].as_str()) {
                    let of = id.split('/').next().unwrap_or_default().to_owned();
                    let (load, token) = (Arc::clone(&self), token.to_owned());
                    tokio::spawn(async move { load.report(of, token).await });
                }
            }
            seen = lines.len();
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Reports a task's success, until that is acknowledged or refused.
    async fn report(&self, of: String, token: String) {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let output = json!({ "report": number }).to_string();
        let index = {
            let mut known = self.known();
            known.reports.push(Report {
                of: of.clone(),
                output: output.clone(),
                is_acknowledged: false,
            });
            known.reports.len() - 1
        };
        loop {
            match Answer::of(
                self.client()
                    .send_task_success()
                    .task_token(&token)
                    .output(&output)
                    .send()
                    .await,
            ) {
                Answer::Given(_) => {
                    self.known().reports[index].is_acknowledged = true;
                    return;
                }
                // An earlier attempt was heard, or the task has timed out, or its call's outcome was unknown.
                Answer::Refused(error) if error == "TaskTimedOut" => return,
                Answer::Refused(error) => return self.complain(format!("SendTaskSuccess of {of}: {error}")),
                Answer::Lost => tokio::time::sleep(PAUSE).await,
            }
        }
    }
}
