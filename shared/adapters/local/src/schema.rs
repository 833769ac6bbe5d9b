//! The tables of the embedded store.

use crate::store::OpenError;
use rusqlite::Connection;
use std::path::Path;

/// The version of the tables, kept in SQLite's `user_version`; raised with every change that needs a migration.
pub(crate) const VERSION: i64 = 1;

/// `log` grows in the order of arrival, which keeps writing cheap; an entry's place is held by `log_place`.
///
/// The wide column `payloads` comes last: SQLite reads a row from the left, and stops at the last column asked for.
/// How `events` is written stands at [`engine::Packed`], `payloads` in `payloads.rs`, `identity` in `identity.rs`.
///
/// `execution` changes when an execution begins or ends, never in between. `last_event` counts from the beginning, so
/// it grows with `seq`.
///
/// `machine.revision` holds the machine's edition; versions and aliases are in the machine's document.
const TABLES: &str = "
CREATE TABLE execution (
    id INTEGER PRIMARY KEY,
    machine TEXT NOT NULL,
    name TEXT NOT NULL,
    incarnation TEXT NOT NULL,
    status TEXT NOT NULL,
    started INTEGER NOT NULL,
    stopped INTEGER,
    redrive_count INTEGER NOT NULL,
    redriven INTEGER,
    output_id INTEGER,
    output TEXT,
    error TEXT,
    cause TEXT,
    identity TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX execution_name ON execution (machine, name);
CREATE INDEX execution_newest ON execution (machine, started);
CREATE INDEX execution_open ON execution (started, id, machine) WHERE status = 'RUNNING';
CREATE INDEX execution_failed ON execution (machine, status, started)
    WHERE status IN ('FAILED', 'TIMED_OUT', 'ABORTED');

CREATE TABLE log (
    id INTEGER PRIMARY KEY,
    execution INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    base INTEGER NOT NULL,
    last_event INTEGER NOT NULL,
    time INTEGER NOT NULL,
    lease_until INTEGER NOT NULL,
    next_deadline INTEGER,
    nonce TEXT NOT NULL,
    events TEXT NOT NULL,
    image TEXT NOT NULL,
    payloads TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX log_place ON log (execution, seq);

CREATE TABLE machine (
    region TEXT NOT NULL,
    account TEXT NOT NULL,
    name TEXT NOT NULL,
    revision TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (region, account, name)
) STRICT;

CREATE TABLE revision (
    machine TEXT NOT NULL,
    id TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (machine, id)
) STRICT;

CREATE TABLE activity (
    region TEXT NOT NULL,
    account TEXT NOT NULL,
    name TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (region, account, name)
) STRICT;

CREATE TABLE blob (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    text TEXT NOT NULL
) STRICT;
";

/// Makes the tables in a new store; refuses a store of a later version, one whose list of tables is damaged, and an empty
/// one in the place of one that is gone.
pub(crate) fn prepare(
    connection: &mut Connection,
    folder: &Path,
    has_had_store: bool,
) -> Result<(), OpenError> {
    let failed = |source| OpenError::Store {
        folder: folder.to_owned(),
        source,
    };
    let transaction = connection.transaction().map_err(failed)?;
    let found: i64 = transaction
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(failed)?;
    match found {
        0 if has_had_store => Err(OpenError::Lost {
            folder: folder.to_owned(),
        }),
        0 => {
            transaction.execute_batch(TABLES).map_err(failed)?;
            transaction
                .pragma_update(None, "user_version", VERSION)
                .map_err(failed)?;
            transaction.commit().map_err(failed)
        }
        // Without tables the version says nothing; SQLite reads their list when it is asked for one of them.
        VERSION => transaction
            .prepare("SELECT 1 FROM execution, log, machine, revision, activity, blob")
            .map(|_| ())
            .map_err(failed),
        _ => Err(OpenError::Later {
            folder: folder.to_owned(),
            found,
            known: VERSION,
        }),
    }
}
