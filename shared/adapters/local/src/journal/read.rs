//! Reading one execution: its head, its state, its history.

use crate::identity;
use crate::json::decode;
use crate::payloads;
use crate::store::StoreError;
use engine::{ExecutionKey, Image, Packed, PayloadId, Status, Timestamp};
use ports::{Head, HistoryPage, Nonce, Stored, StoredPayload, documents};
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The columns that [`Found::of`] reads, of `execution e`.
pub(crate) const COLUMNS: &str = "e.id, e.started, e.identity, e.status, e.stopped, e.redrive_count, e.redriven, \
    e.output_id, e.output, e.error, e.cause, (SELECT l.payloads FROM log l WHERE l.execution = e.id AND l.seq = 0), \
    e.machine, e.name, e.incarnation";

/// An execution's row, not yet read closer.
pub(crate) struct Found {
    pub(crate) id: i64,
    pub(crate) started: i64,
    identity: String,
    status: String,
    stopped: Option<i64>,
    redrive_count: u32,
    redriven: Option<i64>,
    output_id: Option<i64>,
    output: Option<String>,
    error: Option<String>,
    cause: Option<String>,
    first_payloads: Option<String>,
    key: ExecutionKey,
    incarnation: Arc<str>,
}

impl Found {
    pub(crate) fn of(row: &Row<'_>) -> rusqlite::Result<Found> {
        Ok(Found {
            id: row.get(0)?,
            started: row.get(1)?,
            identity: row.get(2)?,
            status: row.get(3)?,
            stopped: row.get(4)?,
            redrive_count: row.get(5)?,
            redriven: row.get(6)?,
            output_id: row.get(7)?,
            output: row.get(8)?,
            error: row.get(9)?,
            cause: row.get(10)?,
            first_payloads: row.get(11)?,
            key: ExecutionKey {
                machine: row.get(12)?,
                name: row.get(13)?,
            },
            incarnation: row.get(14)?,
        })
    }

    /// Returns the head; input and output come from the entries that hold them.
    pub(crate) fn head(self, connection: &Connection) -> Result<Head, StoreError> {
        let input_id = PayloadId::new(0, 0);
        let output_id = self.output_id.and_then(payloads::id);
        let mut wanted: BTreeSet<PayloadId> = std::iter::once(input_id).chain(output_id).collect();
        let mut found = BTreeMap::new();
        if let Some(first) = &self.first_payloads {
            payloads::decode(first, &mut wanted, &mut found)?;
        }
        collect(connection, self.id, &mut wanted, &mut found)?;
        let held = |id: PayloadId| -> Result<StoredPayload, StoreError> {
            found
                .get(&id)
                .cloned()
                .ok_or_else(|| StoreError::Damaged(format!("the document {id:?} is missing")))
        };
        let output = match (output_id, &self.output) {
            (Some(id), _) => Some(held(id)?),
            (None, Some(text)) => Some(decode(text)?),
            (None, None) => None,
        };
        Ok(Head {
            identity: Arc::new(identity::decode(
                &self.identity,
                self.key,
                self.incarnation,
                Timestamp(self.started),
            )?),
            status: status(&self.status)?,
            stopped: self.stopped.map(Timestamp),
            input: held(input_id)?,
            output,
            error: self.error,
            cause: self.cause,
            redrive_count: self.redrive_count,
            redriven: self.redriven.map(Timestamp),
        })
    }
}

/// Reads a head.
pub(crate) fn head(connection: &Connection, key: &ExecutionKey) -> Result<Option<Head>, StoreError> {
    find(connection, key)?
        .map(|found| found.head(connection))
        .transpose()
}

/// Reads what restores an execution: the images since the last full one, and their documents.
pub(crate) fn load(connection: &Connection, key: &ExecutionKey) -> Result<Option<Stored>, StoreError> {
    let Some(found) = find(connection, key)? else {
        return Ok(None);
    };
    let id = found.id;
    let head = found.head(connection)?;
    let mut select = connection.prepare_cached(
        "SELECT seq, nonce, lease_until, image FROM log
         WHERE execution = ?1
             AND seq >= (SELECT base FROM log WHERE execution = ?1 ORDER BY seq DESC LIMIT 1)
         ORDER BY seq",
    )?;
    let mut rows = select.query([id])?;
    let mut images: Vec<(u64, Image)> = Vec::new();
    let mut wanted = BTreeSet::new();
    let mut latest = None;
    while let Some(row) = rows.next()? {
        let image: Image = decode(text(row, 3)?)?;
        wanted.append(&mut image.payload_ids());
        images.push((row.get::<_, i64>(0)?.cast_unsigned(), image));
        latest = Some((Nonce(row.get(1)?), Timestamp(row.get(2)?)));
    }
    let Some((nonce, lease_until)) = latest else {
        return Err(StoreError::Damaged(format!(
            "the execution `{}` has no entries",
            key.name
        )));
    };
    let mut payloads = BTreeMap::new();
    collect(connection, id, &mut wanted, &mut payloads)?;
    Ok(Some(Stored {
        head,
        images,
        payloads,
        nonce,
        lease_until,
    }))
}

/// Reads events by their ids.
pub(crate) fn history(
    connection: &Connection,
    key: &ExecutionKey,
    from: u64,
    limit: usize,
    reverse: bool,
) -> Result<HistoryPage, StoreError> {
    let mut page = HistoryPage::default();
    let Some((id, last)) = place(connection, key)? else {
        return Ok(page);
    };
    let start = entry_with(connection, id, last, from)?;
    let mut select = if reverse {
        connection
            .prepare_cached("SELECT events FROM log WHERE execution = ?1 AND seq <= ?2 ORDER BY seq DESC")?
    } else {
        connection.prepare_cached("SELECT events FROM log WHERE execution = ?1 AND seq >= ?2 ORDER BY seq")?
    };
    let mut rows = select.query([id, start])?;
    while page.events.len() < limit {
        let Some(row) = rows.next()? else { break };
        let packed: Packed<'static> = decode(text(row, 0)?)?;
        let mut events = packed.into_events();
        events.retain(|event| {
            if reverse {
                event.id <= from
            } else {
                event.id >= from
            }
        });
        if reverse {
            events.reverse();
        }
        events.truncate(limit - page.events.len());
        page.events.append(&mut events);
    }
    let mut wanted = page.events.iter().flat_map(documents).collect();
    collect(connection, id, &mut wanted, &mut page.payloads)?;
    Ok(page)
}

/// Returns the first entry whose events reach up to `event`, or the last one: halves the range, as both grow together.
fn entry_with(connection: &Connection, id: i64, last: i64, event: u64) -> Result<i64, StoreError> {
    let event = i64::try_from(event).unwrap_or(i64::MAX);
    let mut select =
        connection.prepare_cached("SELECT last_event FROM log WHERE execution = ?1 AND seq = ?2")?;
    let (mut low, mut high) = (0, last);
    while low < high {
        let middle = low + (high - low) / 2;
        let reaches: i64 = select.query_row([id, middle], |row| row.get(0))?;
        if reaches >= event {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Ok(low)
}

/// Adds the wanted documents from the entries that hold them; those that are in none stay wanted.
fn collect(
    connection: &Connection,
    id: i64,
    wanted: &mut BTreeSet<PayloadId>,
    found: &mut BTreeMap<PayloadId, StoredPayload>,
) -> Result<(), StoreError> {
    if wanted.is_empty() {
        return Ok(());
    }
    let mut select =
        connection.prepare_cached("SELECT payloads FROM log WHERE execution = ?1 AND seq = ?2")?;
    let entries: BTreeSet<u64> = wanted.iter().map(|id| id.seq()).collect();
    for seq in entries {
        let mut rows = select.query(params![id, seq.cast_signed()])?;
        if let Some(row) = rows.next()? {
            payloads::decode(text(row, 0)?, wanted, found)?;
        }
    }
    Ok(())
}

fn find(connection: &Connection, key: &ExecutionKey) -> Result<Option<Found>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM execution e WHERE e.machine = ?1 AND e.name = ?2");
    Ok(connection
        .prepare_cached(&sql)?
        .query_row(params![key.machine, key.name], Found::of)
        .optional()?)
}

fn place(connection: &Connection, key: &ExecutionKey) -> Result<Option<(i64, i64)>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT e.id, (SELECT max(l.seq) FROM log l WHERE l.execution = e.id)
         FROM execution e WHERE e.machine = ?1 AND e.name = ?2",
    )?;
    Ok(select
        .query_row(params![key.machine, key.name], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?)
}

fn status(name: &str) -> Result<Status, StoreError> {
    [
        Status::Running,
        Status::Succeeded,
        Status::Failed,
        Status::TimedOut,
        Status::Aborted,
    ]
    .into_iter()
    .find(|status| status.name() == name)
    .ok_or_else(|| StoreError::Damaged(format!("`{name}` is not a status")))
}

/// Borrows a column's text from the row: no copy.
fn text<'a>(row: &'a Row<'_>, column: usize) -> Result<&'a str, StoreError> {
    row.get_ref(column)?
        .as_str()
        .map_err(|error| StoreError::Damaged(error.to_string()))
}
