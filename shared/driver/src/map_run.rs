//! Map Runs as clients see and change them.

use crate::delivery::Reply;
use crate::error::Error;
use crate::{Driver, recover};
use engine::{BoundsUpdate, ExecutionKey, MapRun, Message};

/// What became of an UpdateMapRun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Updated {
    /// The bounds hold from now on, durably.
    Done,
    /// The Map Run has ended.
    Ended,
    /// There is no such Map Run.
    Missing,
}

impl Driver {
    /// Reads where a Map Run stands; `None` when there is none of this key.
    ///
    /// # Errors
    ///
    /// When the journal fails.
    pub async fn map_run(&self, key: &ExecutionKey) -> Result<Option<MapRun>, Error> {
        let loaded = recover::load(self, key).await?;
        Ok(loaded.and_then(|loaded| loaded.live.execution.map_run()))
    }

    /// Gives a Map Run other bounds; durable when this returns.
    ///
    /// # Errors
    ///
    /// When the journal fails; the bounds may or may not have changed.
    pub async fn update_map_run(&self, key: &ExecutionKey, update: BoundsUpdate) -> Result<Updated, Error> {
        match self.ask(key, Message::UpdateMapRun(update), None).await? {
            Reply::Accepted { .. } => Ok(Updated::Done),
            Reply::Stale { .. } => Ok(Updated::Ended),
            Reply::NotRedrivable(_) | Reply::Missing => Ok(Updated::Missing),
            Reply::Failed(error) => Err(error),
        }
    }
}
