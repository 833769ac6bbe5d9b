/// Derives an identifier from the order's, such as `auth-0f3c…`, so that a repeated call gives the same one.
pub(crate) fn derived(prefix: &str, order_id: &str) -> String {
    let digest = prefix
        .bytes()
        .chain(order_id.bytes())
        .fold(FNV_OFFSET, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME)
        });
    format!("{prefix}-{digest:016x}")
}

// FNV-1a: stable across versions of Rust, which the hasher of the standard library is not.
const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_order_gives_the_same_identifier() {
        assert_eq!(derived("auth", "order-1"), derived("auth", "order-1"));
        assert_ne!(derived("auth", "order-1"), derived("auth", "order-2"));
        assert_ne!(derived("auth", "order-1"), derived("refund", "order-1"));
    }

    #[test]
    fn the_digest_is_fnv_1a() {
        assert_eq!(derived("", "foobar"), "-85944171f73967e8"); // a published test value
    }
}
