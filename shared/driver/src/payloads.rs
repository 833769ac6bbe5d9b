//! Where documents are stored: in their entry when small, in the blob store when large.

use crate::error::Error;
use crate::settings::Settings;
use engine::{Entry, PayloadId};
use ports::{Ports, StoredPayload};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

/// Returns an entry's documents as they are stored; large ones are in the blob store when this returns.
pub(crate) async fn store(
    ports: &Ports,
    settings: &Settings,
    incarnation: &str,
    entry: &Entry,
) -> Result<Vec<(PayloadId, StoredPayload)>, Error> {
    let mut stored = Vec::with_capacity(entry.payloads.len());
    // Documents of an earlier entry are stored with that one.
    for payload in entry
        .payloads
        .iter()
        .filter(|payload| payload.id.seq() == entry.seq)
    {
        let place = if payload.text.len() >= settings.blob_bytes_min {
            let name = blob_name(incarnation, &payload.text);
            ports.blobs.put(&name, Arc::clone(&payload.text)).await?;
            StoredPayload::Blob(name)
        } else {
            StoredPayload::Text(Arc::clone(&payload.text))
        };
        stored.push((payload.id, place));
    }
    Ok(stored)
}

/// Returns the name of a large document: its content's, within its execution.
///
/// After a crash between document and entry the turn is made anew, and may give another document in the same place:
/// named by its place, that one would be taken for the one that is there.
pub(crate) fn blob_name(incarnation: &str, text: &str) -> Arc<str> {
    let digest = Sha256::digest(text.as_bytes());
    format!("{incarnation}/{}", hexadecimal(&digest)).into()
}

/// Returns a document's text.
pub(crate) async fn text(ports: &Ports, payload: &StoredPayload) -> Result<Arc<str>, Error> {
    match payload {
        StoredPayload::Text(text) => Ok(Arc::clone(text)),
        StoredPayload::Blob(name) => ports
            .blobs
            .get(name)
            .await?
            .ok_or_else(|| Error::BlobMissing(name.to_string())),
    }
}

/// Stands where AWS writes the id of a request, for calls that never leave the process.
pub(crate) const LOCAL_REQUEST_ID: &str = "00000000-0000-0000-0000-000000000000";

/// Writes bytes in hexadecimal digits.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 0x0f)]));
    }
    text
}
