//! How an entry's documents are stored: plain text behind a line that says what it is.
//!
//! ```text
//! 4294967296 t 13
//! {"order": 42}
//! 4294967297 b 12
//! blob/a1b2c3d
//! ```
//!
//! JSON inside of JSON would have to be escaped and unescaped, for no gain.

use crate::store::StoreError;
use engine::PayloadId;
use ports::StoredPayload;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Writes documents.
pub(crate) fn encode(payloads: &[(PayloadId, StoredPayload)]) -> String {
    let mut out = String::with_capacity(payloads.iter().map(|(_, payload)| text(payload).len() + 32).sum());
    for (id, payload) in payloads {
        let (kind, text) = match payload {
            StoredPayload::Text(text) => ('t', text),
            StoredPayload::Blob(name) => ('b', name),
        };
        let _ = writeln!(out, "{} {kind} {}", number(*id), text.len());
        out.push_str(text);
        out.push('\n');
    }
    out
}

/// Reads those documents that are wanted, and takes them off the list.
pub(crate) fn decode(
    stored: &str,
    wanted: &mut BTreeSet<PayloadId>,
    found: &mut BTreeMap<PayloadId, StoredPayload>,
) -> Result<(), StoreError> {
    let mut rest = stored;
    while !rest.is_empty() && !wanted.is_empty() {
        let (id, kind, text, after) = split(rest)
            .ok_or_else(|| StoreError::Damaged("the documents of an entry are cut short".to_owned()))?;
        if wanted.remove(&id) {
            let payload = match kind {
                "t" => StoredPayload::Text(text.into()),
                "b" => StoredPayload::Blob(text.into()),
                _ => {
                    return Err(StoreError::Damaged(format!(
                        "a document is stored in the unknown way `{kind}`"
                    )));
                }
            };
            found.insert(id, payload);
        }
        rest = after;
    }
    Ok(())
}

/// Returns a document's name as a number: what it is stored as.
pub(crate) fn number(id: PayloadId) -> i64 {
    id.number().cast_signed()
}

/// Returns the document's name that is stored as `number`.
pub(crate) fn id(number: i64) -> Option<PayloadId> {
    u64::try_from(number).ok().map(PayloadId::of_number)
}

fn split(rest: &str) -> Option<(PayloadId, &str, &str, &str)> {
    let (line, rest) = rest.split_once('\n')?;
    let mut words = line.split(' ');
    let id = id(words.next()?.parse().ok()?)?;
    let kind = words.next()?;
    let (text, rest) = rest.split_at_checked(words.next()?.parse().ok()?)?;
    Some((id, kind, text, rest.strip_prefix('\n')?))
}

fn text(payload: &StoredPayload) -> &str {
    match payload {
        StoredPayload::Text(text) => text,
        StoredPayload::Blob(name) => name,
    }
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};
    use engine::PayloadId;
    use ports::StoredPayload;
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn what_is_written_is_read_and_the_rest_left_alone() {
        let payloads = [
            (
                PayloadId::new(7, 0),
                StoredPayload::Text("{\n \"ä\": \"1 t 2\\n\"\n}\n".into()),
            ),
            (PayloadId::new(7, 1), StoredPayload::Blob("execution/1".into())),
            (PayloadId::new(7, 2), StoredPayload::Text("".into())),
        ];
        let stored = encode(&payloads);
        for (id, payload) in &payloads {
            let mut wanted = BTreeSet::from([*id, PayloadId::new(8, 0)]);
            let mut found = BTreeMap::new();
            decode(&stored, &mut wanted, &mut found).unwrap();
            assert_eq!(found, BTreeMap::from([(*id, payload.clone())]));
            assert_eq!(wanted, BTreeSet::from([PayloadId::new(8, 0)]));
        }
    }

    #[test]
    fn damage_is_reported() {
        let stored = encode(&[(PayloadId::new(1, 0), StoredPayload::Text("[1,2,3]".into()))]);
        for damaged in [
            &stored[..stored.len() - 3],
            &stored.replace(" 7", " 70"),
            &stored.replace(" t ", " x "),
        ] {
            let mut wanted = BTreeSet::from([PayloadId::new(1, 0)]);
            assert!(
                decode(damaged, &mut wanted, &mut BTreeMap::new()).is_err(),
                "{damaged:?}"
            );
        }
    }
}
