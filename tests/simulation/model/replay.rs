//! A path of choices, replayed from the beginning: the real driver and engine, with everything around them as chosen.

use super::case::Case;
use super::choice::{self, Choice};
use super::client::{self, Deed, MONTHS_SECONDS};
use super::control::{Control, PAUSE_MAX, State, Verdict};
use crate::mutants::Mutant;
use crate::plan::Plan;
use crate::process::Role;
use crate::run;
use crate::world::{World, locked};
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::time::Duration;

/// What a path leads to.
pub(crate) struct Reached {
    /// How many choices there are.
    pub(crate) choices: usize,
    pub(crate) fingerprint: u64,
    pub(crate) violation: Option<String>,
    pub(crate) story: Vec<String>,
}

/// How much may happen without a choice, and how much while everything comes to rest.
const STEPS_MAX: usize = 300;
/// How often a process may let a moment pass before it makes a port call.
const PAUSES_MAX: usize = 20;
/// How often somebody looks for what was lost before what stands still stands still for good.
const SWEEPS: usize = 6;
/// How long after an entry a sweep finds the calls of whoever wrote it, and how long until the next looks.
const OVERDUE_AFTER: Duration = Duration::from_secs(130);
/// For how long time goes on at once while a slow call is all that goes on: a little longer than until a lease is renewed.
const SLOW_STEP_MILLIS: i64 = 20_000;

/// Replays a path.
pub(crate) fn replay(case: &Case, mutant: Option<Mutant>, path: &[u8], tells: bool) -> Reached {
    #[cfg(feature = "mutants")]
    driver::Mutant::take(mutant.and_then(Mutant::of_driver));
    let quiet = Quiet::default();
    let parked = quiet.clone();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .on_thread_park(move || parked.wake())
        .build()
        .expect("a runtime without I/O can be built");
    runtime.block_on(async {
        let world = World::new(0, plan(), mutant);
        let control = Control::new(!tells, case);
        // Nothing else sets it.
        let _ = world.control.set(Arc::clone(&control));
        world.heal();
        let run = Replay {
            world,
            control,
            quiet,
        };
        let reached = run.follow(case, path).await;
        run.world.end();
        run.control.clear();
        reached
    })
}

fn plan() -> Plan {
    Plan {
        fifo: false,
        executions: 1,
        ..Plan::calm()
    }
}

/// Returns when something is due next, if anything is.
pub(crate) fn next_time(state: &State, world: &World) -> Option<i64> {
    let now = world.millis();
    let due = state.held.values().filter_map(|held| {
        let is_free = held.holder.is_none_or(|holder| state.sites[holder].is_stopped);
        (is_free && held.visible_from > now).then_some(held.visible_from)
    });
    due.chain(state.waits_for_slow().then_some(now + SLOW_STEP_MILLIS))
        .min()
}

struct Replay {
    world: Arc<World>,
    control: Arc<Control>,
    quiet: Quiet,
}

impl Replay {
    async fn follow(&self, case: &Case, path: &[u8]) -> Reached {
        for machine in case.machines() {
            locked(&self.world.registered).enter(machine);
        }
        for role in [Role::Worker, Role::Worker, Role::Caller, Role::Caller] {
            self.control.employ(&self.world, role, "");
        }
        let mut rest = path.iter();
        let mut choices = self.choices().await;
        for _ in 0..STEPS_MAX + path.len() {
            if self.world.violation().is_some() {
                break;
            }
            let next = match choices.as_slice() {
                [] => break,
                // What has no alternative is no choice, but for what nobody has to do.
                [only] if !matches!(only, Choice::Client(_) | Choice::Sweep) => *only,
                several => match rest.next() {
                    Some(index) => several[usize::from(*index)],
                    None => break,
                },
            };
            self.take(next).await;
            choices = self.choices().await;
        }
        self.reached(choices.len()).await
    }

    async fn reached(&self, choices: usize) -> Reached {
        let fingerprint = self.control.state().fingerprint(&self.world);
        if self.world.violation().is_none() && choice::is_quiet(&self.control, &self.world) {
            self.world.note(|| "-- all faults end".to_owned());
            self.end().await;
        }
        let violation = self.world.violation();
        Reached {
            choices: if violation.is_some() { 0 } else { choices },
            // A state in which something is broken is another one.
            fingerprint: fingerprint ^ u64::from(violation.is_some()),
            violation,
            story: self.world.take_story(),
        }
    }

    /// Waits until every process waits for a choice; returns what there is to choose.
    async fn choices(&self) -> Vec<Choice> {
        self.settle().await;
        choice::choices(&self.control, &self.world)
    }

    async fn settle(&self) {
        let mut pauses = 0;
        while pauses < PAUSES_MAX {
            self.quiet.reached().await;
            let certain = self.control.state().certain();
            if let Some(number) = certain {
                self.control.decide(number, Verdict::Done);
            } else if self.control.state().is_resting() {
                pauses += 1;
                self.pass(PAUSE_MAX).await;
            } else {
                return;
            }
        }
        self.world.violate("L3: a process does nothing, and does not end");
    }

    async fn take(&self, next: Choice) {
        self.world
            .note(|| format!("** {}", self.control.state().shown(next)));
        match next {
            Choice::Time => {
                let (until, is_slow) = {
                    let state = self.control.state();
                    (next_time(&state, &self.world), state.waits_for_slow())
                };
                self.control.state().waited += u32::from(is_slow);
                let millis = until.unwrap_or_default() - self.world.millis();
                self.pass(Duration::from_millis(millis.max(0).cast_unsigned()))
                    .await;
            }
            Choice::Client(act) if matches!(self.control.state().acts[act].deed, Deed::Waits) => {
                client::begin(&self.control, &self.world, act);
                self.pass(Duration::from_secs(MONTHS_SECONDS)).await;
            }
            next => choice::take(&self.control, &self.world, next),
        }
    }

    /// Lets time go on, at most until somebody does something.
    async fn pass(&self, duration: Duration) {
        tokio::select! {
            biased;
            // What has stirred until now is known.
            () = self.control.stir.notified() => {}
            () = std::future::ready(()) => {}
        }
        tokio::select! {
            biased;
            () = self.control.stir.notified() => {}
            () = tokio::time::sleep(duration) => {}
        }
    }

    /// Ends all faults: then everything ends, or waits for somebody outside alone.
    async fn end(&self) {
        self.come_to_rest().await;
        let excused = run::excused(&self.world);
        let is_awaited = self
            .control
            .state()
            .acts
            .iter()
            .any(|act| act.is_awaited(&self.world));
        for key in run::open(&self.world) {
            if !is_awaited && !excused.contains(&key) {
                self.world
                    .violate(&format!("L1: {} stands still without the net", key.name));
            }
        }
        for _ in 0..SWEEPS {
            if self.world.violation().is_some() || run::open(&self.world).is_empty() {
                break;
            }
            let acts: Vec<usize> = {
                let state = self.control.state();
                let acts = state.acts.iter().enumerate();
                let awaited = acts.filter(|(_, act)| act.is_awaited(&self.world));
                awaited.map(|(number, _)| number).collect()
            };
            for act in acts {
                client::begin(&self.control, &self.world, act);
            }
            self.come_to_rest().await;
            self.pass(OVERDUE_AFTER).await;
            if self.world.mutant != Some(Mutant::NoNet) {
                self.world
                    .note(|| "-- somebody looks for what was lost".to_owned());
                client::sweep(&self.control, &self.world);
            }
            self.come_to_rest().await;
        }
        if self.world.violation().is_some() {
            return;
        }
        for key in run::open(&self.world) {
            self.world.violate(&format!("L1: {} stands still", key.name));
        }
        for end in run::wrong_ends(&self.world) {
            self.world.violate(&end);
        }
    }

    /// Lets everything go on, one after the other, until nothing goes on by itself.
    async fn come_to_rest(&self) {
        for _ in 0..STEPS_MAX {
            let choices = self.choices().await;
            if self.world.violation().is_some() {
                return;
            }
            let wanted = choices.iter().filter(|next| match next {
                Choice::Answer(_, verdict) => *verdict == Verdict::Done,
                Choice::Deliver(..) | Choice::GoesOn(_) | Choice::Lands(_) | Choice::Time => true,
                Choice::Client(_) | Choice::Sweep => false,
            });
            // What stood still goes on first, and time last.
            let first = wanted.min_by_key(|next| match next {
                Choice::GoesOn(_) | Choice::Lands(_) => 0,
                Choice::Time => 2,
                _ => 1,
            });
            match first {
                Some(next) => self.take(*next).await,
                None => return,
            }
        }
        self.world.violate("L3: it does not come to rest");
    }
}

impl State {
    /// Returns a port call that is answered without a choice.
    fn certain(&self) -> Option<u64> {
        let mut pending = self.pending.iter();
        pending
            .find(|(_, pending)| {
                let site = &self.sites[pending.site];
                !site.is_stopped && (choice::is_certain(pending.what) || site.process.role == Role::Sweeper)
            })
            .map(|(number, _)| *number)
    }

    /// Tells whether a process does nothing but let a moment pass.
    fn is_resting(&self) -> bool {
        self.sites.iter().enumerate().any(|(site, at)| {
            let is_waiting = self.pending.values().any(|pending| pending.site == site);
            at.open > 0 && at.process.is_awake() && !is_waiting
        })
    }
}

/// Tells when every task of a runtime waits: it is about to sleep then.
#[derive(Clone, Default)]
struct Quiet(Arc<Mutex<Option<Waker>>>);

impl Quiet {
    fn wake(&self) {
        let waker = locked(&self.0).take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    async fn reached(&self) {
        let mut has_waited = false;
        poll_fn(|context| {
            if has_waited && locked(&self.0).is_none() {
                return Poll::Ready(());
            }
            has_waited = true;
            *locked(&self.0) = Some(context.waker().clone());
            Poll::Pending
        })
        .await;
    }
}
