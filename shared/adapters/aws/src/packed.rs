//! Values as they lie in a binary attribute: compact JSON, compressed when that saves bytes.
//!
//! What a small step writes has two to three kilobytes, most of them names and phrases that every step repeats:
//! compressed by itself it has one kilobyte, and half of that beside a **dictionary** of those phrases. DynamoDB bills
//! writes by the kilobyte, so that an ordinary step costs one unit and not two.

use crate::store::StoreError;
use aws_sdk_dynamodb::primitives::Blob;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::Read;
use std::sync::LazyLock;
use zstd::dict::{DecoderDictionary, EncoderDictionary};

/// Above this, bytes are compressed.
const PLAIN_BYTES_MAX: usize = 64;
/// With a dictionary, higher levels save a tenth more at this size, and cost some ten microseconds.
const PACKED_LEVEL: i32 = 6;
/// For large texts: fast, and what history saves it saves at this level already.
const LEVEL: i32 = 3;
/// How values begin that are compressed with [`DICTIONARY`]; JSON never does. A better dictionary gets another number.
const WITH_DICTIONARY: u8 = 1;
/// The phrases. Whatever was packed with them needs them to be read: this file never changes.
const DICTIONARY: &[u8] = include_bytes!("packed/dictionary.txt");

/// What compressed bytes hold at most; no entry and no document comes near. Damage must not take all memory there is.
const BYTES_MAX: u64 = 256 << 20;

static WRITING: LazyLock<EncoderDictionary<'static>> =
    LazyLock::new(|| EncoderDictionary::copy(DICTIONARY, PACKED_LEVEL));
static READING: LazyLock<DecoderDictionary<'static>> = LazyLock::new(|| DecoderDictionary::copy(DICTIONARY));

/// Writes a value.
pub(crate) fn pack<T: Serialize + ?Sized>(value: &T) -> Result<Blob, StoreError> {
    let json = serde_json::to_vec(value).map_err(|error| StoreError::Failed(error.to_string()))?;
    if json.len() <= PLAIN_BYTES_MAX {
        return Ok(Blob::new(json));
    }
    let mut packed = vec![WITH_DICTIONARY];
    let failed = |error: std::io::Error| StoreError::Failed(error.to_string());
    let mut compressor = zstd::bulk::Compressor::with_prepared_dictionary(&WRITING).map_err(failed)?;
    packed.append(&mut compressor.compress(&json).map_err(failed)?);
    Ok(Blob::new(if packed.len() < json.len() { packed } else { json }))
}

/// Reads a value.
pub(crate) fn unpack<T: DeserializeOwned>(packed: &Blob) -> Result<T, StoreError> {
    let damaged = |error: &dyn std::fmt::Display| StoreError::Damaged(error.to_string());
    let Some((&WITH_DICTIONARY, compressed)) = packed.as_ref().split_first() else {
        return serde_json::from_slice(packed.as_ref()).map_err(|error| damaged(&error));
    };
    let json = zstd::stream::read::Decoder::with_prepared_dictionary(compressed, &READING)
        .and_then(|decoder| read(decoder, BYTES_MAX))
        .map_err(|error| damaged(&error))?;
    serde_json::from_slice(&json).map_err(|error| damaged(&error))
}

/// Compresses bytes.
pub(crate) fn compress(bytes: &[u8]) -> Result<Vec<u8>, StoreError> {
    zstd::bulk::compress(bytes, LEVEL).map_err(|error| StoreError::Failed(error.to_string()))
}

/// Gives compressed bytes back.
pub(crate) fn decompress(bytes: &[u8]) -> Result<Vec<u8>, StoreError> {
    zstd::stream::read::Decoder::new(bytes)
        .and_then(|decoder| read(decoder, BYTES_MAX))
        .map_err(|error| StoreError::Damaged(error.to_string()))
}

/// Reads to the end, which has to come within so many bytes.
fn read(source: impl Read, bytes_max: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(bytes_max + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > bytes_max {
        return Err(std::io::Error::other(format!(
            "it holds more than {bytes_max} bytes"
        )));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::{DICTIONARY, WITH_DICTIONARY, compress, decompress, pack, read, unpack};
    use crate::hash;
    use aws_sdk_dynamodb::primitives::Blob;
    use std::io::Read as _;

    #[test]
    fn what_is_packed_is_read_and_only_larger_values_are_compressed() {
        for (count, compressed) in [(0, false), (31, false), (300, true), (50_000, true)] {
            let value = "ä".repeat(count);
            let packed = pack(&value).unwrap();
            assert_eq!(
                packed.as_ref().first() == Some(&WITH_DICTIONARY),
                compressed,
                "{count}"
            );
            assert_eq!(unpack::<String>(&packed).unwrap(), value);
        }
        assert!(pack(&"ä".repeat(50_000)).unwrap().as_ref().len() < 1000);
    }

    #[test]
    fn phrases_that_every_step_repeats_cost_next_to_nothing() {
        let counters = serde_json::json!({
            "schema": 1, "base": 7, "status": "RUNNING",
            "counters": { "last_event": 9, "next_call": 2, "next_thread": 1, "draws": 0, "records_since_full": 0 },
        });
        assert!(pack(&counters).unwrap().as_ref().len() < 70);
    }

    #[test]
    fn the_dictionary_is_the_one_that_stored_values_were_packed_with() {
        let text = std::str::from_utf8(DICTIONARY).unwrap();
        assert_eq!(hash::name_of(&[text]), "8b4e0374b9fcbd6c345f16c60462270c");
    }

    #[test]
    fn damage_is_reported() {
        let packed = pack(&"ä".repeat(50_000)).unwrap();
        let cut = Blob::new(&packed.as_ref()[..packed.as_ref().len() - 3]);
        assert!(unpack::<String>(&cut).is_err());
        assert!(unpack::<String>(&Blob::new("\"a")).is_err());
        assert!(unpack::<String>(&Blob::new("")).is_err());
        assert!(decompress(&compress(b"a").unwrap()[..4]).is_err());
    }

    #[test]
    fn what_never_ends_is_damage() {
        assert_eq!(read(std::io::repeat(7).take(1_000), 1_000).unwrap().len(), 1_000);
        let error = read(std::io::repeat(7), 1_000).unwrap_err().to_string();
        assert_eq!(error, "it holds more than 1000 bytes");
    }
}
