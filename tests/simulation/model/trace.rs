//! What tells one state from another: everything that the future depends on, and no more.
//!
//! A process is a function of what it has seen since it began to work, so that the sequence of that stands for its memory.
//! Times count in whole seconds: pauses of milliseconds lead to nothing new. Nonces count as who wrote them.

use super::control::State;
use crate::table::EntryRow;
use crate::world::{START_MILLIS, World, locked};
use std::collections::BTreeMap;
use std::fmt::{Debug, Write as _};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// How many digits a time in milliseconds has.
const TIME_DIGITS: usize = 13;

/// A sequence of what was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Trace(u64);

impl Trace {
    /// Adds something that was seen at a time.
    pub(crate) fn learn(&mut self, what: &impl Hash, now: i64) {
        self.0 = hashed(&(self.0, what, seconds(now)));
    }

    pub(crate) fn value(self) -> u64 {
        self.0
    }
}

/// Returns the whole seconds since the beginning.
pub(crate) fn seconds(millis: i64) -> i64 {
    (millis - START_MILLIS + 500).div_euclid(1000)
}

pub(crate) fn hashed(what: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

/// Hashes what a value shows when it is printed, its times in whole seconds.
pub(crate) fn scrubbed(what: &impl Debug) -> u64 {
    let mut scrub = Scrub {
        hasher: DefaultHasher::new(),
    };
    // Hashing does not fail.
    let _ = write!(scrub, "{what:?}");
    scrub.hasher.finish()
}

/// Hashes text. Numbers are printed in one piece, so that each piece is a time or holds none.
struct Scrub {
    hasher: DefaultHasher,
}

impl std::fmt::Write for Scrub {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let time = (text.len() == TIME_DIGITS)
            .then(|| text.parse::<i64>().ok())
            .flatten();
        match time {
            Some(millis) => seconds(millis).hash(&mut self.hasher),
            None => self.hasher.write(text.as_bytes()),
        }
        Ok(())
    }
}

impl State {
    /// Hashes the journal.
    pub(crate) fn journal(&mut self, world: &World) -> u64 {
        let table = locked(&world.table);
        let mut all = Vec::new();
        for row in table.0.values() {
            let mut entries = Vec::with_capacity(row.entries.len());
            for entry in &row.entries {
                entries.push((self.content(entry), self.lease(entry)));
            }
            all.push(hashed(&(
                &row.identity.key,
                &row.identity.incarnation,
                seconds(row.listed_from),
                entries,
            )));
        }
        hashed(&all)
    }

    /// Hashes an entry, once.
    fn content(&mut self, entry: &EntryRow) -> u64 {
        let place = Arc::as_ptr(&entry.write).addr();
        if let Some(known) = self.contents.get(&place) {
            return *known;
        }
        let write = &entry.write;
        let events: Vec<_> = write
            .entry
            .events
            .iter()
            .map(|event| (event.previous, &event.details))
            .collect();
        let content = scrubbed(&(
            &write.entry.image,
            events,
            &write
                .entry
                .closing
                .as_ref()
                .map(|closing| (&closing.error, &closing.cause)),
            write.next_deadline,
        ));
        self.contents.insert(place, content);
        content
    }

    fn lease(&self, entry: &EntryRow) -> (u64, i64, bool) {
        let nonce = &entry.lease.nonce.0;
        let writer = self.sites.iter().find(|site| site.process.has_written(nonce));
        (
            hashed(&writer.map(|writer| &writer.name)),
            seconds(entry.lease.until.millis()),
            entry.has_lapsed,
        )
    }

    /// Hashes all that the future depends on.
    pub(crate) fn fingerprint(&mut self, world: &World) -> u64 {
        let journal = self.journal(world);
        let now = world.millis();
        let sites: Vec<u64> = (0..self.sites.len())
            .filter_map(|site| self.site_trace(world, site))
            .collect();
        let held = self.held.values().map(|held| {
            let holder = held.holder.map(|site| &self.sites[site].name);
            // When something can be received that can be received already does not matter.
            let visible_from = seconds(held.visible_from.max(now));
            hashed(&(held.trace, holder, held.receives, visible_from))
        });
        let late = self.late.iter().map(|late| hashed(&(late.what, late.after)));
        let ledger = hashed(&*locked(&world.ledger));
        hashed(&(
            journal,
            seconds(now),
            sorted(sites.into_iter()),
            sorted(held),
            sorted(late),
            ledger,
            sorted(self.acts.iter().map(|act| hashed(&act.trace()))),
            &self.left,
            (self.waited, self.sweeps_left),
            self.owed(world),
            world.violation(),
        ))
    }

    fn site_trace(&self, world: &World, site: usize) -> Option<u64> {
        let at = &self.sites[site];
        if at.process.is_dead() || at.open == 0 && self.is_fresh(world, site) {
            return None;
        }
        let pending = self.pending.values().filter(|pending| pending.site == site);
        let pending = pending.map(|pending| hashed(&(pending.what, seconds(pending.since), pending.is_slow)));
        let table = locked(&world.table);
        let let_go: Vec<bool> = table.0.keys().map(|key| at.process.has_let_go(key)).collect();
        drop(table);
        Some(hashed(&(
            &at.name,
            at.open,
            at.seen,
            (at.is_stopped, at.is_new),
            sorted(pending),
            let_go,
        )))
    }

    /// Hashes which wake-ups are owed, and who has seen that.
    fn owed(&self, world: &World) -> u64 {
        let table = locked(&world.table);
        let keys: Vec<_> = table.0.keys().cloned().collect();
        drop(table);
        let mut all = Vec::new();
        for key in &keys {
            let owed = world.owed(key);
            let mut seen = BTreeMap::new();
            for site in &self.sites {
                if let Some(driven) = locked(&site.process.driven).get(key) {
                    let places: Vec<usize> = owed
                        .iter()
                        .enumerate()
                        .filter(|(_, number)| driven.seen.contains(number))
                        .map(|(place, _)| place)
                        .collect();
                    seen.insert(&site.name, (driven.count, places));
                }
            }
            all.push(hashed(&(owed.len(), seen)));
        }
        hashed(&all)
    }
}

fn sorted(hashes: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut hashes: Vec<u64> = hashes.collect();
    hashes.sort_unstable();
    hashes
}
