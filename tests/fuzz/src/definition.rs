//! Definitions: parser, validator and compiler.

use asl::{Compiled, MachineType, Severity, compile, compile_state};
use serde_json::Value;

/// Compiles any bytes as a definition of both types, and as a state that stands alone.
pub fn definition(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let document = serde_json::from_str(&text).ok();
    for machine_type in [MachineType::Standard, MachineType::Express] {
        let compiled = compile(&text, machine_type);
        check(&compiled, document.as_ref());
    }
    let shown = || format!("{:?}", compile(&text, MachineType::Standard));
    assert_eq!(
        shown(),
        shown(),
        "the same text gives the same program and findings"
    );
    check(&compile_state(&text, "S"), None);
}

fn check(compiled: &Compiled, document: Option<&Value>) {
    let errors = |diagnostic: &&asl::Diagnostic| diagnostic.severity == Severity::Error;
    let has_errors = compiled.diagnostics.iter().any(|diagnostic| errors(&diagnostic));
    assert_ne!(
        compiled.program.is_some(),
        has_errors,
        "what has no error compiles, and nothing else: {:?}",
        compiled.diagnostics
    );
    let Some(document) = document else { return };
    for diagnostic in &compiled.diagnostics {
        let location = diagnostic.location.as_str();
        assert!(
            matches!(location, "" | "/") || leads_somewhere(document, location),
            "the place of `{diagnostic}` is in the definition"
        );
    }
}

/// Tells whether a place is in a document. Names may hold any character, so each that fits is tried; the last one may be
/// that of a field which is missing.
fn leads_somewhere(value: &Value, place: &str) -> bool {
    if place.is_empty() {
        return true;
    }
    match value {
        Value::Object(fields) => place.strip_prefix('/').is_some_and(|place| {
            let mut below = fields
                .iter()
                .filter_map(|(name, value)| Some((value, place.strip_prefix(name.as_str())?)));
            below.any(|(value, rest)| leads_somewhere(value, rest)) || !place.contains(['/', '['])
        }),
        Value::Array(items) => {
            let inner = place
                .strip_prefix('[')
                .and_then(|place| place.split_once(']'))
                .and_then(|(index, rest)| Some((items.get(index.parse::<usize>().ok()?)?, rest)));
            inner.is_some_and(|(item, rest)| leads_somewhere(item, rest))
        }
        _ => false,
    }
}
