//! Who waits for a job: an item that leads from what an event calls the job to the task of an execution.
//!
//! Events of jobs name nothing but the job, and few services let a request put anything into them. So the answer to a
//! submission is followed by one small write, and an event by one read; tags would cost requests and rights of each
//! service. The item is a hint: where it is missing, the next poll finds the job's end.

use crate::item::Item;
use crate::journal::Retention;
use crate::store::{Store, StoreError};
use engine::Timestamp;
use ports::Watcher;
use std::time::{SystemTime, UNIX_EPOCH};

/// The jobs that are waited for.
#[derive(Clone, Debug)]
pub(crate) struct Jobs {
    pub(crate) store: Store,
    pub(crate) retention: Retention,
}

impl Jobs {
    /// Remembers who waits for a job; the latest counts.
    pub(crate) async fn watch(&self, handle: &str, watcher: &Watcher) -> Result<(), StoreError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let millis = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
        let item = Item::at(partition(handle), SORT)
            .packed("watcher", watcher)?
            .number("ttl", self.retention.expires(Timestamp(millis)));
        self.store.put(item, None).await?;
        Ok(())
    }

    /// Returns who waits for a job.
    pub(crate) async fn watcher(&self, handle: &str) -> Result<Option<Watcher>, StoreError> {
        let item = self.store.get(&partition(handle), SORT, None).await?;
        item.map(|item| item.get_packed("watcher")).transpose()
    }
}

const SORT: &str = "WATCHER";

fn partition(handle: &str) -> String {
    format!("JOB#{handle}")
}
