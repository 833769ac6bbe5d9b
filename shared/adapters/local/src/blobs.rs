//! Large documents in the embedded store: one file to copy for a backup, and the same group commit.

use crate::store::Store;
use async_trait::async_trait;
use ports::{BlobError, Blobs};
use rusqlite::OptionalExtension as _;
use std::sync::Arc;

/// The blobs in the embedded store.
#[derive(Clone, Debug)]
pub struct LocalBlobs {
    store: Store,
}

impl LocalBlobs {
    /// Returns the blobs of a store.
    pub fn new(store: Store) -> LocalBlobs {
        LocalBlobs { store }
    }
}

#[async_trait]
impl Blobs for LocalBlobs {
    async fn put(&self, name: &str, text: Arc<str>) -> Result<(), BlobError> {
        let name = name.to_owned();
        self.store
            .write(move |connection| {
                connection
                    .prepare_cached(
                        "INSERT INTO blob (name, text) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING",
                    )?
                    .execute((&name, &text))?;
                Ok(())
            })
            .await
            .map_err(|error| BlobError(error.to_string()))
    }

    async fn get(&self, name: &str) -> Result<Option<Arc<str>>, BlobError> {
        let name = name.to_owned();
        self.store
            .read(move |connection| {
                let mut select = connection.prepare_cached("SELECT text FROM blob WHERE name = ?1")?;
                Ok(select.query_row([&name], |row| row.get(0)).optional()?)
            })
            .await
            .map_err(|error| BlobError(error.to_string()))
    }
}
