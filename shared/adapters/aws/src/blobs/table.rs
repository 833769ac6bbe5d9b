//! Large documents in the table, in parts.
//!
//! A document is compressed and cut into parts that items can hold. Part 0 is written last and says how many there are:
//! a document that was not written to its end is not there.

use crate::hash;
use crate::item::Item;
use crate::journal::Retention;
use crate::packed::compress;
use crate::store::{Expression, Query, Store, StoreError, Written};
use futures_util::future::try_join_all;
use ports::Clock as _;
use std::sync::Arc;

/// The blobs in DynamoDB; they are kept for as long as the longest execution and its retention.
#[derive(Clone, Debug)]
pub(super) struct TableBlobs {
    pub(super) store: Store,
    pub(super) retention: Retention,
}

impl TableBlobs {
    /// Writes a text under a name.
    pub(super) async fn write(&self, name: &str, text: &str) -> Result<(), StoreError> {
        let partition = partition(name);
        let sum = hash::name_of(&[text]);
        if let Some(first) = self
            .store
            .get(&partition, &place(0), Some("PK, SK, hash_sum"))
            .await?
        {
            return same(&first, &sum, name);
        }
        let bytes = compress(text.as_bytes())?;
        let ttl = self.retention.expires(crate::clock::SystemClock.now());
        let item = |part: usize, bytes: &[u8]| {
            Item::at(&partition, place(part))
                .bytes("part", bytes.to_vec())
                .number("ttl", ttl)
        };
        let mut parts = bytes.chunks(PART_BYTES_MAX).enumerate();
        let (_, first) = parts.next().unwrap_or((0, &[]));
        let mut count = 1;
        loop {
            let some: Vec<Item> = parts
                .by_ref()
                .take(PARTS_AT_ONCE)
                .map(|(part, bytes)| item(part, bytes))
                .collect();
            if some.is_empty() {
                break;
            }
            count += some.len();
            try_join_all(some.into_iter().map(|item| self.store.put(item, None))).await?;
        }
        let first = item(0, first).number("parts", count).text("hash_sum", &sum);
        match self
            .store
            .put(first, Some(Expression::new("attribute_not_exists(PK)")))
            .await?
        {
            Written::Done => Ok(()),
            Written::Refused(Some(there)) => same(&there, &sum, name),
            Written::Refused(None) => Err(StoreError::Failed(format!("DynamoDB refused the blob `{name}`"))),
        }
    }

    /// Reads the text of a name.
    pub(super) async fn read(&self, name: &str) -> Result<Option<Arc<str>>, StoreError> {
        let query = Query::of(Expression::new("PK = :pk").text(":pk", partition(name)));
        let parts = self.store.query(&query, usize::MAX).await?;
        let Some(first) = parts.first() else {
            return Ok(None);
        };
        if first.get_text("SK")? != place(0) {
            return Ok(None);
        }
        let count: usize = first.get_number("parts")?;
        let parts = parts.get(..count).ok_or_else(|| {
            StoreError::Damaged(format!(
                "the blob `{name}` has {} of its {count} parts",
                parts.len()
            ))
        })?;
        let mut bytes = Vec::new();
        for part in parts {
            bytes.extend_from_slice(part.get_bytes("part")?);
        }
        Ok(Some(super::text(&bytes, name)?))
    }
}

/// Leaves room for keys below DynamoDB's 400 KB.
const PART_BYTES_MAX: usize = 300 * 1024;
/// How many parts are written at the same time.
const PARTS_AT_ONCE: usize = 8;

fn partition(name: &str) -> String {
    format!("BLOB#{name}")
}

fn place(part: usize) -> String {
    format!("{part:06}")
}

/// A name stands for one text: whoever stores another one under it would change what was written down before.
fn same(first: &Item, sum: &str, name: &str) -> Result<(), StoreError> {
    if first.get_text("hash_sum")? == sum {
        return Ok(());
    }
    Err(StoreError::Failed(format!(
        "another text is stored under the name `{name}`"
    )))
}
