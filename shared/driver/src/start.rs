//! The start of executions.

use crate::actor::{self, FOREVER, Session};
use crate::delivery::Delivery;
use crate::error::Error;
use crate::live::Live;
use crate::{Driver, payloads};
use engine::{
    Execution, ExecutionKey, ExecutionType, Identity, MapPart, MapRole, Message, Outcome, Parent, Payload,
    PayloadId, Program, Status, Timestamp,
};
use ports::{Created, Machine, machine_key};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// How long a start waits for another actor to leave.
const RESERVE_AGAIN_AFTER: Duration = Duration::from_millis(1);

/// An execution to start.
#[derive(Clone, Debug)]
pub struct Start {
    /// The state machine.
    pub machine: Machine,
    /// Its program: [`Driver::program`] of its revision.
    pub program: Arc<Program>,
    /// The execution's name.
    pub name: String,
    /// The input as JSON text.
    pub input: Arc<str>,
    /// StartExecution's `traceHeader`.
    pub trace_header: Option<String>,
    /// The version that was named.
    pub version_arn: Option<Arc<str>>,
    /// The alias that was named.
    pub alias_arn: Option<Arc<str>>,
    /// The test case of the mock configuration.
    pub test_case: Option<Arc<str>>,
    /// The task that waits for the execution's end.
    pub parent: Option<Parent>,
    /// What it is to the distributed Map that starts it, if one does: `machine` is named after both then,
    /// `MACHINE/LABEL`.
    pub part: Option<MapPart>,
}

/// What became of a start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Started {
    /// It is started, durably.
    New {
        /// The execution's ARN.
        arn: Arc<str>,
        /// When.
        started: Timestamp,
    },
    /// It was started before, with the same name and input, and runs.
    Same {
        /// The execution's ARN.
        arn: Arc<str>,
        /// When.
        started: Timestamp,
    },
    /// The name is taken.
    NameTaken {
        /// The ARN of the execution that has it.
        arn: Arc<str>,
    },
}

/// How a synchronous Express execution ended.
#[derive(Clone, Debug)]
pub struct SyncEnd {
    /// The execution's ARN.
    pub arn: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub stopped: Timestamp,
    /// How.
    pub status: Status,
    /// The output as JSON text.
    pub output: Option<Arc<str>>,
    /// The error.
    pub error: Option<String>,
    /// Its cause.
    pub cause: Option<String>,
}

/// An execution after its first turn, and what is to be written of it.
struct First {
    live: Live,
    outcome: Outcome,
    effects: Vec<engine::Effect>,
}

impl Driver {
    /// Starts a Standard execution, or an Express one without waiting for its end. Durable when this returns.
    ///
    /// # Errors
    ///
    /// When the journal fails; the execution may or may not be started.
    pub async fn start(&self, request: Start) -> Result<Started, Error> {
        // A panic of the engine is this execution's alone.
        let first = std::panic::catch_unwind(AssertUnwindSafe(|| self.first(&request)))
            .map_err(|_| Error::Shutdown)?;
        let execution = &first.live.execution;
        if execution.status != Status::Running && execution.identity.parent.is_none() {
            // Its first entry is all there is: nothing is left to do when a client hangs up meanwhile.
            return self.create(first, &request.input).await;
        }
        let driver = self.clone();
        // A task of its own: a client that hangs up must not leave an execution that is written and never begins.
        let starting = tokio::spawn(async move { driver.create(first, &request.input).await });
        // It panics, or is dropped with its runtime.
        starting.await.unwrap_or(Err(Error::Shutdown))
    }

    /// Makes an execution and what its first entry holds.
    fn first(&self, request: &Start) -> First {
        let mut live = self.live(request);
        match request.machine.machine_type {
            ExecutionType::Standard => {
                let now = live.execution.identity.started;
                live.execution.holds_calls = !self.0.settings.exclusive;
                let mut outcome = live.apply(Message::Start, now);
                let effects = std::mem::take(&mut outcome.effects);
                live.unfinished = outcome.unfinished;
                First {
                    live,
                    outcome,
                    effects,
                }
            }
            ExecutionType::Express => {
                // Journalled at its start and at its end: at least once. A restart in between begins it anew.
                let input = Payload {
                    id: PayloadId::new(0, 0),
                    text: Arc::clone(&request.input),
                };
                First {
                    live,
                    outcome: Outcome {
                        payloads: vec![input],
                        ..Outcome::default()
                    },
                    effects: Vec::new(),
                }
            }
        }
    }

    /// Runs an Express execution to its end, at most once, in memory.
    ///
    /// # Errors
    ///
    /// When the driver stops before.
    pub async fn start_sync(&self, request: Start) -> Result<SyncEnd, Error> {
        let mut live = self.live(&request);
        let identity = Arc::clone(&live.execution.identity);
        let (send, receive) = oneshot::channel();
        live.waiter = Some(send);
        let effects = self.start_in_memory(&mut live);
        let reserved = self.reserve(&identity.key).await?;
        self.begin(&identity.key, live, effects, reserved);
        let execution = receive.await.map_err(|_| Error::Shutdown)?;
        let closing = execution.closing.as_ref();
        Ok(SyncEnd {
            arn: Arc::clone(&identity.arn),
            name: Arc::clone(&identity.name),
            started: identity.started,
            stopped: closing.map_or_else(|| execution.last_time(), |closing| closing.time),
            status: execution.status,
            output: closing
                .and_then(|closing| closing.output.as_ref())
                .map(|output| Arc::clone(output.text())),
            error: closing.and_then(|closing| closing.error.clone()),
            cause: closing.and_then(|closing| closing.cause.clone()),
        })
    }

    fn live(&self, request: &Start) -> Live {
        let identity = self.identity(request);
        let execution = Execution::new(identity, Arc::clone(&request.input), self.0.settings.limits);
        self.0.live(execution, Arc::clone(&request.program))
    }

    fn identity(&self, request: &Start) -> Identity {
        let machine = &request.machine;
        let started = self.0.ports.clock.now();
        let secret = self.0.ports.entropy.bytes();
        let fresh = self.0.ports.entropy.bytes();
        let incarnation = ulid(started, &fresh);
        let owner = &machine.owner;
        let (key_name, arn) = match machine.machine_type {
            ExecutionType::Standard => (
                request.name.clone(),
                format!(
                    "{}:execution:{}:{}",
                    arn_prefix(&machine.arn, owner),
                    machine.name,
                    request.name
                ),
            ),
            ExecutionType::Express => {
                let unique = match request.part {
                    Some(_) => crate::child::second_name(&request.name),
                    None => uuid(&fresh),
                };
                (
                    format!("{}:{unique}", request.name),
                    format!(
                        "{}:express:{}:{}:{unique}",
                        arn_prefix(&machine.arn, owner),
                        machine.name,
                        request.name
                    ),
                )
            }
        };
        let arn = match &request.part {
            Some(part) if part.role == MapRole::Run => Arc::clone(&part.run_arn),
            _ => arn.into(),
        };
        let key = ExecutionKey {
            machine: machine_key(owner, &machine.name).into(),
            name: key_name.into(),
        };
        let (plain_name, _) = machine.name.split_once('/').unwrap_or((&machine.name, ""));
        Identity {
            // The rows of a distributed Map are told apart by their ARNs.
            key: ExecutionKey::of_arn(&arn)
                .filter(|_| request.part.is_some())
                .unwrap_or(key),
            incarnation: incarnation.into(),
            arn,
            name: request.name.as_str().into(),
            machine_arn: machine.arn.as_str().into(),
            machine_name: plain_name.into(),
            version_arn: request.version_arn.clone(),
            alias_arn: request.alias_arn.clone(),
            role_arn: Arc::clone(&machine.revision.role_arn),
            region: Arc::clone(&owner.region),
            execution_type: machine.machine_type,
            started,
            seed: payloads::hexadecimal(&secret).into(),
            revision: machine.revision.id.as_str().into(),
            parent: request.parent.clone(),
            trace_header: request.trace_header.clone(),
            test_case: request.test_case.clone(),
            map: request.part.clone(),
        }
    }

    async fn create(&self, first: First, input: &Arc<str>) -> Result<Started, Error> {
        let First {
            mut live,
            outcome,
            effects,
        } = first;
        let identity = Arc::clone(&live.execution.identity);
        let is_over = live.execution.status != Status::Running;
        // Messages that come while the first entry is being written wait for the actor that knows its effects. What
        // its first entry closes has no effects and no actor: most short executions are spared one.
        let reserved = if is_over || !self.0.settings.exclusive {
            None
        } else {
            self.reserve(&identity.key).await?
        };
        let result = self.create_reserved(&mut live, outcome, input).await;
        match &result {
            Ok(Started::New { .. }) if !self.0.settings.exclusive => self.tell(&live, 0).await?,
            Ok(Started::New { .. }) if identity.execution_type == ExecutionType::Express => {
                let effects = self.start_in_memory(&mut live);
                self.begin(&identity.key, live, effects, reserved);
            }
            Ok(Started::New { .. }) if live.execution.status == Status::Running => {
                self.begin(&identity.key, live, effects, reserved);
            }
            Ok(_) | Err(_) => self.release(&identity.key, reserved),
        }
        result
    }

    async fn create_reserved(
        &self,
        live: &mut Live,
        outcome: Outcome,
        input: &Arc<str>,
    ) -> Result<Started, Error> {
        let identity = Arc::clone(&live.execution.identity);
        let entry = live.execution.seal(outcome);
        let write = self.0.write(live, entry).await?;
        let created = self
            .0
            .patiently(|| {
                self.0
                    .ports
                    .journal
                    .create(Arc::clone(&identity), Arc::clone(&write))
            })
            .await?;
        match created {
            Created::New => {
                self.0.observe(&live.execution, &write.entry);
                let arn = Arc::clone(&identity.arn);
                let started = identity.started;
                if live.execution.status != Status::Running {
                    crate::child::notify_parent(self, &live.execution).await?;
                }
                Ok(Started::New { arn, started })
            }
            Created::Exists(head) => {
                let arn = Arc::clone(&head.identity.arn);
                let same_parent = identity.parent.is_some() && head.identity.parent == identity.parent;
                let running = head.status == Status::Running;
                if same_parent || (running && *self.text(&head.input).await? == **input) {
                    if !self.0.settings.exclusive && running {
                        // The wake-up after the first entry may have been lost with the process that wrote it.
                        self.wake(&head.identity, "0#relay".to_owned()).await?;
                    }
                    return Ok(Started::Same {
                        arn,
                        started: head.identity.started,
                    });
                }
                Ok(Started::NameTaken { arn })
            }
        }
    }

    /// Enters an actor into the table before it begins; `None` when the execution is there and at work.
    ///
    /// Somebody may ask for an execution that is not there, or may be starting it in this moment: their actors know
    /// nothing of the effects of this start, so it waits until they have left.
    async fn reserve(&self, key: &ExecutionKey) -> Result<Option<mpsc::UnboundedReceiver<Delivery>>, Error> {
        loop {
            if let Some(inbox) = self.try_reserve(key) {
                return Ok(Some(inbox));
            }
            let journal = &self.0.ports.journal;
            let head = self.0.patiently(|| journal.head(key)).await?;
            if head.is_some_and(|head| head.status == Status::Running) {
                return Ok(None);
            }
            tokio::time::sleep(RESERVE_AGAIN_AFTER).await;
        }
    }

    fn try_reserve(&self, key: &ExecutionKey) -> Option<mpsc::UnboundedReceiver<Delivery>> {
        let mut actors = self.0.actors.lock().unwrap_or_else(PoisonError::into_inner);
        if actors.get(key).is_some_and(|actor| !actor.is_closed()) {
            return None;
        }
        let (send, receive) = mpsc::unbounded_channel();
        actors.insert(key.clone(), send);
        Some(receive)
    }

    /// Takes an actor that will not begin out of the table; what was sent to it is delivered anew.
    fn release(&self, key: &ExecutionKey, reserved: Option<mpsc::UnboundedReceiver<Delivery>>) {
        let Some(mut inbox) = reserved else { return };
        let mut waiting = Vec::new();
        let mut actors = self.0.actors.lock().unwrap_or_else(PoisonError::into_inner);
        while let Ok(delivery) = inbox.try_recv() {
            waiting.push(delivery);
        }
        actors.remove(key);
        drop(actors);
        for delivery in waiting {
            self.deliver(key, delivery);
        }
    }

    fn begin(
        &self,
        key: &ExecutionKey,
        live: Live,
        effects: Vec<engine::Effect>,
        reserved: Option<mpsc::UnboundedReceiver<Delivery>>,
    ) {
        let Some(inbox) = reserved else {
            // Without a reservation the execution was there before and ran, and then this one was not created.
            tracing::error!(execution = %key.name, "a new execution has an actor already");
            return;
        };
        let session = Session::Fresh(Box::new(live), effects);
        tokio::spawn(actor::run(self.clone(), key.clone(), inbox, session, FOREVER));
    }

    /// Begins an Express execution in memory; returns the effects of its first turn.
    pub(crate) fn start_in_memory(&self, live: &mut Live) -> Vec<engine::Effect> {
        live.durable = false;
        let mut outcome = live.apply(Message::Start, self.0.ports.clock.now());
        live.unfinished = outcome.unfinished;
        let effects = std::mem::take(&mut outcome.effects);
        self.0.observe_express(&live.execution, &outcome);
        live.express.absorb(outcome);
        effects
    }
}

/// Returns `arn:PARTITION:states:REGION:ACCOUNT` of a state machine's ARN.
pub(crate) fn arn_prefix(machine_arn: &str, owner: &ports::Owner) -> String {
    let partition = machine_arn.split(':').nth(1).unwrap_or("aws");
    format!("arn:{partition}:states:{}:{}", owner.region, owner.account)
}

/// Returns a ULID: 48 bits of time and 80 random bits in Crockford's base 32.
pub(crate) fn ulid(now: Timestamp, random: &[u8; 32]) -> String {
    const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mut value = u128::from(u64::try_from(now.millis()).unwrap_or(0)) << 80;
    for (place, byte) in random[..10].iter().enumerate() {
        value |= u128::from(*byte) << (8 * place);
    }
    (0..26)
        .rev()
        .map(|digit| char::from(DIGITS[(value >> (5 * digit)) as usize & 31]))
        .collect()
}

/// Returns a random UUID.
pub(crate) fn uuid(random: &[u8; 32]) -> String {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&random[16..]);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let digits = payloads::hexadecimal(&bytes);
    format!(
        "{}-{}-{}-{}-{}",
        &digits[..8],
        &digits[8..12],
        &digits[12..16],
        &digits[16..20],
        &digits[20..]
    )
}
