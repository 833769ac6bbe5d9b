//! Values as they lie in a binary attribute: compact JSON, compressed when that saves a unit.

use crate::store::StoreError;
use aws_sdk_dynamodb::primitives::Blob;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Above this, bytes are compressed. DynamoDB bills writes by the kilobyte, and so a step's item should stay below one:
/// what a small step writes has two to three kilobytes, and 0.7 when it is compressed as a whole.
const PLAIN_BYTES_MAX: usize = 256;
/// Fast, and what history saves it saves at this level already.
const LEVEL: i32 = 3;
/// How zstd's frames begin; JSON never does.
const COMPRESSED: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Writes a value.
pub(crate) fn pack<T: Serialize + ?Sized>(value: &T) -> Result<Blob, StoreError> {
    let json = serde_json::to_vec(value).map_err(|error| StoreError::Failed(error.to_string()))?;
    if json.len() <= PLAIN_BYTES_MAX {
        return Ok(Blob::new(json));
    }
    let compressed = compress(&json)?;
    Ok(Blob::new(if compressed.len() < json.len() {
        compressed
    } else {
        json
    }))
}

/// Reads a value.
pub(crate) fn unpack<T: DeserializeOwned>(packed: &Blob) -> Result<T, StoreError> {
    let damaged = |error: &dyn std::fmt::Display| StoreError::Damaged(error.to_string());
    let bytes = packed.as_ref();
    if bytes.starts_with(&COMPRESSED) {
        let json = decompress(bytes)?;
        return serde_json::from_slice(&json).map_err(|error| damaged(&error));
    }
    serde_json::from_slice(bytes).map_err(|error| damaged(&error))
}

/// Compresses bytes.
pub(crate) fn compress(bytes: &[u8]) -> Result<Vec<u8>, StoreError> {
    zstd::bulk::compress(bytes, LEVEL).map_err(|error| StoreError::Failed(error.to_string()))
}

/// Gives compressed bytes back.
pub(crate) fn decompress(bytes: &[u8]) -> Result<Vec<u8>, StoreError> {
    zstd::stream::decode_all(bytes).map_err(|error| StoreError::Damaged(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::{COMPRESSED, pack, unpack};
    use aws_sdk_dynamodb::primitives::Blob;

    #[test]
    fn what_is_packed_is_read_and_only_large_values_are_compressed() {
        for (count, compressed) in [(0, false), (100, false), (300, true), (50_000, true)] {
            let value = "ä".repeat(count);
            let packed = pack(&value).unwrap();
            assert_eq!(packed.as_ref().starts_with(&COMPRESSED), compressed, "{count}");
            assert_eq!(unpack::<String>(&packed).unwrap(), value);
        }
        assert!(pack(&"ä".repeat(50_000)).unwrap().as_ref().len() < 1000);
    }

    #[test]
    fn damage_is_reported() {
        let packed = pack(&"ä".repeat(50_000)).unwrap();
        let cut = Blob::new(&packed.as_ref()[..packed.as_ref().len() - 3]);
        assert!(unpack::<String>(&cut).is_err());
        assert!(unpack::<String>(&Blob::new("\"a")).is_err());
    }
}
