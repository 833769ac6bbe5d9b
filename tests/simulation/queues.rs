//! The queues: messages come twice, late and in another order, come back when their receiver is silent, and end among
//! the dead letters when they have come too often.

use crate::audit;
use crate::clients;
use crate::mutants::Mutant;
use crate::process::{Process, Role};
use crate::upkeep;
use crate::world::{World, locked};
use async_trait::async_trait;
use driver::Attempt;
use engine::{Message, Timestamp};
use ports::{ActivityTask, Envelope, Mailbox, MailboxError, Watcher};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// A queue remembers what it had for so long, even after the message was deleted.
const DEDUPLICATION_MILLIS: i64 = 5 * 60_000;
/// How often a message comes before it ends among the dead letters.
const RECEIVES_MAX: u32 = 10;
/// For how long a message is invisible that somebody alive is at work on; extended meanwhile.
pub(crate) const VISIBLE_AFTER: Duration = Duration::from_secs(90);
/// How often a living receiver extends that.
const EXTEND_AFTER: Duration = Duration::from_secs(30);
/// How often the driver receives a message before it takes it for poison.
const POISON_RECEIVES: u32 = 8;
/// How many messages are kept for another time.
const ATTIC_MAX: usize = 200;
/// For how long a function may run.
pub(crate) const RUN_MILLIS_MAX: u64 = 900_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Queue {
    Mailbox,
    Calls,
    Timers,
}

/// The queues' own memory.
pub(crate) struct Queues {
    fifo: bool,
    next: u64,
    /// The messages of each group in their order, by number.
    groups: BTreeMap<String, VecDeque<u64>>,
    /// When each message was sent, by its deduplication id.
    seen: BTreeMap<String, i64>,
    pub(crate) dead: Vec<Envelope>,
    tasks: BTreeMap<Arc<str>, VecDeque<ActivityTask>>,
    offered: Arc<Notify>,
    watchers: BTreeMap<String, Watcher>,
    /// What is on its way to each incarnation, by number.
    under_way: BTreeMap<Arc<str>, BTreeMap<u64, Carried>>,
    /// What once was on its way, for another time.
    pub(crate) attic: Vec<Carried>,
    /// Takes the place of receivers, for tests of the mailbox alone.
    pub(crate) arrivals: Option<tokio::sync::mpsc::UnboundedSender<Envelope>>,
}

impl Queues {
    pub(crate) fn new(fifo: bool) -> Queues {
        Queues {
            fifo,
            next: 0,
            groups: BTreeMap::new(),
            seen: BTreeMap::new(),
            dead: Vec::new(),
            tasks: BTreeMap::new(),
            offered: Arc::default(),
            watchers: BTreeMap::new(),
            under_way: BTreeMap::new(),
            attic: Vec::new(),
            arrivals: None,
        }
    }

    /// Returns what is on its way to an incarnation.
    pub(crate) fn under_way(&self, incarnation: &str) -> impl Iterator<Item = &Carried> {
        self.under_way
            .get(incarnation)
            .into_iter()
            .flat_map(BTreeMap::values)
    }

    fn sent(&mut self, carried: &Carried) {
        let incarnation = Arc::clone(&carried.envelope.incarnation);
        let under_way = self.under_way.entry(incarnation).or_default();
        under_way.insert(carried.number, carried.clone());
        if self.attic.len() < ATTIC_MAX {
            self.attic.push(carried.clone());
        }
    }

    fn arrived(&mut self, carried: &Carried) {
        if let Some(under_way) = self.under_way.get_mut(&carried.envelope.incarnation) {
            under_way.remove(&carried.number);
        }
        if let Some(waiting) = carried
            .group
            .as_ref()
            .and_then(|group| self.groups.get_mut(group))
        {
            waiting.retain(|number| *number != carried.number);
        }
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}

/// A message on its way.
#[derive(Clone, Debug)]
pub(crate) struct Carried {
    pub(crate) number: u64,
    pub(crate) queue: Queue,
    pub(crate) group: Option<String>,
    pub(crate) envelope: Envelope,
    /// Before when it is sent on, should it be a timer.
    pub(crate) due: Option<Timestamp>,
}

pub(crate) struct SimMailbox(pub(crate) Arc<Process>);

#[async_trait]
impl Mailbox for SimMailbox {
    async fn post(&self, envelope: Envelope) -> Result<(), MailboxError> {
        let process = Arc::clone(&self.0);
        let post = move || {
            let world = &process.world;
            world.note(|| format!("{} posts {}", process.name(), shown(&envelope)));
            world.settle(&envelope.key, process.number);
            send(world, envelope);
        };
        self.0.request("mailbox.post", post).await.map_err(MailboxError)
    }

    async fn hand_over(&self, envelope: Envelope) -> Result<(), MailboxError> {
        let process = Arc::clone(&self.0);
        let hand_over = move || {
            let world = &process.world;
            world.note(|| format!("{} hands over {}", process.name(), shown(&envelope)));
            let count = 1 + u32::from(world.strikes(world.plan.double));
            for _ in 0..count {
                let number = locked(&world.queues).number();
                let carried = Carried {
                    number,
                    queue: Queue::Calls,
                    group: None,
                    envelope: envelope.clone(),
                    due: None,
                };
                carry(world, carried, 0);
            }
        };
        self.0
            .request("mailbox.hand_over", hand_over)
            .await
            .map_err(MailboxError)
    }

    async fn offer(&self, task: ActivityTask) -> Result<(), MailboxError> {
        let process = Arc::clone(&self.0);
        let key = task.key.clone();
        let offer = move || {
            let world = &process.world;
            let mut queues = locked(&world.queues);
            let has_workers = queues.arrivals.is_none();
            let tasks = queues.tasks.entry(Arc::clone(&task.activity_arn)).or_default();
            if !tasks.contains(&task) {
                let name = task.key.name.clone();
                tasks.push_back(task);
                world.note(|| format!("{} offers a task of {name}", process.name()));
            }
            queues.offered.notify_waiters();
            drop(queues);
            if has_workers {
                clients::work(world);
            }
        };
        let offered = self.0.request("mailbox.offer", offer).await;
        if offered.is_err() {
            // The net offers it again.
            self.0.world.owe(&key, u32::MAX);
        }
        offered.map_err(MailboxError)
    }

    async fn take(&self, activity_arn: &str, wait: Duration) -> Result<Option<ActivityTask>, MailboxError> {
        let until = Instant::now() + wait;
        loop {
            let offered = Arc::clone(&locked(&self.0.world.queues).offered);
            let mut offered = std::pin::pin!(offered.notified());
            offered.as_mut().enable();
            let (world, arn) = (Arc::clone(&self.0.world), activity_arn.to_owned());
            let take = move || {
                let task = locked(&world.queues).tasks.get_mut(&*arn)?.pop_front()?;
                // It is lost when whoever takes it ends now: the net offers it again then.
                world.owe(&task.key, u32::MAX);
                Some(task)
            };
            let taken = self.0.request("mailbox.take", take).await.map_err(MailboxError)?;
            if taken.is_some() || tokio::time::timeout_at(until, offered).await.is_err() {
                return Ok(taken);
            }
        }
    }

    async fn watch(&self, handle: &str, watcher: Watcher) -> Result<(), MailboxError> {
        let (world, handle) = (Arc::clone(&self.0.world), handle.to_owned());
        let watch = move || {
            locked(&world.queues).watchers.insert(handle, watcher);
        };
        self.0.request("mailbox.watch", watch).await.map_err(MailboxError)
    }

    async fn watcher(&self, handle: &str) -> Result<Option<Watcher>, MailboxError> {
        let (world, handle) = (Arc::clone(&self.0.world), handle.to_owned());
        let watcher = move || locked(&world.queues).watchers.get(&handle).cloned();
        self.0
            .request("mailbox.watcher", watcher)
            .await
            .map_err(MailboxError)
    }
}

/// Puts a message into the mailbox.
fn send(world: &Arc<World>, envelope: Envelope) {
    let text = serde_json::to_string(&envelope).expect("a message has a text");
    if serde_json::from_str::<Envelope>(&text).ok().as_ref() != Some(&envelope) {
        world.violate(&format!("a message is read as another one: {text}"));
    }
    let now = world.millis();
    // As the deployed mailbox does it: a sweep looks after those whose last message is in the hands of the dead.
    let lane = if envelope.deduplication.ends_with("#sweep") {
        "sweep"
    } else {
        ""
    };
    let group = format!("{}#{}#{lane}", envelope.key.machine, envelope.key.name);
    let id = format!("{}#{}", envelope.incarnation, envelope.deduplication);
    let mut queues = locked(&world.queues);
    if let Some(arrivals) = &queues.arrivals {
        let _ = arrivals.send(envelope);
        return;
    }
    let fifo = queues.fifo;
    if fifo
        && queues
            .seen
            .get(&id)
            .is_some_and(|sent| now < sent + DEDUPLICATION_MILLIS)
    {
        drop(queues);
        return world.note(|| format!("the mailbox has had {}", shown(&envelope)));
    }
    queues.seen.insert(id, now);
    drop(queues);
    let count = 1 + u32::from(!fifo && world.strikes(world.plan.double));
    for _ in 0..count {
        let mut queues = locked(&world.queues);
        let number = queues.number();
        if fifo {
            queues.groups.entry(group.clone()).or_default().push_back(number);
        }
        drop(queues);
        let delay = match fifo || world.is_healed() {
            true => world.draw(|dice| dice.between(1, 50)),
            // A standard queue may deliver in any order.
            false => world.draw(|dice| {
                if dice.chance(100) {
                    dice.between(50, 60_000)
                } else {
                    dice.between(1, 100)
                }
            }),
        };
        let carried = Carried {
            number,
            queue: Queue::Mailbox,
            group: fifo.then(|| group.clone()),
            envelope: envelope.clone(),
            due: None,
        };
        carry(world, carried, delay);
    }
}

/// Carries a message from its queue to its receivers, until one has taken it.
pub(crate) fn carry(world: &Arc<World>, carried: Carried, delay: u64) {
    if let Some(control) = world.control.get() {
        return control.carry(world, carried, delay);
    }
    let courier = Arc::clone(world);
    locked(&world.queues).sent(&carried);
    world.spawn("a message", async move {
        tokio::time::sleep(Duration::from_millis(delay)).await;
        let arrivals = locked(&courier.queues).arrivals.clone();
        if let Some(arrivals) = arrivals {
            let _ = arrivals.send(carried.envelope);
            return;
        }
        hand_out(&courier, &carried).await;
        locked(&courier.queues).arrived(&carried);
        upkeep::looked_after(&courier, &carried.envelope);
    });
}

/// Sends some of what was once sent: to executions whose names were used again meanwhile.
pub(crate) fn repeat_the_old(world: &Arc<World>) {
    let attic = std::mem::take(&mut locked(&world.queues).attic);
    for carried in attic {
        if world.draw(|dice| dice.chance(100)) {
            let number = locked(&world.queues).number();
            let delay = world.draw(|dice| dice.between(1, 120_000));
            carry(
                world,
                Carried {
                    number,
                    group: None,
                    ..carried
                },
                delay,
            );
        }
    }
}

async fn hand_out(world: &Arc<World>, carried: &Carried) {
    let mut receives = 0;
    let mut receives_in_peace = 0;
    loop {
        while !is_first(world, carried) {
            let pause = world.draw(|dice| dice.between(20, 1_000));
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        let role = match carried.queue {
            Queue::Mailbox | Queue::Timers => Role::Worker,
            Queue::Calls => Role::Caller,
        };
        let Some(process) = world.process(role) else {
            tokio::time::sleep(Duration::from_millis(200)).await;
            continue;
        };
        let early = carried
            .due
            .map_or(0, |due| due.millis() - process.clock().millis());
        if early > 0 {
            // Its receiver sends it on, as a new message.
            receives = 0;
            tokio::time::sleep(Duration::from_millis(early.cast_unsigned())).await;
            continue;
        }
        receives += 1;
        receives_in_peace += u32::from(world.is_healed());
        if receives > RECEIVES_MAX {
            world.note(|| format!("dead letter: {}", shown(&carried.envelope)));
            locked(&world.queues).dead.push(carried.envelope.clone());
            if receives_in_peace > 1 {
                let what = shown(&carried.envelope);
                world.violate(&format!("L3: a message ends among the dead letters: {what}"));
            }
            return;
        }
        if world.mutant == Some(Mutant::StaleDropped) && is_stale(world, &carried.envelope) {
            return;
        }
        world.note(|| {
            format!(
                "{} receives {} ({receives})",
                process.name(),
                shown(&carried.envelope)
            )
        });
        let done = Arc::new(Notify::new());
        let taken = Arc::new(std::sync::atomic::AtomicU8::new(WORKING));
        receive(world, &process, carried, receives, &done, &taken);
        if world.mutant == Some(Mutant::DeleteOnReceive) {
            return;
        }
        let mut invisible_until = Instant::now() + VISIBLE_AFTER;
        loop {
            let answered = tokio::time::timeout(EXTEND_AFTER, done.notified()).await.is_ok();
            if answered {
                break;
            }
            if process.is_awake() {
                invisible_until = Instant::now() + VISIBLE_AFTER;
            } else if Instant::now() >= invisible_until {
                break;
            }
        }
        match taken.load(std::sync::atomic::Ordering::Relaxed) {
            TAKEN if !world.strikes(world.plan.lose_deletion) => return,
            TAKEN => {
                world.note(|| format!("deletion lost: {}", shown(&carried.envelope)));
                tokio::time::sleep_until(invisible_until).await;
            }
            REFUSED => {
                let pause = world.draw(|dice| dice.between(100, 90_000));
                tokio::time::sleep(Duration::from_millis(pause)).await;
            }
            _ => tokio::time::sleep_until(invisible_until).await,
        }
    }
}

const WORKING: u8 = 0;
pub(crate) const TAKEN: u8 = 1;
pub(crate) const REFUSED: u8 = 2;
const DIED: u8 = 3;

/// Gives a message to a process; what becomes of it is in `taken` when `done` is told.
fn receive(
    world: &Arc<World>,
    process: &Arc<Process>,
    carried: &Carried,
    receives: u32,
    done: &Arc<Notify>,
    taken: &Arc<std::sync::atomic::AtomicU8>,
) {
    let (process, carried) = (Arc::clone(process), carried.clone());
    let (done, taken) = (Arc::clone(done), Arc::clone(taken));
    // It has begun some time ago, and works on other messages, too.
    let left = if world.is_healed() {
        RUN_MILLIS_MAX
    } else {
        world.draw(|dice| match dice.below(4) {
            0 => dice.between(30_000, 200_000),
            _ => RUN_MILLIS_MAX,
        })
    };
    world.spawn("a receiver", async move {
        let standing = work(&process, &carried, receives, left).await;
        taken.store(standing, std::sync::atomic::Ordering::Relaxed);
        done.notify_one();
    });
}

/// Tells whether whoever goes on with a message's execution ends.
fn is_poison(world: &World, envelope: &Envelope) -> bool {
    let is_named = world.plan.poison && &*envelope.key.name == "e0";
    let mut table = locked(&world.table);
    let row = table.row_of(&envelope.key, &envelope.incarnation);
    is_named && row.is_some_and(|row| row.status() == engine::Status::Running)
}

/// Lets a process work on a message, with so many milliseconds left to it; returns what became of the message.
pub(crate) async fn work(process: &Arc<Process>, carried: &Carried, receives: u32, left: u64) -> u8 {
    let envelope = carried.envelope.clone();
    let is_claim = matches!(envelope.message, Message::Claim { .. });
    let deadline = process.clock().millis().cast_unsigned() + left;
    // Whoever does not count how often a message came goes on with it, and ends, as often as it comes.
    let receives = match process.world.mutant {
        Some(Mutant::PoisonKept) => 1,
        _ => receives,
    };
    let attempt = Attempt::within(receives, deadline);
    let key = envelope.key.clone();
    let incarnation = Arc::clone(&envelope.incarnation);
    let lost = if is_claim {
        Arc::default()
    } else {
        let mut driven = locked(&process.driven);
        let driven = driven.entry(key.clone()).or_default();
        driven.count += 1;
        Arc::clone(&driven.lost)
    };
    let is_deadly = is_poison(&process.world, &envelope) && receives < POISON_RECEIVES;
    if is_deadly {
        let (victim, delay) = (Arc::clone(process), process.world.draw(|dice| dice.below(2_000)));
        process.world.spawn("poison", async move {
            tokio::time::sleep(Duration::from_millis(delay)).await;
            victim.kill("a poisonous message");
        });
    }
    let driver = process.driver();
    let drive = process.run(async {
        let driven = driver.drive(envelope, attempt).await;
        if is_deadly {
            // However quick it is, it does not get to the deletion.
            std::future::pending::<()>().await;
        }
        driven
    });
    let outcome = tokio::select! {
        biased;
        () = lost.notified() => Some(Ok(())),
        outcome = drive => outcome,
        () = tokio::time::sleep(Duration::from_millis(left)) => {
            process.kill("the end of its time");
            None
        }
    };
    let is_done = matches!(outcome, Some(Ok(())));
    if !is_claim {
        let mut driven = locked(&process.driven);
        if let Some(entry) = driven.get_mut(&key) {
            if is_done {
                process.world.settle_all(&entry.seen);
            }
            entry.count -= 1;
            if entry.count == 0 {
                driven.remove(&key);
            }
        }
    }
    match outcome {
        Some(Ok(())) => TAKEN,
        Some(Err(error)) => {
            process.world.lose_polls(&incarnation);
            process.let_go(&key);
            process
                .world
                .note(|| format!("{} refuses a message to {}: {error}", process.name(), key.name));
            refused(process, &error);
            REFUSED
        }
        None => {
            process.world.lose_polls(&incarnation);
            DIED
        }
    }
}

/// Some failures are never the store's.
fn refused(process: &Process, error: &driver::Error) {
    let is_wrong = matches!(
        error,
        driver::Error::BlobMissing(_)
            | driver::Error::EntryMissing(_)
            | driver::Error::Restore(_)
            | driver::Error::Definition { .. }
            | driver::Error::RevisionMissing(_)
    );
    if is_wrong {
        process.world.violate(&format!("I11: {error}"));
    }
}

pub(crate) fn is_first(world: &World, carried: &Carried) -> bool {
    let Some(group) = &carried.group else { return true };
    let queues = locked(&world.queues);
    let waiting = queues.groups.get(group);
    waiting.and_then(VecDeque::front) == Some(&carried.number)
}

/// Tells whether a message says nothing new: what it reports is known already.
pub(crate) fn is_stale(world: &World, envelope: &Envelope) -> bool {
    let mut table = locked(&world.table);
    let Some(row) = table.row_of(&envelope.key, &envelope.incarnation) else {
        return true;
    };
    match &envelope.message {
        Message::JobDone { call, .. } | Message::Claim { call } => !audit::is_open(row, *call),
        _ => {
            let seq = envelope
                .deduplication
                .split('#')
                .next()
                .and_then(|seq| seq.parse::<usize>().ok());
            envelope.deduplication.ends_with("#relay") && seq.is_some_and(|seq| seq + 1 < row.entries.len())
        }
    }
}

pub(crate) fn shown(envelope: &Envelope) -> String {
    format!(
        "{} ({}) to {}",
        name_of(&envelope.message),
        envelope.deduplication,
        envelope.key.name
    )
}

fn name_of(message: &Message) -> String {
    let text = format!("{message:?}");
    text.split([' ', '{', '(']).next().unwrap_or_default().to_owned()
}
