//! The jobs behind `.sync` tasks: asked for, watched, and cancelled when nobody waits for them any more.

use crate::actor::Returned;
use crate::error::Error;
use crate::{Driver, Inner, child};
use engine::{Call, CallId, Effect, Identity, Message, Outcome, Timestamp};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use integrations::Resource;
use integrations::jobs;
use ports::{CallRequest, Envelope, JobOutcome, Watcher};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// For how long a service may refuse to say anything about a job that it has just taken: some know it a while later.
const REFUSALS_SECONDS: u64 = 5 * 60;
/// How long a cancellation may take: it is done as well as it goes.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(10);

/// Asks how a job is; there is nothing to tell while it goes on, and then a timer is armed for the next time, if `again`.
pub(crate) async fn poll(driver: Driver, identity: Arc<Identity>, call: Call, again: bool) -> Returned {
    let request = CallRequest { call, identity };
    let outcome = driver.0.ports.services.poll(request.clone()).await;
    let CallRequest { call, identity } = request;
    let submitted_at = call.job.as_ref().map(|job| job.submitted_at);
    let result = match outcome {
        JobOutcome::Running => None,
        JobOutcome::Ended(result) => Some(result),
        JobOutcome::Unknown(reason) => {
            tracing::warn!(%reason, state = %call.state, "a service did not say how its job is; it is asked again");
            None
        }
        JobOutcome::Refused(failure) => {
            let cause = failure.cause.as_deref().unwrap_or_default();
            tracing::warn!(%cause, state = %call.state, "a service refuses to say how its job is");
            is_final(submitted_at, driver.0.ports.clock.now()).then_some(Err(failure))
        }
    };
    #[cfg(feature = "mutants")]
    let again = again && !crate::Mutant::PolledOnce.is_taken();
    if result.is_none()
        && again
        && let Err(reason) = arm(&driver, &identity, &call).await
    {
        tracing::warn!(%reason, state = %call.state, "a job's next poll has no timer; a sweep will find the job");
    }
    let submission = call.job.as_ref().map(|job| job.submission.text().to_string());
    let in_flight = None;
    #[cfg(feature = "mutants")]
    let in_flight = in_flight.or_else(|| crate::Mutant::PollDropped.is_taken().then_some(call.id));
    Returned {
        call: in_flight,
        message: result.map(|result| Message::JobDone {
            call: call.id,
            submission: submission.unwrap_or_default(),
            result,
        }),
        failed: None,
    }
}

/// The next poll of each job that a driver has asked for.
///
/// A timer may fire twice, and each time another one would be armed: polls would become more and more while a job goes on.
/// So a driver arms no second timer for one poll; there are at most as many as there are drivers.
#[derive(Debug, Default)]
pub(crate) struct Polls(Mutex<Noted>);

#[derive(Debug, Default)]
struct Noted {
    armed: BTreeMap<(Arc<str>, CallId), Timestamp>,
    /// The latest timer of each incarnation with jobs that has fired here.
    fired: BTreeMap<Arc<str>, Timestamp>,
}

/// For how long it is known that a timer has fired: no clock is set back further between that and the next poll.
const FIRED_MILLIS: i64 = 60_000;

impl Polls {
    /// Takes note that a poll is armed; returns whether it was not yet.
    fn note(&self, incarnation: &Arc<str>, call: CallId, at: Timestamp, now: Timestamp) -> bool {
        let mut noted = self.noted();
        // Those that are over have fired, or were lost.
        noted.armed.retain(|_, armed| *armed > now);
        noted.armed.insert((Arc::clone(incarnation), call), at) != Some(at)
    }

    /// Takes note that a timer has fired, perhaps early by this driver's clock: then its poll is armed once more. Those
    /// before it have fired as well, at another driver.
    pub(crate) fn fired(&self, incarnation: &Arc<str>, at: Timestamp, now: Timestamp) {
        let mut noted = self.noted();
        noted
            .armed
            .retain(|(of, _), armed| of != incarnation || *armed > at);
        noted
            .fired
            .retain(|_, fired| fired.millis() + FIRED_MILLIS > now.millis());
        let latest = noted.fired.entry(Arc::clone(incarnation)).or_insert(at);
        *latest = at.max(*latest);
    }

    /// Returns the time that the next poll comes after. A clock that is set back must not lead to a poll that was there: it
    /// would be taken for one that has come twice, and none would follow.
    fn since(&self, incarnation: &Arc<str>, now: Timestamp) -> Timestamp {
        let fired = self.noted().fired.get(incarnation).copied();
        fired.map_or(now, |fired| fired.max(now))
    }

    fn forget(&self, incarnation: &Arc<str>, call: CallId) {
        self.noted().armed.remove(&(Arc::clone(incarnation), call));
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Arms a timer for the next poll of a call's job, unless it is armed.
async fn arm(driver: &Driver, identity: &Identity, call: &Call) -> Result<(), String> {
    let Some(job) = &call.job else { return Ok(()) };
    let Inner { ports, polls, .. } = &*driver.0;
    let now = ports.clock.now();
    let at = job.next_poll(polls.since(&identity.incarnation, now));
    if !polls.note(&identity.incarnation, call.id, at, now) {
        return Ok(());
    }
    let armed = ports.timers.arm(&identity.key, &identity.incarnation, at).await;
    armed.map_err(|error| {
        polls.forget(&identity.incarnation, call.id);
        error.to_string()
    })
}

fn is_final(submitted_at: Option<Timestamp>, now: Timestamp) -> bool {
    submitted_at.is_none_or(|submitted_at| now >= submitted_at.plus_seconds(REFUSALS_SECONDS))
}

/// Takes what a turn asks for and nobody waits for.
pub(crate) fn errands(outcome: &mut Outcome) -> Vec<Effect> {
    let effects = std::mem::take(&mut outcome.effects);
    let (errands, others) = effects
        .into_iter()
        .partition(|effect| matches!(effect, Effect::Watch(_) | Effect::Cancel(_)));
    outcome.effects = others;
    errands
}

/// Runs errands, all at once.
pub(crate) async fn run(driver: &Driver, identity: &Arc<Identity>, errands: Vec<Effect>) {
    let each = |effect| errand(driver.clone(), Arc::clone(identity), effect);
    join_all(errands.into_iter().map(each)).await;
}

/// Returns the future of something that is done as well as it goes; other effects are none of that.
pub(crate) fn errand(driver: Driver, identity: Arc<Identity>, effect: Effect) -> BoxFuture<'static, ()> {
    async move {
        let state = Arc::clone(&effect.call().state);
        let done = match effect {
            Effect::Watch(call) => watch(&driver, &identity, &call).await,
            Effect::Cancel(call) => {
                match tokio::time::timeout(CANCEL_TIMEOUT, cancel(&driver, identity, call)).await {
                    Ok(done) => done,
                    Err(_) => Err("its service did not answer in time".to_owned()),
                }
            }
            Effect::Call(_) | Effect::OfferActivity(_) | Effect::StartChild(_) | Effect::Poll { .. } => {
                Ok(())
            }
        };
        if let Err(reason) = done {
            tracing::warn!(%reason, %state, "a job could not be watched or cancelled");
        }
    }
    .boxed()
}

async fn watch(driver: &Driver, identity: &Arc<Identity>, call: &Call) -> Result<(), String> {
    let (Resource::Service(integration), Some(job)) = (&call.resource, &call.job) else {
        return Ok(());
    };
    arm(driver, identity, call).await?;
    for handle in jobs::handles(integration, call.parameters.value(), job.submission.value()) {
        let watcher = Watcher {
            key: identity.key.clone(),
            incarnation: Arc::clone(&identity.incarnation),
            call: call.id,
        };
        let watched = driver.0.ports.mailbox.watch(&handle, watcher).await;
        watched.map_err(|error| error.to_string())?;
    }
    Ok(())
}

async fn cancel(driver: &Driver, identity: Arc<Identity>, call: Call) -> Result<(), String> {
    let Resource::Service(integration) = &call.resource else {
        return Ok(());
    };
    if integration.starts_execution() {
        let stopped = child::stop(driver, &call).await;
        return stopped.map_err(|error| error.to_string());
    }
    if call.job.is_none() {
        return Ok(());
    }
    driver
        .0
        .ports
        .services
        .cancel(CallRequest { call, identity })
        .await
}

impl Driver {
    /// Takes an event of EventBridge about a job, and wakes the execution that waits for the job, if one does.
    ///
    /// # Errors
    ///
    /// When the mailbox fails: the event has to come again, or the job's end is found by the next poll.
    pub async fn job_changed(&self, event: &Value) -> Result<bool, Error> {
        let Some(handle) = jobs::handle_of_event(event) else {
            return Ok(false);
        };
        let Some(watcher) = self.0.ports.mailbox.watcher(&handle).await? else {
            // Somebody else's job, or one whose submission is not written down yet.
            return Ok(false);
        };
        let id = event.get("id").and_then(Value::as_str).unwrap_or(&handle);
        let envelope = Envelope {
            key: watcher.key,
            incarnation: watcher.incarnation,
            message: Message::JobChanged { call: watcher.call },
            deduplication: format!("{}#{id}#job", watcher.call.0),
        };
        self.0.ports.mailbox.post(envelope).await?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::Polls;
    use engine::{CallId, Timestamp};
    use std::sync::Arc;

    #[test]
    fn a_poll_is_armed_once() {
        let (polls, job): (Polls, Arc<str>) = (Polls::default(), "01J".into());
        let note =
            |call: u64, at: i64, now: i64| polls.note(&job, CallId(call), Timestamp(at), Timestamp(now));
        assert!(note(1, 1_000, 0));
        assert!(!note(1, 1_000, 10), "its timer has fired twice");
        assert!(note(2, 1_000, 10), "of another job");
        assert!(note(1, 2_000, 1_000));
        assert!(!note(1, 2_000, 1_000));
        assert!(note(1, 3_000, 2_500), "a timer was lost");
        polls.fired(&job, Timestamp(2_000), Timestamp(2_500));
        assert!(!note(1, 3_000, 2_500), "an old timer has fired once more");
        polls.fired(&job, Timestamp(3_000), Timestamp(2_500));
        assert!(note(1, 3_000, 2_500), "its timer has fired early");
        polls.fired(&job, Timestamp(4_000), Timestamp(2_500));
        assert!(
            note(1, 3_000, 2_500),
            "it has fired elsewhere, where the clock is ahead"
        );
        polls.forget(&job, CallId(1));
        assert!(note(1, 3_000, 2_500), "it could not be armed");
    }

    #[test]
    fn a_clock_that_is_set_back_leads_to_no_poll_that_was_there() {
        let (polls, job): (Polls, Arc<str>) = (Polls::default(), "01J".into());
        assert_eq!(polls.since(&job, Timestamp(1_000)), Timestamp(1_000));
        polls.fired(&job, Timestamp(3_000), Timestamp(3_100));
        polls.fired(&job, Timestamp(2_000), Timestamp(3_200));
        assert_eq!(polls.since(&job, Timestamp(900)), Timestamp(3_000));
        assert_eq!(polls.since(&job, Timestamp(4_000)), Timestamp(4_000));
        polls.fired(&"other".into(), Timestamp(70_000), Timestamp(70_000));
        assert_eq!(
            polls.since(&job, Timestamp(900)),
            Timestamp(900),
            "it is forgotten"
        );
    }
}
