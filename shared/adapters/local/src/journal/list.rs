//! Listing executions, page by page.

use super::read::{COLUMNS, Found};
use crate::store::StoreError;
use engine::{ExecutionKey, Status, Timestamp};
use ports::{Filter, Head, Opened, Page};
use rusqlite::{Connection, params};
use std::sync::Arc;

/// Where a page ends: the start time and the number of its last row. New executions do not move it.
#[derive(Clone, Copy)]
struct Position {
    started: i64,
    id: i64,
}

impl Position {
    fn parse(text: &str) -> Result<Position, StoreError> {
        let parsed = text.split_once('-').and_then(|(started, id)| {
            Some(Position {
                started: started.parse().ok()?,
                id: id.parse().ok()?,
            })
        });
        parsed
            .ok_or_else(|| StoreError::Failed(format!("`{text}` is not a position in a list of executions")))
    }

    fn text(self) -> String {
        format!("{}-{}", self.started, self.id)
    }
}

/// Returns the position before the executions that were started at a time.
pub(crate) fn since(started: Timestamp) -> String {
    let position = Position {
        started: started.millis(),
        id: i64::MIN,
    };
    position.text()
}

/// Lists a machine's executions, newest start first.
pub(crate) fn list(connection: &Connection, filter: &Filter) -> Result<Page<Head>, StoreError> {
    let after = match &filter.after {
        Some(text) => Position::parse(text)?,
        None => Position {
            started: i64::MAX,
            id: i64::MAX,
        },
    };
    // The terms on `status` repeat those of the partial indexes to the letter: only then SQLite uses them.
    let (index, condition) = match filter.status {
        None => ("execution_newest", String::new()),
        Some(Status::Running) => ("execution_open", "AND e.status = 'RUNNING'".to_owned()),
        Some(status @ Status::Succeeded) => {
            ("execution_newest", format!("AND e.status = '{}'", status.name()))
        }
        Some(status @ (Status::Failed | Status::TimedOut | Status::Aborted)) => (
            "execution_failed",
            format!(
                "AND e.status IN ('FAILED', 'TIMED_OUT', 'ABORTED') AND e.status = '{}'",
                status.name()
            ),
        ),
    };
    // Few ask so, and an index would make every start dearer: the executions of the machine are looked through.
    let qualified = match filter.qualified_arn {
        None => "AND ?5 IS NULL",
        Some(_) => "AND (e.identity ->> '$.version_arn' = ?5 OR e.identity ->> '$.alias_arn' = ?5)",
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM execution e INDEXED BY {index}
         WHERE e.machine = ?1 AND (e.started, e.id) < (?2, ?3) {condition} {qualified}
         ORDER BY e.started DESC, e.id DESC LIMIT ?4"
    );
    let limit = filter.limit.max(1);
    let mut select = connection.prepare_cached(&sql)?;
    let rows = select.query_map(
        params![
            filter.machine,
            after.started,
            after.id,
            one_more(limit),
            filter.qualified_arn
        ],
        Found::of,
    )?;
    let rows = rows.collect::<rusqlite::Result<Vec<Found>>>()?;
    page(
        rows,
        limit,
        |found| Position {
            started: found.started,
            id: found.id,
        },
        |found| found.head(connection),
    )
}

/// Lists the executions that run, oldest start first.
pub(crate) fn open(
    connection: &Connection,
    after: Option<&str>,
    limit: usize,
) -> Result<Page<Opened>, StoreError> {
    let after = match after {
        Some(text) => Position::parse(text)?,
        None => Position {
            started: i64::MIN,
            id: i64::MIN,
        },
    };
    let limit = limit.max(1);
    let mut select = connection.prepare_cached(
        "SELECT e.started, e.id, e.machine, e.name, e.incarnation,
             (SELECT l.next_deadline FROM log l WHERE l.execution = e.id ORDER BY l.seq DESC LIMIT 1)
         FROM execution e INDEXED BY execution_open
         WHERE e.status = 'RUNNING' AND (e.started, e.id) > (?1, ?2)
         ORDER BY e.started, e.id LIMIT ?3",
    )?;
    let rows = select.query_map(params![after.started, after.id, one_more(limit)], |row| {
        let opened = Opened {
            key: ExecutionKey {
                machine: row.get::<_, Arc<str>>(2)?,
                name: row.get::<_, Arc<str>>(3)?,
            },
            incarnation: row.get(4)?,
            next_deadline: row.get::<_, Option<i64>>(5)?.map(Timestamp),
        };
        Ok((
            Position {
                started: row.get(0)?,
                id: row.get(1)?,
            },
            opened,
        ))
    })?;
    let rows = rows.collect::<rusqlite::Result<Vec<(Position, Opened)>>>()?;
    page(rows, limit, |row| row.0, |row| Ok(row.1))
}

/// One row more than asked for tells whether there is a further page.
fn one_more(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1)
}

fn page<R, T>(
    mut rows: Vec<R>,
    limit: usize,
    position: impl Fn(&R) -> Position,
    read: impl Fn(R) -> Result<T, StoreError>,
) -> Result<Page<T>, StoreError> {
    let further = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| further).map(|row| position(row).text());
    let rows = rows
        .into_iter()
        .map(read)
        .collect::<Result<Vec<T>, StoreError>>()?;
    Ok(Page { rows, next })
}
