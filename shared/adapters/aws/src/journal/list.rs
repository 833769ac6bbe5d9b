//! Listing executions: the shards of an index, merged.
//!
//! The index gives keys; the rows are read from the table then, as they were last written. So a row is never older than
//! the filter, and the index stays small. An execution that began a moment ago may be missing: an index follows the
//! table within a fraction of a second.

use super::AwsJournal;
use super::keep::keep;
use super::layout::{self, MACHINE_SHARDS, OPEN_SHARDS};
use super::load::{latest, strays};
use crate::item::Item;
use crate::store::{Expression, Position, Query, Store, StoreError};
use crate::table::{MACHINE_INDEX, WAITING_INDEX};
use engine::{Status, Timestamp};
use futures_util::future::try_join_all;
use ports::{Filter, Head, Opened, Page, StoredPayload};
use std::collections::{BTreeMap, VecDeque};

/// Lists a machine's executions, newest start first.
pub(crate) async fn list(store: &Store, filter: &Filter) -> Result<Page<Head>, StoreError> {
    let limit = filter.limit.max(1);
    let mut merge = candidates(filter, limit)?;
    let mut rows = Vec::new();
    let mut last = None;
    loop {
        let keys = merge.take(store, limit - rows.len()).await?;
        if keys.is_empty() {
            return Ok(Page { rows, next: None });
        }
        last = keys.last().map(|(sort, _)| sort.clone()).or(last);
        let wanted: Vec<(String, String)> = keys
            .iter()
            .map(|(_, partition)| (partition.clone(), layout::HEAD.to_owned()))
            .collect();
        let mut found = BTreeMap::new();
        for item in store.get_all(&wanted, None).await? {
            found.insert(item.get_text("PK")?.to_owned(), item);
        }
        let mut outputs = outputs(store, &found).await?;
        for (_, partition) in keys {
            let mut head = found.remove(&partition).as_ref().map(layout::head).transpose()?;
            if let (Some(head), Some(output)) = (&mut head, outputs.remove(&partition)) {
                head.output = Some(output);
            }
            // What has changed since the index was written is not what was asked for.
            rows.extend(head.filter(|head| {
                filter.status.is_none_or(|status| head.status == status) && filter.admits(&head.identity)
            }));
        }
        if rows.len() >= limit {
            let further = merge.has_more(store).await?;
            return Ok(Page {
                rows,
                next: last.filter(|_| further),
            });
        }
    }
}

/// Returns the keys of those that may fulfil a filter, newest start first.
///
/// The index of a state machine's executions says of an execution only that it did not succeed, so that one which
/// succeeds changes nothing there; those that run are few, and found among all that run.
fn candidates(filter: &Filter, limit: usize) -> Result<Merge, StoreError> {
    let runs = filter.status == Some(Status::Running);
    let (count, by) = if runs {
        (OPEN_SHARDS, "g2s")
    } else {
        (MACHINE_SHARDS, "g1s")
    };
    let shards = (0..count)
        .map(|shard| {
            let condition = match (runs, &filter.after) {
                (true, Some(_)) => "g2 = :shard AND g2s < :after",
                (true, None) => "g2 = :shard",
                (false, Some(_)) => "g1 = :shard AND g1s < :after",
                (false, None) => "g1 = :shard",
            };
            let shard = match runs {
                true => layout::open_shard(shard),
                false => layout::machine_shard(&filter.machine, shard),
            };
            let mut keys = Expression::new(condition).text(":shard", shard);
            if let Some(after) = &filter.after {
                keys = keys.text(":after", position(after)?);
            }
            let passes = match filter.status {
                None => None,
                Some(Status::Running) => {
                    keys = keys.text(":machine", format!("{}#", filter.machine));
                    Some("begins_with(PK, :machine)")
                }
                Some(Status::Succeeded) => Some("attribute_not_exists(bad)"),
                Some(status @ (Status::Failed | Status::TimedOut | Status::Aborted)) => {
                    keys = keys.text(":bad", status.name());
                    Some("bad = :bad")
                }
            };
            Ok(Shard::new(Query {
                index: Some(if runs { WAITING_INDEX } else { MACHINE_INDEX }),
                filter: passes,
                backwards: true,
                // The limit counts what is looked at, not what passes the filter: then a page is what DynamoDB gives.
                limit: filter.status.is_none().then(|| limit.saturating_add(1)),
                ..Query::of(keys)
            }))
        })
        .collect::<Result<Vec<Shard>, StoreError>>()?;
    Ok(Merge {
        shards,
        by,
        backwards: true,
    })
}

/// Reads the outputs that heads lack, by partition.
async fn outputs(
    store: &Store,
    heads: &BTreeMap<String, Item>,
) -> Result<BTreeMap<String, StoredPayload>, StoreError> {
    let mut wanted = Vec::new();
    for (partition, head) in heads {
        let place = layout::output_place(head)?;
        wanted.extend(place.map(|place| (partition.clone(), place)));
    }
    let mut found = BTreeMap::new();
    for entry in store.get_all(&wanted, Some(layout::OUTPUT)).await? {
        let output = layout::output(&entry)?;
        let partition = entry.get_text("PK")?.to_owned();
        found.extend(output.map(|output| (partition, output)));
    }
    Ok(found)
}

/// Lists the executions that run, oldest start first.
///
/// Whoever asks looks after them, and so this is when those that run for long are kept.
pub(crate) async fn open(
    journal: &AwsJournal,
    after: Option<String>,
    limit: usize,
) -> Result<Page<Opened>, StoreError> {
    let store = &journal.store;
    let limit = limit.max(1);
    let shards = (0..OPEN_SHARDS)
        .map(|shard| {
            let condition = match after {
                Some(_) => "g2 = :shard AND g2s > :after",
                None => "g2 = :shard",
            };
            let mut keys = Expression::new(condition).text(":shard", layout::open_shard(shard));
            if let Some(after) = &after {
                keys = keys.text(":after", position(after)?);
            }
            Ok(Shard::new(Query {
                index: Some(WAITING_INDEX),
                limit: Some(limit.saturating_add(1)),
                ..Query::of(keys)
            }))
        })
        .collect::<Result<Vec<Shard>, StoreError>>()?;
    let mut merge = Merge {
        shards,
        by: "g2s",
        backwards: false,
    };
    let keys = merge.take(store, limit).await?;
    let last = keys.last().map(|(sort, _)| sort.clone());
    let mut rows = Vec::with_capacity(keys.len());
    for some in keys.chunks(READS_AT_ONCE) {
        let found = try_join_all(some.iter().map(|(_, partition)| opened(journal, partition))).await?;
        rows.extend(found.into_iter().flatten());
    }
    let next = if merge.has_more(store).await? { last } else { None };
    Ok(Page { rows, next })
}

/// How many executions are looked at at the same time.
const READS_AT_ONCE: usize = 16;

/// Reads when an execution wants to be woken: the latest entry says it. One whose head did not follow that entry is
/// overdue: whoever loads it lets the head follow.
async fn opened(journal: &AwsJournal, partition: &str) -> Result<Option<Opened>, StoreError> {
    let Some(latest) = latest(&journal.store, partition, Some(OPENED)).await? else {
        return Ok(None);
    };
    keep(journal, partition, &latest.head).await?;
    let key = layout::key(partition)
        .ok_or_else(|| StoreError::Damaged(format!("`{partition}` is not an execution's partition")))?;
    let incarnation = latest.head.get_text("inc")?.into();
    let next_deadline = match &latest.entry {
        Some(entry) if strays(&latest.head, entry)? => Some(entry.get_number("tm")?),
        Some(entry) => entry.find_number("due"),
        None => latest.head.find_number("due"),
    };
    Ok(Some(Opened {
        key,
        incarnation,
        next_deadline: next_deadline.map(Timestamp),
    }))
}

/// The attributes that are read of each.
const OPENED: &str = "PK, SK, inc, due, st, rdn, hseq, tm, #ttl";

/// Refuses what cannot be a position in a list: one begins with fifteen digits.
fn position(text: &str) -> Result<&str, StoreError> {
    let digits = text.split('#').next().unwrap_or_default();
    let sound = digits.len() == 15 && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !sound {
        return Err(StoreError::Failed(format!(
            "`{text}` is not a position in a list of executions"
        )));
    }
    Ok(text)
}

/// One shard of an index, read page by page.
struct Shard {
    query: Query,
    /// Keys that were read and not yet taken: in the index, and in the table.
    ready: VecDeque<(String, String)>,
    after: Option<Position>,
    is_read: bool,
}

impl Shard {
    fn new(query: Query) -> Shard {
        Shard {
            query,
            ready: VecDeque::new(),
            after: None,
            is_read: false,
        }
    }

    /// Reads on until there is a key, or no more.
    async fn fill(&mut self, store: &Store, by: &str) -> Result<(), StoreError> {
        while self.ready.is_empty() && !self.is_read {
            let (items, next) = store.page(&self.query, self.after.take()).await?;
            for item in items {
                self.ready.push_back(keys(&item, by)?);
            }
            self.is_read = next.is_none();
            self.after = next;
        }
        Ok(())
    }
}

fn keys(item: &Item, by: &str) -> Result<(String, String), StoreError> {
    Ok((item.get_text(by)?.to_owned(), item.get_text("PK")?.to_owned()))
}

/// The shards of an index as one list, in the order of the sort key.
struct Merge {
    shards: Vec<Shard>,
    by: &'static str,
    backwards: bool,
}

impl Merge {
    /// Takes the next keys, at most so many; fewer only at the end.
    async fn take(&mut self, store: &Store, most: usize) -> Result<Vec<(String, String)>, StoreError> {
        let mut taken = Vec::new();
        while taken.len() < most {
            self.fill(store).await?;
            let backwards = self.backwards;
            let ready = self.shards.iter_mut().filter(|shard| !shard.ready.is_empty());
            let next = if backwards {
                ready.max_by(|one, other| one.ready.front().cmp(&other.ready.front()))
            } else {
                ready.min_by(|one, other| one.ready.front().cmp(&other.ready.front()))
            };
            let Some(key) = next.and_then(|shard| shard.ready.pop_front()) else {
                break;
            };
            taken.push(key);
        }
        Ok(taken)
    }

    /// Whether there are keys that were not taken.
    async fn has_more(&mut self, store: &Store) -> Result<bool, StoreError> {
        self.fill(store).await?;
        Ok(self.shards.iter().any(|shard| !shard.ready.is_empty()))
    }

    async fn fill(&mut self, store: &Store) -> Result<(), StoreError> {
        let by = self.by;
        try_join_all(self.shards.iter_mut().map(|shard| shard.fill(store, by))).await?;
        Ok(())
    }
}
