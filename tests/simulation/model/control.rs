//! The controller: under it no chance is drawn. Every port call waits until it is chosen, and whatever else may happen
//! next is a choice, too.

use super::case::Case;
use super::choice::{Fault, Faults};
use super::client::Act;
use super::trace::{Trace, hashed, scrubbed};
use crate::dice::Dice;
use crate::mutants::Mutant;
use crate::process::{Process, Role};
use crate::queues::{self, Carried, Queue, TAKEN, VISIBLE_AFTER};
use crate::services;
use crate::world::{World, locked};
use engine::{Call, Identity, TaskToken};
use integrations::Failure;
use ports::CallOutcome;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::{Notify, oneshot};

/// How often somebody looks for what was lost while faults may still happen.
const SWEEPS: u8 = 1;

/// How often the journal refuses a write once more, so that its driver gives up.
const REFUSALS: u8 = 4;

/// What the deletion of a message is called among the port calls.
pub(crate) const DELETION: &str = "queue.delete";

/// A process that is stopped goes on when that is chosen, and not before.
const STOPPED_MILLIS: u64 = 1_000 * 86_400_000;

/// What is chosen for a port call that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Verdict {
    /// It is carried out and answered.
    Done,
    /// Something befalls it.
    Faulty(Fault),
}

/// A port call that waits to be chosen.
pub(crate) struct Pending {
    pub(crate) site: usize,
    pub(crate) what: &'static str,
    /// When it was made, by the true time.
    pub(crate) since: i64,
    verdict: oneshot::Sender<Verdict>,
    /// Whether time goes on while it is in flight.
    pub(crate) is_slow: bool,
}

/// A process, and what it has seen.
pub(crate) struct Site {
    pub(crate) process: Arc<Process>,
    /// Its name tells what it is for, so that it is the same in whatever order processes begin.
    pub(crate) name: String,
    draws: u64,
    /// What it works on: messages, requests of clients.
    pub(crate) open: u32,
    pub(crate) seen: Trace,
    pub(crate) is_stopped: bool,
    /// Whether it has just begun to work, and read or written nothing yet.
    pub(crate) is_new: bool,
    /// Which request is refused to it, and how often.
    refused: Option<(&'static str, u8)>,
    /// Told when it goes on.
    goes_on: Arc<Notify>,
}

/// A message in a queue, or in the hands of a process.
pub(crate) struct Held {
    pub(crate) carried: Carried,
    /// What tells it from others.
    pub(crate) trace: u64,
    /// From when on it can be received, by the true time.
    pub(crate) visible_from: i64,
    pub(crate) holder: Option<usize>,
    pub(crate) receives: u32,
}

/// A request that was answered with a time-out, and has not landed yet.
pub(crate) struct Late {
    pub(crate) site: usize,
    pub(crate) what: &'static str,
    pub(crate) after: u64,
    pub(crate) land: Box<dyn FnOnce() + Send>,
}

/// What the controller knows.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) pending: BTreeMap<u64, Pending>,
    pub(crate) sites: Vec<Site>,
    pub(crate) held: BTreeMap<u64, Held>,
    pub(crate) late: Vec<Late>,
    pub(crate) acts: Vec<Act>,
    pub(crate) left: Faults,
    /// How often somebody may still look for what was lost.
    pub(crate) sweeps_left: u8,
    /// How often time went on for the sake of a slow call alone.
    pub(crate) waited: u32,
    next: u64,
    employed: BTreeMap<String, u32>,
    /// Whose driver is being made.
    begins: String,
    /// Whether the next message that is sent comes twice.
    doubles: bool,
    /// The hashes of entries, by where they are in memory.
    pub(crate) contents: BTreeMap<usize, u64>,
}

/// The controller of one run.
pub(crate) struct Control {
    pub(crate) is_silent: bool,
    reports: usize,
    state: Mutex<State>,
    /// Told when there may be something new to choose.
    pub(crate) stir: Notify,
}

impl Control {
    pub(crate) fn new(is_silent: bool, case: &Case) -> Arc<Control> {
        let state = State {
            left: case.faults,
            acts: case.acts(),
            sweeps_left: SWEEPS,
            ..State::default()
        };
        Arc::new(Control {
            is_silent,
            reports: case.reports,
            state: Mutex::new(state),
            stir: Notify::new(),
        })
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        let mut state = locked(&self.state);
        let sites: Vec<bool> = state.sites.iter().map(|site| site.process.is_dead()).collect();
        // Whoever made it is gone, or does not wait for it any more.
        state
            .pending
            .retain(|_, pending| !sites[pending.site] && !pending.verdict.is_closed());
        state
    }

    /// Starts a process that is named after what it is for.
    pub(crate) fn employ(&self, world: &Arc<World>, role: Role, purpose: &str) -> usize {
        let mut state = locked(&self.state);
        let kind = format!("{role:?} {purpose}");
        let count = state.employed.entry(kind.clone()).or_default();
        *count += 1;
        let name = format!("{}{count}", kind.trim_end());
        state.begins = name.clone();
        drop(state);
        world.employ(role);
        let process = locked(&world.processes).last().map(Arc::clone);
        let mut state = locked(&self.state);
        state.sites.push(Site {
            process: process.expect("it was just employed"),
            name,
            draws: 1,
            open: 0,
            seen: Trace::default(),
            is_stopped: false,
            is_new: false,
            refused: None,
            goes_on: Arc::default(),
        });
        state.sites.len() - 1
    }

    /// A process has died: another one of those that take messages begins in its place.
    pub(crate) fn replace(&self, world: &Arc<World>, role: Role) {
        if matches!(role, Role::Worker | Role::Caller) {
            self.employ(world, role, "");
        }
        let mut state = locked(&self.state);
        let now = world.millis();
        let State { held, sites, .. } = &mut *state;
        for message in held.values_mut() {
            let is_lost = |holder: usize| sites[holder].process.is_dead();
            if message.holder.is_some_and(is_lost) {
                message.holder = None;
                message.visible_from = now + visible_after();
            }
        }
        drop(state);
        self.stir.notify_one();
    }

    /// Returns what a process takes for random: its own, whatever others have drawn.
    pub(crate) fn bytes(&self, process: &Process) -> [u8; 32] {
        let mut state = locked(&self.state);
        let site = state.sites.iter_mut().find(|site| is_at(site, process));
        let seed = match site {
            Some(site) => {
                site.draws += 1;
                hashed(&(&site.name, site.draws))
            }
            None => hashed(&(&state.begins, 1_u64)),
        };
        Dice::new(seed).bytes()
    }

    /// Makes a port call wait until something is chosen for it.
    async fn ask(&self, process: &Process, what: &'static str) -> (usize, Verdict) {
        let (verdict, chosen) = oneshot::channel();
        let site = {
            let mut state = locked(&self.state);
            let site = state.site(process);
            if state.sites[site].is_refused(what) {
                return (site, Verdict::Faulty(Fault::Refused));
            }
            let since = process.world.millis();
            let pending = Pending {
                site,
                what,
                since,
                verdict,
                is_slow: false,
            };
            state.next += 1;
            let number = state.next;
            state.pending.insert(number, pending);
            site
        };
        self.stir.notify_one();
        match chosen.await {
            Ok(verdict) => (site, verdict),
            // The process is dead.
            Err(_) => std::future::pending().await,
        }
    }

    /// Lets a request through to the outside as it is chosen.
    pub(crate) async fn request<T: Send + 'static>(
        &self,
        process: &Process,
        what: &'static str,
        apply: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, String> {
        let (site, verdict) = self.ask(process, what).await;
        let answer = match verdict {
            Verdict::Done | Verdict::Faulty(Fault::Twice) => Ok(apply()),
            Verdict::Faulty(Fault::StopsAfter) => {
                let answer = apply();
                self.saw(process, site, what, verdict);
                self.rest(site).await;
                return Ok(answer);
            }
            Verdict::Faulty(Fault::AnswerLost) => {
                apply();
                Err("connection reset".to_owned())
            }
            Verdict::Faulty(Fault::Lands) => {
                let land = Box::new(move || {
                    apply();
                });
                let mut state = locked(&self.state);
                let after = state.sites[site].seen.value();
                let late = Late {
                    site,
                    what,
                    after,
                    land,
                };
                state.late.push(late);
                Err("timed out".to_owned())
            }
            Verdict::Faulty(_) => Err("throttled".to_owned()),
        };
        self.saw(process, site, what, verdict);
        answer
    }

    /// Makes a call of a service, as it is chosen.
    pub(crate) async fn call(&self, process: &Process, identity: &Arc<Identity>, call: &Call) -> CallOutcome {
        let (site, verdict) = self.ask(process, "service").await;
        let world = &process.world;
        let result = || CallOutcome::Succeeded(services::result(identity, call).to_string());
        let outcome = match verdict {
            Verdict::Faulty(Fault::Fails) => CallOutcome::Failed(Failure {
                error: "Sim.Busy".to_owned(),
                cause: None,
            }),
            Verdict::Faulty(Fault::Refused) => CallOutcome::Unknown("no answer".to_owned()),
            Verdict::Faulty(Fault::AnswerLost) => {
                services::happens(world, identity, call);
                CallOutcome::Unknown("no answer".to_owned())
            }
            Verdict::Done | Verdict::Faulty(_) => {
                services::happens(world, identity, call);
                result()
            }
        };
        self.saw(process, site, "service", verdict);
        if verdict == Verdict::Faulty(Fault::StopsAfter) {
            self.rest(site).await;
        }
        outcome
    }

    /// Takes note of what a process has learned.
    fn saw(&self, process: &Process, site: usize, what: &'static str, verdict: Verdict) {
        let mut state = locked(&self.state);
        let journal = what
            .starts_with("journal.")
            .then(|| state.journal(&process.world));
        let now = process.world.millis();
        let at = &mut state.sites[site];
        at.is_new &= journal.is_none();
        at.seen.learn(&(what, verdict, journal), now);
    }

    /// Waits until a process that stands still goes on.
    async fn rest(&self, site: usize) {
        loop {
            let goes_on = Arc::clone(&locked(&self.state).sites[site].goes_on);
            let goes_on = goes_on.notified();
            if !locked(&self.state).sites[site].is_stopped {
                return;
            }
            goes_on.await;
        }
    }

    /// Takes a message into its queue.
    pub(crate) fn carry(&self, world: &World, carried: Carried, delay: u64) {
        let mut state = locked(&self.state);
        let count = 1 + usize::from(std::mem::take(&mut state.doubles));
        // What is not for later can be received at once.
        let delay = match carried.queue {
            Queue::Timers => i64::try_from(delay).unwrap_or(i64::MAX),
            Queue::Mailbox | Queue::Calls => 0,
        };
        let trace = scrubbed(&(carried.queue, &carried.envelope));
        for _ in 0..count {
            state.next += 1;
            let number = state.next;
            let held = Held {
                carried: carried.clone(),
                trace,
                visible_from: world.millis() + delay,
                holder: None,
                receives: 0,
            };
            state.held.insert(number, held);
        }
        drop(state);
        self.stir.notify_one();
    }

    /// Takes note of a task that waits for somebody with its token.
    pub(crate) fn asks(&self, identity: &Arc<Identity>, call: &Call, token: &TaskToken) {
        let mut state = locked(&self.state);
        if !state.acts.iter().any(|act| act.answers(identity, call)) {
            let act = Act::answer(identity, call, token);
            state.acts.extend(vec![act; self.reports]);
        }
    }

    /// Chooses for a port call that waits.
    pub(crate) fn decide(&self, number: u64, verdict: Verdict) {
        let mut state = locked(&self.state);
        if let Verdict::Faulty(fault) = verdict {
            state.left.spend(fault);
        }
        let Some(pending) = state.pending.get_mut(&number) else {
            return;
        };
        let site = pending.site;
        match verdict {
            Verdict::Faulty(Fault::Takes) => {
                pending.is_slow = true;
                return;
            }
            Verdict::Faulty(Fault::Dies) => {
                let process = Arc::clone(&state.sites[site].process);
                drop(state);
                return process.kill("a port call");
            }
            Verdict::Faulty(Fault::StopsBefore) => return state.stop(site),
            Verdict::Faulty(Fault::StopsAfter) => state.stop(site),
            Verdict::Faulty(Fault::Refused) if pending.what.starts_with("journal.") => {
                state.sites[site].refused = Some((pending.what, REFUSALS));
            }
            Verdict::Faulty(Fault::Twice) => state.doubles = pending.what != DELETION,
            Verdict::Done | Verdict::Faulty(_) => {}
        }
        if let Some(pending) = state.pending.remove(&number) {
            // Whoever waits for it is there: it was looked at before.
            let _ = pending.verdict.send(verdict);
        }
    }

    /// Lets a process go on that stands still.
    pub(crate) fn go_on(&self, site: usize) {
        let mut state = locked(&self.state);
        let now = state.sites[site].process.world.millis();
        let site = &mut state.sites[site];
        site.is_stopped = false;
        site.seen.learn(&"goes on", now);
        let (process, goes_on) = (Arc::clone(&site.process), Arc::clone(&site.goes_on));
        drop(state);
        goes_on.notify_waiters();
        process.thaw();
    }

    /// Gives a message to a process.
    pub(crate) fn deliver(self: &Arc<Self>, world: &Arc<World>, message: u64, site: usize) {
        let mut state = locked(&self.state);
        let Some(held) = state.held.get_mut(&message) else {
            return;
        };
        held.holder = Some(site);
        held.receives += 1;
        let (carried, trace, receives) = (held.carried.clone(), held.trace, held.receives);
        if world.mutant == Some(Mutant::DeleteOnReceive) {
            state.forget(message);
        }
        let at = &mut state.sites[site];
        at.is_new = at.open == 0;
        at.open += 1;
        let now = world.millis();
        at.seen.learn(&(trace, receives), now);
        let process = Arc::clone(&at.process);
        drop(state);
        if world.mutant == Some(Mutant::StaleDropped) && queues::is_stale(world, &carried.envelope) {
            let mut state = locked(&self.state);
            state.forget(message);
            return state.done(site);
        }
        world.note(|| {
            let shown = queues::shown(&carried.envelope);
            format!("{} receives {shown} ({receives})", process.name())
        });
        let control = Arc::clone(self);
        tokio::spawn(async move {
            let standing = queues::work(&process, &carried, receives, queues::RUN_MILLIS_MAX).await;
            control
                .has_worked(&process, site, message, receives, standing)
                .await;
        });
    }

    /// Does what follows when a process is done with a message, or has refused it.
    async fn has_worked(&self, process: &Process, site: usize, message: u64, receives: u32, standing: u8) {
        if process.is_dead() {
            return;
        }
        let is_deleted = standing == TAKEN && {
            let (_, verdict) = self.ask(process, DELETION).await;
            verdict == Verdict::Done
        };
        let now = process.world.millis();
        let mut state = locked(&self.state);
        let is_held = |held: &Held| held.holder == Some(site) && held.receives == receives;
        if state.held.get(&message).is_some_and(is_held) {
            if is_deleted {
                state.forget(message);
            } else if let Some(held) = state.held.get_mut(&message) {
                held.holder = None;
                held.visible_from = if standing == TAKEN {
                    now + visible_after()
                } else {
                    now
                };
            }
        }
        state.done(site);
        drop(state);
        self.stir.notify_one();
    }

    /// A process begins to work on something.
    pub(crate) fn begins(&self, site: usize, what: &str) -> Arc<Process> {
        let mut state = locked(&self.state);
        let at = &mut state.sites[site];
        at.is_new = at.open == 0;
        at.open += 1;
        let now = at.process.world.millis();
        at.seen.learn(&what, now);
        Arc::clone(&at.process)
    }

    /// A process is done with what it began to work on.
    pub(crate) fn ends(&self, site: usize) {
        locked(&self.state).done(site);
        self.stir.notify_one();
    }

    /// Ends the circle of references between the processes and their world.
    pub(crate) fn clear(&self) {
        let state = std::mem::take(&mut *locked(&self.state));
        drop(state);
    }
}

impl Site {
    /// Tells whether a request is refused once more.
    fn is_refused(&mut self, what: &str) -> bool {
        let Some((refused, left)) = &mut self.refused else {
            return false;
        };
        if *refused != what || *left == 0 {
            self.refused = None;
            return false;
        }
        *left -= 1;
        true
    }
}

impl State {
    /// Returns the process that makes a request.
    pub(crate) fn site(&self, process: &Process) -> usize {
        let found = self.sites.iter().position(|site| is_at(site, process));
        found.expect("every process has been employed")
    }

    /// Makes a process stand still; its messages come again after a while.
    fn stop(&mut self, site: usize) {
        let at = &mut self.sites[site];
        at.is_stopped = true;
        at.process.freeze("a port call", STOPPED_MILLIS);
        let now = at.process.world.millis();
        for held in self.held.values_mut().filter(|held| held.holder == Some(site)) {
            held.visible_from = now + visible_after();
        }
    }

    /// Deletes a message, also from its group.
    pub(crate) fn forget(&mut self, message: u64) {
        self.held.remove(&message);
    }

    /// A process is done with something; when it has nothing left, what it has seen does not count any more.
    pub(crate) fn done(&mut self, site: usize) {
        let site = &mut self.sites[site];
        site.open -= 1;
        if site.open == 0 {
            site.seen = Trace::default();
        }
    }

    /// Tells whether a process is at work on nothing, and has written nothing: another like it would do the same.
    pub(crate) fn is_fresh(&self, world: &World, site: usize) -> bool {
        let at = &self.sites[site];
        let table = locked(&world.table);
        let mut entries = table.0.values().flat_map(|row| &row.entries);
        at.open == 0 && !entries.any(|entry| at.process.has_written(&entry.lease.nonce.0))
    }
}

fn is_at(site: &Site, process: &Process) -> bool {
    site.process.number == process.number
}

pub(crate) fn visible_after() -> i64 {
    i64::try_from(VISIBLE_AFTER.as_millis()).unwrap_or(i64::MAX)
}

/// How long a driver rests at most between two attempts.
pub(crate) const PAUSE_MAX: Duration = Duration::from_secs(10);
