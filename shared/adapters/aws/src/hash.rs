//! Short names for long ones: what queues, schedules and shards are given.

use sha2::{Digest as _, Sha256};

/// Returns 32 hexadecimal digits that stand for the parts, whatever is in them.
pub(crate) fn name_of(parts: &[&str]) -> String {
    digest(parts)
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Returns a number below `end` that stands for the parts; `end` is at least 1.
pub(crate) fn number_of(parts: &[&str], end: u64) -> u64 {
    let bytes = digest(parts);
    let number = bytes
        .iter()
        .skip(16)
        .take(8)
        .fold(0, |number: u64, byte| number << 8 | u64::from(*byte));
    number % end.max(1)
}

fn digest(parts: &[&str]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        // With its length before it, no part runs into the next.
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::{name_of, number_of};

    #[test]
    fn names_differ_when_parts_do() {
        assert_eq!(name_of(&["a", "b"]), name_of(&["a", "b"]));
        assert_ne!(name_of(&["a", "b"]), name_of(&["ab", ""]));
        assert_eq!(name_of(&["a"]).len(), 32);
    }

    #[test]
    fn numbers_spread() {
        let mut counts = [0; 4];
        for number in 0..400 {
            counts[number_of(&[&number.to_string()], 4) as usize] += 1;
        }
        assert!(counts.iter().all(|count| *count > 50), "{counts:?}");
    }
}
