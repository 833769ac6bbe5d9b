//! How members are named: by the models, and by Step Functions, which follows AWS's SDK for Java.

/// A member's name as the API shows it, with a capital letter whatever the model does.
pub(crate) fn capitalized(name: &str) -> String {
    let mut chars = name.chars();
    chars
        .next()
        .map(|first| first.to_ascii_uppercase().to_string() + chars.as_str())
        .unwrap_or_default()
}

/// A member's name as the SDK for Java writes it, with a capital letter: `DBClusters` is `DbClusters`.
///
/// Only the capitals at the beginning are one word there; `ETag` has just one, since `T` begins the next word.
pub(crate) fn sdk(name: &str) -> String {
    let bytes = name.as_bytes();
    let is_upper = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_uppercase);
    let is_lower = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_lowercase);
    let mut end = 1;
    while is_upper(end) && !is_lower(end + 1) {
        end += 1;
    }
    let (Some(first), Some(acronym), Some(rest)) = (name.get(..1), name.get(1..end), name.get(end..)) else {
        return name.to_owned();
    };
    first.to_ascii_uppercase() + &acronym.to_ascii_lowercase() + rest
}

/// Whether two names differ at most in the case of the capitals that they begin with.
pub(crate) fn same(a: &str, b: &str) -> bool {
    a == b || (a.eq_ignore_ascii_case(b) && sdk(a) == sdk(b))
}
