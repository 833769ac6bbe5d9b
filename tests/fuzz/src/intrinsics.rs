//! The functions `States.*`.

use crate::bytes::line_and_document;
use crate::scope::Scope;
use jsonpath::Intrinsic;

/// Reads the first line as a call of an intrinsic function, and evaluates it over the document in the lines after it.
pub fn intrinsics(data: &[u8]) {
    let (text, document) = line_and_document(data);
    let Ok(call) = Intrinsic::parse(&text) else { return };
    let result = call.evaluate(&Scope::of(document.clone()));
    assert_eq!(
        result,
        call.evaluate(&Scope::of(document)),
        "`{text}` gives the same again"
    );
    let mistakes = call.sure_mistakes();
    assert!(
        mistakes.is_empty() || result.is_err(),
        "`{text}` is sure to fail because of {mistakes:?}, and gives {result:?}"
    );
}
