//! Paths and reference paths, over a document.

use crate::bytes::line_and_document;
use crate::scope::Scope;
use jsonpath::{Path, ReferencePath};
use serde_json::json;

/// Reads the first line as a path and applies it to the document in the lines after it.
pub fn jsonpath(data: &[u8]) {
    let (text, document) = line_and_document(data);
    let scope = Scope::of(document);
    let Ok(path) = Path::parse(&text) else {
        assert!(ReferencePath::parse(&text).is_err(), "`{text}` is no path at all");
        return;
    };
    assert_eq!(path, Path::parse(&text).unwrap());
    let found = path.select(&scope).map(|found| found.into_owned());
    assert_eq!(found, path.select(&scope).map(|found| found.into_owned()));
    if let Ok(found) = &found
        && !path.is_definite()
    {
        assert!(found.is_array(), "`{text}` gives a list: {found}");
    }
    if let Ok(reference) = ReferencePath::parse(&text) {
        let written = reference.write(scope.document().clone(), json!("written"));
        if let Ok(written) = written {
            let found = path.select(&Scope::of(written)).map(|found| found.into_owned());
            assert_eq!(found, Ok(json!("written")), "`{text}` finds what it wrote");
        }
    }
}
