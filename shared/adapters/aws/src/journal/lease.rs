//! Who may make the calls of an entry.

use super::{AwsJournal, layout};
use crate::store::{Expression, StoreError};
use engine::{ExecutionKey, Timestamp};
use ports::{Lease, Nonce};

/// Reads the lease of an entry.
pub(crate) async fn read(
    journal: &AwsJournal,
    key: &ExecutionKey,
    incarnation: &str,
    seq: u64,
) -> Result<Option<Lease>, StoreError> {
    let place = layout::place(incarnation, seq);
    let wanted = Some("PK, SK, inc, nonce, lease");
    let item = journal.store.get(&layout::partition(key), &place, wanted).await?;
    // A head has no incarnation in its key.
    let item = item.filter(|item| seq > 0 || item.find_text("inc") == Some(incarnation));
    let lease = item.map(|item| {
        Ok(Lease {
            nonce: Nonce(item.get_text("nonce")?.to_owned()),
            until: Timestamp(item.get_number("lease")?),
        })
    });
    lease.transpose()
}

/// Extends the lease of an entry that has the same nonce.
pub(crate) async fn renew(
    journal: &AwsJournal,
    key: &ExecutionKey,
    incarnation: &str,
    seq: u64,
    lease: &Lease,
) -> Result<bool, StoreError> {
    let place = layout::place(incarnation, seq);
    let update = Expression::new("SET lease = :until")
        .number(":until", lease.until.millis())
        .text(":nonce", lease.nonce.0.as_str());
    // No two entries have the same nonce: the head of a later incarnation has another one.
    let partition = layout::partition(key);
    journal
        .store
        .update(&partition, &place, update, "nonce = :nonce")
        .await
}
