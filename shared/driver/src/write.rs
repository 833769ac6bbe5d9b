//! What is written: an entry with its documents, under a nonce and for the length of a lease.

use crate::error::Error;
use crate::live::Live;
use crate::payloads;
use crate::settings::{LEASE_SECONDS, WRITE_ATTEMPTS};
use engine::{Entry, Execution, ExecutionType, Outcome, Status};
use ports::{Nonce, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

impl crate::Inner {
    /// Returns a fresh nonce; its first half names this driver.
    pub(crate) fn nonce(&self) -> Nonce {
        let number = self.attempts.fetch_add(1, Ordering::Relaxed);
        Nonce(format!("{}{number:016x}", self.instance))
    }

    /// Returns whether a nonce is one of this driver's.
    pub(crate) fn is_mine(&self, nonce: &Nonce) -> bool {
        nonce.0.starts_with(&self.instance)
    }

    /// Makes the write of an entry; its large documents are stored when this returns.
    pub(crate) async fn write(&self, live: &Live, entry: Entry) -> Result<Arc<Write>, Error> {
        let execution = &live.execution;
        let identity = &execution.identity;
        let lease_until = self.ports.clock.now().plus_seconds(LEASE_SECONDS);
        // The execution may have to end before anything that it awaits is due.
        let ends_by = execution.ends_by(&live.program);
        let ends_by = (execution.status == Status::Running).then_some(ends_by);
        let mut next_deadline = execution.overdue_from().into_iter().chain(ends_by).min();
        // An Express execution begins anew when whoever ran it must be gone; two runs at once are one too many.
        if !self.settings.exclusive && identity.execution_type == ExecutionType::Express {
            let end = identity.started.plus_seconds(engine::limits::EXPRESS_SECONDS_MAX);
            next_deadline = Some(next_deadline.map_or(end, |deadline| deadline.max(end)));
        }
        // Should the writer die, somebody has to look after the calls that it makes.
        if !self.settings.exclusive && execution.has_calls_out(&live.program) {
            next_deadline = Some(next_deadline.map_or(lease_until, |deadline| deadline.min(lease_until)));
        }
        // A task that a worker was about to take may be lost with whoever handed it out, and no time-out runs yet.
        let offers_from = execution.offers_from(&live.program);
        #[cfg(feature = "mutants")]
        let offers_from = offers_from.filter(|_| !crate::Mutant::OfferedOnce.is_taken());
        if let Some(look_at) = offers_from.filter(|_| !self.settings.exclusive) {
            next_deadline = Some(next_deadline.map_or(look_at, |deadline| deadline.min(look_at)));
        }
        let payloads = payloads::store(&self.ports, &self.settings, &identity.incarnation, &entry).await?;
        let output = entry.closing.as_ref().and_then(|closing| closing.output.as_ref());
        let output = output.map(|output| self.place_of(identity, output, &payloads));
        let nonce = self.nonce();
        #[cfg(feature = "mutants")]
        live.tape.keep(&entry, &nonce);
        Ok(Arc::new(Write {
            entry,
            payloads,
            nonce,
            lease_until,
            next_deadline,
            output,
        }))
    }

    fn place_of(
        &self,
        identity: &engine::Identity,
        data: &engine::Data,
        payloads: &[(engine::PayloadId, ports::StoredPayload)],
    ) -> ports::StoredPayload {
        match payloads.iter().find(|(id, _)| *id == data.id()) {
            Some((_, place)) => place.clone(),
            // A document of an earlier entry: it lies where documents of its size lie.
            None if data.bytes() >= self.settings.blob_bytes_min => {
                ports::StoredPayload::Blob(payloads::blob_name(&identity.incarnation, data.text()))
            }
            None => ports::StoredPayload::Text(Arc::clone(data.text())),
        }
    }

    /// Repeats an attempt on the journal while the store fails, with growing pauses.
    pub(crate) async fn patiently<T, F>(&self, mut attempt: impl FnMut() -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, ports::JournalError>>,
    {
        let mut pause = Duration::from_millis(20);
        let mut tries = 1;
        loop {
            match attempt().await {
                Ok(done) => return Ok(done),
                Err(error) if tries >= WRITE_ATTEMPTS => return Err(error.into()),
                Err(error) => {
                    tracing::warn!(%error, tries, "the journal failed; trying again");
                    tokio::time::sleep(pause).await;
                    pause *= 4;
                    tries += 1;
                }
            }
        }
    }

    pub(crate) fn observe(&self, execution: &Execution, entry: &Entry) {
        if let Some(observer) = &self.settings.observer
            && !execution.identity.is_map_run()
        {
            observer.committed(&execution.identity, entry);
        }
    }

    pub(crate) fn observe_express(&self, execution: &Execution, outcome: &Outcome) {
        debug_assert_eq!(execution.identity.execution_type, ExecutionType::Express);
        if let Some(observer) = &self.settings.observer {
            observer.ran(&execution.identity, outcome);
        }
    }
}
