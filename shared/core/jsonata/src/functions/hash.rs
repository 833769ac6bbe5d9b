//! `$hash`.

use std::fmt::Write;

use jsonata_core::evaluator::HostFnResult;
use jsonata_core::value::JValue;
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::mismatch;
use crate::error::EvaluationError;

/// `$hash(text, algorithm)`: the digest in lower-case hexadecimal digits.
pub(super) fn hash(arguments: &[JValue]) -> HostFnResult {
    let text = match arguments.first() {
        Some(JValue::String(text)) => text.as_bytes(),
        Some(JValue::Undefined) => return Ok(JValue::Undefined),
        _ => return Err(mismatch("hash", 1)),
    };
    let Some(JValue::String(algorithm)) = arguments.get(1) else {
        return Err(mismatch("hash", 2));
    };
    let digest = match &**algorithm {
        "MD5" => hexadecimal(&Md5::digest(text)),
        "SHA-1" => hexadecimal(&Sha1::digest(text)),
        "SHA-256" => hexadecimal(&Sha256::digest(text)),
        "SHA-384" => hexadecimal(&Sha384::digest(text)),
        "SHA-512" => hexadecimal(&Sha512::digest(text)),
        other => {
            let text = format!(
                "Function \"hash\" does not know the algorithm \"{other}\": use MD5, SHA-1, SHA-256, SHA-384 or SHA-512"
            );
            return Err(EvaluationError::new("", text).into());
        }
    };
    Ok(JValue::from(digest))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}
