//! How a run ended, without what may differ from run to run: times, tokens, incarnations and names that were drawn.

use super::place::{self, Place};
use super::scene::{Left, Scene};
use crate::table::Row;
use crate::world::{World, locked};
use engine::{CallId, Details, ExecutionType};
use integrations::EffectClass;
use ports::StoredPayload;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// How the engine begins the cause of a call whose outcome is unknown.
const UNKNOWN: &str = "the outcome of this call is unknown";
/// The fields that differ from run to run.
const DRAWN: [&str; 9] = [
    "incarnation",
    "call",
    "ExecutionArn",
    "Name",
    "StartDate",
    "StopDate",
    "SdkHttpMetadata",
    "SdkResponseMetadata",
    "startDate",
];

/// How a run ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Ending {
    /// By [`place::execution`]: status, output, error and cause.
    executions: BTreeMap<String, [String; 4]>,
    /// Every call that was asked for.
    calls: BTreeMap<Place, Called>,
    /// The calls that ended as unknown.
    pub(crate) unknown: BTreeSet<Place>,
}

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Called {
    effects: usize,
    may_repeat: bool,
}

impl Ending {
    pub(crate) fn of(world: &World, scene: &Scene) -> Ending {
        let mut ending = Ending::default();
        let table = locked(&world.table);
        let ledger = locked(&world.ledger);
        for row in table.0.values() {
            let is_express = row.identity.execution_type == ExecutionType::Express;
            let (name, end) = (place::execution(&table, row), end(world, row));
            // A start of an Express execution that nobody heard of is made once more. The net finds what it began when
            // that has no time left.
            if is_express && end[0] == "TIMED_OUT" {
                ending.executions.entry(name).or_insert(end);
            } else {
                ending.executions.insert(name, end);
            }
            let incarnation = &row.identity.incarnation;
            let places = place::calls(&table, row);
            ending
                .unknown
                .extend(unknown(row).iter().filter_map(|call| places.get(call).cloned()));
            for (call, place) in places {
                let is_repeatable = scene.class(incarnation, call) == Some(EffectClass::Repeatable);
                let called = Called {
                    effects: ledger.effects(incarnation, call),
                    // An Express execution begins anew after a crash.
                    may_repeat: is_repeatable || is_express,
                };
                let known = ending.calls.entry(place).or_insert(called);
                known.effects = known.effects.max(called.effects);
            }
        }
        ending
    }

    /// Returns a call that has happened more than once.
    pub(crate) fn repeated(&self) -> Option<&Place> {
        let mut calls = self.calls.iter();
        calls
            .find(|(_, called)| called.effects > 1)
            .map(|(place, _)| place)
    }

    /// Returns in what this ending differs from another, which has the same unknown outcomes and no crash. What a
    /// process left behind when it died may differ: calls that it may have made have one effect each or none, and child
    /// executions that nobody waits for may go on.
    pub(crate) fn differs(&self, other: &Ending, left: &Left) -> Option<String> {
        let is_awaited = |execution: &String| !left.orphans.contains(execution);
        let awaited = |ending: &Ending| -> Vec<(String, [String; 4])> {
            let executions = ending.executions.clone().into_iter();
            executions.filter(|(name, _)| is_awaited(name)).collect()
        };
        if let Some(difference) = first_difference(awaited(self), awaited(other)) {
            return Some(format!("executions: {difference}"));
        }
        let keys: BTreeSet<&Place> = self.calls.keys().chain(other.calls.keys()).collect();
        for place in keys.into_iter().filter(|place| is_awaited(&place.execution)) {
            let (Some(here), Some(there)) = (self.calls.get(place), other.calls.get(place)) else {
                let whose = if self.calls.contains_key(place) {
                    "only here"
                } else {
                    "only there"
                };
                return Some(format!("{place} is asked for {whose}"));
            };
            let fits = match (left.calls.contains(place), here.may_repeat || there.may_repeat) {
                (true, _) => here.effects <= 1,
                (false, true) => (here.effects > 0) == (there.effects > 0),
                (false, false) => here.effects == there.effects,
            };
            if !fits {
                return Some(format!(
                    "{place} has {} effects, expected {}",
                    here.effects, there.effects
                ));
            }
        }
        first_difference(&self.unknown, &other.unknown)
    }
}

fn first_difference<T>(one: T, other: T) -> Option<String>
where
    T: IntoIterator<Item: std::fmt::Debug + PartialEq>,
{
    let (mut one, mut other) = (one.into_iter(), other.into_iter());
    loop {
        match (one.next(), other.next()) {
            (None, None) => return None,
            (one, other) if one == other => {}
            (one, other) => return Some(format!("{one:?}, expected {other:?}")),
        }
    }
}

fn end(world: &World, row: &Row) -> [String; 4] {
    let head = row.head();
    let output = head.output.and_then(|output| match output {
        StoredPayload::Text(text) => Some(text),
        StoredPayload::Blob(name) => locked(&world.blobs).get(&*name).cloned(),
    });
    [
        head.status.name().to_owned(),
        output.map_or_else(String::new, |output| settled(&output)),
        head.error.unwrap_or_default(),
        head.cause.map_or_else(String::new, |cause| settled(&cause)),
    ]
}

/// Returns a text without what differs from run to run, if it is JSON.
fn settled(text: &str) -> String {
    match serde_json::from_str::<Value>(text) {
        Ok(mut value) => {
            settle(&mut value);
            value.to_string()
        }
        // Why it is unknown depends on what was lost.
        Err(_) if text.starts_with(UNKNOWN) => UNKNOWN.to_owned(),
        Err(_) => text.to_owned(),
    }
}

fn settle(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !DRAWN.contains(&name.as_str()));
            fields.values_mut().for_each(settle);
        }
        Value::Array(items) => items.iter_mut().for_each(settle),
        Value::String(text) if text.starts_with(['{', '[']) || text.starts_with(UNKNOWN) => {
            *text = settled(text);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Returns the calls that ended as unknown.
fn unknown(row: &Row) -> BTreeSet<CallId> {
    let events = row.entries.iter().flat_map(|entry| &entry.write.entry.events);
    let mut of_event: BTreeMap<u64, CallId> = BTreeMap::new();
    let mut count = 0;
    let mut unknown = BTreeSet::new();
    for event in events {
        if matches!(event.details, Details::Scheduled { .. }) {
            of_event.insert(event.id, CallId(count));
            count += 1;
        } else if let Some(call) = of_event.get(&event.previous).copied() {
            of_event.insert(event.id, call);
            let is_unknown = |why: &engine::Why| {
                why.cause
                    .as_deref()
                    .is_some_and(|cause| cause.starts_with(UNKNOWN))
            };
            if let Details::Failed { why, .. } | Details::TaskSubmitFailed { why, .. } = &event.details
                && is_unknown(why)
            {
                unknown.insert(call);
            }
        }
    }
    unknown
}
