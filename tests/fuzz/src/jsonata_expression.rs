//! JSONata as states evaluate it: with the guards around the library.

use crate::bytes::line_and_document;
use crate::scope::Scope;
use jsonata::{Expression, Session};
use serde_json::Value;

/// Reads the first line as an expression, and evaluates it over the document in the lines after it.
pub fn jsonata(data: &[u8]) {
    let (text, document) = line_and_document(data);
    let Ok(expression) = Expression::parse(&text) else {
        return;
    };
    let scope = Scope::of(document);
    let Ok(Some(value)) = Session::new(&scope).evaluate(&expression) else {
        return;
    };
    // A result becomes a document: it has to be the same when it is read back.
    let stored = serde_json::to_string(&value).unwrap();
    let read: Value = serde_json::from_str(&stored)
        .unwrap_or_else(|error| panic!("`{text}` gives what cannot be read: {error}: {stored:.200}"));
    assert_eq!(read, value, "`{text}`");
}
