//! One run: a seed draws what there is to do and what goes wrong; then everything heals, and everything has to end.

use crate::clients;
use crate::dice::Dice;
use crate::distribution;
use crate::machines::{self, Subject};
use crate::mutants::Mutant;
use crate::plan::Plan;
use crate::process::Role;
use crate::queues;
use crate::table::Row;
use crate::world::{World, locked};
use engine::{Details, ExecutionKey, ExecutionType, Status};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// What became of a run.
pub(crate) struct Run {
    pub(crate) violation: Option<String>,
    pub(crate) story: Vec<String>,
    pub(crate) totals: Totals,
}

/// How much a run did.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Totals {
    pub(crate) executions: usize,
    pub(crate) entries: usize,
    pub(crate) calls: usize,
    pub(crate) effects: usize,
    pub(crate) races_lost: usize,
    pub(crate) deaths: usize,
    pub(crate) stops: usize,
    pub(crate) virtual_seconds: i64,
}

/// How long an execution may take.
const YEAR_MILLIS: i64 = 365 * 86_400_000;
/// For how long after the end of all faults something may go on. Sweeps end after three quarters of it, and have to find the
/// end that an execution comes to after a year.
const REST_SECONDS_MAX: u64 = 500 * DAY_SECONDS;
const DAY_SECONDS: u64 = 86_400;
/// How often somebody looks for what was lost.
const SWEEP_SECONDS: u64 = 60;

/// Runs a seed.
pub(crate) fn run(seed: u64, mutant: Option<Mutant>) -> Run {
    #[cfg(feature = "mutants")]
    driver::Mutant::take(mutant.and_then(Mutant::of_driver));
    let mut dice = Dice::new(seed);
    let plan = Plan::draw(&mut dice);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without I/O can be built");
    runtime.block_on(async {
        let world = World::new(seed, plan, mutant);
        world.note(|| format!("seed {seed}: {:?}", world.plan));
        let subjects = prepare(&world, &mut dice, seed);
        live(&world, &subjects).await;
        if world.plan.reuse && world.violation().is_none() {
            reuse(&world, &subjects).await;
        }
        let mut totals = totals(&world);
        let story = world.take_story();
        let count = |what: &str| story.iter().filter(|line| line.contains(what)).count();
        totals.races_lost = count(" and finds Conflict");
        totals.deaths = count(" dies at ");
        totals.stops = count(" stops for ");
        let run = Run {
            violation: world.violation(),
            story,
            totals,
        };
        world.end();
        run
    })
}

fn prepare(world: &Arc<World>, dice: &mut Dice, seed: u64) -> Vec<Subject> {
    let (children, mut subjects) = machines::draw(dice, world.plan.executions);
    if seed >= distribution::FIRST_SEED {
        let mut dice = Dice::new(seed ^ 0xd157);
        let is_drawn = |subject: &&mut Subject| subject.machine.name.starts_with("main");
        let is_standard = |subject: &&mut Subject| subject.machine.machine_type == ExecutionType::Standard;
        for subject in subjects.iter_mut().filter(is_drawn).filter(is_standard) {
            let revision = &mut subject.machine.revision;
            revision.definition = distribution::distribute(&revision.definition, &mut dice).into();
        }
    }
    for subject in children.iter().chain(&subjects) {
        let machine = &subject.machine;
        world.note(|| format!("{}: {}", machine.name, machine.revision.definition));
        world.register(machine);
    }
    locked(&world.registered).enter_activity(machines::activity());
    for _ in 0..world.plan.workers {
        world.employ(Role::Worker);
    }
    for role in [Role::Api, Role::Api, Role::Caller, Role::Caller, Role::Sweeper] {
        world.employ(role);
    }
    subjects
}

/// Starts every execution; things go wrong for a while, and then everything ends.
async fn live(world: &Arc<World>, subjects: &[Subject]) {
    for (number, subject) in subjects.iter().enumerate() {
        clients::begin(world, subject.clone(), name(number));
    }
    chaos(world).await;
    world.note(|| "all faults end".to_owned());
    world.heal();
    rest(world).await;
    look_for_the_lost(world).await;
}

/// Returns what the execution of a state machine is called.
fn name(number: usize) -> String {
    format!("e{number}")
}

/// I10: a name is taken for 90 days after the end of its execution. Then it is used again, while old messages come.
async fn reuse(world: &Arc<World>, subjects: &[Subject]) {
    seconds(89 * DAY_SECONDS).await;
    for (number, subject) in subjects.iter().enumerate() {
        clients::is_refused(world, subject, &name(number)).await;
    }
    seconds(2 * DAY_SECONDS).await;
    if world.violation().is_some() {
        return;
    }
    world.note(|| "all names are free again, and faults begin".to_owned());
    world.resume();
    queues::repeat_the_old(world);
    clients::report_the_old(world);
    live(world, subjects).await;
}

async fn chaos(world: &Arc<World>) {
    let mut next_sweep = 0;
    for second in 0..world.plan.chaos_seconds {
        seconds(1).await;
        if world.violation().is_some() {
            return;
        }
        if world.plan.sweeps && second >= next_sweep {
            next_sweep = second + SWEEP_SECONDS;
            sweep(world, Some(1_800));
        }
    }
}

pub(crate) fn sweep(world: &Arc<World>, recent_seconds: Option<u64>) {
    if world.mutant == Some(Mutant::NoNet) {
        return;
    }
    let Some(process) = world.process(Role::Sweeper) else {
        return;
    };
    let noting = Arc::clone(world);
    world.spawn("a sweep", async move {
        let swept = process.run(process.driver().sweep(recent_seconds)).await;
        noting.note(|| format!("{} swept: {swept:?}", process.name()));
    });
}

/// Waits until nothing goes on by itself; then what is open waits for a wake-up that was lost with somebody who owed it.
async fn rest(world: &Arc<World>) {
    if !settle(world, None).await {
        return;
    }
    let excused = excused(world);
    for key in open(world) {
        if !excused.contains(&key) {
            world.violate(&format!("L1: {} stands still without the net", key.name));
        }
    }
}

/// Lets the net find what was lost; then everything has ended.
async fn look_for_the_lost(world: &Arc<World>) {
    if world.violation().is_some() || !settle(world, Some(SWEEP_SECONDS)).await {
        return;
    }
    for key in open(world) {
        world.violate(&format!("L1: {} stands still", key.name));
    }
    // The last one that has ended may have ended with a death, and nobody has looked since.
    if locked(&world.table).0.values().any(Row::strays) {
        sweep(world, None);
        settle(world, Some(SWEEP_SECONDS)).await;
    }
    for end in wrong_ends(world) {
        world.violate(&end);
    }
}

/// Returns which executions have ended by a mistake of the engine's or the driver's.
pub(crate) fn wrong_ends(world: &World) -> Vec<String> {
    locked(&world.table).0.values().filter_map(wrong_end).collect()
}

/// L4: a head shows the end of its execution. And no definition here is wrong.
fn wrong_end(row: &Row) -> Option<String> {
    let head = row.head();
    let name = &head.identity.name;
    if row.strays() {
        return Some(format!("L4: the head of {name} shows {:?} for ever", head.status));
    }
    let lasted = head
        .stopped
        .map_or(0, |end| end.millis() - head.identity.started.millis());
    if lasted >= YEAR_MILLIS && leaves_a_task(row) {
        return Some(format!(
            "L1: a task of {name} was forgotten until its year was over"
        ));
    }
    let (error, cause) = (head.error.unwrap_or_default(), head.cause.unwrap_or_default());
    let is_poison = cause.starts_with("a message to this execution was received");
    let is_known = matches!(
        &*error,
        "States.TaskFailed"
            | "States.Timeout"
            | "States.HeartbeatTimeout"
            | "States.ExceedToleratedFailureThreshold"
            // Branches that keep large texts may have more in all than a state may.
            | "States.DataLimitExceeded"
    );
    let is_wrong = error.starts_with("States.") && !is_known && !is_poison;
    is_wrong.then(|| format!("{name} ends with {error}: {cause}"))
}

/// Waits until nothing goes on, with a sweep now and then; with sweeps, also until nothing is open.
async fn settle(world: &Arc<World>, sweep_seconds: Option<u64>) -> bool {
    let mut second = 0;
    let mut swept = 0;
    while second < REST_SECONDS_MAX {
        // The example waits for a day, and some wait for a hundred.
        let (step, pause) = match second {
            0..600 => (1, SWEEP_SECONDS),
            600..7_200 => (20, SWEEP_SECONDS),
            _ => (600, 3_600),
        };
        seconds(step).await;
        second += step;
        if world.violation().is_some() {
            return false;
        }
        let sweeps = sweep_seconds.is_some() && second < REST_SECONDS_MAX * 3 / 4;
        if world.is_quiet() && (!sweeps || open(world).is_empty()) {
            return true;
        }
        if sweeps && second >= swept + pause {
            swept = second;
            sweep(world, None);
        }
    }
    world.violate(&format!(
        "L3: the queues do not come to rest: {}",
        world.goes_on()
    ));
    false
}

pub(crate) fn open(world: &World) -> Vec<ExecutionKey> {
    let table = locked(&world.table);
    let rows = table.0.values().filter(|row| row.status() == Status::Running);
    rows.map(|row| row.identity.key.clone()).collect()
}

/// Returns what may stand still without the net: what somebody owed a wake-up, and whatever waits for that.
pub(crate) fn excused(world: &World) -> BTreeSet<ExecutionKey> {
    let open = open(world);
    let table = locked(&world.table);
    let is_lost = |key: &&ExecutionKey| {
        let row = &table.0[*key];
        // No timer is armed for the end that every execution has after a year: the net finds it.
        let deadline = row.last().write.next_deadline;
        let years = deadline.map(|deadline| deadline.millis() - row.identity.started.millis());
        years.is_some_and(|millis| millis >= YEAR_MILLIS)
            || !world.owed(key).is_empty()
            || row.needs.has_jobs && world.has_lost_polls(&row.identity.incarnation)
    };
    let mut excused: BTreeSet<ExecutionKey> = open.iter().filter(is_lost).cloned().collect();
    drop(table);
    loop {
        let table = locked(&world.table);
        let parents: Vec<ExecutionKey> = excused
            .iter()
            .filter_map(|key| Some(table.0.get(key)?.identity.parent.as_ref()?.key.clone()))
            .collect();
        drop(table);
        let before = excused.len();
        excused.extend(parents);
        if excused.len() == before {
            return excused;
        }
    }
}

/// Returns whether the end of an execution found a task at work, other than one that starts an execution: nothing else here
/// takes that long by itself.
fn leaves_a_task(row: &Row) -> bool {
    let mut of_tasks = BTreeSet::new();
    for event in row.entries.iter().flat_map(|entry| &entry.write.entry.events) {
        let is_task = match &event.details {
            Details::Scheduled { target, .. } => !target.resource.starts_with("startExecution"),
            Details::Started { .. } | Details::ActivityStarted { .. } | Details::TaskSubmitted { .. } => {
                of_tasks.contains(&event.previous)
            }
            _ => false,
        };
        if is_task {
            of_tasks.insert(event.id);
        }
    }
    let mut last = row.last().write.entry.events.iter();
    last.any(|event| {
        matches!(event.details, Details::StateAborted { .. }) && of_tasks.contains(&event.previous)
    })
}

impl std::ops::AddAssign for Totals {
    fn add_assign(&mut self, other: Totals) {
        self.executions += other.executions;
        self.entries += other.entries;
        self.calls += other.calls;
        self.effects += other.effects;
        self.races_lost += other.races_lost;
        self.deaths += other.deaths;
        self.stops += other.stops;
        self.virtual_seconds += other.virtual_seconds;
    }
}

fn totals(world: &World) -> Totals {
    let table = locked(&world.table);
    let (calls, effects) = locked(&world.ledger).totals();
    let rows = || table.0.values().chain(&table.1);
    Totals {
        executions: rows().count(),
        entries: rows().map(|row| row.entries.len()).sum(),
        calls,
        effects,
        races_lost: 0,
        deaths: 0,
        stops: 0,
        virtual_seconds: (world.millis() - crate::world::START_MILLIS) / 1000,
    }
}

async fn seconds(count: u64) {
    tokio::time::sleep(Duration::from_secs(count)).await;
}
