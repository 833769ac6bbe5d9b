use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use md5::Md5;
use serde_json::Value;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::IntrinsicError;
use super::arguments::Arguments;

/// AWS: the data to encode, decode or hash has up to 10,000 characters.
const DATA_CHARACTERS_MAX: usize = 10_000;

/// The names of the algorithms of `States.Hash`.
pub(super) const HASH_ALGORITHMS: [&str; 5] = ["MD5", "SHA-1", "SHA-256", "SHA-384", "SHA-512"];

/// Writes padding and reads with or without it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Encodes a text in Base64.
pub(super) fn base64_encode(arguments: &Arguments<'_>) -> Result<Value, IntrinsicError> {
    Ok(Value::String(BASE64.encode(data(arguments)?)))
}

/// Decodes a text from Base64; bytes that are no UTF-8 become replacement characters.
pub(super) fn base64_decode(arguments: &Arguments<'_>) -> Result<Value, IntrinsicError> {
    let encoded: String = data(arguments)?.split_ascii_whitespace().collect();
    let bytes = BASE64
        .decode(encoded)
        .map_err(|error| arguments.fail(format!("not Base64: {error}")))?;
    Ok(Value::String(String::from_utf8_lossy(&bytes).into_owned()))
}

/// Prints the hash of a text in hexadecimal digits.
pub(super) fn hash(arguments: &Arguments<'_>) -> Result<Value, IntrinsicError> {
    let data = data(arguments)?;
    let digest = match arguments.text(1)? {
        "MD5" => hex::<Md5>(data),
        "SHA-1" => hex::<Sha1>(data),
        "SHA-256" => hex::<Sha256>(data),
        "SHA-384" => hex::<Sha384>(data),
        "SHA-512" => hex::<Sha512>(data),
        other => {
            let known = HASH_ALGORITHMS.join(", ");
            return Err(arguments.fail(format!("the algorithm `{other}` is not one of {known}")));
        }
    };
    Ok(Value::String(digest))
}

fn hex<D: Digest>(data: &str) -> String {
    D::digest(data.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn data<'a>(arguments: &'a Arguments<'_>) -> Result<&'a str, IntrinsicError> {
    let data = arguments.text(0)?;
    let length = data.chars().count();
    if length <= DATA_CHARACTERS_MAX {
        return Ok(data);
    }
    Err(arguments.fail(format!(
        "the data has {length} characters, more than {DATA_CHARACTERS_MAX}"
    )))
}
