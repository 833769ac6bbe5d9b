//! What every blob store must do.

use super::unique;
use crate::Blobs;

/// Runs all tests of blob stores.
pub async fn all(blobs: &dyn Blobs) {
    keeps_texts(blobs).await;
}

/// A text is read as it was written, however large; what is not there is not found; writing twice changes nothing.
pub async fn keeps_texts(blobs: &dyn Blobs) {
    let large = format!("\"{}\"", "ä".repeat(2_000_000));
    for text in ["", "{\n  \"a\": \"\\u0000\"\n}", large.as_str()] {
        let name = format!("{}/{}", unique(), "0123456789abcdef".repeat(4));
        assert_eq!(blobs.get(&name).await.expect("get"), None);
        blobs.put(&name, text.into()).await.expect("put");
        blobs.put(&name, text.into()).await.expect("put again");
        assert_eq!(blobs.get(&name).await.expect("get").as_deref(), Some(text));
    }
}
