//! What a message led to.

use crate::data::Payload;
use crate::effect::Effect;
use crate::history::Event;

/// What [`apply`](crate::apply) did with a message.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The new events.
    pub events: Vec<Event>,
    /// The new documents.
    pub payloads: Vec<Payload>,
    /// What to ask of the outside, after the entry is durable.
    pub effects: Vec<Effect>,
    /// Whether the execution waited for the message; a message that it does not wait for changes nothing.
    pub accepted: bool,
    /// Whether there is more to do at once, with a [`Message::Wake`](crate::Message::Wake): the turn was long.
    pub unfinished: bool,
    /// Whether the state changed: there is an entry to write.
    pub changed: bool,
}

impl Outcome {
    /// Adds what a later message of the same turn led to.
    pub fn absorb(&mut self, later: Outcome) {
        self.events.extend(later.events);
        self.payloads.extend(later.payloads);
        self.effects.extend(later.effects);
        self.accepted |= later.accepted;
        self.unfinished = later.unfinished;
        self.changed |= later.changed;
    }
}
