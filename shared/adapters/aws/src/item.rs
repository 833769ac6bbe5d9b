//! The items of the table: how attributes are written and read.

use crate::packed;
use crate::store::StoreError;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;

/// An item of the table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Item(pub(crate) HashMap<String, AttributeValue>);

impl Item {
    /// Returns an item that has only its key.
    pub(crate) fn at(partition: impl Into<String>, sort: impl Into<String>) -> Item {
        Item::default().text("PK", partition).text("SK", sort)
    }

    /// Adds a text.
    pub(crate) fn text(self, name: &str, text: impl Into<String>) -> Item {
        self.with(name, AttributeValue::S(text.into()))
    }

    /// Adds a number.
    pub(crate) fn number(self, name: &str, number: impl std::fmt::Display) -> Item {
        self.with(name, AttributeValue::N(number.to_string()))
    }

    /// Adds a value in packed form.
    pub(crate) fn packed<T: Serialize + ?Sized>(self, name: &str, value: &T) -> Result<Item, StoreError> {
        Ok(self.with(name, AttributeValue::B(packed::pack(value)?)))
    }

    /// Adds bytes.
    pub(crate) fn bytes(self, name: &str, bytes: Vec<u8>) -> Item {
        self.with(name, AttributeValue::B(Blob::new(bytes)))
    }

    /// Adds an attribute.
    pub(crate) fn with(mut self, name: &str, value: AttributeValue) -> Item {
        self.0.insert(name.to_owned(), value);
        self
    }

    /// Reads a text that may be there.
    pub(crate) fn find_text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_s().ok().map(String::as_str)
    }

    /// Reads a text.
    pub(crate) fn get_text(&self, name: &str) -> Result<&str, StoreError> {
        self.find_text(name).ok_or_else(|| self.lacks(name))
    }

    /// Reads a number that may be there.
    pub(crate) fn find_number<N: std::str::FromStr>(&self, name: &str) -> Option<N> {
        self.0.get(name)?.as_n().ok()?.parse().ok()
    }

    /// Reads a number.
    pub(crate) fn get_number<N: std::str::FromStr>(&self, name: &str) -> Result<N, StoreError> {
        self.find_number(name).ok_or_else(|| self.lacks(name))
    }

    /// Reads a packed value that may be there.
    pub(crate) fn find_packed<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, StoreError> {
        self.0
            .get(name)
            .and_then(|value| value.as_b().ok())
            .map(packed::unpack)
            .transpose()
    }

    /// Reads a packed value.
    pub(crate) fn get_packed<T: DeserializeOwned>(&self, name: &str) -> Result<T, StoreError> {
        self.find_packed(name)?.ok_or_else(|| self.lacks(name))
    }

    /// Reads bytes.
    pub(crate) fn get_bytes(&self, name: &str) -> Result<&[u8], StoreError> {
        let value = self.0.get(name).and_then(|value| value.as_b().ok());
        value.map(Blob::as_ref).ok_or_else(|| self.lacks(name))
    }

    /// Returns the item's size as DynamoDB counts it.
    pub(crate) fn size(&self) -> usize {
        self.0.iter().map(|(name, value)| name.len() + size(value)).sum()
    }

    /// Returns the item's key as messages show it.
    pub(crate) fn shown(&self) -> String {
        let part = |name| self.find_text(name).unwrap_or("?");
        format!("{} / {}", part("PK"), part("SK"))
    }

    fn lacks(&self, name: &str) -> StoreError {
        StoreError::Damaged(format!(
            "the item `{}` has no `{name}` of the right kind",
            self.shown()
        ))
    }
}

/// Only the kinds that this crate writes: texts, bytes and numbers.
fn size(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        // Two digits a byte, and one byte; an odd one and a sign count one more.
        AttributeValue::N(number) => number.len() / 2 + 3,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::Item;

    #[test]
    fn attributes_are_read_as_they_were_written() {
        let item = Item::at("p", "s")
            .number("n", -7)
            .packed("v", &vec![1, 2])
            .unwrap();
        assert_eq!(item.get_text("PK").unwrap(), "p");
        assert_eq!(item.get_number::<i64>("n").unwrap(), -7);
        assert_eq!(item.get_packed::<Vec<u8>>("v").unwrap(), [1, 2]);
        assert_eq!(item.find_text("n"), None);
        let error = item.get_number::<i64>("v").unwrap_err().to_string();
        assert!(error.contains("the item `p / s` has no `v`"), "{error}");
    }

    #[test]
    fn the_size_counts_names_and_values() {
        assert_eq!(Item::at("p", "sä").size(), 2 + 1 + 2 + 3);
    }
}
