//! Reading one execution's state: usually one query of two items.

use super::{AwsJournal, layout, write};
use crate::item::Item;
use crate::store::{Expression, Query, Store, StoreError};
use engine::{ExecutionKey, Image, PayloadId, Status, Timestamp};
use ports::{Head, Nonce, Stored, StoredPayload};
use std::collections::{BTreeMap, BTreeSet};

/// Reads what restores an execution: the images since the last full one, and their documents.
///
/// A head that did not follow the latest entry is made to.
pub(crate) async fn load(journal: &AwsJournal, key: &ExecutionKey) -> Result<Option<Stored>, StoreError> {
    let store = &journal.store;
    let partition = layout::partition(key);
    let Some(mut latest) = latest(store, &partition, None).await? else {
        return Ok(None);
    };
    let incarnation = latest.head.get_text("inc")?.to_owned();
    if let Some(entry) = &latest.entry
        && strays(&latest.head, entry)?
    {
        write::follow(journal, key, &incarnation, entry, Some(&latest.head)).await?;
        let head = store.get(&partition, layout::HEAD, None).await?;
        let followed = head.filter(|head| head.find_text("inc") == Some(&incarnation));
        latest.head = followed.ok_or_else(|| {
            StoreError::Failed(format!(
                "the execution `{}` was replaced while it was read",
                key.name
            ))
        })?;
    }
    let Latest { head, entry } = latest;
    let items = since_base(store, &partition, &incarnation, head, entry).await?;
    let head = items
        .first()
        .ok_or_else(|| StoreError::Damaged(format!("the execution `{}` has no entries", key.name)))?;
    let mut images: Vec<(u64, Image)> = Vec::with_capacity(items.len());
    let mut wanted = BTreeSet::new();
    let base: u64 = items.last().map_or(Ok(0), |item| item.get_number("bs"))?;
    for item in &items {
        let seq = layout::seq(item)?;
        if seq >= base {
            let image = layout::image(item)?;
            wanted.append(&mut image.payload_ids());
            images.push((seq, image));
        }
    }
    let mut payloads = BTreeMap::new();
    collect(
        store,
        &partition,
        &incarnation,
        &items,
        &mut wanted,
        &mut payloads,
    )
    .await?;
    let last = items.last().unwrap_or(head);
    let (nonce, lease) = (last.get_text("nonce")?, last.get_number("lease")?);
    let mut head = layout::head(head)?;
    if head.output.is_none() {
        head.output = layout::output(last)?;
    }
    if head.status == Status::Running {
        journal.seen.note(key, &incarnation, layout::seq(last)?);
    }
    Ok(Some(Stored {
        head,
        images,
        payloads,
        nonce: Nonce(nonce.to_owned()),
        lease_until: Timestamp(lease),
    }))
}

/// An execution's head and its latest entry, when that is not entry 0.
pub(crate) struct Latest {
    pub(crate) head: Item,
    pub(crate) entry: Option<Item>,
}

/// Reads the head and the latest entry.
///
/// Incarnations are ULIDs: their entries sort before `HEAD`, and the latest incarnation's last. So both lie side by side
/// at the end of the partition. If they do not, they are read one by one.
pub(crate) async fn latest(
    store: &Store,
    partition: &str,
    only: Option<&'static str>,
) -> Result<Option<Latest>, StoreError> {
    let query = Query {
        only,
        backwards: true,
        limit: Some(2),
        ..Query::of(Expression::new("PK = :pk").text(":pk", partition))
    };
    let (items, _) = store.page(&query, None).await?;
    let mut items = items.into_iter();
    let (first, second) = (items.next(), items.next());
    let Some(first) = first else { return Ok(None) };
    let head = if first.find_text("SK") == Some(layout::HEAD) {
        first
    } else {
        match store.get(partition, layout::HEAD, only).await? {
            Some(head) => head,
            None => return Ok(None),
        }
    };
    let incarnation = head.get_text("inc")?;
    let below = format!("{incarnation}#");
    let is_below = |item: &Item| item.find_text("SK").is_some_and(|sort| sort.starts_with(&below));
    let entry = match second {
        None => None,
        Some(second) if is_below(&second) && layout::HEAD > below.as_str() => Some(second),
        Some(_) => {
            let keys = Expression::new("PK = :pk AND begins_with(SK, :below)")
                .text(":pk", partition)
                .text(":below", below);
            let query = Query {
                only,
                backwards: true,
                limit: Some(1),
                ..Query::of(keys)
            };
            store.page(&query, None).await?.0.into_iter().next()
        }
    };
    Ok(Some(Latest { head, entry }))
}

/// Whether a head shows something else than the latest entry says.
pub(crate) fn strays(head: &Item, entry: &Item) -> Result<bool, StoreError> {
    let follows: u64 = head.get_number("hseq")?;
    let differs = layout::status(head)? != layout::status(entry)?
        || head.get_number::<u32>("rdn")? != entry.get_number::<u32>("rdn")?;
    Ok(differs && follows < layout::seq(entry)?)
}

/// Reads a head with its output, wherever that is.
pub(crate) async fn whole(store: &Store, item: &Item) -> Result<Head, StoreError> {
    let mut head = layout::head(item)?;
    if let Some(place) = layout::output_place(item)? {
        let entry = store
            .get(item.get_text("PK")?, &place, Some(layout::OUTPUT))
            .await?;
        head.output = entry.as_ref().map_or(Ok(None), layout::output)?;
    }
    Ok(head)
}

/// Returns the head, then the entries from the latest full image on.
async fn since_base(
    store: &Store,
    partition: &str,
    incarnation: &str,
    head: Item,
    entry: Option<Item>,
) -> Result<Vec<Item>, StoreError> {
    let Some(entry) = entry else {
        return Ok(vec![head]);
    };
    let (base, last): (u64, u64) = (entry.get_number("bs")?, layout::seq(&entry)?);
    let mut items = vec![head];
    let first = base.max(1);
    if first < last {
        let query = Query::of(between(partition, incarnation, first, last - 1));
        items.append(&mut store.query(&query, usize::MAX).await?);
    }
    items.push(entry);
    Ok(items)
}

/// Returns the condition on the keys of the entries `from` to `to`; entry 0 lies elsewhere.
pub(crate) fn between(partition: &str, incarnation: &str, from: u64, to: u64) -> Expression {
    Expression::new("PK = :pk AND SK BETWEEN :from AND :to")
        .text(":pk", partition)
        .text(":from", layout::place(incarnation, from.max(1)))
        .text(":to", layout::place(incarnation, to.max(1)))
}

/// Adds the wanted documents: from the items that were read, or else from the entries that hold them.
pub(crate) async fn collect(
    store: &Store,
    partition: &str,
    incarnation: &str,
    items: &[Item],
    wanted: &mut BTreeSet<PayloadId>,
    found: &mut BTreeMap<PayloadId, StoredPayload>,
) -> Result<(), StoreError> {
    let mut missing: BTreeSet<u64> = wanted.iter().map(|id| id.seq()).collect();
    for item in items {
        if missing.remove(&layout::seq(item)?) {
            layout::documents(item, wanted, found)?;
        }
    }
    let keys: Vec<(String, String)> = missing
        .into_iter()
        .map(|seq| (partition.to_owned(), layout::place(incarnation, seq)))
        .collect();
    for item in store.get_all(&keys, Some("PK, SK, body")).await? {
        layout::documents(&item, wanted, found)?;
    }
    Ok(())
}
