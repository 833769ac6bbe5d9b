//! One execution as the API tells it, and what must be true of every one.

use super::machines::End;
use crate::support::{self, Server};
use serde_json::{Value, json};

/// An execution's description and its whole history.
#[derive(Clone, Debug)]
pub(crate) struct Story {
    pub(crate) description: Value,
    pub(crate) events: Vec<Event>,
}

/// An event of a history.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) id: u64,
    pub(crate) previous: u64,
    /// Milliseconds since 1970.
    pub(crate) time: i64,
    pub(crate) kind: String,
    /// What only events of its type have.
    pub(crate) details: Value,
}

impl Story {
    /// Reads an execution; `None` when there is none of this ARN.
    pub(crate) fn read(server: &Server, arn: &str) -> Option<Story> {
        let arn = arn.trim_matches('"');
        let request = json!({ "executionArn": arn });
        let answer = support::post(server, "DescribeExecution", request.to_string().as_bytes());
        if answer.error_type.as_deref() == Some("ExecutionDoesNotExist") {
            return None;
        }
        assert_eq!(answer.status, 200, "{arn}: {answer:?}");
        let mut events = Vec::new();
        let mut token = Value::Null;
        loop {
            let mut request = json!({ "executionArn": arn, "maxResults": 1000 });
            if !token.is_null() {
                request["nextToken"] = token;
            }
            let mut page = support::post(server, "GetExecutionHistory", request.to_string().as_bytes());
            assert_eq!(page.status, 200, "{arn}: {page:?}");
            events.extend(
                page.body["events"]
                    .as_array()
                    .expect("there are events")
                    .iter()
                    .map(Event::of),
            );
            token = page.body["nextToken"].take();
            if token.is_null() {
                return Some(Story {
                    description: answer.body,
                    events,
                });
            }
        }
    }

    /// Returns how it ended; `None` while it runs.
    pub(crate) fn end(&self) -> Option<End> {
        let text = |field: &str| self.description[field].as_str().unwrap_or_default().to_owned();
        match text("status").as_str() {
            "SUCCEEDED" => Some(End::Succeeded(
                serde_json::from_str(&text("output")).expect("the output is JSON"),
            )),
            "FAILED" => Some(End::Failed {
                error: text("error"),
                cause: text("cause"),
            }),
            "TIMED_OUT" => Some(End::TimedOut),
            "ABORTED" => Some(End::Aborted),
            _ => None,
        }
    }

    /// Returns when it ended.
    pub(crate) fn stopped(&self) -> Option<i64> {
        self.description["stopDate"].as_f64().map(millis)
    }

    /// Returns the event with an id.
    pub(crate) fn event(&self, id: u64) -> Option<&Event> {
        self.events.get(usize::try_from(id).ok()?.checked_sub(1)?)
    }

    /// Returns the first event of this type that led to an event.
    pub(crate) fn origin(&self, of: &Event, kind: &str) -> Option<&Event> {
        let mut event = self.event(of.previous)?;
        while event.kind != kind {
            event = self.event(event.previous)?;
        }
        Some(event)
    }

    /// Returns the types of its events.
    pub(crate) fn kinds(&self) -> Vec<String> {
        self.events.iter().map(|event| event.kind.clone()).collect()
    }

    /// Finds what may be in no history, however the server fared.
    pub(crate) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for (number, event) in (1..).zip(&self.events) {
            if event.id != number {
                faults.push(format!("event {number} has the id {}", event.id));
            }
            if event.previous >= event.id {
                faults.push(format!("event {} follows {}", event.id, event.previous));
            }
        }
        for pair in self.events.windows(2) {
            if let [earlier, later] = pair
                && later.time < earlier.time
            {
                faults.push(format!("event {} is earlier than the one before", later.id));
            }
        }
        let is_end = |event: &&Event| {
            [
                "ExecutionSucceeded",
                "ExecutionFailed",
                "ExecutionTimedOut",
                "ExecutionAborted",
            ]
            .contains(&&*event.kind)
        };
        let starts: Vec<u64> = self
            .events
            .iter()
            .filter(|event| event.kind == "ExecutionStarted")
            .map(|event| event.id)
            .collect();
        if starts != [1] {
            faults.push(format!("ExecutionStarted stands at {starts:?}"));
        }
        let ends: Vec<&Event> = self.events.iter().filter(is_end).collect();
        let expected = match self.end() {
            Some(End::Succeeded(_)) => "ExecutionSucceeded",
            Some(End::Failed { .. }) => "ExecutionFailed",
            Some(End::TimedOut) => "ExecutionTimedOut",
            Some(End::Aborted) => "ExecutionAborted",
            None => "no end",
        };
        match (&*ends, self.events.last()) {
            ([end], Some(last))
                if end.id == last.id && end.kind == expected && Some(end.time) == self.stopped() => {}
            _ => faults.push(format!(
                "the end should be {expected} at {:?}, but is {ends:?}",
                self.stopped()
            )),
        }
        faults.extend(self.events.iter().filter_map(|event| self.earliness(event)));
        faults
    }

    /// Says how an event came before its time: the end of a wait, or another attempt.
    fn earliness(&self, event: &Event) -> Option<String> {
        let before = self.event(event.previous)?;
        let pause = if event.kind == "WaitStateExited" {
            let name = event.details["name"].as_str()?;
            1000 * name.trim_start_matches("Wait").parse::<i64>().ok()?
        } else if event.kind.ends_with("Scheduled")
            && (before.kind.ends_with("Failed") || before.kind.ends_with("TimedOut"))
        {
            // Every Retry here pauses for a second.
            1000
        } else {
            return None;
        };
        let took = event.time - before.time;
        (took < pause).then(|| format!("event {} came after {took} ms, not {pause} ms", event.id))
    }
}

impl Event {
    fn of(event: &Value) -> Event {
        let number = |field: &str| event[field].as_u64().expect("an event has numbers");
        let details = event
            .as_object()
            .expect("an event is an object")
            .iter()
            .find(|(name, _)| name.ends_with("EventDetails"));
        Event {
            id: number("id"),
            previous: number("previousEventId"),
            time: millis(event["timestamp"].as_f64().expect("an event has a time")),
            kind: event["type"].as_str().expect("an event has a type").to_owned(),
            details: details.map_or(Value::Null, |(_, details)| details.clone()),
        }
    }
}

/// Returns a date of the API in milliseconds.
#[expect(
    clippy::cast_possible_truncation,
    reason = "milliseconds of this century are far below the limit"
)]
pub(crate) fn millis(seconds: f64) -> i64 {
    (seconds * 1000.0).round() as i64
}
