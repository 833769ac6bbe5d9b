//! A case on trial: without a fault, and then with a crash at every port call.

use super::cases::{Case, NAME, Request};
use super::ending::Ending;
use super::place::Place;
use super::scene::{Crash, Left, Moment, Scene};
use crate::clients;
use crate::mutants::Mutant;
use crate::plan::Plan;
use crate::process::{Process, Role};
use crate::run;
use crate::world::{World, locked};
use engine::ExecutionKey;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// When somebody looks for what was lost, in seconds after the beginning, should the case want that.
const SWEEPS_AT: [u64; 3] = [20, 100, 200];
/// How often somebody looks for what was lost when everything is at rest.
const SWEEP_MILLIS: u64 = 60_000;
/// For how long something may go on: one example waits for a day.
const REST_MILLIS_MAX: i64 = 2 * 86_400_000;
/// How seldom it is looked at whether something goes on.
const REST_STEP_MILLIS_MAX: u64 = 600_000;

/// What was counted.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) machines: usize,
    pub(crate) port_calls: u64,
    pub(crate) crash_points: u64,
    pub(crate) runs: u64,
    pub(crate) equal: u64,
    pub(crate) unknown: u64,
    /// Crash points that nobody came to.
    pub(crate) unheard: u64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Counts) {
        self.machines += other.machines;
        self.port_calls += other.port_calls;
        self.crash_points += other.crash_points;
        self.runs += other.runs;
        self.equal += other.equal;
        self.unknown += other.unknown;
        self.unheard += other.unheard;
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} machines, {} port calls, {} crash points, {} runs: {} equal, {} with an unknown outcome",
            self.machines, self.port_calls, self.crash_points, self.runs, self.equal, self.unknown
        )
    }
}

/// A run.
struct Ran {
    ending: Ending,
    port_calls: u64,
    fallen: usize,
    left: Left,
    violation: Option<String>,
    story: Vec<String>,
}

/// A case on trial.
pub(crate) struct Trial<'a> {
    case: &'a Case,
    mutant: Option<Mutant>,
    /// The endings without a crash, by the calls whose outcome is unknown.
    expected: BTreeMap<BTreeSet<Place>, Ending>,
    counts: Counts,
}

impl<'a> Trial<'a> {
    /// Returns how many port calls a case takes without a fault.
    pub(crate) fn port_calls(case: &Case) -> u64 {
        let mut trial = Trial::new(case, None);
        trial.once(&[], BTreeSet::new(), false).port_calls
    }

    fn new(case: &'a Case, mutant: Option<Mutant>) -> Trial<'a> {
        Trial {
            case,
            mutant,
            expected: BTreeMap::new(),
            counts: Counts::default(),
        }
    }

    /// Runs a case with a crash at every port call, and with a second one at every port call after the first when it
    /// has at most `calls_in_pairs_max`; fails with what is wrong and how that came about.
    pub(crate) fn run(
        case: &'a Case,
        mutant: Option<Mutant>,
        calls_in_pairs_max: u64,
    ) -> Result<Counts, String> {
        let mut trial = Trial::new(case, mutant);
        trial.counts.machines = 1;
        let calm = trial.once(&[], BTreeSet::new(), false);
        if let Some(violation) = calm.violation {
            return Err(trial.told(&[], &BTreeSet::new(), &violation));
        }
        if let Some(place) = calm.ending.repeated() {
            let what = format!("{place} has two effects, though nobody died");
            return Err(trial.told(&[], &BTreeSet::new(), &what));
        }
        trial.counts.port_calls = calm.port_calls;
        trial.expected.insert(BTreeSet::new(), calm.ending);
        for at in 1..=calm.port_calls {
            for moment in Moment::ALL {
                let first = Crash { at, moment };
                let port_calls = trial.crash(&[first])?;
                if calm.port_calls > calls_in_pairs_max {
                    continue;
                }
                for at in at + 1..=port_calls {
                    for moment in Moment::ALL {
                        trial.crash(&[first, Crash { at, moment }])?;
                    }
                }
            }
        }
        Ok(trial.counts)
    }

    /// Runs the case with these crashes; returns how many port calls there were.
    fn crash(&mut self, crashes: &[Crash]) -> Result<u64, String> {
        self.counts.crash_points += 1;
        let ran = self.once(crashes, BTreeSet::new(), false);
        let port_calls = ran.port_calls;
        match self.judge(crashes, ran) {
            None => Ok(port_calls),
            Some(what) => Err(self.told(crashes, &BTreeSet::new(), &what)),
        }
    }

    /// Returns what is wrong with a run.
    fn judge(&mut self, crashes: &[Crash], ran: Ran) -> Option<String> {
        if ran.violation.is_some() {
            return ran.violation;
        }
        if ran.fallen == 0 {
            // Nobody hears an answer who has given up waiting for it.
            if crashes.iter().any(|crash| crash.moment == Moment::Before) {
                return Some("nobody died".to_owned());
            }
            self.counts.unheard += 1;
        }
        let unknown = ran.ending.unknown.clone();
        if let Some(place) = unknown.iter().find(|place| !ran.left.calls.contains(*place)) {
            return Some(format!(
                "the outcome of {place} is unknown, and nobody died over it"
            ));
        }
        if unknown.is_empty() {
            self.counts.equal += 1;
        } else {
            self.counts.unknown += 1;
        }
        if !self.expected.contains_key(&unknown) {
            let calm = self.once(&[], unknown.clone(), false);
            if let Some(violation) = calm.violation {
                return Some(format!("without a crash, but unknown outcomes: {violation}"));
            }
            self.expected.insert(unknown.clone(), calm.ending);
        }
        ran.ending.differs(&self.expected[&unknown], &ran.left)
    }

    /// Tells how something came about.
    fn told(&mut self, crashes: &[Crash], unknown: &BTreeSet<Place>, what: &str) -> String {
        let ran = self.once(crashes, unknown.clone(), true);
        let lines = std::env::var("CRASH_LINES")
            .ok()
            .and_then(|lines| lines.parse().ok());
        let from = ran.story.len().saturating_sub(lines.unwrap_or(120));
        format!(
            "{}: {what}\ncrashes: {crashes:?}\n{}\n{}",
            self.case.name,
            self.case.subject.machine.revision.definition,
            ran.story[from..].join("\n"),
        )
    }

    /// Runs the case once.
    fn once(&mut self, crashes: &[Crash], unknown: BTreeSet<Place>, is_told: bool) -> Ran {
        self.counts.runs += 1;
        #[cfg(feature = "mutants")]
        driver::Mutant::take(self.mutant.and_then(Mutant::of_driver));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime without I/O can be built");
        let case = self.case;
        let scene = Arc::new(Scene::new(&case.script, &case.programs, crashes, unknown));
        runtime.block_on(async {
            let plan = Plan {
                fifo: case.fifo,
                executions: 1,
                ..Plan::calm()
            };
            let world = World::new(case.seed, plan, self.mutant);
            // Nothing goes wrong but what the scene says.
            world.heal();
            if world.scene.set(Arc::clone(&scene)).is_err() {
                world.violate("the world has another scene");
            }
            if !is_told {
                world.silence();
            }
            play(&world, case).await;
            let ran = Ran {
                ending: Ending::of(&world, &scene),
                port_calls: scene.arrived(),
                fallen: scene.fallen(),
                left: scene.left(),
                violation: world.violation(),
                story: world.take_story(),
            };
            // Processes and world hold each other.
            world.end();
            ran
        })
    }
}

async fn play(world: &Arc<World>, case: &Case) {
    for subject in case.children.iter().chain([&case.subject]) {
        locked(&world.registered).enter(subject.machine.clone());
    }
    for role in [
        Role::Worker,
        Role::Worker,
        Role::Api,
        Role::Api,
        Role::Caller,
        Role::Caller,
        Role::Sweeper,
    ] {
        world.employ(role);
    }
    let (client, subject) = (Arc::clone(world), case.subject.clone());
    world.spawn("a client", async move {
        clients::start_at_last(&client, &subject, NAME).await;
    });
    for (second, request) in &case.asks {
        let (client, key, second, request) = (Arc::clone(world), case.key(), *second, *request);
        world.spawn("a client", async move {
            tokio::time::sleep(Duration::from_secs(second)).await;
            ask(&client, &key, request).await;
        });
    }
    if case.sweeps {
        let sweeper = Arc::clone(world);
        world.spawn("sweeps", async move {
            let mut second = 0;
            for at in SWEEPS_AT {
                tokio::time::sleep(Duration::from_secs(at - second)).await;
                second = at;
                run::sweep(&sweeper, None);
            }
        });
    }
    if !settle(world, false).await {
        return;
    }
    let excused = run::excused(world);
    for key in run::open(world) {
        if !excused.contains(&key) {
            world.violate(&format!("L1: {} stands still without the net", key.name));
        }
    }
    if settle(world, true).await {
        for key in run::open(world) {
            world.violate(&format!("L1: {} stands still", key.name));
        }
    }
}

/// Asks until there is an answer.
async fn ask(world: &Arc<World>, key: &ExecutionKey, request: Request) {
    loop {
        let asked = async |process: Arc<Process>| {
            let driver = process.driver();
            match request {
                Request::Stop => driver.stop(key, None, None).await.map(|_| ()),
                Request::Redrive => driver.redrive(key, Some("token".to_owned())).await.map(|_| ()),
            }
        };
        if clients::ask(world, asked).await.is_some() {
            return world.note(|| format!("a client has its answer to {request:?}"));
        }
    }
}

/// Waits until nothing goes on by itself; with sweeps, also until nothing is open.
async fn settle(world: &Arc<World>, sweeps: bool) -> bool {
    let begun = world.millis();
    let mut step = 1_000;
    while world.millis() < begun + REST_MILLIS_MAX {
        tokio::time::sleep(Duration::from_millis(step)).await;
        if world.violation().is_some() {
            return false;
        }
        if world.is_quiet() && (!sweeps || run::open(world).is_empty()) {
            return true;
        }
        if sweeps {
            step = SWEEP_MILLIS;
            run::sweep(world, None);
        } else {
            step = (step + step / 8).min(REST_STEP_MILLIS_MAX);
        }
    }
    world.violate(&format!(
        "L3: the queues do not come to rest: {}",
        world.goes_on()
    ));
    false
}
