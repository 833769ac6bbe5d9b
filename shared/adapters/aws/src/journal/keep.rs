//! Keeps what belongs to executions that run for long.
//!
//! Storing an entry for a year, because its execution might run for so long, costs many times what writing it does. So
//! an entry is kept for the retention and a month, and whoever looks after those that run ([`super::list::open`]) asks
//! here whether that is still enough: when less than half of the month is left, all items of the execution get a new
//! one. The head goes last, so that one which is fresh says that all are.

use super::{AwsJournal, layout};
use crate::clock::SystemClock;
use crate::item::Item;
use crate::store::{Expression, Query, StoreError};
use crate::table::TABLE;
use engine::{Status, Timestamp};
use futures_util::future::try_join_all;
use ports::Clock as _;

/// How many items are changed at the same time.
const ITEMS_AT_ONCE: usize = 16;

/// Lets the items of an execution live on, when they have not long to live; `head` has its `inc` and `ttl`.
pub(crate) async fn keep(journal: &AwsJournal, partition: &str, head: &Item) -> Result<(), StoreError> {
    let now = SystemClock.now();
    let lives_until: i64 = head.get_number(TABLE.ttl)?;
    if lives_until >= journal.retention.renew_before(now) {
        return Ok(());
    }
    let incarnation = head.get_text("inc")?;
    let keys = Expression::new("PK = :pk AND begins_with(SK, :below)")
        .text(":pk", partition)
        .text(":below", format!("{incarnation}#"));
    let query = Query {
        only: Some("PK, SK, #ttl"),
        ..Query::of(keys)
    };
    let until = journal.retention.entry_expires(now);
    let items = journal.store.query(&query, usize::MAX).await?;
    for some in items.chunks(ITEMS_AT_ONCE) {
        try_join_all(some.iter().map(|item| renew(journal, item, until, now))).await?;
    }
    let update = Expression::new("SET #ttl = :until")
        .number(":until", until)
        .text(":own", incarnation)
        .text(":running", Status::Running.name());
    // A head that has closed meanwhile expires with the retention.
    let condition = "inc = :own AND st = :running";
    journal
        .store
        .update(partition, layout::HEAD, update, condition)
        .await?;
    Ok(())
}

async fn renew(journal: &AwsJournal, item: &Item, until: i64, now: Timestamp) -> Result<(), StoreError> {
    let lives_until: i64 = item.get_number(TABLE.ttl)?;
    // An entry that is younger has its own month: the next time is early enough for it.
    if lives_until >= journal.retention.renew_before(now) {
        return Ok(());
    }
    let update = Expression::new("SET #ttl = :until").number(":until", until);
    let (partition, sort) = (item.get_text("PK")?, item.get_text("SK")?);
    journal
        .store
        .update(partition, sort, update, "attribute_exists(PK)")
        .await?;
    Ok(())
}
