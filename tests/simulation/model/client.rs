//! What clients do: each thing once, and once more when it had no answer.

use super::control::Control;
use crate::audit;
use crate::machines::Subject;
use crate::process::{Process, Role};
use crate::services;
use crate::table::Row;
use crate::world::{World, locked};
use driver::{Error, Redrive, Start, Started, Stopped, TaskAnswer};
use engine::{Call, ExecutionKey, Identity, Program, Status, TaskToken};
use ports::machine_key;
use std::sync::Arc;

/// How often a client tries something at most.
const TRIES: u8 = 2;
/// How long the name of an execution that has ended is not free again.
pub(crate) const MONTHS_SECONDS: u64 = 91 * 86_400;

/// What a client does.
#[derive(Clone)]
pub(crate) enum Deed {
    /// Starts an execution.
    Start(Subject, Arc<Program>, &'static str),
    /// Stops it.
    Stop(Subject, &'static str),
    /// Redrives it.
    Redrive(Subject, &'static str),
    /// Comes back when its name is free again.
    Waits,
    /// Reports the end of a task that waits for that.
    Answer(Arc<Identity>, Box<Call>, Box<TaskToken>),
}

/// How far a client is with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Standing {
    /// It has not begun, or had no answer.
    Waits,
    Begun,
    Done,
}

/// Something that a client does.
#[derive(Clone)]
pub(crate) struct Act {
    pub(crate) deed: Deed,
    pub(crate) standing: Standing,
    tries: u8,
}

impl Act {
    pub(crate) fn new(deed: Deed) -> Act {
        Act {
            deed,
            standing: Standing::Waits,
            tries: TRIES,
        }
    }

    pub(crate) fn answer(identity: &Arc<Identity>, call: &Call, token: &TaskToken) -> Act {
        Act::new(Deed::Answer(
            Arc::clone(identity),
            Box::new(call.clone()),
            Box::new(token.clone()),
        ))
    }

    /// Tells whether it answers this call.
    pub(crate) fn answers(&self, identity: &Identity, call: &Call) -> bool {
        matches!(&self.deed, Deed::Answer(of, there, _) if of.incarnation == identity.incarnation && there.id == call.id)
    }

    /// Tells whether an execution waits for it alone.
    pub(crate) fn is_awaited(&self, world: &World) -> bool {
        let Deed::Answer(identity, call, _) = &self.deed else {
            return false;
        };
        let mut table = locked(&world.table);
        let row = table.row_of(&identity.key, &identity.incarnation);
        self.standing == Standing::Waits && row.is_some_and(|row| audit::is_open(row, call.id))
    }

    /// Returns what tells it from others.
    pub(crate) fn trace(&self) -> (String, Option<&str>, Standing, u8) {
        let incarnation = match &self.deed {
            Deed::Answer(identity, ..) => Some(&*identity.incarnation),
            Deed::Start(..) | Deed::Stop(..) | Deed::Redrive(..) | Deed::Waits => None,
        };
        (self.shown(), incarnation, self.standing, self.tries)
    }

    pub(crate) fn shown(&self) -> String {
        match &self.deed {
            Deed::Start(_, _, name) => format!("starts `{name}`"),
            Deed::Stop(_, name) => format!("stops `{name}`"),
            Deed::Redrive(_, name) => format!("redrives `{name}`"),
            Deed::Waits => "comes back after three months".to_owned(),
            Deed::Answer(identity, call, _) => format!("answers call {} of `{}`", call.id.0, identity.name),
        }
    }
}

/// Returns what clients may do now.
pub(crate) fn possible(acts: &[Act], world: &World, is_quiet: bool) -> Vec<usize> {
    let mut all = Vec::new();
    for (number, act) in acts.iter().enumerate() {
        let is_next = act.standing == Standing::Waits && act.tries > 0;
        // One client does the deeds of the list one after the other; whoever has a token is somebody else.
        let before_done = |what: fn(&Deed) -> bool| {
            let mut before = acts[..number].iter().filter(|act| what(&act.deed));
            before.all(|act| act.standing == Standing::Done)
        };
        let status = |subject: &Subject, name: &str| status(world, subject, name);
        let may = match &act.deed {
            Deed::Start(..) => before_done(|deed| matches!(deed, Deed::Start(..) | Deed::Waits)),
            Deed::Stop(subject, name) => status(subject, name) == Some(Status::Running),
            Deed::Redrive(subject, name) => status(subject, name)
                .is_some_and(|status| !matches!(status, Status::Running | Status::Succeeded)),
            Deed::Waits => {
                let has_ended = |row: &Row| row.status() != Status::Running;
                let table = locked(&world.table);
                is_quiet && !table.0.is_empty() && table.0.values().all(has_ended)
            }
            // A token is shown again when it was shown before.
            Deed::Answer(identity, call, _) => {
                let mut before = acts[..number].iter().filter(|act| act.answers(identity, call));
                before.all(|act| act.standing == Standing::Done)
            }
        };
        if is_next && may {
            all.push(number);
        }
    }
    all
}

fn key(subject: &Subject, name: &str) -> ExecutionKey {
    ExecutionKey {
        machine: machine_key(&subject.machine.owner, &subject.machine.name).into(),
        name: name.into(),
    }
}

fn status(world: &World, subject: &Subject, name: &str) -> Option<Status> {
    let table = locked(&world.table);
    table.0.get(&key(subject, name)).map(Row::status)
}

/// Lets a client begin.
pub(crate) fn begin(control: &Arc<Control>, world: &Arc<World>, number: usize) {
    let act = {
        let mut state = control.state();
        let act = &mut state.acts[number];
        act.standing = Standing::Begun;
        act.tries -= 1;
        act.clone()
    };
    if matches!(act.deed, Deed::Waits) {
        // Whoever replays lets the time pass.
        control.state().acts[number].standing = Standing::Done;
        return;
    }
    let site = control.employ(world, Role::Api, &format!("({})", act.shown()));
    let process = control.begins(site, &act.shown());
    let (control, world) = (Arc::clone(control), Arc::clone(world));
    tokio::spawn(async move {
        let answer = process.run(request(&world, &process, &act.deed)).await;
        let standing = match answer {
            Some(Ok(())) => Standing::Done,
            Some(Err(error)) => {
                world.note(|| format!("{} fails a client: {error}", process.name()));
                Standing::Waits
            }
            None => Standing::Waits,
        };
        control.state().acts[number].standing = standing;
        control.ends(site);
    });
}

/// Looks for what was lost.
pub(crate) fn sweep(control: &Arc<Control>, world: &Arc<World>) {
    {
        let mut state = control.state();
        state.sweeps_left = state.sweeps_left.saturating_sub(1);
    }
    let site = control.employ(world, Role::Sweeper, "");
    let process = control.begins(site, "a sweep");
    let control = Arc::clone(control);
    tokio::spawn(async move {
        let swept = process.run(process.driver().sweep(None)).await;
        process
            .world
            .note(|| format!("{} swept: {swept:?}", process.name()));
        control.ends(site);
    });
}

async fn request(world: &World, process: &Arc<Process>, deed: &Deed) -> Result<(), Error> {
    let driver = process.driver();
    match deed {
        Deed::Start(subject, program, name) => {
            let machine = subject.machine.clone();
            let program = Arc::clone(program);
            let start = Start {
                machine,
                program,
                name: (*name).to_owned(),
                input: Arc::clone(&subject.input),
                trace_header: None,
                version_arn: None,
                alias_arn: None,
                test_case: None,
                parent: None,
                part: None,
            };
            if let Started::New { arn, .. } | Started::Same { arn, .. } = driver.start(start).await?
                && locked(&world.table).by_arn(&arn).is_none()
            {
                world.violate(&format!("I13: {name} was acknowledged and is not there"));
            }
        }
        Deed::Stop(subject, name) => {
            let key = key(subject, name);
            if let Stopped::Now(_) = driver.stop(&key, None, None).await? {
                holds(world, &key, "stopped", |row| {
                    let mut entries = row.entries.iter();
                    entries.any(|entry| entry.write.entry.image.status == Status::Aborted)
                });
            }
        }
        Deed::Redrive(subject, name) => {
            let key = key(subject, name);
            if let Redrive::Since(_) = driver.redrive(&key, Some("token".to_owned())).await? {
                holds(world, &key, "redriven", |row| row.head().redrive_count > 0);
            }
        }
        Deed::Waits => {}
        Deed::Answer(identity, call, token) => {
            let output = services::result(identity, call).to_string();
            match driver.task_succeeded(token, output).await? {
                TaskAnswer::Accepted => holds(world, &identity.key, "answered", |row| {
                    row.identity.incarnation != identity.incarnation || !audit::is_open(row, call.id)
                }),
                TaskAnswer::TimedOut => {}
                TaskAnswer::DoesNotExist => {
                    let mut table = locked(&world.table);
                    let is_there = table.row_of(&identity.key, &identity.incarnation).is_some();
                    drop(table);
                    if is_there {
                        world.violate(&format!("I13: the token of {} is not known", call.state));
                    }
                }
            }
        }
    }
    Ok(())
}

/// Looks whether what was acknowledged is durable.
fn holds(world: &World, key: &ExecutionKey, what: &str, is_so: impl Fn(&Row) -> bool) {
    let is_so = locked(&world.table).0.get(key).is_some_and(is_so);
    if !is_so {
        world.violate(&format!("I13: {} was {what} and is not", key.name));
    }
}
