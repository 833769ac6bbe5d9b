//! JSON documents on their way through an execution: written once, shared from then on.

use asl::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// Names a document within its execution: the journal entry that it first appeared in, and its place there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PayloadId(u64);

impl PayloadId {
    /// Returns the id of the `index`-th document of journal entry `seq`.
    pub fn new(seq: u64, index: u32) -> PayloadId {
        PayloadId((seq << 32) | u64::from(index))
    }

    /// Returns the sequence number of the journal entry that holds the document.
    pub fn seq(self) -> u64 {
        self.0 >> 32
    }
}

impl fmt::Debug for PayloadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0 >> 32, self.0 & 0xffff_ffff)
    }
}

/// A document: its JSON text as it came in or was produced, parsed on first use.
///
/// Cloning is cheap. The text of a client is kept to the letter, as Step Functions keeps it.
#[derive(Clone)]
pub struct Data(Arc<Inner>);

struct Inner {
    id: PayloadId,
    text: Arc<str>,
    value: OnceLock<Value>,
}

impl Data {
    /// Returns the document `text`, which must be JSON (text that is not reads as `null`).
    pub fn from_text(id: PayloadId, text: Arc<str>) -> Data {
        Data(Arc::new(Inner {
            id,
            text,
            value: OnceLock::new(),
        }))
    }

    /// Returns the document of `value`.
    pub fn from_value(id: PayloadId, value: Value) -> Data {
        let text = value.to_string().into();
        Data(Arc::new(Inner {
            id,
            text,
            value: OnceLock::from(value),
        }))
    }

    /// Returns the document's name.
    pub fn id(&self) -> PayloadId {
        self.0.id
    }

    /// Returns the JSON text.
    pub fn text(&self) -> &Arc<str> {
        &self.0.text
    }

    /// Returns the parsed document.
    pub fn value(&self) -> &Value {
        self.0
            .value
            .get_or_init(|| serde_json::from_str(&self.0.text).unwrap_or(Value::Null))
    }

    /// Returns the size of the text in bytes, which is what the payload limit counts.
    pub fn bytes(&self) -> usize {
        self.0.text.len()
    }
}

impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}:{}", self.0.id, self.0.text)
    }
}

/// A document that a journal entry holds: its name and its JSON text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// The document's name.
    pub id: PayloadId,
    /// Its JSON text.
    pub text: Arc<str>,
}

/// Returns the later of two times: journal time never goes back.
pub(crate) fn later(a: Timestamp, b: Timestamp) -> Timestamp {
    a.max(b)
}
