//! Writing: the conditional appends that everything rests on.

use super::{RETENTION_MILLIS, read};
use crate::json::encode;
use crate::payloads;
use crate::store::StoreError;
use engine::{Closing, ExecutionKey, Identity, Packed, Status};
use ports::{Appended, Created, StoredPayload, Write};
use rusqlite::{Connection, OptionalExtension as _, params};

/// An entry as it goes into the store; made by the caller, so that the writer's time is spent on writing.
pub(crate) struct Row {
    seq: i64,
    base: i64,
    last_event: i64,
    time: i64,
    lease_until: i64,
    next_deadline: Option<i64>,
    nonce: String,
    events: String,
    image: String,
    payloads: String,
    redrive_count: u32,
    standing: Standing,
}

/// The part of the head that follows the entries.
struct Standing {
    status: Status,
    stopped: Option<i64>,
    /// The output's name, when the entry that closes the execution holds it; it is not stored twice.
    output_id: Option<i64>,
    /// The output itself otherwise.
    output: Option<String>,
    error: Option<String>,
    cause: Option<String>,
}

impl Row {
    /// Returns the row of an entry.
    pub(crate) fn of(write: &Write) -> Result<Row, StoreError> {
        let Write {
            entry,
            payloads,
            nonce,
            lease_until,
            next_deadline,
            output,
        } = write;
        Ok(Row {
            seq: integer(entry.seq)?,
            base: integer(entry.image.base)?,
            last_event: integer(entry.image.counters.last_event)?,
            time: entry.time.millis(),
            lease_until: lease_until.millis(),
            next_deadline: next_deadline.map(|time| time.millis()),
            nonce: nonce.0.clone(),
            events: encode(&Packed::of(&entry.events))?,
            image: encode(&entry.image)?,
            payloads: payloads::encode(payloads),
            redrive_count: entry.image.counters.redrive_count,
            standing: Standing::of(
                entry.image.status,
                entry.closing.as_ref(),
                payloads,
                output.as_ref(),
            )?,
        })
    }
}

impl Standing {
    fn of(
        status: Status,
        closing: Option<&Closing>,
        payloads: &[(engine::PayloadId, StoredPayload)],
        output: Option<&StoredPayload>,
    ) -> Result<Standing, StoreError> {
        let here = closing
            .and_then(|closing| closing.output.as_ref())
            .map(|data| data.id())
            .filter(|id| {
                payloads
                    .iter()
                    .any(|(held, payload)| held == id && Some(payload) == output)
            });
        Ok(Standing {
            status,
            stopped: closing.map(|closing| closing.time.millis()),
            output_id: here.map(payloads::number),
            output: if here.is_some() {
                None
            } else {
                output.map(encode).transpose()?
            },
            error: closing.and_then(|closing| closing.error.clone()),
            cause: closing.and_then(|closing| closing.cause.clone()),
        })
    }
}

/// Writes the head and entry 0, unless the name is taken.
pub(crate) fn create(
    connection: &Connection,
    identity: &Identity,
    identity_text: &str,
    row: &Row,
) -> Result<Created, StoreError> {
    if row.seq != 0 {
        return Err(StoreError::Failed(format!(
            "an execution begins with entry 0, not with entry {}",
            row.seq
        )));
    }
    if insert_head(connection, identity, identity_text, row)? {
        return Ok(Created::New);
    }
    let key = &identity.key;
    let mut find = connection.prepare_cached(
        "SELECT e.id, e.incarnation, e.stopped, (SELECT l.nonce FROM log l WHERE l.execution = e.id AND l.seq = 0)
         FROM execution e WHERE e.machine = ?1 AND e.name = ?2",
    )?;
    let (id, incarnation, stopped, nonce): (i64, String, Option<i64>, String) = find
        .query_row(params![key.machine, key.name], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })?;
    if incarnation == *identity.incarnation && nonce == row.nonce {
        return Ok(Created::New);
    }
    if stopped.is_none_or(|stopped| row.time < stopped.saturating_add(RETENTION_MILLIS)) {
        let head = read::head(connection, key)?
            .ok_or_else(|| StoreError::Damaged(format!("the execution `{}` has no head", key.name)))?;
        return Ok(Created::Exists(Box::new(head)));
    }
    connection
        .prepare_cached("DELETE FROM log WHERE execution = ?1")?
        .execute([id])?;
    connection
        .prepare_cached("DELETE FROM execution WHERE id = ?1")?
        .execute([id])?;
    insert_head(connection, identity, identity_text, row)?;
    Ok(Created::New)
}

/// Writes the head and entry 0; returns `false` when the name is taken. Names are mostly new: this asks only once.
fn insert_head(
    connection: &Connection,
    identity: &Identity,
    identity_text: &str,
    row: &Row,
) -> Result<bool, StoreError> {
    let key = &identity.key;
    let standing = &row.standing;
    let inserted = connection
        .prepare_cached(
            "INSERT INTO execution (machine, name, incarnation, status, started, stopped, redrive_count,
                 output_id, output, error, cause, identity)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
             ON CONFLICT (machine, name) DO NOTHING",
        )?
        .execute(params![
            key.machine,
            key.name,
            identity.incarnation,
            standing.status.name(),
            identity.started.millis(),
            standing.stopped,
            row.redrive_count,
            standing.output_id,
            standing.output,
            standing.error,
            standing.cause,
            identity_text,
        ])?;
    if inserted == 1 {
        insert(connection, connection.last_insert_rowid(), row)?;
    }
    Ok(inserted == 1)
}

/// Writes the next entry, unless its place is taken.
pub(crate) fn append(
    connection: &Connection,
    key: &ExecutionKey,
    incarnation: &str,
    row: &Row,
) -> Result<Appended, StoreError> {
    let mut find = connection.prepare_cached(
        "SELECT e.id, e.incarnation, e.stopped IS NOT NULL, e.redrive_count,
             (SELECT max(l.seq) FROM log l WHERE l.execution = e.id)
         FROM execution e WHERE e.machine = ?1 AND e.name = ?2",
    )?;
    let found: Option<(i64, String, bool, u32, i64)> = find
        .query_row(params![key.machine, key.name], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
        })
        .optional()?;
    let Some((id, _, closed, redrive_count, last)) = found.filter(|found| found.1 == incarnation) else {
        return Ok(Appended::Gone);
    };
    if row.seq != last + 1 {
        let nonce: Option<String> = connection
            .prepare_cached("SELECT nonce FROM log WHERE execution = ?1 AND seq = ?2")?
            .query_row([id, row.seq], |row| row.get(0))
            .optional()?;
        let mine = nonce.is_some_and(|nonce| nonce == row.nonce);
        return Ok(if mine { Appended::Done } else { Appended::Conflict });
    }
    insert(connection, id, row)?;
    let standing = &row.standing;
    if closed || standing.stopped.is_some() {
        let redriven = (row.redrive_count > redrive_count).then_some(row.time);
        connection
            .prepare_cached(
                "UPDATE execution SET status = ?2, stopped = ?3, redrive_count = ?4, redriven = ifnull(?5, redriven),
                     output_id = ?6, output = ?7, error = ?8, cause = ?9
                 WHERE id = ?1",
            )?
            .execute(params![
                id,
                standing.status.name(),
                standing.stopped,
                row.redrive_count,
                redriven,
                standing.output_id,
                standing.output,
                standing.error,
                standing.cause,
            ])?;
    }
    Ok(Appended::Done)
}

fn insert(connection: &Connection, execution: i64, row: &Row) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO log (execution, seq, base, last_event, time, lease_until, next_deadline, nonce, events, image,
                 payloads)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            execution,
            row.seq,
            row.base,
            row.last_event,
            row.time,
            row.lease_until,
            row.next_deadline,
            row.nonce,
            row.events,
            row.image,
            row.payloads,
        ])?;
    Ok(())
}

fn integer(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number)
        .map_err(|_| StoreError::Failed(format!("the number {number} is too large for the store")))
}
