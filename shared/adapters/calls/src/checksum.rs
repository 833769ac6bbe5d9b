//! Checksums of bodies, for the operations that want them.

use crate::catalogue::Operation;
use crate::names::same;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::base64;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

/// Adds the checksum that the members choose, or that the service wants.
pub(crate) fn add(
    request: &mut HttpRequest,
    operation: &Operation,
    members: &Map<String, Value>,
) -> Result<(), String> {
    // These say how the checksum is meant, and are none.
    let about = [
        "x-amz-checksum-algorithm",
        "x-amz-checksum-mode",
        "x-amz-checksum-type",
    ];
    let is_given = |name: &str| name.starts_with("x-amz-checksum-") && !about.contains(&name);
    if request.headers().iter().any(|(name, _)| is_given(name)) {
        return Ok(());
    }
    let chosen = operation.checksum_member.and_then(|wanted| {
        let member = members.iter().find(|(name, _)| same(name, wanted));
        member.and_then(|(_, value)| value.as_str())
    });
    let algorithm = match chosen {
        Some(algorithm) => algorithm.to_ascii_lowercase(),
        None if operation.wants_checksum || operation.checksum_member.is_some() => {
            if operation.checksum_member.is_some() {
                request
                    .headers_mut()
                    .insert("x-amz-sdk-checksum-algorithm", "CRC32");
            }
            "crc32".to_owned()
        }
        None => return Ok(()),
    };
    let body = request.body().bytes().unwrap_or_default();
    let sum = match algorithm.as_str() {
        "crc32" => crc32(0xEDB8_8320, body).to_be_bytes().to_vec(),
        "crc32c" => crc32(0x82F6_3B78, body).to_be_bytes().to_vec(),
        "sha256" => Sha256::digest(body).to_vec(),
        other => {
            return Err(format!(
                "the checksum algorithm `{}` is not implemented, only `CRC32`, `CRC32C` and `SHA256`",
                other.to_ascii_uppercase()
            ));
        }
    };
    let name = format!("x-amz-checksum-{algorithm}");
    request.headers_mut().insert(name, base64::encode(sum));
    Ok(())
}

/// The cyclic redundancy check of 32 bits with a reflected polynomial.
fn crc32(polynomial: u32, bytes: &[u8]) -> u32 {
    let table: [u32; 256] = std::array::from_fn(|byte| {
        let byte = u32::try_from(byte).unwrap_or_default();
        (0..8).fold(byte, |crc, _| {
            (crc >> 1) ^ (polynomial & (crc & 1).wrapping_neg())
        })
    });
    !bytes.iter().fold(!0, |crc, byte| {
        let [low, ..] = crc.to_le_bytes();
        (crc >> 8) ^ table[usize::from(low ^ byte)]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_the_known_ones() {
        assert_eq!(crc32(0xEDB8_8320, b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(0x82F6_3B78, b"123456789"), 0xE306_9283);
    }
}
