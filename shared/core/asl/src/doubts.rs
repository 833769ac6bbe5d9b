//! What is well formed and cannot work, as warnings: AWS accepts it, and the execution fails.

use crate::findings::{Findings, code};
use crate::place::Place;
use jsonpath::{Intrinsic, Path, Root};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The fields of the Context object; below those that end with `/*` stands the user's own data.
// AWS: developer guide, "Accessing execution data from the Context object"
const CONTEXT: [&str; 20] = [
    "Execution",
    "Execution/Id",
    "Execution/Input/*",
    "Execution/Name",
    "Execution/RedriveCount",
    "Execution/RedriveTime",
    "Execution/RoleArn",
    "Execution/StartTime",
    "Map",
    "Map/Item",
    "Map/Item/Index",
    "Map/Item/Key",
    "Map/Item/Source",
    "Map/Item/Value/*",
    "State/EnteredTime",
    "State/Name",
    "State/RetryCount",
    "StateMachine/Id",
    "StateMachine/Name",
    "Task/Token",
];

/// Warns of a path into the Context object that leads nowhere.
pub(crate) fn of_path(path: &Path, at: &Place, findings: &mut Findings) {
    match path.root() {
        Root::Context => of_context("$$", &path.leading_names(), at, findings),
        Root::Input | Root::Variable(_) => {}
    }
}

/// Warns of a call that cannot succeed.
pub(crate) fn of_intrinsic(intrinsic: &Intrinsic, at: &Place, findings: &mut Findings) {
    for mistake in intrinsic.sure_mistakes() {
        findings.warning(code::INVALID_CALL, at, mistake);
    }
    intrinsic.paths().for_each(|path| of_path(path, at, findings));
}

/// Warns of functions and fields of `$states` that do not exist.
pub(crate) fn of_expression(expression: &jsonata::Expression, at: &Place, findings: &mut Findings) {
    for name in expression.unknown_functions() {
        let message = format!("There is no function '${name}'");
        findings.warning(code::UNKNOWN_FUNCTION, at, message);
    }
    for path in expression.states_paths() {
        let names: Vec<&str> = path.iter().map(String::as_str).collect();
        match names.as_slice() {
            ["context", rest @ ..] => of_context("$states.context", rest, at, findings),
            ["input" | "result" | "errorOutput", ..] | [] => {}
            [other, ..] => {
                let message = format!("There is no field '{other}' in '$states'");
                findings.warning(code::UNKNOWN_CONTEXT_FIELD, at, message);
            }
        }
    }
}

/// Warns of a text of a JSONata state that was probably meant as an expression.
pub(crate) fn of_jsonata_text(text: &str, at: &Place, findings: &mut Findings) {
    let delimiters = text.contains("{%") && text.contains("%}");
    if delimiters
        || ["$states.", "$states["]
            .iter()
            .any(|start| text.starts_with(start))
    {
        let message = "Value looks like a JSONata expression, but does not start with '{%' and end with '%}'";
        findings.warning(code::NO_EXPRESSION, at, message);
    } else if crate::template::looks_like_reference(text) {
        let message =
            "Value looks like a JSONPath or an intrinsic function call, but the query language is 'JSONata'";
        findings.warning(code::WRONG_QUERY_LANGUAGE, at, message);
    }
}

/// Warns of a field of a JSONata state that ends with `.$`.
pub(crate) fn of_jsonata_key(key: &str, at: &Place, findings: &mut Findings) {
    if key.len() > 2 && key.ends_with(".$") {
        let message = format!("The field name '{key}' ends with '.$', which has no meaning in 'JSONata'");
        findings.warning(code::WRONG_QUERY_LANGUAGE, &at.field(key), message);
    }
}

/// Warns of a text of a JSONPath state that was probably meant as an expression.
pub(crate) fn of_jsonpath_text(text: &str, at: &Place, findings: &mut Findings) {
    if text.starts_with("{%") && text.ends_with("%}") {
        let message = "Value looks like a JSONata expression, but the query language is 'JSONPath'";
        findings.warning(code::WRONG_QUERY_LANGUAGE, at, message);
    }
}

/// Warns of fields of a JSONPath template that are given with and without `.$`.
pub(crate) fn of_keys(object: &Map<String, Value>, at: &Place, findings: &mut Findings) {
    for key in object.keys() {
        if let Some(name) = key.strip_suffix(".$")
            && object.contains_key(name)
        {
            let message = format!("The field '{name}' is given both as '{name}' and as '{key}'");
            findings.warning(code::DUPLICATE_FIELD, &at.field(key), message);
        }
    }
}

/// Warns of fields that the text gives twice; names of states are reported as errors.
pub(crate) fn of_repeated(repeated: &BTreeSet<String>, states: &BTreeSet<String>, findings: &mut Findings) {
    for place in repeated.difference(states) {
        let message = "The field is given more than once: only the last one counts";
        findings.warning_at(code::DUPLICATE_FIELD, place, message);
    }
}

fn of_context(root: &str, names: &[&str], at: &Place, findings: &mut Findings) {
    let mut path = String::new();
    for name in names {
        if CONTEXT
            .iter()
            .any(|known| known.strip_suffix("/*") == Some(path.as_str()))
        {
            return;
        }
        if !path.is_empty() {
            path.push('/');
        }
        path.push_str(name);
        let below = format!("{path}/");
        if !CONTEXT
            .iter()
            .any(|known| *known == path || known.starts_with(&below))
        {
            let message = format!(
                "There is no field '{}' in the Context object '{root}'",
                path.replace('/', ".")
            );
            findings.warning(code::UNKNOWN_CONTEXT_FIELD, at, message);
            return;
        }
    }
}
