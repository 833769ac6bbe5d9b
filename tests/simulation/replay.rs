//! I2: an entry that is made again, by the pure engine from the state before it, is the same. Only with the feature
//! `mutants`, for the driver keeps what it applied with that alone.

use crate::process::Process;
use crate::table::Row;

/// Returns what is different when the latest entry is made again.
#[cfg(not(feature = "mutants"))]
pub(crate) fn differs(_process: &Process, _row: &Row) -> Option<String> {
    None
}

#[cfg(feature = "mutants")]
pub(crate) use again::differs;

#[cfg(feature = "mutants")]
mod again {
    use super::{Process, Row};
    use crate::world::{World, locked};
    use engine::{Entry, Execution, Limits, Outcome, PayloadId, apply};
    use ports::StoredPayload;
    use std::sync::Arc;

    /// Returns what is different when the latest entry is made again.
    pub(crate) fn differs(process: &Process, row: &Row) -> Option<String> {
        let world = &process.world;
        let write = &row.last().write;
        let applied = driver::applied_for(&write.nonce)?;
        let program = world.program(&row.identity.key)?;
        let mut execution = before(world, row)?;
        let mut outcome = Outcome::default();
        for applied in applied {
            execution.holds_calls = applied.holds_calls;
            execution.hands_over_beyond = applied.hands_over_beyond;
            outcome.absorb(apply(&program, &mut execution, applied.message, applied.now));
        }
        if write.entry.seq == 0 && outcome.payloads.is_empty() {
            // The first entry of an Express execution holds its input alone.
            return None;
        }
        let (made, again) = (shown(&write.entry), shown(&execution.seal(outcome)));
        let name = &row.identity.name;
        (made != again).then(|| format!("I2: {name} has the entry\n{made}\nand made again it is\n{again}"))
    }

    /// Returns the execution as it was before the latest entry.
    fn before(world: &World, row: &Row) -> Option<Execution> {
        let text = |id: PayloadId| match row.payload(id)? {
            StoredPayload::Text(text) => Some(text),
            StoredPayload::Blob(name) => locked(&world.blobs).get(&*name).cloned(),
        };
        let seq = row.entries.len() - 1;
        if seq == 0 {
            let input = text(PayloadId::new(0, 0))?;
            return Some(Execution::new((*row.identity).clone(), input, Limits::default()));
        }
        let images = row.images_until(seq - 1);
        let restored = Execution::restore(Arc::clone(&row.identity), images, Limits::default(), &mut {
            text
        });
        restored.ok()
    }

    fn shown(entry: &Entry) -> String {
        format!("{entry:?}")
    }
}
