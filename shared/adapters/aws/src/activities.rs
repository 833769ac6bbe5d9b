//! Activity tasks: items that workers take by deleting them.
//!
//! A table cannot be waited for, so whoever waits for a task asks again and again: after 50 milliseconds at first, after
//! a second in the end; a worker's minute costs about 60 reads of half a unit. Offering and taking are single writes.
//!
//! The task's key is its attempt, so that an offer that is repeated changes nothing; an index gives the order in which
//! tasks were offered. The index lags a little: of two tasks that were offered at the same moment, either may come first.

use crate::hash;
use crate::item::Item;
use crate::journal::Retention;
use crate::store::{Expression, Query, Store, StoreError};
use crate::table::WAITING_INDEX;
use engine::Timestamp;
use ports::ActivityTask;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::oneshot;
use tokio::time::Instant;

/// The tasks of activities.
#[derive(Clone, Debug)]
pub(crate) struct Activities {
    pub(crate) store: Store,
    pub(crate) retention: Retention,
}

impl Activities {
    /// Offers a task, unless it is offered already.
    pub(crate) async fn offer(&self, task: &ActivityTask) -> Result<(), StoreError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let millis = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
        let partition = partition(&task.activity_arn);
        let attempt = hash::name_of(&[
            &task.key.machine,
            &task.key.name,
            &task.incarnation,
            &task.call.0.to_string(),
        ]);
        let item = Item::at(&partition, &attempt)
            .packed("task", task)?
            .text("g2", &partition)
            .text("g2s", format!("{:020}#{attempt}", now.as_micros()))
            .number("ttl", self.retention.expires(Timestamp(millis)));
        // Refused: it is there already, which is what was asked for.
        self.store
            .put(item, Some(Expression::new("attribute_not_exists(PK)")))
            .await?;
        Ok(())
    }

    /// Takes the oldest task of an activity; waits for one at most as long as given.
    pub(crate) async fn take(
        &self,
        activity_arn: &str,
        wait: Duration,
    ) -> Result<Option<ActivityTask>, StoreError> {
        let end = Instant::now() + wait;
        let mut pause = FIRST_PAUSE;
        loop {
            let taken = self.take_now(partition(activity_arn)).await?;
            let now = Instant::now();
            if taken.is_some() || now >= end {
                return Ok(taken);
            }
            tokio::time::sleep(pause.min(end - now)).await;
            pause = (pause * 2).min(LAST_PAUSE);
        }
    }

    /// Takes the oldest task, if there is one. A task is never lost with somebody who does not look any more.
    async fn take_now(&self, partition: String) -> Result<Option<ActivityTask>, StoreError> {
        let (give, given) = oneshot::channel();
        let here = self.clone();
        tokio::spawn(async move {
            let taken = here.remove_oldest(&partition).await;
            if let Err(Ok(Some(item))) = give.send(taken) {
                // At its old place in the order. If this fails, the execution offers the task again when it is loaded.
                let _ = here.store.put(item, None).await;
            }
        });
        let taken = given
            .await
            .map_err(|_| StoreError::Failed("the attempt to take a task ended early".to_owned()))?;
        taken?.map(|item| item.get_packed("task")).transpose()
    }

    async fn remove_oldest(&self, partition: &str) -> Result<Option<Item>, StoreError> {
        let query = Query {
            index: Some(WAITING_INDEX),
            limit: Some(RIVALS),
            ..Query::of(Expression::new("g2 = :activity").text(":activity", partition))
        };
        // The index may still show what others have taken: whoever deletes the item has it.
        let (items, _) = self.store.page(&query, None).await?;
        for item in items {
            let removed = self.store.delete(partition, item.get_text("SK")?).await?;
            if removed.is_some() {
                return Ok(removed);
            }
        }
        Ok(None)
    }
}

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LAST_PAUSE: Duration = Duration::from_secs(1);
/// How many of the oldest tasks are tried before looking again.
const RIVALS: usize = 10;

fn partition(activity_arn: &str) -> String {
    format!("ACTIVITY#{activity_arn}")
}
