//! Large documents: in a bucket of S3, or without one in parts in the table.
//!
//! A kilobyte in S3 costs nothing but its request: from about eight kilobytes on that is cheaper than the table.

mod bucket;
mod table;

pub use bucket::Bucket;

use crate::journal::Retention;
use crate::packed::{compress, decompress};
use crate::store::{Store, StoreError};
use async_trait::async_trait;
use ports::{BlobError, Blobs};
use std::sync::Arc;
use table::TableBlobs;

/// The blobs in S3 or DynamoDB.
#[derive(Clone, Debug)]
pub struct AwsBlobs {
    table: TableBlobs,
    bucket: Option<Bucket>,
}

impl AwsBlobs {
    /// Returns the blobs of a table; they are kept for as long as the longest execution and its retention.
    pub fn new(store: Store, retention: Retention) -> AwsBlobs {
        AwsBlobs {
            table: TableBlobs { store, retention },
            bucket: None,
        }
    }

    /// Writes to a bucket from now on. What was written to the table before is still found there.
    pub fn with_bucket(self, bucket: Option<Bucket>) -> AwsBlobs {
        AwsBlobs { bucket, ..self }
    }
}

#[async_trait]
impl Blobs for AwsBlobs {
    async fn put(&self, name: &str, text: Arc<str>) -> Result<(), BlobError> {
        match &self.bucket {
            None => Ok(self.table.write(name, &text).await?),
            Some(bucket) => bucket.put(name, compress(text.as_bytes())?).await,
        }
    }

    async fn get(&self, name: &str) -> Result<Option<Arc<str>>, BlobError> {
        if let Some(bucket) = &self.bucket
            && let Some(bytes) = bucket.get(name).await?
        {
            return Ok(Some(text(&bytes, name)?));
        }
        Ok(self.table.read(name).await?)
    }
}

/// Returns the text that compressed bytes hold.
fn text(bytes: &[u8], name: &str) -> Result<Arc<str>, StoreError> {
    let text = String::from_utf8(decompress(bytes)?)
        .map_err(|error| StoreError::Damaged(format!("the blob `{name}` is no text: {error}")))?;
    Ok(text.into())
}

impl From<StoreError> for BlobError {
    fn from(error: StoreError) -> BlobError {
        BlobError(error.to_string())
    }
}
