//! Reading an execution's history, page by page.

use super::layout;
use super::load::{between, collect, latest};
use crate::item::Item;
use crate::store::{Query, Store, StoreError};
use engine::ExecutionKey;
use ports::{HistoryPage, documents};

/// What reading the history needs of an entry.
const WANTED: &str = "PK, SK, inc, body";
/// A step has rarely fewer events than this; a query reads no more entries than the page needs.
const EVENTS_PER_ENTRY: usize = 2;

/// Reads events by their ids.
pub(crate) async fn history(
    store: &Store,
    key: &ExecutionKey,
    from: u64,
    limit: usize,
    reverse: bool,
) -> Result<HistoryPage, StoreError> {
    let partition = layout::partition(key);
    let mut page = HistoryPage::default();
    let Some(latest) = latest(store, &partition, Some("PK, SK, inc")).await? else {
        return Ok(page);
    };
    let incarnation = latest.head.get_text("inc")?;
    let last = latest.entry.as_ref().map_or(Ok(0), layout::seq)?;
    let start = entry_with(store, &partition, incarnation, last, from, reverse).await?;

    let mut reader = Reader {
        from,
        limit,
        reverse,
        page: &mut page,
        items: Vec::new(),
    };
    if !reverse && start == 0 {
        reader.head(store, &partition).await?;
    }
    let (low, high) = if reverse { (1, start) } else { (start.max(1), last) };
    if low <= high {
        reader.entries(store, &partition, incarnation, low, high).await?;
    }
    if reverse && !reader.is_full() {
        reader.head(store, &partition).await?;
    }
    let items = reader.items;
    let mut wanted = page.events.iter().flat_map(documents).collect();
    collect(
        store,
        &partition,
        incarnation,
        &items,
        &mut wanted,
        &mut page.payloads,
    )
    .await?;
    Ok(page)
}

/// Takes events out of entries until the page is full.
struct Reader<'a> {
    from: u64,
    limit: usize,
    reverse: bool,
    page: &'a mut HistoryPage,
    /// The entries that were read, for their documents.
    items: Vec<Item>,
}

impl Reader<'_> {
    fn is_full(&self) -> bool {
        self.page.events.len() >= self.limit
    }

    fn take(&mut self, item: Item) -> Result<(), StoreError> {
        let mut events = layout::events(&item)?;
        events.retain(|event| {
            if self.reverse {
                event.id <= self.from
            } else {
                event.id >= self.from
            }
        });
        if self.reverse {
            events.reverse();
        }
        events.truncate(self.limit.saturating_sub(self.page.events.len()));
        self.page.events.append(&mut events);
        self.items.push(item);
        Ok(())
    }

    async fn head(&mut self, store: &Store, partition: &str) -> Result<(), StoreError> {
        match store.get(partition, layout::HEAD, Some(WANTED)).await? {
            Some(item) => self.take(item),
            None => Ok(()),
        }
    }

    async fn entries(
        &mut self,
        store: &Store,
        partition: &str,
        incarnation: &str,
        low: u64,
        high: u64,
    ) -> Result<(), StoreError> {
        let query = Query {
            only: Some(WANTED),
            backwards: self.reverse,
            limit: Some((self.limit / EVENTS_PER_ENTRY).saturating_add(1)),
            ..Query::of(between(partition, incarnation, low, high))
        };
        let mut after = None;
        while !self.is_full() {
            let (items, next) = store.page(&query, after).await?;
            for item in items {
                if !self.is_full() {
                    self.take(item)?;
                }
            }
            after = next;
            if after.is_none() {
                break;
            }
        }
        Ok(())
    }
}

/// Returns the first entry whose events reach up to `event`, or the last one: halves the range, as both grow together.
async fn entry_with(
    store: &Store,
    partition: &str,
    incarnation: &str,
    last: u64,
    event: u64,
    reverse: bool,
) -> Result<u64, StoreError> {
    // The usual questions need no search: the first page of either order.
    if event <= 1 {
        return Ok(0);
    }
    if reverse && event == u64::MAX {
        return Ok(last);
    }
    let (mut low, mut high) = (0, last);
    while low < high {
        let middle = low + (high - low) / 2;
        let place = layout::place(incarnation, middle);
        let item = store.get(partition, &place, Some("PK, SK, upto")).await?;
        let item =
            item.ok_or_else(|| StoreError::Damaged(format!("the entry `{partition} / {place}` is missing")))?;
        if item.get_number::<u64>("upto")? >= event {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Ok(low)
}
