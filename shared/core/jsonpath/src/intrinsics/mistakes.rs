//! Calls that are well formed and cannot succeed.

use serde_json::Value;

use super::encoding::HASH_ALGORITHMS;
use super::{Argument, Call, Function};

/// Lists what is sure to fail in a call and the calls within it.
pub(super) fn of(call: &Call) -> Vec<String> {
    let mut found = Vec::new();
    collect(call, &mut found);
    found
}

fn collect(call: &Call, found: &mut Vec<String>) {
    found.extend(mistake(call).map(|what| format!("`{}`: {what}", call.function.name())));
    for argument in &call.arguments {
        if let Argument::Call(inner) = argument {
            collect(inner, found);
        }
    }
}

fn mistake(call: &Call) -> Option<String> {
    match (call.function, call.arguments.as_slice()) {
        (Function::Format, [Argument::Text { raw, .. }, values @ ..]) => {
            let wanted = placeholders(raw);
            (wanted != values.len()).then(|| {
                format!(
                    "the template has {wanted} placeholders `{{}}`, and {} values are given",
                    values.len()
                )
            })
        }
        (Function::Hash, [_, Argument::Text { value, .. }]) => value
            .as_str()
            .filter(|name| !HASH_ALGORITHMS.contains(name))
            .map(|name| {
                format!(
                    "the algorithm `{name}` is not one of {}",
                    HASH_ALGORITHMS.join(", ")
                )
            }),
        (Function::JsonMerge, [_, _, Argument::Literal(deep)]) if *deep != Value::Bool(false) => {
            Some("the third argument must be `false`: deep merging is not supported".to_owned())
        }
        _ => None,
    }
}

/// Counts the `{}` of a template whose backslashes stand as they were written.
fn placeholders(raw: &str) -> usize {
    let mut count = 0;
    let mut characters = raw.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                characters.next_if(|next| matches!(next, '{' | '}' | '\'' | '\\'));
            }
            '{' if characters.next_if_eq(&'}').is_some() => count += 1,
            _ => {}
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use crate::Intrinsic;

    #[test]
    fn calls_that_cannot_succeed_are_told() {
        for (text, wanted) in [
            ("States.Format('{} of {}', $.a, $.b)", &[][..]),
            (r"States.Format('\{\} {}', $.a)", &[]),
            ("States.Format($.template, $.a)", &[]),
            (
                "States.Format('{} of {}', $.a)",
                &["`States.Format`: the template has 2 placeholders `{}`, and 1 values are given"],
            ),
            (
                "States.Array(States.Format('x', $.a))",
                &["`States.Format`: the template has 0 placeholders `{}`, and 1 values are given"],
            ),
            ("States.Hash($.a, 'SHA-256')", &[]),
            (
                "States.Hash($.a, 'SHA256')",
                &[
                    "`States.Hash`: the algorithm `SHA256` is not one of MD5, SHA-1, SHA-256, SHA-384, SHA-512",
                ],
            ),
            ("States.JsonMerge($.a, $.b, false)", &[]),
            (
                "States.JsonMerge($.a, $.b, true)",
                &["`States.JsonMerge`: the third argument must be `false`: deep merging is not supported"],
            ),
        ] {
            assert_eq!(Intrinsic::parse(text).unwrap().sure_mistakes(), wanted, "{text}");
        }
    }
}
