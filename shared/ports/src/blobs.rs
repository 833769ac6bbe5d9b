//! Documents too large for a journal entry.

use async_trait::async_trait;
use std::sync::Arc;

/// Why a blob could not be stored or read.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the blob store failed: {0}")]
pub struct BlobError(pub String);

/// The blob store: content-addressed, written once.
#[async_trait]
pub trait Blobs: Send + Sync {
    /// Stores a text under a name, durably; storing the same again changes nothing.
    async fn put(&self, name: &str, text: Arc<str>) -> Result<(), BlobError>;

    /// Reads a text; `None` when there is none of this name.
    async fn get(&self, name: &str) -> Result<Option<Arc<str>>, BlobError>;
}
