//! What may happen next: the port calls that wait, the faults that may befall them, messages, time, and clients.

use super::control::{Control, Pending, State, Verdict};
use super::{client, replay};
use crate::mutants::Mutant;
use crate::process::Role;
use crate::queues::{self, Queue};
use crate::world::{World, locked};
use engine::Status;
use std::collections::BTreeSet;
use std::fmt::{Display, Formatter};
use std::sync::Arc;

/// What may befall a port call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Fault {
    /// The process dies before the request leaves.
    Dies,
    /// The process stands still before the request leaves.
    StopsBefore,
    /// The request is carried out, and the process stands still before it sees the answer.
    StopsAfter,
    /// The request is refused and not carried out, as often as the driver tries it again.
    Refused,
    /// The request is carried out, and the answer lost.
    AnswerLost,
    /// The request is answered with a time-out, and carried out later.
    Lands,
    /// The message comes twice, or the deletion of one is lost.
    Twice,
    /// The service fails the call.
    Fails,
    /// Time goes on while the call is in flight.
    Takes,
}

/// How many faults of each kind may still happen, and how many in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Faults {
    pub(crate) dies: u8,
    pub(crate) stops: u8,
    pub(crate) lost: u8,
    pub(crate) again: u8,
    pub(crate) fails: u8,
    pub(crate) takes: u8,
    pub(crate) all: u8,
}

impl Faults {
    fn of(&mut self, fault: Fault) -> &mut u8 {
        match fault {
            Fault::Dies => &mut self.dies,
            Fault::StopsBefore | Fault::StopsAfter => &mut self.stops,
            Fault::Refused | Fault::AnswerLost | Fault::Lands => &mut self.lost,
            Fault::Twice => &mut self.again,
            Fault::Fails => &mut self.fails,
            Fault::Takes => &mut self.takes,
        }
    }

    fn may(mut self, fault: Fault) -> bool {
        self.all > 0 && *self.of(fault) > 0
    }

    pub(crate) fn spend(&mut self, fault: Fault) {
        *self.of(fault) -= 1;
        self.all -= 1;
    }
}

/// One of the things that may happen next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// A port call that waits is answered, or something befalls it.
    Answer(u64, Verdict),
    /// A process receives a message.
    Deliver(u64, usize),
    /// A process that stands still goes on.
    GoesOn(usize),
    /// A request lands that was answered with a time-out.
    Lands(usize),
    /// A client does something.
    Client(usize),
    /// Somebody looks for what was lost.
    Sweep,
    /// Time goes on until something is due.
    Time,
}

/// What may befall a port call, by what it is. Left out is what comes to the same as something else: a process that dies
/// before it reads has done nothing, and a request that is refused once is made a little later.
fn faults(what: &str) -> &'static [Fault] {
    use Fault::{AnswerLost, Dies, Fails, Lands, Refused, StopsAfter, StopsBefore, Takes, Twice};
    match what {
        "journal.create" => &[StopsAfter, AnswerLost, Lands],
        "journal.append" => &[Dies, StopsBefore, StopsAfter, Refused, AnswerLost, Lands],
        "journal.renew" => &[Dies, StopsAfter, Lands],
        "mailbox.post" | "mailbox.hand_over" => &[Dies, StopsBefore, Refused, AnswerLost, Twice],
        "timers.arm" => &[Dies, Refused, Twice],
        "service" => &[Dies, StopsAfter, Refused, AnswerLost, Fails, Takes],
        "queue.delete" => &[Twice],
        _ => &[StopsAfter],
    }
}

/// Tells whether it does not matter to anybody else when a port call is answered: then nothing else is tried before it.
fn is_local(what: &str) -> bool {
    matches!(
        what,
        "mailbox.post" | "mailbox.hand_over" | "timers.arm" | "queue.delete" | "journal.follow"
    )
}

/// Tells whether a port call reads what never changes: nothing that befalls it is of interest.
pub(crate) fn is_certain(what: &str) -> bool {
    what.starts_with("registry.")
}

/// How many messages may be worked on at once.
const AT_WORK_MAX: usize = 2;
/// How often time goes on for the sake of a slow call alone: longer than its lease.
const WAITED_MAX: u32 = 5;

/// Returns all that may happen next.
pub(crate) fn choices(control: &Control, world: &World) -> Vec<Choice> {
    let state = control.state();
    let ready = || {
        let awake = state
            .pending
            .iter()
            .filter(|(_, pending)| !state.sites[pending.site].is_stopped);
        awake.map(|(number, pending)| (*number, pending))
    };
    if let Some((number, pending)) = ready().find(|(_, pending)| is_local(pending.what)) {
        return answers(&state, number, pending.what, false);
    }
    // What a process asks first it could have begun to ask now; only another message for it may come before the answer.
    let is_first =
        |pending: &Pending| state.sites[pending.site].is_new && pending.what.starts_with("journal.");
    if let Some((number, pending)) = ready().find(|(_, pending)| is_first(pending)) {
        let mut all = answers(&state, number, pending.what, false);
        let deliveries = deliveries(&state, world).into_iter();
        all.extend(
            deliveries.filter(|next| matches!(next, Choice::Deliver(_, site) if *site == pending.site)),
        );
        return all;
    }
    let mut all = Vec::new();
    for (number, pending) in ready() {
        all.extend(answers(&state, number, pending.what, pending.is_slow));
    }
    let deliveries = deliveries(&state, world);
    let is_quiet = deliveries.is_empty() && ready().all(|(_, pending)| pending.is_slow);
    all.extend(deliveries);
    for (site, at) in state.sites.iter().enumerate() {
        if at.is_stopped && !at.process.is_dead() {
            all.push(Choice::GoesOn(site));
        }
    }
    all.extend((0..state.late.len()).map(Choice::Lands));
    let possible = client::possible(&state.acts, world, is_quiet);
    all.extend(possible.into_iter().map(Choice::Client));
    let has_net = world.mutant != Some(Mutant::NoNet);
    if is_quiet && has_net && state.sweeps_left > 0 && has_overdue(world) {
        all.push(Choice::Sweep);
    }
    if is_quiet && replay::next_time(&state, world).is_some() {
        all.push(Choice::Time);
    }
    all
}

/// Tells whether nothing goes on by itself but time.
pub(crate) fn is_quiet(control: &Control, world: &World) -> bool {
    let state = control.state();
    let is_waiting = state
        .pending
        .values()
        .all(|pending| pending.is_slow || state.sites[pending.site].is_stopped);
    is_waiting && deliveries(&state, world).is_empty()
}

fn answers(state: &State, number: u64, what: &str, is_slow: bool) -> Vec<Choice> {
    let mut all = vec![Choice::Answer(number, Verdict::Done)];
    for fault in faults(what).iter().filter(|fault| state.left.may(**fault)) {
        if !(is_slow && *fault == Fault::Takes) {
            all.push(Choice::Answer(number, Verdict::Faulty(*fault)));
        }
    }
    all
}

/// Returns the messages that can be received, and by whom.
pub(crate) fn deliveries(state: &State, world: &World) -> Vec<Choice> {
    let at_work: u32 = state
        .sites
        .iter()
        .filter(|site| matches!(site.process.role, Role::Worker | Role::Caller) && site.process.is_awake())
        .map(|site| site.open)
        .sum();
    if at_work as usize >= AT_WORK_MAX {
        return Vec::new();
    }
    let now = world.millis();
    let mut alike = BTreeSet::new();
    let mut all = Vec::new();
    for (number, held) in &state.held {
        let is_free = held.holder.is_none_or(|holder| state.sites[holder].is_stopped);
        if !is_free || held.visible_from > now || !queues::is_first(world, &held.carried) {
            continue;
        }
        if !alike.insert((held.trace, held.receives)) {
            continue;
        }
        let role = match held.carried.queue {
            Queue::Mailbox | Queue::Timers => Role::Worker,
            Queue::Calls => Role::Caller,
        };
        let mut has_fresh = false;
        for (site, at) in state.sites.iter().enumerate() {
            if at.process.role != role || !at.process.is_awake() {
                continue;
            }
            if state.is_fresh(world, site) && std::mem::replace(&mut has_fresh, true) {
                continue;
            }
            all.push(Choice::Deliver(*number, site));
        }
    }
    all
}

impl State {
    /// Tells whether time may go on for the sake of a call that is in flight.
    pub(crate) fn waits_for_slow(&self) -> bool {
        let mut pending = self.pending.values();
        self.waited < WAITED_MAX
            && pending.any(|pending| pending.is_slow && !self.sites[pending.site].is_stopped)
    }

    /// Says what a choice is, in plain words.
    pub(crate) fn shown(&self, choice: Choice) -> String {
        let name = |site: usize| self.sites[site].name.as_str();
        match choice {
            Choice::Answer(number, verdict) => match self.pending.get(&number) {
                Some(pending) => format!("{}, {}: {verdict}", name(pending.site), pending.what),
                None => "nothing".to_owned(),
            },
            Choice::Deliver(message, site) => match self.held.get(&message) {
                Some(held) => format!(
                    "{} receives {}",
                    name(site),
                    queues::shown(&held.carried.envelope)
                ),
                None => "nothing".to_owned(),
            },
            Choice::GoesOn(site) => format!("{} goes on", name(site)),
            Choice::Lands(late) => {
                let late = &self.late[late];
                format!("{}, {}: lands after all", name(late.site), late.what)
            }
            Choice::Client(act) => format!("a client {}", self.acts[act].shown()),
            Choice::Sweep => "somebody looks for what was lost".to_owned(),
            Choice::Time => "time goes on until something is due".to_owned(),
        }
    }
}

impl Display for Verdict {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Verdict::Done => "done",
            Verdict::Faulty(Fault::Dies) => "THE PROCESS DIES before",
            Verdict::Faulty(Fault::StopsBefore) => "THE PROCESS STANDS STILL before",
            Verdict::Faulty(Fault::StopsAfter) => "done, and THE PROCESS STANDS STILL",
            Verdict::Faulty(Fault::Refused) => "REFUSED",
            Verdict::Faulty(Fault::AnswerLost) => "done, and THE ANSWER IS LOST",
            Verdict::Faulty(Fault::Lands) => "ANSWERED WITH A TIME-OUT, and lands later",
            Verdict::Faulty(Fault::Twice) => "done, and THE MESSAGE COMES TWICE",
            Verdict::Faulty(Fault::Fails) => "THE SERVICE FAILS",
            Verdict::Faulty(Fault::Takes) => "TAKES A WHILE",
        })
    }
}

/// Lets something happen.
pub(crate) fn take(control: &Arc<Control>, world: &Arc<World>, choice: Choice) {
    match choice {
        Choice::Answer(number, verdict) => control.decide(number, verdict),
        Choice::Deliver(message, site) => control.deliver(world, message, site),
        Choice::GoesOn(site) => control.go_on(site),
        Choice::Lands(late) => {
            let late = control.state().late.remove(late);
            (late.land)();
        }
        Choice::Client(act) => client::begin(control, world, act),
        Choice::Sweep => client::sweep(control, world),
        // Whoever replays lets time go on.
        Choice::Time => {}
    }
}

/// Tells whether a sweep would find something.
fn has_overdue(world: &World) -> bool {
    let overdue_before = world.millis() - 60_000;
    let table = locked(&world.table);
    let mut open = table.0.values().filter(|row| row.status() == Status::Running);
    open.any(|row| {
        let deadline = row.last().write.next_deadline;
        deadline.is_some_and(|deadline| deadline.millis() <= overdue_before)
    })
}
