//! What all processes of a run share: time, chance, the stores and queues, and the story so far.

use crate::crash::scene::Scene;
use crate::dice::Dice;
use crate::jobs::Jobs;
use crate::ledger::Ledger;
use crate::model::control::Control;
use crate::mutants::Mutant;
use crate::plan::Plan;
use crate::process::{Process, Role};
use crate::queues::Queues;
use crate::registry::Registered;
use crate::table::Table;
use asl::MachineType;
use engine::{ExecutionKey, ExecutionType, Program, TaskToken};
use ports::{Machine, machine_key};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;
use tokio::time::Instant;

/// When every run begins.
pub(crate) const START_MILLIS: i64 = 1_800_000_000_000;

/// Everything outside of the processes.
pub(crate) struct World {
    pub(crate) plan: Plan,
    pub(crate) mutant: Option<Mutant>,
    /// What happens in the place of chance, in a run of the crash test.
    pub(crate) scene: OnceLock<Arc<Scene>>,
    begun: Instant,
    dice: Mutex<Dice>,
    story: Mutex<Story>,
    is_healed: AtomicBool,
    pub(crate) table: Mutex<Table>,
    pub(crate) blobs: Mutex<BTreeMap<String, Arc<str>>>,
    pub(crate) registered: Mutex<Registered>,
    pub(crate) queues: Mutex<Queues>,
    pub(crate) ledger: Mutex<Ledger>,
    pub(crate) jobs: Mutex<Jobs>,
    pub(crate) processes: Mutex<Vec<Arc<Process>>>,
    /// All processes that there ever were.
    pub(crate) started: Mutex<Vec<Weak<Process>>>,
    /// Wake-ups that somebody owes, after an entry that nobody but the sweep would act on otherwise.
    owed: Mutex<Vec<Owed>>,
    /// The incarnations whose jobs may be asked for no more, because a timer was lost.
    lost_polls: Mutex<BTreeSet<Arc<str>>>,
    /// What the state machines run, by their keys.
    programs: Mutex<BTreeMap<Arc<str>, Arc<Program>>>,
    /// How much goes on that ends by itself: messages, timers, clients.
    busy: Mutex<BTreeMap<&'static str, u64>>,
    pub(crate) numbers: AtomicU64,
    /// Task tokens that somebody once got.
    pub(crate) tokens: Mutex<Vec<TaskToken>>,
    /// Who chooses what happens next, in the place of chance.
    pub(crate) control: OnceLock<Arc<Control>>,
}

struct Owed {
    key: ExecutionKey,
    by: u32,
    number: u64,
}

#[derive(Default)]
struct Story {
    lines: Vec<String>,
    is_silent: bool,
    violation: Option<String>,
}

impl World {
    pub(crate) fn new(seed: u64, plan: Plan, mutant: Option<Mutant>) -> Arc<World> {
        let fifo = plan.fifo;
        Arc::new(World {
            plan,
            mutant,
            scene: OnceLock::new(),
            begun: Instant::now(),
            dice: Mutex::new(Dice::new(seed ^ 0x5eed)),
            story: Mutex::default(),
            is_healed: AtomicBool::new(false),
            table: Mutex::default(),
            blobs: Mutex::default(),
            registered: Mutex::default(),
            queues: Mutex::new(Queues::new(fifo)),
            ledger: Mutex::default(),
            jobs: Mutex::default(),
            processes: Mutex::default(),
            started: Mutex::default(),
            owed: Mutex::default(),
            lost_polls: Mutex::default(),
            programs: Mutex::default(),
            busy: Mutex::default(),
            numbers: AtomicU64::new(0),
            tokens: Mutex::default(),
            control: OnceLock::new(),
        })
    }

    /// Draws from the one source of chance.
    pub(crate) fn draw<T>(&self, draw: impl FnOnce(&mut Dice) -> T) -> T {
        draw(&mut locked(&self.dice))
    }

    /// Returns the true time, which no process sees.
    pub(crate) fn millis(&self) -> i64 {
        START_MILLIS + i64::try_from(self.begun.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    /// Draws whether a fault happens; after the end of all faults none does.
    pub(crate) fn strikes(&self, of_a_thousand: u64) -> bool {
        of_a_thousand > 0 && !self.is_healed() && self.draw(|dice| dice.chance(of_a_thousand))
    }

    pub(crate) fn is_healed(&self) -> bool {
        self.is_healed.load(Ordering::Relaxed)
    }

    /// Lets faults begin again.
    pub(crate) fn resume(&self) {
        self.is_healed.store(false, Ordering::Relaxed);
    }

    /// Ends all faults.
    pub(crate) fn heal(&self) {
        self.is_healed.store(true, Ordering::Relaxed);
        for process in locked(&self.processes).iter() {
            process.thaw();
        }
    }

    pub(crate) fn note(&self, line: impl FnOnce() -> String) {
        if self.control.get().is_some_and(|control| control.is_silent) {
            return;
        }
        let time = self.begun.elapsed().as_millis();
        let mut story = locked(&self.story);
        if story.is_silent {
            return;
        }
        let line = line();
        story.lines.push(format!("{time:>9} {line}"));
    }

    /// Keeps no story from now on.
    pub(crate) fn silence(&self) {
        locked(&self.story).is_silent = true;
    }

    /// Takes note of a broken invariant; the first one counts.
    pub(crate) fn violate(&self, what: &str) {
        self.note(|| format!("VIOLATION {what}"));
        let mut story = locked(&self.story);
        if story.violation.is_none() {
            story.violation = Some(what.to_owned());
        }
    }

    pub(crate) fn violation(&self) -> Option<String> {
        locked(&self.story).violation.clone()
    }

    pub(crate) fn take_story(&self) -> Vec<String> {
        std::mem::take(&mut locked(&self.story).lines)
    }

    /// Says that somebody has written an entry and is to wake its execution.
    pub(crate) fn owe(&self, key: &ExecutionKey, by: u32) {
        let (key, number) = (key.clone(), self.numbers.fetch_add(1, Ordering::Relaxed));
        locked(&self.owed).push(Owed { key, by, number });
    }

    pub(crate) fn settle(&self, key: &ExecutionKey, by: u32) {
        locked(&self.owed).retain(|owed| owed.key != *key || owed.by != by);
    }

    /// Returns the numbers of what is owed to an execution.
    pub(crate) fn owed(&self, key: &ExecutionKey) -> BTreeSet<u64> {
        let owed = locked(&self.owed);
        owed.iter()
            .filter(|owed| owed.key == *key)
            .map(|owed| owed.number)
            .collect()
    }

    /// Says that somebody with a message has looked after an execution as it was then.
    pub(crate) fn settle_all(&self, numbers: &BTreeSet<u64>) {
        locked(&self.owed).retain(|owed| !numbers.contains(&owed.number));
    }

    pub(crate) fn lose_polls(&self, incarnation: &str) {
        locked(&self.lost_polls).insert(incarnation.into());
    }

    pub(crate) fn has_lost_polls(&self, incarnation: &str) -> bool {
        locked(&self.lost_polls).contains(incarnation)
    }

    /// Registers a state machine; its definition has to be sound.
    pub(crate) fn register(&self, machine: &Machine) {
        let kind = match machine.machine_type {
            ExecutionType::Standard => MachineType::Standard,
            ExecutionType::Express => MachineType::Express,
        };
        let compiled = asl::compile(&machine.revision.definition, kind);
        let Some(program) = compiled.program else {
            return self.violate(&format!(
                "{} is no program: {:?}",
                machine.name, compiled.diagnostics
            ));
        };
        let key = machine_key(&machine.owner, &machine.name).into();
        locked(&self.programs).insert(key, Arc::new(program));
        locked(&self.registered).enter(machine.clone());
    }

    pub(crate) fn program(&self, key: &ExecutionKey) -> Option<Arc<Program>> {
        locked(&self.programs).get(key.state_machine()).cloned()
    }

    /// Spawns something that ends by itself.
    pub(crate) fn spawn(
        self: &Arc<Self>,
        name: &'static str,
        what: impl Future<Output = ()> + Send + 'static,
    ) {
        let world = Arc::clone(self);
        *locked(&self.busy).entry(name).or_default() += 1;
        tokio::spawn(async move {
            what.await;
            let mut busy = locked(&world.busy);
            if let Some(count) = busy.get_mut(name) {
                *count -= 1;
                if *count == 0 {
                    busy.remove(name);
                }
            }
        });
    }

    pub(crate) fn is_quiet(&self) -> bool {
        locked(&self.busy).is_empty()
    }

    /// Says what goes on.
    pub(crate) fn goes_on(&self) -> String {
        format!("{:?}", locked(&self.busy))
    }

    /// Returns a process of a role that is at work, if there is one.
    pub(crate) fn process(self: &Arc<Self>, role: Role) -> Option<Arc<Process>> {
        let ready: Vec<Arc<Process>> = locked(&self.processes)
            .iter()
            .filter(|process| process.role == role && process.is_awake())
            .cloned()
            .collect();
        (!ready.is_empty()).then(|| self.draw(|dice| Arc::clone(dice.pick(&ready))))
    }

    /// Takes a dead process away, and starts another in its place a little later.
    pub(crate) fn replace(self: &Arc<Self>, dead: &Process) {
        locked(&self.processes).retain(|process| process.number != dead.number);
        if let Some(control) = self.control.get() {
            return control.replace(self, dead.role);
        }
        let (world, role) = (Arc::clone(self), dead.role);
        let pause = self.draw(|dice| dice.between(10, 5_000));
        self.spawn("a new process", async move {
            tokio::time::sleep(Duration::from_millis(pause)).await;
            world.employ(role);
        });
    }

    /// Frees everything after a run: processes hold the world, their drivers, and through these themselves.
    pub(crate) fn end(&self) {
        let processes = std::mem::take(&mut *locked(&self.processes));
        drop(processes);
        let started = std::mem::take(&mut *locked(&self.started));
        for process in started.iter().filter_map(Weak::upgrade) {
            process.end();
        }
    }

    /// Starts a process.
    pub(crate) fn employ(self: &Arc<Self>, role: Role) {
        let process = Process::start(self, role);
        locked(&self.processes).push(process);
    }
}

/// Locks; a panic elsewhere is reported by itself.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
