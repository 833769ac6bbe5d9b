//! Who may make the calls of an entry.

use crate::store::StoreError;
use engine::{ExecutionKey, Timestamp};
use ports::{Lease, Nonce};
use rusqlite::{Connection, OptionalExtension as _, params};

/// Reads the lease of an entry.
pub(crate) fn read(
    connection: &Connection,
    key: &ExecutionKey,
    incarnation: &str,
    seq: u64,
) -> Result<Option<Lease>, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT l.nonce, l.lease_until FROM execution e JOIN log l ON l.execution = e.id
             WHERE e.machine = ?1 AND e.name = ?2 AND e.incarnation = ?3 AND l.seq = ?4",
        )?
        .query_row(
            params![key.machine, key.name, incarnation, seq.cast_signed()],
            |row| {
                Ok(Lease {
                    nonce: Nonce(row.get(0)?),
                    until: Timestamp(row.get(1)?),
                })
            },
        )
        .optional()?)
}

/// Extends the lease of an entry that has the same nonce.
pub(crate) fn renew(
    connection: &Connection,
    key: &ExecutionKey,
    incarnation: &str,
    seq: u64,
    lease: &Lease,
) -> Result<bool, StoreError> {
    let changed = connection
        .prepare_cached(
            "UPDATE log SET lease_until = ?6 WHERE seq = ?4 AND nonce = ?5 AND execution =
                 (SELECT id FROM execution WHERE machine = ?1 AND name = ?2 AND incarnation = ?3)",
        )?
        .execute(params![
            key.machine,
            key.name,
            incarnation,
            seq.cast_signed(),
            lease.nonce.0,
            lease.until.millis()
        ])?;
    Ok(changed == 1)
}
