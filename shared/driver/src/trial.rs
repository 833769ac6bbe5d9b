//! TestState: one state, run by the engine in memory, its call made as ever.

use crate::start::{arn_prefix, ulid, uuid};
use crate::{Driver, dispatch, payloads};
use engine::{
    Effect, ExecutionKey, ExecutionType, Expected, Identity, Message, Program, Progress, Timestamp, Trial,
    Verdict,
};
use integrations::Resource;
use ports::{CallRequest, Exchange, Owner, machine_key};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long a test may take. AWS: 5 minutes.
const TEST_TIMEOUT: Duration = Duration::from_secs(300);
/// How long a Wait state sleeps before it looks at the clock again, which may have jumped.
const LOOK_AFTER: Duration = Duration::from_millis(200);

/// A state to test.
#[derive(Clone, Debug)]
pub struct Test {
    /// Whose it is.
    pub owner: Owner,
    /// The ARN of the state machine that it seems to belong to.
    pub machine_arn: String,
    /// That state machine's name.
    pub machine_name: String,
    /// The role that its call is made under.
    pub role_arn: String,
    /// The program.
    pub program: Arc<Program>,
    /// The state's name.
    pub state: String,
    /// Its input as JSON text.
    pub input: Arc<str>,
    /// What it finds around it.
    pub expected: Expected,
}

impl Driver {
    /// Prepares a test; `None` when the program has no state of this name. Nothing of a test is journalled.
    pub fn trial(&self, test: Test) -> Option<Trial> {
        let started = self.0.ports.clock.now();
        let secret = self.0.ports.entropy.bytes();
        let fresh = self.0.ports.entropy.bytes();
        let name = uuid(&fresh);
        let prefix = arn_prefix(&test.machine_arn, &test.owner);
        let identity = Identity {
            key: ExecutionKey {
                machine: machine_key(&test.owner, &test.machine_name).into(),
                name: name.as_str().into(),
            },
            incarnation: ulid(started, &fresh).into(),
            arn: format!("{prefix}:express:{}:{name}", test.machine_name).into(),
            name: name.into(),
            machine_arn: test.machine_arn.into(),
            machine_name: test.machine_name.into(),
            version_arn: None,
            alias_arn: None,
            role_arn: test.role_arn.into(),
            region: Arc::clone(&test.owner.region),
            // Recorded: what the Context object tells is an Express execution's.
            execution_type: ExecutionType::Express,
            started,
            seed: payloads::hexadecimal(&secret).into(),
            revision: "".into(),
            parent: None,
            trace_header: None,
            test_case: None,
            map: None,
        };
        let limits = self.0.settings.limits;
        Trial::new(
            test.program,
            identity,
            &test.state,
            test.input,
            test.expected,
            limits,
        )
    }

    /// Runs a test to its verdict: makes the state's call, and lets it wait, for five minutes at most.
    ///
    /// The second part is what was said in the exchange of an HTTP Task.
    pub async fn run_trial(&self, mut trial: Trial) -> (Verdict, Option<Exchange>) {
        let until = Instant::now() + TEST_TIMEOUT;
        let mut exchange = None;
        let mut progress = aside(|| trial.begin(self.now()));
        loop {
            progress = match progress {
                Progress::Ended => return (trial.verdict(), exchange),
                Progress::Waits(moment) => {
                    // What cannot end in time is told at once.
                    if self.is_beyond(moment, until) {
                        trial.time_out(self.now())
                    } else {
                        self.sleep_until(moment).await;
                        aside(|| trial.tell(Message::Wake, self.now()))
                    }
                }
                Progress::Asks(effect) => {
                    let deadline = if self.is_beyond(effect.call().deadline, until) {
                        until
                    } else {
                        Instant::now() + self.left(effect.call().deadline)
                    };
                    let identity = Arc::clone(trial.identity());
                    let call = self.perform_and_tell(identity, *effect);
                    match tokio::time::timeout_at(deadline, call).await {
                        Ok((message, told)) => {
                            exchange = told;
                            aside(|| trial.tell(message, self.now()))
                        }
                        Err(_) => aside(|| trial.time_out(self.now())),
                    }
                }
            };
        }
    }

    /// Performs an effect as ever; tells what was said when it is the call of an HTTP Task.
    async fn perform_and_tell(&self, identity: Arc<Identity>, effect: Effect) -> (Message, Option<Exchange>) {
        match effect {
            Effect::Call(call) if is_http(&call.resource) => {
                let services = &self.0.ports.services;
                let request = CallRequest {
                    call: call.clone(),
                    identity,
                };
                let (outcome, exchange) = services.call_and_tell(request).await;
                (dispatch::told(&call, outcome), exchange)
            }
            effect => {
                let returned = dispatch::perform(self.clone(), identity, effect).await;
                (returned.message.unwrap_or(Message::Wake), None)
            }
        }
    }

    fn now(&self) -> Timestamp {
        self.0.ports.clock.now()
    }

    /// Returns how long it is until a moment.
    fn left(&self, moment: Timestamp) -> Duration {
        let millis = moment.millis().saturating_sub(self.now().millis());
        Duration::from_millis(u64::try_from(millis).unwrap_or(0))
    }

    fn is_beyond(&self, moment: Timestamp, until: Instant) -> bool {
        self.left(moment) > until.saturating_duration_since(Instant::now())
    }

    async fn sleep_until(&self, moment: Timestamp) {
        loop {
            let left = self.left(moment);
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.min(LOOK_AFTER)).await;
        }
    }
}

fn is_http(resource: &Resource) -> bool {
    match resource {
        Resource::Service(integration) => !integration.is_sdk() && integration.service() == "http",
        Resource::Function(_) | Resource::Activity(_) => false,
    }
}

/// Evaluates on the side: an expression may take seconds, and then the others must go on.
fn aside<T>(act: impl FnOnce() -> T) -> T {
    let can_step_aside =
        tokio::runtime::Handle::current().runtime_flavor() == tokio::runtime::RuntimeFlavor::MultiThread;
    if can_step_aside {
        tokio::task::block_in_place(act)
    } else {
        act()
    }
}
