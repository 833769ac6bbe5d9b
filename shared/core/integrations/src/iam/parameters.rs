//! What a definition says of a call's parameters before it runs.

use serde_json::Value;

/// A member of the parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Member<'a> {
    /// It is not given.
    Absent,
    /// It is chosen when the definition runs.
    Later,
    /// Its texts; a list may have several.
    Texts(Vec<&'a str>),
}

impl<'a> Member<'a> {
    /// Finds a member whatever the case of its name, as Step Functions does.
    pub(super) fn of(parameters: &'a Value, name: &str) -> Member<'a> {
        match value(parameters, name) {
            Found::Absent => Member::Absent,
            Found::Later => Member::Later,
            Found::Value(Value::String(text)) => Member::Texts(vec![text]),
            Found::Value(Value::Array(elements)) => {
                let texts: Option<Vec<&str>> = elements.iter().map(Value::as_str).collect();
                texts.map_or(Member::Later, Member::Texts)
            }
            Found::Value(_) => Member::Later,
        }
    }

    /// Returns the text of a member that has one.
    pub(super) fn text(&self) -> Option<&'a str> {
        match self {
            Member::Texts(texts) => texts.first().copied(),
            Member::Absent | Member::Later => None,
        }
    }
}

/// A member as it stands.
#[derive(Clone, Copy, Debug)]
pub(super) enum Found<'a> {
    Absent,
    Later,
    Value(&'a Value),
}

/// Finds a member; `null` is what is chosen when the definition runs.
pub(super) fn value<'a>(parameters: &'a Value, name: &str) -> Found<'a> {
    let Value::Object(members) = parameters else {
        return Found::Later;
    };
    let member = members.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
    match member {
        None => Found::Absent,
        Some((_, Value::Null)) => Found::Later,
        Some((_, value)) => Found::Value(value),
    }
}

/// Returns whether a text is one `${Name}` and nothing else.
pub(crate) fn is_placeholder(text: &str) -> bool {
    let name = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    name.is_some_and(|name| !name.contains(['{', '}']))
}

/// Returns whether a text is an ARN, or a placeholder that is one by its own name or that of its member.
pub(super) fn is_arn(text: &str, member: &str) -> bool {
    let says_arn = |name: &str| name.to_ascii_lowercase().ends_with("arn");
    let placeholder = || is_placeholder(text) && (says_arn(text.trim_end_matches('}')) || says_arn(member));
    text.starts_with("arn:") || placeholder()
}

/// Returns a path of members, such as `Authentication/ConnectionArn`.
pub(super) fn path<'a>(parameters: &'a Value, names: &[&str]) -> Member<'a> {
    let Some((last, before)) = names.split_last() else {
        return Member::Absent;
    };
    let mut at = parameters;
    for name in before {
        at = match value(at, name) {
            Found::Absent => return Member::Absent,
            Found::Later => return Member::Later,
            Found::Value(value) => value,
        };
    }
    Member::of(at, last)
}
