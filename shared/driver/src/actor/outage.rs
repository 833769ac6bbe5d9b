//! A store that fails for longer than a write is repeated, such as one whose disk is full.
//!
//! A lone driver waits for it: whatever a call returns is kept until it can be written, because nobody else has it, and a
//! call that must not be repeated would otherwise have an unknown outcome. Clients are refused meanwhile.

use super::{Actor, RETRY_AFTER};
use crate::delivery::{Delivery, Reply};
use crate::dispatch;
use crate::error::Error;
use crate::live::Live;
use tokio::sync::mpsc;

impl Actor {
    /// Returns whether the actor can wait for a store that has failed it: nobody else would go on with the execution, and
    /// all that was acknowledged of it can be read again.
    pub(super) fn can_sit_out(&self, live: Option<&Live>) -> bool {
        self.driver.0.settings.exclusive && live.is_some_and(|live| live.durable)
    }

    /// Waits until the execution can be read again, and returns it as the journal has it.
    ///
    /// What was told to it meanwhile is among `deliveries`, but for what clients have told: they were refused.
    pub(super) async fn sit_out(
        &mut self,
        inbox: &mut mpsc::UnboundedReceiver<Delivery>,
        deliveries: &mut Vec<Delivery>,
        mut error: Error,
    ) -> Option<Live> {
        loop {
            tracing::error!(
                machine = %self.key.machine, execution = %self.key.name, %error,
                "an execution cannot go on; it is tried again in {} seconds", RETRY_AFTER.as_secs()
            );
            refuse_clients(deliveries, &error);
            let rest = tokio::time::sleep(RETRY_AFTER);
            tokio::pin!(rest);
            loop {
                tokio::select! {
                    () = &mut rest => break,
                    Some(mut delivery) = inbox.recv() => {
                        self.received(&mut delivery);
                        deliveries.push(delivery);
                        refuse_clients(deliveries, &error);
                    }
                    Some(returned) = futures_util::StreamExt::next(&mut self.calls) => {
                        deliveries.extend(self.returned(returned));
                    }
                }
            }
            match self.load_beside(deliveries).await {
                Ok(live) => return live,
                Err(again) => error = again,
            }
        }
    }

    /// Reads the execution; calls whose results wait to be told are taken for calls in flight.
    async fn load_beside(&mut self, deliveries: &[Delivery]) -> Result<Option<Live>, Error> {
        let told: Vec<_> = deliveries
            .iter()
            .filter_map(|delivery| dispatch::call_of(&delivery.message))
            .filter(|call| self.in_flight.insert(*call))
            .collect();
        let loaded = self.load().await;
        for call in told {
            self.in_flight.remove(&call);
        }
        loaded
    }
}

/// Answers those who wait for an answer; they tell it again, or not.
fn refuse_clients(deliveries: &mut Vec<Delivery>, error: &Error) {
    let (clients, others): (Vec<_>, Vec<_>) = std::mem::take(deliveries)
        .into_iter()
        .partition(|delivery| delivery.reply.is_some());
    *deliveries = others;
    for client in clients {
        client.answer(Reply::Failed(error.clone()));
    }
}
