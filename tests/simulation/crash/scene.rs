//! What a world holds when it runs for the crash test: at which port calls a process dies, and what its services answer.

use super::place::{self, Place};
use super::script::{Script, Verdict};
use crate::audit;
use crate::clients;
use crate::process::Process;
use crate::services;
use crate::table::{Row, Table};
use crate::world::{World, locked};
use driver::TaskAnswer;
use engine::{
    Call, CallId, Effect, Execution, ExecutionType, Identity, Program, Stage, Status, TaskToken, Wants,
};
use integrations::{EffectClass, Failure};
use ports::{CallOutcome, CallRequest, StoredPayload};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A death of whatever process makes a port call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Crash {
    /// The number of the port call among all of all processes, from 1 on.
    pub(crate) at: u64,
    pub(crate) moment: Moment,
}

/// When a process dies that makes a port call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Moment {
    /// The call is not carried out.
    Before,
    /// It is carried out, and its answer not heard.
    Unheard,
    /// It is carried out and answered, and nothing that follows leaves the process; what follows in memory does happen.
    After,
}

impl Moment {
    pub(crate) const ALL: [Moment; 3] = [Moment::Before, Moment::Unheard, Moment::After];
}

/// One run's part in the crash test.
pub(crate) struct Scene {
    script: Arc<Script>,
    programs: Arc<BTreeMap<Arc<str>, Arc<Program>>>,
    crashes: Vec<Crash>,
    /// The calls whose outcome nobody learns, though nobody dies.
    unknown: BTreeSet<Place>,
    arrived: AtomicU64,
    fallen: Mutex<Fallen>,

    /// The class of every call that was made.
    classes: Mutex<BTreeMap<(Arc<str>, CallId), EffectClass>>,
}

/// Who has died, and what that may have left behind.
#[derive(Default)]
struct Fallen {
    crashes: usize,
    dying: BTreeSet<u32>,
    left: Left,
}

/// What a process may leave behind that nobody can put right.
#[derive(Clone, Default)]
pub(crate) struct Left {
    /// The calls whose outcome nobody can know: it was the only one that might make them, by an intent that was durable,
    /// and there was no durable result.
    pub(crate) calls: BTreeSet<Place>,
    /// The child executions that ran though their parents did not wait for them any more: they are stopped as well as
    /// it goes.
    pub(crate) orphans: BTreeSet<String>,
}

impl Scene {
    pub(crate) fn new(
        script: &Arc<Script>,
        programs: &Arc<BTreeMap<Arc<str>, Arc<Program>>>,
        crashes: &[Crash],
        unknown: BTreeSet<Place>,
    ) -> Scene {
        Scene {
            script: Arc::clone(script),
            programs: Arc::clone(programs),
            crashes: crashes.to_vec(),
            unknown,
            arrived: AtomicU64::new(0),
            fallen: Mutex::default(),

            classes: Mutex::default(),
        }
    }

    /// Returns how many port calls there were.
    pub(crate) fn arrived(&self) -> u64 {
        self.arrived.load(Ordering::Relaxed)
    }

    /// Returns how many processes died.
    pub(crate) fn fallen(&self) -> usize {
        locked(&self.fallen).crashes
    }

    /// Returns what processes left behind when they died.
    pub(crate) fn left(&self) -> Left {
        locked(&self.fallen).left.clone()
    }

    pub(crate) fn class(&self, incarnation: &Arc<str>, call: CallId) -> Option<EffectClass> {
        locked(&self.classes)
            .get(&(Arc::clone(incarnation), call))
            .cloned()
    }
}

/// Counts a port call that is about to be carried out; nothing happens when it is not.
pub(crate) async fn arrives(process: &Process, what: &str) -> u64 {
    let Some(scene) = process.world.scene.get() else {
        return 0;
    };
    if locked(&scene.fallen).dying.contains(&process.number) {
        std::future::pending::<()>().await;
    }
    let number = scene.arrived.fetch_add(1, Ordering::Relaxed) + 1;
    process
        .world
        .note(|| format!("{number}: {what} of {}", process.name()));
    reaches(process, number, Moment::Before).await;
    number
}

/// Lets a process die, when this is the moment for it.
pub(crate) async fn reaches(process: &Process, number: u64, moment: Moment) {
    let Some(scene) = process.world.scene.get() else {
        return;
    };
    let is_dying = locked(&scene.fallen).dying.contains(&process.number);
    let is_here = scene.crashes.contains(&Crash { at: number, moment });
    if is_here && !is_dying {
        let left = left(process, scene);
        let mut fallen = locked(&scene.fallen);
        fallen.crashes += 1;
        fallen.dying.insert(process.number);
        fallen.left.calls.extend(left.calls);
        fallen.left.orphans.extend(left.orphans);
        drop(fallen);
        if moment == Moment::After {
            return soon(process);
        }
        process.kill(&format!("port call {number}, {moment:?}"));
    }
    if is_here || is_dying {
        std::future::pending::<()>().await;
    }
}

/// Lets a process die when it has done in memory what follows the answer that it has just had.
fn soon(process: &Process) {
    let world = &process.world;
    world.note(|| format!("{} is about to die", process.name()));
    let itself = locked(&world.processes)
        .iter()
        .find(|other| other.number == process.number)
        .cloned();
    world.spawn("a death", async move {
        tokio::time::sleep(Duration::from_millis(1)).await;
        if let Some(process) = itself {
            process.kill("the answer to its last port call");
        }
    });
}

/// Returns what a process leaves behind that dies now.
fn left(process: &Process, scene: &Scene) -> Left {
    let table = locked(&process.world.table);
    let mut left = Left::default();
    for row in table.0.values() {
        let is_standard = row.identity.execution_type == ExecutionType::Standard;
        if row.status() != Status::Running || !is_standard {
            continue;
        }
        left.calls.extend(begun(process, scene, &table, row));
        let parent = row.identity.parent.as_ref();
        if let Some(parent) = parent.filter(|parent| parent.wants != Wants::Nothing)
            && let Some(waiting) = table.0.get(&parent.key)
            && !audit::is_open(waiting, parent.call)
        {
            left.orphans.insert(place::execution(&table, row));
        }
    }
    left
}

/// Returns the calls of class once that a process was the only one to make, and that have no durable result.
fn begun(process: &Process, scene: &Scene, table: &Table, row: &Row) -> Vec<Place> {
    let blobs = locked(&process.world.blobs);
    let stored = row.stored();
    let mut find = |id| match stored.payloads.get(&id)? {
        StoredPayload::Text(text) => Some(Arc::clone(text)),
        StoredPayload::Blob(name) => blobs.get(&**name).cloned(),
    };
    let identity = Arc::clone(&row.identity);
    let limits = engine::Limits::default();
    let execution = Execution::restore(identity, stored.images, limits, &mut find);
    let (Ok(execution), Some(program)) = (execution, scene.programs.get(&row.identity.key.machine)) else {
        return Vec::new();
    };
    let places = place::calls(table, row);
    let is_its = |call: &Call| {
        let entry = row.entries.get(call.committed_in as usize);
        entry.is_some_and(|entry| process.has_written(&entry.lease.nonce.0))
    };
    let outstanding = execution.outstanding(program).into_iter();
    let begun = outstanding.filter_map(|(effect, stage)| match effect {
        Effect::Call(call) if call.class == EffectClass::Once && stage == Stage::Sent && is_its(&call) => {
            places.get(&call.id).cloned()
        }
        _ => None,
    });
    begun.collect()
}

/// Makes a call as the script says, with its crashes.
pub(crate) async fn call(process: &Arc<Process>, request: CallRequest) -> CallOutcome {
    let CallRequest { call, identity } = request;
    let number = arrives(process, "services.call").await;
    let world = &process.world;
    let Some(scene) = world.scene.get() else {
        return CallOutcome::Unknown("there is no scene".to_owned());
    };

    for what in services::begun(process, &identity, &call) {
        world.violate(&what);
    }
    let key = (Arc::clone(&identity.incarnation), call.id);
    locked(&scene.classes).insert(key, call.class.clone());
    let place = place_of(world, &identity, &call);
    let is_unknown = place.as_ref().is_some_and(|place| scene.unknown.contains(place));
    world.note(|| {
        format!(
            "{} calls {} for call {} of {} ({}) by port call {number}",
            process.name(),
            call.resource.text(),
            call.id.0,
            identity.name,
            call.state
        )
    });
    if is_unknown {
        return CallOutcome::Unknown("the script says so".to_owned());
    }
    // What an Express execution does is written down when it has ended.
    let is_express = identity.execution_type == ExecutionType::Express;
    let attempt = place.map_or(call.number, |place| place.nth);
    let answer_after = scene.script.delay(&identity, &call).unwrap_or_else(|| {
        world.draw(|dice| match dice.below(12) {
            _ if is_express => dice.between(5, 400),
            0..9 => dice.between(5, 400),
            9 | 10 => dice.between(400, 15_000),
            _ => dice.between(15_000, 40_000),
        })
    });
    let verdict = scene.script.call(&identity, &call, attempt);
    if matches!(verdict, Verdict::Result(_)) {
        let effect_after = world.draw(|dice| dice.below(answer_after.min(1_000)));
        let (world, identity, call) = (Arc::clone(world), Arc::clone(&identity), call.clone());
        Arc::clone(&world).spawn("an effect", async move {
            tokio::time::sleep(Duration::from_millis(effect_after)).await;
            happens(&world, &identity, &call);
        });
    }
    tokio::time::sleep(Duration::from_millis(answer_after)).await;
    reaches(process, number, Moment::Unheard).await;
    reaches(process, number, Moment::After).await;
    match verdict {
        Verdict::Result(result) => CallOutcome::Succeeded(result),
        Verdict::Failure(failure) => CallOutcome::Failed(failure),
    }
}

fn place_of(world: &World, identity: &Identity, call: &Call) -> Option<Place> {
    let table = locked(&world.table);
    let row = table.0.get(&identity.key)?;
    place::calls(&table, row).remove(&call.id)
}

fn happens(world: &Arc<World>, identity: &Arc<Identity>, call: &Call) {
    let now = world.millis();
    let broken = locked(&world.ledger).happen(&identity.incarnation, call, now);
    world.note(|| format!("effect of call {} of {}", call.id.0, identity.name));
    if let Some(what) = broken.filter(|_| identity.execution_type == ExecutionType::Standard) {
        world.violate(&format!("{what} ({} of {})", call.state, identity.name));
    }
    let Some(token) = &call.token else { return };
    let Some(token) = TaskToken::parse(token) else {
        return world.violate(&format!("the task token of {} cannot be read", call.state));
    };
    let Some(report) = world
        .scene
        .get()
        .and_then(|scene| scene.script.report(identity, call))
    else {
        return;
    };
    let (client, identity, call) = (Arc::clone(world), Arc::clone(identity), call.clone());
    world.spawn("a client", async move {
        let pause = client.draw(|dice| dice.between(1, 20_000));
        tokio::time::sleep(Duration::from_millis(pause)).await;
        answer(&client, &identity, &call, &token, report).await;
    });
}

/// Reports as whoever got the token does, until there is an answer.
async fn answer(
    world: &Arc<World>,
    identity: &Identity,
    call: &Call,
    token: &TaskToken,
    report: Result<String, Failure>,
) {
    loop {
        let request = async |process: Arc<Process>| match report.clone() {
            Ok(output) => process.driver().task_succeeded(token, output).await,
            Err(failure) => process.driver().task_failed(token, failure).await,
        };
        let taken = clients::ask(world, request).await;
        let state = &call.state;
        match taken {
            Some(TaskAnswer::Accepted) => {
                world.note(|| format!("a client has answered call {} of {}", call.id.0, identity.name));
                let mut table = locked(&world.table);
                let row = table.row_of(&identity.key, &identity.incarnation);
                let is_open = row.is_some_and(|row| audit::is_open(row, call.id));
                drop(table);
                if is_open {
                    world.violate(&format!(
                        "I13: a report for {state} was acknowledged and is not there"
                    ));
                }
                return;
            }
            Some(TaskAnswer::TimedOut) => return,
            Some(TaskAnswer::DoesNotExist) => {
                return world.violate(&format!(
                    "I13: the token of {state} of {} is not known",
                    identity.name
                ));
            }
            None => {}
        }
    }
}
