//! A process: a driver that may die at any port call, stop for a while, and have a clock that is wrong.

use crate::blobs::SimBlobs;
use crate::crash::scene::{self, Moment};
use crate::journal::SimJournal;
use crate::queues::SimMailbox;
use crate::registry::SimRegistry;
use crate::services::SimServices;
use crate::timers::SimTimers;
use crate::world::{World, locked};
use driver::{Driver, Settings};
use engine::{ExecutionKey, Timestamp};
use ports::{Clock, Entropy, Ports};
use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Poll, Waker};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// What a process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Answers clients.
    Api,
    /// Takes the messages of the mailbox and of timers.
    Worker,
    /// Makes the calls that are handed over.
    Caller,
    /// Looks for what was lost.
    Sweeper,
}

/// A running process.
pub(crate) struct Process {
    pub(crate) number: u32,
    pub(crate) role: Role,
    pub(crate) world: Arc<World>,
    is_dead: AtomicBool,
    frozen_until: Mutex<Option<Instant>>,
    /// By how many milliseconds its clock is wrong.
    skew: Mutex<i64>,
    /// The first half of its driver's nonces.
    instance: OnceLock<String>,
    driver: Mutex<Option<Driver>>,
    wakers: Mutex<BTreeMap<u64, Waker>>,
    /// The executions whose messages it has, and how to end each from outside.
    pub(crate) driven: Mutex<BTreeMap<ExecutionKey, Driven>>,
    /// The executions that its driver has given up at some time.
    let_go: Mutex<BTreeSet<ExecutionKey>>,
}

/// How many messages of one execution a process has, and how to take them away from it.
#[derive(Default)]
pub(crate) struct Driven {
    pub(crate) count: u32,
    pub(crate) lost: Arc<Notify>,
    /// The numbers of what was owed to the execution when it was last read.
    pub(crate) seen: BTreeSet<u64>,
}

/// Two clocks differ by less than a lease's margin, which is what AWS's time service promises many times over.
const SKEW_MILLIS_MAX: u64 = 2_400;

impl Process {
    /// Starts a process with a driver of its own.
    pub(crate) fn start(world: &Arc<World>, role: Role) -> Arc<Process> {
        let skew = skew(world);
        let process = Arc::new(Process {
            number: u32::try_from(world.numbers.fetch_add(1, Ordering::Relaxed)).unwrap_or(u32::MAX),
            role,
            world: Arc::clone(world),
            is_dead: AtomicBool::new(false),
            frozen_until: Mutex::default(),
            skew: Mutex::new(skew),
            instance: OnceLock::new(),
            driver: Mutex::default(),
            wakers: Mutex::default(),
            driven: Mutex::default(),
            let_go: Mutex::default(),
        });
        let settings = match role {
            Role::Worker => Settings::deployed().handing_over_beyond(60),
            Role::Api | Role::Caller | Role::Sweeper => Settings::deployed(),
        };
        *locked(&process.driver) = Some(Driver::new(ports(&process), settings));
        locked(&world.started).push(Arc::downgrade(&process));
        world.note(|| format!("{} starts, its clock {skew:+} ms off", process.name()));
        process
    }

    pub(crate) fn name(&self) -> String {
        format!("{:?}{}", self.role, self.number)
    }

    pub(crate) fn driver(&self) -> Driver {
        locked(&self.driver).clone().expect("there until the run ends")
    }

    /// Takes its driver away, which holds it through its ports.
    pub(crate) fn end(&self) {
        let driver = locked(&self.driver).take();
        drop(driver);
    }

    /// Tells whether a nonce is one of its driver's.
    pub(crate) fn has_written(&self, nonce: &str) -> bool {
        self.instance
            .get()
            .is_some_and(|instance| nonce.starts_with(instance))
    }

    /// Takes note that its driver has failed at an execution, and dropped the calls it was making.
    pub(crate) fn let_go(&self, key: &ExecutionKey) {
        locked(&self.let_go).insert(key.clone());
    }

    pub(crate) fn has_let_go(&self, key: &ExecutionKey) -> bool {
        locked(&self.let_go).contains(key)
    }

    pub(crate) fn clock(&self) -> Timestamp {
        Timestamp(self.world.millis() + *locked(&self.skew))
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.is_dead.load(Ordering::Relaxed)
    }

    pub(crate) fn is_awake(&self) -> bool {
        !self.is_dead() && self.frozen_for().is_none()
    }

    pub(crate) fn kill(&self, at: &str) {
        if self.is_dead.swap(true, Ordering::Relaxed) {
            return;
        }
        self.world.note(|| format!("{} dies at {at}", self.name()));
        self.world.replace(self);
        self.wake();
    }

    pub(crate) fn freeze(&self, at: &str, millis: u64) {
        let until = Instant::now() + Duration::from_millis(millis);
        *locked(&self.frozen_until) = Some(until);
        self.world
            .note(|| format!("{} stops for {millis} ms at {at}", self.name()));
    }

    pub(crate) fn thaw(&self) {
        *locked(&self.frozen_until) = None;
        self.wake();
    }

    fn frozen_for(&self) -> Option<Duration> {
        let left = (*locked(&self.frozen_until))?.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }

    fn wake(&self) {
        let wakers = std::mem::take(&mut *locked(&self.wakers));
        for waker in wakers.into_values() {
            waker.wake();
        }
    }

    /// Runs something in this process; `None` when the process dies before its end. A process that has stopped is not
    /// polled, so that nothing in it sees that time has passed but by its clock.
    pub(crate) async fn run<F: Future>(&self, what: F) -> Option<F::Output> {
        let mut what = pin!(what);
        let number = self.world.numbers.fetch_add(1, Ordering::Relaxed);
        let mut thawing = pin!(None::<tokio::time::Sleep>);
        poll_fn(move |context| {
            loop {
                if self.is_dead() {
                    return Poll::Ready(None);
                }
                locked(&self.wakers).insert(number, context.waker().clone());
                if let Some(left) = self.frozen_for() {
                    thawing.set(Some(tokio::time::sleep(left)));
                    if let Some(sleep) = thawing.as_mut().as_pin_mut()
                        && sleep.poll(context).is_pending()
                    {
                        return Poll::Pending;
                    }
                    continue;
                }
                if let Poll::Ready(output) = what.as_mut().poll(context) {
                    locked(&self.wakers).remove(&number);
                    return Poll::Ready(Some(output));
                }
                if self.is_dead() || self.frozen_for().is_some() {
                    continue;
                }
                return Poll::Pending;
            }
        })
        .await
    }

    /// Lets a request through to the outside, if nothing befalls it or the process.
    pub(crate) async fn request<T: Send + 'static>(
        &self,
        what: &'static str,
        apply: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, String> {
        if let Some(control) = self.world.control.get() {
            return control.request(self, what, apply).await;
        }
        self.travel(what).await;
        let number = scene::arrives(self, what).await;
        let plan = &self.world.plan;
        if self.world.strikes(plan.refuse) {
            self.world.note(|| format!("{} {what}: refused", self.name()));
            self.travel(what).await;
            return Err("throttled".to_owned());
        }
        if self.world.strikes(plan.late) {
            let delay = self.world.draw(|dice| dice.between(100, 20_000));
            self.world
                .note(|| format!("{} {what}: time-out, lands in {delay} ms", self.name()));
            self.world.spawn("a late request", async move {
                tokio::time::sleep(Duration::from_millis(delay)).await;
                apply();
            });
            self.travel(what).await;
            return Err("timed out".to_owned());
        }
        let answer = apply();
        scene::reaches(self, number, Moment::Unheard).await;
        self.travel(what).await;
        if self.world.strikes(plan.lose_answer) {
            self.world.note(|| format!("{} {what}: answer lost", self.name()));
            return Err("connection reset".to_owned());
        }
        scene::reaches(self, number, Moment::After).await;
        Ok(answer)
    }

    /// One way of a request: takes a while, and the process may die or stop meanwhile.
    async fn travel(&self, what: &str) {
        let plan = &self.world.plan;
        let millis = if self.world.strikes(plan.slow) {
            self.world.draw(|dice| dice.between(500, 25_000))
        } else {
            self.world.draw(|dice| dice.between(1, 15))
        };
        tokio::time::sleep(Duration::from_millis(millis)).await;
        if self.world.strikes(plan.jump) {
            *locked(&self.skew) = skew(&self.world);
        }
        // The worst moment: an entry is durable, and its wake-up not yet sent.
        let kill = if what == "mailbox.post" {
            4 * plan.kill
        } else {
            plan.kill
        };
        if self.world.strikes(kill) {
            self.kill(what);
        } else if self.world.strikes(plan.freeze) {
            let millis = self.world.draw(|dice| match dice.below(3) {
                0 => dice.between(500, 10_000),
                1 => dice.between(10_000, 90_000),
                _ => dice.between(60_000, 300_000),
            });
            self.freeze(what, millis);
        }
        while let Some(left) = self.frozen_for() {
            // In steps: it may be thawed before.
            tokio::time::sleep(left.min(Duration::from_secs(1))).await;
        }
        if self.is_dead() {
            std::future::pending::<()>().await;
        }
    }
}

fn skew(world: &World) -> i64 {
    if world.is_healed() {
        return 0;
    }
    let skew = world.draw(|dice| dice.below(2 * SKEW_MILLIS_MAX));
    skew.cast_signed() - SKEW_MILLIS_MAX.cast_signed()
}

/// Returns the ports of a process.
pub(crate) fn ports(process: &Arc<Process>) -> Ports {
    Ports {
        journal: Arc::new(SimJournal(Arc::clone(process))),
        registry: Arc::new(SimRegistry(Arc::clone(process))),
        blobs: Arc::new(SimBlobs(Arc::clone(process))),
        mailbox: Arc::new(SimMailbox(Arc::clone(process))),
        timers: Arc::new(SimTimers(Arc::clone(process))),
        services: Arc::new(SimServices(Arc::clone(process))),
        clock: Arc::new(SimClock(Arc::clone(process))),
        entropy: Arc::new(SimEntropy(Arc::clone(process))),
    }
}

pub(crate) struct SimClock(pub(crate) Arc<Process>);

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        self.0.clock()
    }
}

struct SimEntropy(Arc<Process>);

impl Entropy for SimEntropy {
    fn bytes(&self) -> [u8; 32] {
        let bytes = match self.0.world.control.get() {
            Some(control) => control.bytes(&self.0),
            None => self.0.world.draw(crate::dice::Dice::bytes),
        };
        // The driver names itself by what it draws first.
        let first = || bytes[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        self.0.instance.get_or_init(first);
        bytes
    }
}
