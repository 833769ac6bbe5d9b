//! Identifiers that nobody has had before.

use ports::Ports;

/// Returns a random UUID, version 4.
pub(crate) fn uuid(ports: &Ports) -> String {
    format_uuid(random(ports), 4)
}

/// Returns the name of an execution that was given none: a UUID that begins with the time, version 7.
///
/// Names of one time are neighbours in the store's index, so that its pages are written once for many executions.
pub(crate) fn execution_name(ports: &Ports) -> String {
    let mut bytes = random(ports);
    let [_, _, millis @ ..] = ports.clock.now().millis().to_be_bytes();
    for (byte, of_time) in bytes.iter_mut().zip(millis) {
        *byte = of_time;
    }
    format_uuid(bytes, 7)
}

fn random(ports: &Ports) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&ports.entropy.bytes()[..16]);
    bytes
}

/// Writes a UUID as RFC 9562 says.
fn format_uuid(mut bytes: [u8; 16], version: u8) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes[6] = bytes[6] & 0x0f | version << 4;
    bytes[8] = bytes[8] & 0x3f | 0x80; // variant
    let digit = |value: u8| char::from(DIGITS[usize::from(value)]);
    let mut text = String::with_capacity(36);
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push(digit(byte >> 4));
        text.push(digit(byte & 0x0f));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::format_uuid;

    #[test]
    fn version_and_variant_are_set() {
        assert_eq!(format_uuid([0xff; 16], 4), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(format_uuid([0; 16], 4), "00000000-0000-4000-8000-000000000000");
        assert_eq!(format_uuid([0x1a; 16], 7), "1a1a1a1a-1a1a-7a1a-9a1a-1a1a1a1a1a1a");
    }
}
