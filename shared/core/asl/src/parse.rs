//! Reads a definition's text: strict JSON, bounded in depth.

pub(crate) mod outline;

use crate::findings::{Findings, code};
use crate::place::Place;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::collections::BTreeSet;
use std::fmt;

/// A definition's JSON, and which of its keys were given more than once.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) value: Value,
    /// The places of keys that stand more than once in their object; the last one counts.
    pub(crate) repeated: BTreeSet<String>,
}

/// Reads `text`; on failure the finding says where the JSON is broken.
pub(crate) fn document(text: &str, findings: &mut Findings) -> Option<Document> {
    if text.trim().is_empty() {
        findings.without_place(code::MISSING_DESCRIPTION, "The definition is empty");
        return None;
    }
    let mut repeated = BTreeSet::new();
    let mut reader = serde_json::Deserializer::from_str(text);
    let node = Node {
        at: Place::root(),
        repeated: &mut repeated,
    };
    match node
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value))
    {
        Ok(value) => {
            // What stands in a value that a later one has replaced is not in the definition.
            repeated.retain(|place| value.pointer(place).is_some());
            Some(Document { value, repeated })
        }
        Err(error) => {
            let message = error.to_string();
            // The reader itself bounds the depth, at 128 levels, before the stack is in danger.
            let too_deep = message.starts_with("recursion limit exceeded");
            let code = if too_deep {
                code::TOO_DEEPLY_NESTED
            } else {
                code::INVALID_JSON_DESCRIPTION
            };
            findings.without_place(code, message);
            None
        }
    }
}

/// Reads one JSON value as `serde_json` does, and notes repeated keys.
struct Node<'r> {
    at: Place,
    repeated: &'r mut BTreeSet<String>,
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Node {
            at: self.at.item(list.len()),
            repeated: &mut *self.repeated,
        })? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let at = self.at.field(&key);
            let place = at.to_string();
            let value = entries.next_value_seed(Node {
                at,
                repeated: &mut *self.repeated,
            })?;
            if object.insert(key, value).is_some() {
                self.repeated.insert(place);
            }
        }
        Ok(Value::Object(object))
    }
}
