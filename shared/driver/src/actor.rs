//! One execution at work: its messages, one after the other, and its calls, at once.

mod outage;

use crate::delivery::{Delivery, Reply};
use crate::error::Error;
use crate::leases::Leases;
use crate::live::Live;
use crate::settings::{LEASE_MARGIN_MILLIS, RENEW_AFTER};
use crate::{Driver, dispatch, job, leases, recover, redrive};
use engine::{
    CallId, Effect, Entry, Execution, ExecutionKey, ExecutionType, Message, Outcome, Status, Timestamp,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use ports::{Appended, Lease, TimersError, Write};
use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// How many messages one entry takes at most: bounds the size of an entry and the time until it is durable.
const MESSAGES_PER_ENTRY_MAX: usize = 256;

/// How long an execution rests after the store has failed it.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// What an actor begins with.
pub(crate) enum Session {
    /// Whatever the journal holds.
    Stored,
    /// An execution that was just created, with the effects of its first entry; boxed, for it is large.
    Fresh(Box<Live>, Vec<Effect>),
}

/// For an actor that never runs out of time.
pub(crate) const FOREVER: Timestamp = Timestamp(i64::MAX);

type InFlight = FuturesUnordered<BoxFuture<'static, Returned>>;

/// What came of an effect.
pub(crate) struct Returned {
    /// The call that is not in flight any more.
    pub(crate) call: Option<CallId>,
    /// What the execution is told, if anything.
    pub(crate) message: Option<Message>,
    /// Why it could not be done, when the execution has to be driven again for it.
    pub(crate) failed: Option<Error>,
}

impl From<Message> for Returned {
    fn from(message: Message) -> Returned {
        Returned {
            call: dispatch::call_of(&message),
            message: Some(message),
            failed: None,
        }
    }
}

struct Actor {
    driver: Driver,
    key: ExecutionKey,
    calls: InFlight,
    /// What is done as well as it goes, and nobody waits for but the actor's end.
    errands: FuturesUnordered<BoxFuture<'static, ()>>,
    /// The calls whose futures are in `calls`.
    in_flight: BTreeSet<CallId>,
    /// The entries whose calls are in flight and must not be made by anybody else.
    leases: Leases,
    /// From when on it begins nothing, and leaves the execution to the next driver.
    until: Timestamp,
    /// Why no timer is armed for what the execution waits for.
    unarmed: Option<TimersError>,
    /// When it wakes what is in its memory alone: a message of a timer would reach another driver, which would begin the
    /// execution anew.
    wake_at: Option<Timestamp>,
    /// Whether the time to leave has come; a clock that is set back does not change it.
    is_leaving: bool,
    /// How many messages came before the execution was read: it is not older than they are.
    older_messages: usize,
    /// Whether a message came since it was read or written, which may tell of what another driver has written.
    is_behind: bool,
    /// Why something could not be done that is not done yet.
    failed: Option<Error>,
    /// Who holds the messages that it has taken.
    holders: Vec<oneshot::Sender<()>>,
}

/// Runs an actor until its execution has ended or only waits.
///
/// Fails when it had to give the execution up: whoever brought its message has to bring it again.
pub(crate) async fn run(
    driver: Driver,
    key: ExecutionKey,
    mut inbox: mpsc::UnboundedReceiver<Delivery>,
    session: Session,
    until: Timestamp,
) -> Result<(), Error> {
    let mut actor = Actor {
        driver,
        key,
        calls: FuturesUnordered::new(),
        errands: FuturesUnordered::new(),
        in_flight: BTreeSet::new(),
        leases: Leases::default(),
        until,
        unarmed: None,
        wake_at: None,
        is_leaving: false,
        older_messages: inbox.len(),
        is_behind: false,
        failed: None,
        holders: Vec::new(),
    };
    let mut live = match session {
        Session::Fresh(live, effects) => {
            actor.dispatch(&live, effects, None);
            Some(*live)
        }
        Session::Stored => match actor.load().await {
            Ok(live) => live,
            Err(error) => return actor.give_up(inbox, Vec::new(), error).await,
        },
    };
    if let Some(live) = &mut live {
        if live.execution.status == Status::Running {
            actor.arm(live).await;
        } else if !live.durable {
            // A pure Express execution has ended in the turn that began it.
            if let Err(error) = actor.closed(live).await {
                return actor.give_up(inbox, Vec::new(), error).await;
            }
        }
    }
    let mut deliveries = Vec::new();
    loop {
        let running = live
            .as_ref()
            .is_some_and(|live| live.execution.status == Status::Running);
        if !running {
            actor.run_errands().await;
            if actor.leave(&mut inbox, &mut deliveries) {
                return actor.unarmed();
            }
        }
        let mut unfinished = live.as_ref().is_some_and(|live| live.unfinished);
        if let Some(live) = &mut live
            && running
            && live.durable
            && actor.is_out_of_time()
        {
            // Whoever is woken next makes the calls that would begin here.
            live.execution.holds_calls = true;
            if unfinished && actor.calls.is_empty() && deliveries.is_empty() {
                match pass_on(&actor.driver, live).await {
                    Ok(()) => live.unfinished = false,
                    Err(error) => return actor.give_up(inbox, deliveries, error).await,
                }
            }
            unfinished = false;
        }
        if deliveries.is_empty() && !unfinished {
            let stays = !actor.calls.is_empty() || live.as_ref().is_some_and(|live| !live.durable && running);
            if !stays {
                actor.run_errands().await;
                if actor.leave(&mut inbox, &mut deliveries) {
                    return actor.unarmed();
                }
            }
        }
        actor.gather(&mut inbox, &mut deliveries, unfinished).await;
        let advanced = match actor.failed.take() {
            Some(error) => Err(error),
            None => actor.advance(&mut live, &mut deliveries).await,
        };
        match advanced {
            Ok(()) => {}
            Err(error) if actor.can_sit_out(live.as_ref()) => {
                live = actor.sit_out(&mut inbox, &mut deliveries, error).await;
            }
            Err(error) => return actor.give_up(inbox, deliveries, error).await,
        }
    }
}

/// Wakes the next driver, which goes on where this one has no time left.
async fn pass_on(driver: &Driver, live: &Live) -> Result<(), Error> {
    let now = driver.0.ports.clock.now().millis();
    let reason = format!("{}#on#{now}", live.execution.seq);
    driver.wake(&live.execution.identity, reason).await
}

impl Actor {
    /// Waits for what nobody else waits for.
    async fn run_errands(&mut self) {
        while let Some(()) = self.errands.next().await {}
    }

    /// Leaves the table of actors, unless a message came in between. Then it is among `deliveries`.
    fn leave(
        &mut self,
        inbox: &mut mpsc::UnboundedReceiver<Delivery>,
        deliveries: &mut Vec<Delivery>,
    ) -> bool {
        if !deliveries.is_empty() {
            return false;
        }
        let mut actors = self
            .driver
            .0
            .actors
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match inbox.try_recv() {
            Ok(mut delivery) => {
                drop(actors);
                self.received(&mut delivery);
                deliveries.push(delivery);
                false
            }
            Err(_) => {
                actors.remove(&self.key);
                drop(actors);
                for holder in self.holders.drain(..) {
                    // Nobody is waiting any more.
                    let _ = holder.send(());
                }
                true
            }
        }
    }

    /// A message was taken out of the inbox.
    fn received(&mut self, delivery: &mut Delivery) {
        self.holders.extend(delivery.holder.take());
        match self.older_messages.checked_sub(1) {
            Some(left) => self.older_messages = left,
            None => self.is_behind = !self.driver.0.settings.exclusive,
        }
    }

    /// Stops working on the execution: what was not durable is lost from memory, and the journal knows the rest.
    async fn give_up(
        self,
        mut inbox: mpsc::UnboundedReceiver<Delivery>,
        mut deliveries: Vec<Delivery>,
        error: Error,
    ) -> Result<(), Error> {
        tracing::error!(machine = %self.key.machine, execution = %self.key.name, %error, "an execution cannot go on");
        // What was told to it now is told to nobody.
        self.driver.0.mapping().remove(&self.key);
        {
            let mut actors = self
                .driver
                .0
                .actors
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            while let Ok(delivery) = inbox.try_recv() {
                deliveries.push(delivery);
            }
            actors.remove(&self.key);
        }
        for delivery in deliveries {
            delivery.answer(Reply::Failed(error.clone()));
        }
        if !self.driver.0.settings.exclusive {
            // Whoever brought the message brings it again.
            return Err(error);
        }
        // The store may be well again later: a full disk, for example.
        tokio::time::sleep(RETRY_AFTER).await;
        self.driver.deliver(&self.key, Delivery::new(Message::Wake, None));
        Err(error)
    }

    /// Waits for something to do, and takes all that is there.
    async fn gather(
        &mut self,
        inbox: &mut mpsc::UnboundedReceiver<Delivery>,
        deliveries: &mut Vec<Delivery>,
        unfinished: bool,
    ) {
        if deliveries.is_empty() && !unfinished {
            if self.calls.is_empty() && self.wake_at.is_none() {
                if let Some(mut delivery) = inbox.recv().await {
                    self.received(&mut delivery);
                    deliveries.push(delivery);
                }
            } else {
                loop {
                    let rest = self.rest();
                    tokio::select! {
                        biased;
                        delivery = inbox.recv() => {
                            if let Some(mut delivery) = delivery {
                                self.received(&mut delivery);
                                deliveries.push(delivery);
                            }
                        }
                        Some(returned) = self.calls.next() => deliveries.extend(self.returned(returned)),
                        Some(()) = self.errands.next(), if !self.errands.is_empty() => continue,
                        () = tokio::time::sleep(rest), if self.wake_at.is_some() => {
                            self.wake_at = None;
                            deliveries.push(Delivery::new(Message::Wake, None));
                        }
                        () = tokio::time::sleep(RENEW_AFTER), if !self.leases.is_empty() => {
                            self.leases.renew(&self.driver, &self.key).await;
                            continue;
                        }
                    }
                    break;
                }
            }
        }
        while deliveries.len() < MESSAGES_PER_ENTRY_MAX {
            if let Ok(mut delivery) = inbox.try_recv() {
                self.received(&mut delivery);
                deliveries.push(delivery);
            } else if let Some(Some(returned)) = self.calls.next().now_or_never() {
                let delivery = self.returned(returned);
                deliveries.extend(delivery);
            } else {
                return;
            }
        }
    }

    /// Returns how long it is until what is in memory alone wants to be woken.
    fn rest(&self) -> Duration {
        let now = self.driver.0.ports.clock.now();
        let left = self
            .wake_at
            .map_or(0, |time| time.millis().saturating_sub(now.millis()));
        Duration::from_millis(left.max(0).cast_unsigned())
    }

    fn returned(&mut self, returned: Returned) -> Option<Delivery> {
        if let Some(call) = returned.call {
            self.in_flight.remove(&call);
            self.leases.release(call);
        }
        self.failed = self.failed.take().or(returned.failed);
        returned.message.map(|message| Delivery::new(message, None))
    }

    /// Applies the deliveries, writes the entry, answers, and dispatches.
    async fn advance(
        &mut self,
        live: &mut Option<Live>,
        deliveries: &mut Vec<Delivery>,
    ) -> Result<(), Error> {
        let now = self.driver.0.ports.clock.now();
        let looks_again = |live: &Live| live.look_again_at.is_some_and(|time| time <= now);
        if live.as_ref().is_some_and(looks_again) {
            // The lease of whoever was making a call is over, or was renewed.
            *live = self.load().await?;
        }
        let Some(current) = live else {
            for delivery in deliveries.drain(..) {
                delivery.answer(Reply::Missing);
            }
            return Ok(());
        };
        let mut outcome = Outcome::default();
        let mut answers = Vec::new();
        if current.unfinished && deliveries.is_empty() {
            outcome.absorb(self.apply(current, Message::Wake, now)?);
        }
        let mut rejected = Vec::new();
        let mut waiting = std::mem::take(deliveries).into_iter();
        while let Some(delivery) = waiting.next() {
            if !delivery.is_meant_for(&current.execution.identity) {
                rejected.push((delivery, Reply::Missing));
                continue;
            }
            let ended_now = outcome.changed && current.execution.status != Status::Running;
            if ended_now && matches!(delivery.message, Message::Redrive { .. }) {
                // The end is an entry of its own: the execution's head follows it, and then the redrive.
                deliveries.push(delivery);
                deliveries.extend(waiting);
                break;
            }
            if matches!(delivery.message, Message::Wake | Message::Due { .. }) {
                // It may be the timer that was armed, and have come early by this clock.
                current.armed = None;
            }
            if let Message::Due { at } = delivery.message
                && current.execution.waits_for_jobs()
            {
                let polls = &self.driver.0.polls;
                polls.fired(&current.execution.identity.incarnation, at, now);
            }
            let applied = self.apply(current, delivery.message.clone(), now)?;
            let refused = match applied.accepted {
                true => None,
                false => redrive::reply(&current.execution, &delivery.message, now),
            };
            answers.push((delivery, applied.accepted, refused));
            outcome.absorb(applied);
        }
        if !outcome.changed && std::mem::take(&mut self.is_behind) && current.durable {
            // It says nothing new about what is in memory. Somebody else may have written what it tells of.
            *live = self.load().await?;
            deliveries.splice(0..0, answers.into_iter().map(|(delivery, _, _)| delivery));
            deliveries.extend(rejected.into_iter().map(|(delivery, _)| delivery));
            return Ok(());
        }
        current.unfinished = outcome.unfinished;
        // A later message of the turn may have ended what an earlier one asked for.
        outcome
            .effects
            .retain(|effect| effect.is_wanted(|call| current.execution.waits_for(call)));
        if outcome.changed {
            if current.durable {
                #[cfg_attr(
                    not(feature = "mutants"),
                    expect(unused_mut, reason = "a mutant takes them earlier")
                )]
                let mut effects = std::mem::take(&mut outcome.effects);
                let entry = current.execution.seal(outcome);
                #[cfg(feature = "mutants")]
                if crate::Mutant::DispatchBeforeIntent.is_taken() {
                    self.dispatch(current, std::mem::take(&mut effects), None);
                    if let Some(returned) = self.calls.next().now_or_never().flatten() {
                        let delivery = self.returned(returned);
                        deliveries.extend(delivery);
                    }
                }
                let (appended, write) = match self.append(current, entry).await {
                    Ok(done) => done,
                    Err(error) => {
                        deliveries.splice(0..0, answers.into_iter().map(|(delivery, _, _)| delivery));
                        for (delivery, reply) in rejected {
                            delivery.answer(reply);
                        }
                        return Err(error);
                    }
                };
                match appended {
                    Appended::Done => {
                        self.is_behind = false;
                        self.driver.0.observe(&current.execution, &write.entry);
                    }
                    Appended::Conflict | Appended::Gone => {
                        // Somebody else wrote this place: what was applied here never happened. Load what did, and
                        // apply the messages to that; the loser of a race drives on.
                        *live = self.load().await?;
                        deliveries.splice(0..0, answers.into_iter().map(|(delivery, _, _)| delivery));
                        for (delivery, reply) in rejected {
                            delivery.answer(reply);
                        }
                        return Ok(());
                    }
                }
                self.dispatch(current, effects, Some(&write.lease()));
            } else {
                let effects = std::mem::take(&mut outcome.effects);
                self.driver.0.observe_express(&current.execution, &outcome);
                current.express.absorb(outcome);
                self.dispatch(current, effects, None);
            }
        } else {
            // Only to ask how jobs are leads to nothing that would have to be durable before.
            let polls = std::mem::take(&mut outcome.effects);
            self.dispatch(current, polls, None);
        }
        let closed = match &current.execution.closing {
            Some(closing) => Some(closing.time),
            None if current.execution.status == Status::Running => None,
            None => self
                .driver
                .0
                .ports
                .journal
                .head(&self.key)
                .await?
                .and_then(|head| head.stopped),
        };
        for (delivery, accepted, refused) in answers {
            let reply = if accepted {
                Reply::Accepted {
                    at: current.execution.last_time(),
                }
            } else {
                refused.unwrap_or(Reply::Stale { closed })
            };
            delivery.answer(reply);
        }
        for (delivery, reply) in rejected {
            delivery.answer(reply);
        }
        if current.execution.status == Status::Running {
            self.arm(current).await;
        } else {
            self.closed(current).await?;
        }
        Ok(())
    }

    /// Applies a message. A panic of the engine poisons this execution alone.
    fn apply(&self, live: &mut Live, message: Message, now: Timestamp) -> Result<Outcome, Error> {
        let applied = std::panic::catch_unwind(AssertUnwindSafe(|| live.apply(message, now)));
        match applied {
            Ok(outcome) => Ok(outcome),
            Err(_) => {
                tracing::error!(execution = %self.key.name, "the engine panicked; the execution fails");
                let cause =
                    "an internal error of Stepwell stopped this execution: please report it".to_owned();
                std::panic::catch_unwind(AssertUnwindSafe(|| live.apply(Message::Poison { cause }, now)))
                    .map_err(|_| Error::Shutdown)
            }
        }
    }

    async fn append(&mut self, live: &mut Live, entry: Entry) -> Result<(Appended, Arc<Write>), Error> {
        let identity = Arc::clone(&live.execution.identity);
        let inner = &self.driver.0;
        let write = inner.write(live, entry).await?;
        let appended = inner
            .patiently(|| {
                inner
                    .ports
                    .journal
                    .append(&identity.key, &identity.incarnation, Arc::clone(&write))
            })
            .await?;
        Ok((appended, write))
    }

    /// Reads the execution, and looks after what nobody else does.
    async fn load(&mut self) -> Result<Option<Live>, Error> {
        let Some(mut loaded) = recover::load(&self.driver, &self.key).await? else {
            return Ok(None);
        };
        if loaded.live.execution.identity.execution_type == ExecutionType::Express {
            // At least once: nothing of an Express execution is kept between its start and its end.
            if loaded.live.execution.status == Status::Running {
                let effects = self.driver.start_in_memory(&mut loaded.live);
                self.dispatch(&loaded.live, effects, None);
            }
            return Ok(Some(loaded.live));
        }
        if loaded.live.execution.status == Status::Running {
            let cares = recover::outstanding(&self.driver, &loaded, &self.in_flight).await?;
            loaded.live.armed = None;
            for care in cares {
                match care {
                    recover::Care::Dispatch(effect) => self.dispatch(&loaded.live, vec![effect], None),
                    recover::Care::Tell(message) => {
                        self.calls.push(Box::pin(std::future::ready(message.into())));
                    }
                    recover::Care::After(time) => {
                        let earlier = loaded.live.look_again_at.map_or(time, |other| other.min(time));
                        loaded.live.look_again_at = Some(earlier);
                    }
                }
            }
            loaded.live.unfinished = true;
        }
        Ok(Some(loaded.live))
    }

    /// Performs effects; `lease` is that of the entry that asks for them, when nobody else may.
    fn dispatch(&mut self, live: &Live, effects: Vec<Effect>, lease: Option<&Lease>) {
        let lease = lease.filter(|_| !self.driver.0.settings.exclusive && live.durable);
        for effect in effects {
            if matches!(effect, Effect::Watch(_) | Effect::Cancel(_)) {
                let identity = Arc::clone(&live.execution.identity);
                self.errands
                    .push(job::errand(self.driver.clone(), identity, effect));
                continue;
            }
            let id = effect.call().id;
            let identity = Arc::clone(&live.execution.identity);
            if effect.call().part.is_some() && self.driver.0.settings.exclusive {
                self.driver.0.mapping().insert(self.key.clone());
            }
            let is_apart = matches!(effect, Effect::Poll { .. });
            #[cfg(feature = "mutants")]
            let is_apart = is_apart && !crate::Mutant::PollDropped.is_taken();
            if is_apart {
                // Beside whatever is in flight for the call: each poll of a chain arms the timer of the next one, also when
                // the one before or a repeated submission takes long.
                self.calls
                    .push(dispatch::perform(self.driver.clone(), identity, effect));
                continue;
            }
            if self.in_flight.insert(id) {
                let fence = lease.filter(|lease| self.leases.take(&effect, lease, &identity.incarnation));
                let performed = dispatch::perform(self.driver.clone(), identity, effect);
                self.calls.push(match fence {
                    Some(lease) => leases::fenced(self.driver.clone(), lease.until, id, performed),
                    None => performed,
                });
            }
        }
    }

    /// Fails when an execution is left that waits for a time nobody will wake it at: what brought it comes again then.
    fn unarmed(self) -> Result<(), Error> {
        self.unarmed.map_or(Ok(()), |error| Err(error.into()))
    }

    fn is_out_of_time(&mut self) -> bool {
        self.is_leaving |= self.driver.0.ports.clock.now() >= self.until;
        self.is_leaving
    }

    /// Arms a timer for the execution's earliest deadline, unless an earlier one is armed.
    async fn arm(&mut self, live: &mut Live) {
        self.driver.0.note_jobs(&live.execution);
        if live.unfinished {
            // It goes on at once, and arms what it waits for then.
            return;
        }
        let end = live.execution.ends_by(&live.program);
        let deadline = live
            .execution
            .next_deadline()
            .map_or(end, |deadline| deadline.min(end));
        let deadline = live.look_again_at.map_or(deadline, |time| deadline.min(time));
        if !live.durable && !self.driver.0.settings.exclusive {
            self.wake_at = Some(deadline);
            return;
        }
        let now = self.driver.0.ports.clock.now();
        // The end that every execution has after a year is not worth a schedule of its own in an AWS account, where each
        // costs money and there is a quota.
        let is_implicit = deadline == end && live.execution.timeout_seconds(&live.program).is_none();
        if is_implicit && !self.driver.0.settings.exclusive {
            return;
        }
        // By another driver's clock the armed time may have come, and its wake-up been taken for one too many.
        let margin = if self.driver.0.settings.exclusive {
            0
        } else {
            LEASE_MARGIN_MILLIS
        };
        let is_ahead = |armed: Timestamp| armed <= deadline && armed.millis() > now.millis() + margin;
        if live.armed.is_some_and(is_ahead) {
            return;
        }
        let identity = &live.execution.identity;
        match self
            .driver
            .0
            .ports
            .timers
            .arm(&identity.key, &identity.incarnation, deadline)
            .await
        {
            Ok(()) => {
                live.armed = Some(deadline);
                self.unarmed = None;
            }
            Err(error) => {
                tracing::error!(%error, "a timer could not be armed; it will be tried again");
                self.unarmed = Some(error);
            }
        }
    }

    /// Does what follows the end of an execution.
    async fn closed(&mut self, live: &mut Live) -> Result<(), Error> {
        self.driver.0.note_jobs(&live.execution);
        self.driver.0.mapping().remove(&self.key);
        if !live.durable {
            live.durable = true;
            let outcome = std::mem::take(&mut live.express);
            if live.execution.seq > 0 {
                let entry = live.execution.seal(outcome);
                self.append(live, entry).await?;
            }
            if let Some(waiter) = live.waiter.take() {
                let empty = Execution::new(
                    (*live.execution.identity).clone(),
                    Arc::from("null"),
                    live.execution.limits,
                );
                let _ = waiter.send(Box::new(std::mem::replace(&mut live.execution, empty)));
                live.execution.status = Status::Succeeded;
                return Ok(());
            }
        }
        crate::child::notify_parent(&self.driver, &live.execution).await?;
        let identity = &live.execution.identity;
        if live.armed.take().is_some() {
            self.driver
                .0
                .ports
                .timers
                .disarm(&identity.key, &identity.incarnation)
                .await;
        }
        Ok(())
    }
}
