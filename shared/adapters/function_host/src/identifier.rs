use std::hash::{BuildHasher, RandomState};
use std::time::{SystemTime, UNIX_EPOCH};

/// Makes a request id: a version 4 UUID, as Lambda's are.
pub(crate) fn request_id() -> String {
    let bits = random() & !(0xf << 76) | (0x4 << 76);
    let bits = bits & !(0x3 << 62) | (0x2 << 62);
    let text = format!("{bits:032x}");
    let parts = [
        &text[..8],
        &text[8..12],
        &text[12..16],
        &text[16..20],
        &text[20..],
    ];
    parts.join("-")
}

/// Makes an X-Ray trace header for an invocation that is not sampled.
pub(crate) fn trace_header() -> String {
    let seconds = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let (root, parent) = (random() >> 32, random() >> 64);
    format!("Root=1-{seconds:08x}-{root:024x};Parent={parent:016x};Sampled=0")
}

/// Makes the name of a log stream, which is told to the function and names nothing here.
pub(crate) fn log_stream() -> String {
    let day = jiff::Timestamp::now().strftime("%Y/%m/%d");
    format!("{day}/[$LATEST]{:032x}", random())
}

/// Draws 128 bits: every `RandomState` has keys of its own, drawn at first from the operating system.
///
/// That is good for names that must not collide; it is not for secrets.
fn random() -> u128 {
    let half = || u128::from(RandomState::new().hash_one(0_u8));
    (half() << 64) | half()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn request_ids_are_distinct_version_4_uuids() {
        let ids: BTreeSet<String> = (0..1000).map(|_| request_id()).collect();
        assert_eq!(ids.len(), 1000);
        for id in ids {
            let lengths: Vec<usize> = id.split('-').map(str::len).collect();
            assert_eq!(lengths, [8, 4, 4, 4, 12], "{id}");
            assert_eq!(&id[14..15], "4", "{id}");
            assert!("89ab".contains(&id[19..20]), "{id}");
        }
    }

    #[test]
    fn a_trace_header_has_the_three_parts() {
        let header = trace_header();
        let parts: Vec<&str> = header.split(';').collect();
        assert_eq!(parts.len(), 3);
        assert!(
            parts[0].starts_with("Root=1-") && parts[0].len() == "Root=1-".len() + 8 + 1 + 24,
            "{header}"
        );
        assert!(
            parts[1].starts_with("Parent=") && parts[1].len() == "Parent=".len() + 16,
            "{header}"
        );
        assert_eq!(parts[2], "Sampled=0");
    }
}
