//! JSON text in the store.

use crate::store::StoreError;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Bytes that a text is given at first: the events of a short execution fit without growing.
const TEXT_BYTES: usize = 1024;

/// Returns a value as JSON text.
pub(crate) fn encode<T: Serialize + ?Sized>(value: &T) -> Result<String, StoreError> {
    let mut text = Vec::with_capacity(TEXT_BYTES);
    serde_json::to_writer(&mut text, value).map_err(|error| StoreError::Failed(error.to_string()))?;
    String::from_utf8(text).map_err(|error| StoreError::Failed(error.to_string()))
}

/// Reads JSON text that this store wrote.
pub(crate) fn decode<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Damaged(error.to_string()))
}
