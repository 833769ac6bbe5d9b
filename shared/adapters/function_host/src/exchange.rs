use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use tokio::sync::{Notify, oneshot, watch};

/// Where one process and its host hand events and answers to each other.
#[derive(Debug)]
pub(crate) struct Exchange {
    state: Mutex<State>,
    offered: Notify,
    phase: watch::Sender<Phase>,
}

/// What an invocation brings to the process.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) request_id: String,
    pub(crate) function_arn: String,
    pub(crate) trace: String,
    pub(crate) deadline: SystemTime,
    pub(crate) payload: Vec<u8>,
}

/// What the process brings back.
#[derive(Debug)]
pub(crate) enum Answer {
    Returned(Vec<u8>),
    Failed(Vec<u8>),
}

/// What the process is at.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Phase {
    Starting,
    /// It has asked for an event.
    Waiting,
    Busy,
    /// It reported that it could not start.
    Failed(Vec<u8>),
}

#[derive(Debug, Default)]
struct State {
    offered: Option<(Event, oneshot::Sender<Answer>)>,
    taken: Option<(String, oneshot::Sender<Answer>)>,
}

impl Exchange {
    pub(crate) fn new() -> Exchange {
        Exchange {
            state: Mutex::default(),
            offered: Notify::new(),
            phase: watch::Sender::new(Phase::Starting),
        }
    }

    /// The host waits until the process has started; the error is the report of one that could not.
    pub(crate) async fn started(&self) -> Result<(), Vec<u8>> {
        match self.reach(|phase| *phase != Phase::Starting).await {
            Phase::Failed(report) => Err(report),
            Phase::Starting | Phase::Waiting | Phase::Busy => Ok(()),
        }
    }

    /// The host waits until the process asks for an event.
    pub(crate) async fn waiting(&self) {
        self.reach(|phase| *phase == Phase::Waiting).await;
    }

    async fn reach(&self, wanted: impl FnMut(&Phase) -> bool) -> Phase {
        let mut phase = self.phase.subscribe();
        let Ok(reached) = phase.wait_for(wanted).await else {
            // The sender is this exchange's own.
            return std::future::pending().await;
        };
        reached.clone()
    }

    /// The host offers an event; the answer comes by the channel.
    pub(crate) fn offer(&self, event: Event) -> oneshot::Receiver<Answer> {
        let (sender, receiver) = oneshot::channel();
        self.state().offered = Some((event, sender));
        self.offered.notify_one();
        receiver
    }

    /// The host takes its offer back, and learns whether it did so in time.
    pub(crate) fn withdraw(&self) -> Option<Event> {
        self.state().offered.take().map(|(event, _)| event)
    }

    /// The process waits for an event; none while it owes an answer.
    ///
    /// Taking the event is the last thing this does, so a connection that breaks earlier loses no event.
    pub(crate) async fn next(&self) -> Option<Event> {
        if self.state().taken.is_some() {
            return None;
        }
        self.phase.send_replace(Phase::Waiting);
        loop {
            if let Some(event) = self.take() {
                return Some(event);
            }
            self.offered.notified().await;
        }
    }

    fn take(&self) -> Option<Event> {
        let mut state = self.state();
        let (event, sender) = state.offered.take()?;
        state.taken = Some((event.request_id.clone(), sender));
        self.phase.send_replace(Phase::Busy);
        Some(event)
    }

    /// The process answers; false for a request that it does not owe an answer.
    pub(crate) fn answer(&self, request_id: &str, answer: Answer) -> bool {
        let mut state = self.state();
        let Some((_, sender)) = state.taken.take_if(|(owed, _)| owed == request_id) else {
            return false;
        };
        // Nobody listens any more when the invocation has just timed out, and then the process is being killed.
        _ = sender.send(answer);
        true
    }

    /// The process reports that it could not start; false once it has asked for an event.
    pub(crate) fn fail_to_start(&self, payload: Vec<u8>) -> bool {
        self.phase.send_if_modified(|phase| {
            let starting = *phase == Phase::Starting;
            if starting {
                *phase = Phase::Failed(payload);
            }
            starting
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(request_id: &str) -> Event {
        Event {
            request_id: request_id.to_owned(),
            function_arn: String::new(),
            trace: String::new(),
            deadline: SystemTime::UNIX_EPOCH,
            payload: Vec::new(),
        }
    }

    #[tokio::test]
    async fn an_answer_goes_to_the_invocation_that_is_owed_it() {
        let exchange = Exchange::new();
        let answer = exchange.offer(event("r-1"));
        assert_eq!(exchange.next().await.unwrap().request_id, "r-1");
        assert!(exchange.next().await.is_none(), "an answer is owed");
        assert!(exchange.withdraw().is_none(), "the event was taken");
        assert!(!exchange.answer("r-2", Answer::Returned(Vec::new())));
        assert!(exchange.answer("r-1", Answer::Returned(b"1".to_vec())));
        assert!(!exchange.answer("r-1", Answer::Returned(b"2".to_vec())));
        assert!(matches!(answer.await, Ok(Answer::Returned(payload)) if payload == b"1"));
    }

    #[tokio::test]
    async fn an_event_that_is_withdrawn_is_seen_by_nobody() {
        let exchange = Exchange::new();
        drop(exchange.offer(event("r-1")));
        assert_eq!(exchange.withdraw().unwrap().request_id, "r-1");
        let next = tokio::time::timeout(std::time::Duration::from_millis(20), exchange.next()).await;
        assert!(next.is_err(), "{next:?}");
    }

    #[tokio::test]
    async fn a_start_fails_only_before_the_first_event_is_asked_for() {
        let exchange = Exchange::new();
        assert!(exchange.fail_to_start(b"no".to_vec()));
        assert_eq!(exchange.started().await, Err(b"no".to_vec()));

        let exchange = Exchange::new();
        let answer = exchange.offer(event("r-1"));
        exchange.next().await.unwrap();
        assert!(!exchange.fail_to_start(b"no".to_vec()));
        assert_eq!(exchange.started().await, Ok(()));
        drop(answer);
    }
}
