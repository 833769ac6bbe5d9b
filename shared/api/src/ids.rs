//! Identifiers that nobody has had before.

use ports::Ports;

/// Returns a random UUID, version 4.
pub(crate) fn uuid(ports: &Ports) -> String {
    format_uuid(&ports.entropy.bytes())
}

fn format_uuid(random: &[u8; 32]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(36);
    for (index, byte) in random.iter().take(16).enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        let byte = match index {
            6 => byte & 0x0f | 0x40, // version 4
            8 => byte & 0x3f | 0x80, // variant of RFC 9562
            _ => *byte,
        };
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::format_uuid;

    #[test]
    fn version_and_variant_are_set() {
        assert_eq!(format_uuid(&[0xff; 32]), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(format_uuid(&[0; 32]), "00000000-0000-4000-8000-000000000000");
    }
}
