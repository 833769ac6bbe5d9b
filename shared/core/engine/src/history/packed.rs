//! The stored form of an entry's events: text that a person can read, and as little of it as can be.
//!
//! ```text
//! [{"i":1,"t":1800000000000,"e":[
//!     {"start":{"i":0,"a":"arn:aws:iam::123456789012:role/r"}},   event 1
//!     {"in":["P","Mark",0]},                                      event 2, which event 1 led to
//!     {"out":["P","Mark",1,[]]},
//!     [3,{"in":["C","Branch",1]}]]}]                              event 4: the one 3 before it led to it
//! ```
//!
//! Ids count up and times stay the same for long, so that a run of events holds both once, in `i` and `t`. An event is
//! its details, when the event right before it led to it, and otherwise the distance to the one that did, and the
//! details. The names of `Details` stand at its variants. Documents are named as [`PayloadId`] says.

use super::{Details, Event, StateType};
use crate::data::PayloadId;
use asl::Timestamp;
use serde::de::{self, SeqAccess, Visitor, value::MapAccessDeserializer};
use serde::ser::SerializeSeq as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;

/// An entry's events in their stored form: runs of `{"i": first id, "t": time, "e": [details, or [distance, details]]}`.
#[derive(Clone, Debug, PartialEq)]
pub struct Packed<'a>(Cow<'a, [Event]>);

/// Events with ids that follow each other, and one time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Run<E> {
    #[serde(rename = "i")]
    first: u64,
    #[serde(rename = "t")]
    time: Timestamp,
    #[serde(rename = "e")]
    events: E,
}

/// One event: how far back the event lies that led to it, and what happened.
#[derive(Clone, Debug, PartialEq)]
struct One {
    distance: u64,
    details: Details,
}

impl<'a> Packed<'a> {
    /// Returns events to store.
    pub fn of(events: &'a [Event]) -> Packed<'a> {
        Packed(Cow::Borrowed(events))
    }

    /// Returns the events.
    pub fn into_events(self) -> Vec<Event> {
        self.0.into_owned()
    }
}

impl Serialize for Packed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let follows = |one: &Event, next: &Event| one.id + 1 == next.id && one.time == next.time;
        let mut list = serializer.serialize_seq(None)?;
        for run in self.0.chunk_by(follows) {
            if let Some(Event { id, time, .. }) = run.first() {
                list.serialize_element(&Run {
                    first: *id,
                    time: *time,
                    events: Borrowed(run),
                })?;
            }
        }
        list.end()
    }
}

impl<'de> Deserialize<'de> for Packed<'static> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Packed<'static>, D::Error> {
        let runs: Vec<Run<Vec<One>>> = Deserialize::deserialize(deserializer)?;
        let mut events = Vec::with_capacity(runs.iter().map(|run| run.events.len()).sum());
        for run in runs {
            if run.first.checked_add(run.events.len() as u64).is_none() {
                return Err(de::Error::custom("the ids of events are too large"));
            }
            events.extend((run.first..).zip(run.events).map(|(id, one)| Event {
                id,
                previous: id.wrapping_sub(one.distance),
                time: run.time,
                details: one.details,
            }));
        }
        Ok(Packed(Cow::Owned(events)))
    }
}

struct Borrowed<'a>(&'a [Event]);

impl Serialize for Borrowed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for event in self.0 {
            match event.id.wrapping_sub(event.previous) {
                1 => list.serialize_element(&event.details)?,
                distance => list.serialize_element(&(distance, &event.details))?,
            }
        }
        list.end()
    }
}

impl<'de> Deserialize<'de> for One {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<One, D::Error> {
        deserializer.deserialize_any(Form)
    }
}

/// Reads both forms of an event; details are an object, or a string when they have no fields.
struct Form;

impl<'de> Visitor<'de> for Form {
    type Value = One;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event")
    }

    fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<One, A::Error> {
        let details = Details::deserialize(MapAccessDeserializer::new(map))?;
        Ok(One { distance: 1, details })
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<One, E> {
        let details = Details::deserialize(de::value::StrDeserializer::new(name))?;
        Ok(One { distance: 1, details })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<One, A::Error> {
        let (Some(distance), Some(details)) = (list.next_element()?, list.next_element()?) else {
            return Err(de::Error::custom("an event is cut short"));
        };
        Ok(One { distance, details })
    }
}

/// The fields of `StateEntered` without their names: half of all events are of this kind.
pub(super) mod entered {
    use super::*;
    use std::sync::Arc;

    pub(in super::super) fn serialize<S: Serializer>(
        state: &StateType,
        name: &Arc<str>,
        input: &PayloadId,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        (state, name, input).serialize(serializer)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<(StateType, Arc<str>, PayloadId), D::Error> {
        Deserialize::deserialize(deserializer)
    }
}

/// The fields of `StateExited` without their names: the other half.
pub(super) mod exited {
    use super::*;
    use std::sync::Arc;

    pub(in super::super) type Fields = (StateType, Arc<str>, PayloadId, Vec<(String, PayloadId)>);

    pub(in super::super) fn serialize<S: Serializer>(
        state: &StateType,
        name: &Arc<str>,
        output: &PayloadId,
        assigned: &Vec<(String, PayloadId)>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        (state, name, output, assigned).serialize(serializer)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Fields, D::Error> {
        Deserialize::deserialize(deserializer)
    }
}

#[cfg(test)]
mod tests;
