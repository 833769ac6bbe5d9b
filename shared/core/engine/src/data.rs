//! JSON documents on their way through an execution: written once, shared from then on.

use asl::Timestamp;
use serde::de::{self, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// Bytes that a document's text is given at first: small ones are printed without growing.
const TEXT_BYTES: usize = 256;

/// Names a document within its execution: the journal entry that it first appeared in, and its place there.
///
/// Stored as `"ENTRY.PLACE"`, and in entry 0, where most documents are, as the place alone: `3`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PayloadId(u64);

impl PayloadId {
    /// Returns the id of the `index`-th document of journal entry `seq`.
    pub fn new(seq: u64, index: u32) -> PayloadId {
        PayloadId((seq << 32) | u64::from(index))
    }

    /// Returns the id as one number, for stores that keep it in a column.
    pub fn number(self) -> u64 {
        self.0
    }

    /// Returns the id that [`PayloadId::number`] gave a number.
    pub fn of_number(number: u64) -> PayloadId {
        PayloadId(number)
    }

    fn parse(text: &str) -> Option<PayloadId> {
        let (seq, index) = text.split_once('.').unwrap_or(("0", text));
        let seq: u32 = seq.parse().ok()?;
        Some(PayloadId::new(seq.into(), index.parse().ok()?))
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

impl Serialize for PayloadId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.seq() == 0 {
            serializer.serialize_u64(self.0)
        } else {
            serializer.collect_str(&format_args!("{self:?}"))
        }
    }
}

impl<'de> Deserialize<'de> for PayloadId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<PayloadId, D::Error> {
        deserializer.deserialize_any(Stored)
    }
}

/// Reads both stored forms.
struct Stored;

impl Visitor<'_> for Stored {
    type Value = PayloadId;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a document's name")
    }

    fn visit_u64<E: de::Error>(self, index: u64) -> Result<PayloadId, E> {
        u32::try_from(index)
            .map(|index| PayloadId::new(0, index))
            .map_err(|_| E::invalid_value(Unexpected::Unsigned(index), &self))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<PayloadId, E> {
        PayloadId::parse(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
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
        let mut text = Vec::with_capacity(TEXT_BYTES);
        // It cannot fail: the keys are strings, and memory takes all.
        let _ = serde_json::to_writer(&mut text, &value);
        let text = String::from_utf8(text).unwrap_or_default().into();
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

    /// Tells whether arrays and objects are nested deeper in it than `levels`.
    pub fn is_deeper_than(&self, levels: usize) -> bool {
        is_deeper_than(self.text(), levels)
    }

    /// Returns the size of the text in bytes, which is what the payload limit counts.
    pub fn bytes(&self) -> usize {
        self.0.text.len()
    }
}

/// Counts the brackets of a JSON text, without reading it.
fn is_deeper_than(text: &str, levels: usize) -> bool {
    // Every level is opened and closed.
    if text.len() / 2 <= levels {
        return false;
    }
    let (mut depth, mut is_quoted, mut is_escaped) = (0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = is_quoted,
            b'"' => is_quoted = !is_quoted,
            _ if is_quoted => {}
            b'[' | b'{' => {
                depth += 1;
                if depth > levels {
                    return true;
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
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

#[cfg(test)]
mod tests {
    use super::is_deeper_than;

    #[test]
    fn levels_are_counted_outside_of_texts() {
        for (text, levels) in [
            ("null", 0),
            ("[]", 1),
            (r#"{"a":[{"b":1},[2,[3]]],"c":[]}"#, 4),
            (
                r#"["[[[[[[[[[[[[[[[[","\"[[[[[[[[[[","\\",{"{{{{{{{{\\\"":[]}]"#,
                3,
            ),
        ] {
            assert!(!is_deeper_than(text, levels), "{text}");
            assert!(levels == 0 || is_deeper_than(text, levels - 1), "{text}");
        }
    }
}
