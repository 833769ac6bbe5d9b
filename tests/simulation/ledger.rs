//! What has really happened outside: every call that was begun, and every effect it had.

use engine::{Call, CallId};
use integrations::EffectClass;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// How much longer than it promises a service remembers a token.
const WINDOW_GRACE_MILLIS: i64 = 10_000;

/// All calls, by incarnation and attempt.
#[derive(Default)]
pub(crate) struct Ledger(BTreeMap<(Arc<str>, CallId), Record>);

#[derive(Default)]
struct Record {
    /// How often it was begun.
    attempts: u32,
    /// When each effect happened.
    effects: Vec<i64>,
    tokens: BTreeSet<String>,
    may_repeat: bool,
    /// Whether its outcome was recorded as unknown.
    is_given_up: bool,
}

impl Hash for Ledger {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        for (call, record) in &self.0 {
            let seconds: Vec<i64> = record.effects.iter().map(|millis| millis / 1000).collect();
            (call, record.attempts, record.is_given_up, seconds, &record.tokens).hash(hasher);
        }
    }
}

impl Ledger {
    /// Enters that a call begins; returns what is wrong with that.
    pub(crate) fn begin(&mut self, incarnation: &Arc<str>, call: &Call) -> Option<String> {
        let record = self.0.entry((Arc::clone(incarnation), call.id)).or_default();
        record.attempts += 1;
        record.may_repeat = call.class != EffectClass::Once;
        record.tokens.insert(call.client_token.clone());
        if record.tokens.len() > 1 {
            return Some(format!("I4: call {} goes out with two tokens", call.id.0));
        }
        if call.class == EffectClass::Once && record.is_given_up {
            return Some(format!("I7: call {} begins after it was given up", call.id.0));
        }
        None
    }

    /// Enters an effect, unless the service recognises it as a repetition; returns what is wrong with it.
    pub(crate) fn happen(&mut self, incarnation: &Arc<str>, call: &Call, now: i64) -> Option<String> {
        let record = self.0.entry((Arc::clone(incarnation), call.id)).or_default();
        match &call.class {
            EffectClass::Repeatable => {}
            EffectClass::Token { window_seconds, .. } => {
                let window = i64::try_from(*window_seconds * 1000).unwrap_or(i64::MAX);
                let remembers = |first: &i64| now <= first + window + WINDOW_GRACE_MILLIS;
                if record.effects.first().is_some_and(remembers) {
                    return None;
                }
            }
            EffectClass::Once => {}
        }
        record.effects.push(now);
        (call.class != EffectClass::Repeatable && record.effects.len() > 1).then(|| {
            format!(
                "I4: call {} ({:?}) has {} effects",
                call.id.0,
                call.class,
                record.effects.len()
            )
        })
    }

    /// Enters that a worker has a task of an activity; returns whether it is the first.
    pub(crate) fn take(&mut self, incarnation: &Arc<str>, call: CallId) -> bool {
        let record = self.0.entry((Arc::clone(incarnation), call)).or_default();
        record.attempts += 1;
        record.effects.push(0);
        record.attempts == 1
    }

    pub(crate) fn give_up(&mut self, incarnation: &Arc<str>, call: CallId) {
        self.0
            .entry((Arc::clone(incarnation), call))
            .or_default()
            .is_given_up = true;
    }

    /// Tells whether a call has begun that may be repeated: then nobody needs to be the only one to make it.
    pub(crate) fn may_repeat(&self, incarnation: &Arc<str>, call: CallId) -> bool {
        let record = self.0.get(&(Arc::clone(incarnation), call));
        record.is_some_and(|record| record.may_repeat)
    }

    pub(crate) fn attempts(&self, incarnation: &Arc<str>, call: CallId) -> u32 {
        let record = self.0.get(&(Arc::clone(incarnation), call));
        record.map_or(0, |record| record.attempts)
    }

    pub(crate) fn effects(&self, incarnation: &Arc<str>, call: CallId) -> usize {
        let record = self.0.get(&(Arc::clone(incarnation), call));
        record.map_or(0, |record| record.effects.len())
    }

    pub(crate) fn totals(&self) -> (usize, usize) {
        (
            self.0.len(),
            self.0.values().map(|record| record.effects.len()).sum(),
        )
    }
}
