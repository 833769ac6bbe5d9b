//! Reads templates: JSON with places to fill in.

use crate::doubts;
use crate::expression::{Offered, expression, is_expression};
use crate::findings::{Findings, code};
use crate::place::Place;
use crate::program::{QueryLanguage, Template};
use jsonpath::{Intrinsic, Path};
use serde_json::{Map, Value};

/// Reads templates in one language.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader {
    pub(crate) language: QueryLanguage,
    pub(crate) offered: Offered,
}

impl Reader {
    /// Reads a whole template.
    pub(crate) fn template(self, value: &Value, at: &Place, findings: &mut Findings) -> Template {
        self.dynamic(value, at, findings)
            .unwrap_or_else(|| Template::Literal(value.clone()))
    }

    /// Reads the entries of an object, such as `Assign`.
    pub(crate) fn entries(
        self,
        object: &Map<String, Value>,
        at: &Place,
        findings: &mut Findings,
    ) -> Vec<(String, Template)> {
        if self.language == QueryLanguage::Jsonpath {
            doubts::of_keys(object, at, findings);
        }
        object
            .iter()
            .map(|(key, value)| {
                let (name, found) = self.entry(key, value, at, findings);
                (
                    name.to_owned(),
                    found.unwrap_or_else(|| Template::Literal(value.clone())),
                )
            })
            .collect()
    }

    /// Returns nothing for a part without any place to fill in.
    fn dynamic(self, value: &Value, at: &Place, findings: &mut Findings) -> Option<Template> {
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => None,
            Value::String(text) => match self.language {
                QueryLanguage::Jsonata if is_expression(text, at, findings) => {
                    expression(text, at, self.offered, findings).map(Template::Expression)
                }
                QueryLanguage::Jsonata => {
                    doubts::of_jsonata_text(text, at, findings);
                    None
                }
                QueryLanguage::Jsonpath => {
                    doubts::of_jsonpath_text(text, at, findings);
                    None
                }
            },
            Value::Array(items) => {
                let found: Vec<_> = items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| self.dynamic(item, &at.item(index), findings))
                    .collect();
                let filled = |(found, item): (Option<Template>, &Value)| {
                    found.unwrap_or_else(|| Template::Literal(item.clone()))
                };
                found
                    .iter()
                    .any(Option::is_some)
                    .then(|| Template::List(found.into_iter().zip(items).map(filled).collect()))
            }
            Value::Object(object) => {
                if self.language == QueryLanguage::Jsonpath {
                    doubts::of_keys(object, at, findings);
                }
                let found: Vec<_> = object
                    .iter()
                    .map(|(key, value)| (self.entry(key, value, at, findings), value))
                    .collect();
                found.iter().any(|((_, found), _)| found.is_some()).then(|| {
                    let filled = |((name, found), value): ((&str, Option<Template>), &Value)| {
                        (
                            name.to_owned(),
                            found.unwrap_or_else(|| Template::Literal(value.clone())),
                        )
                    };
                    Template::Object(found.into_iter().map(filled).collect())
                })
            }
        }
    }

    /// Reads one entry of an object that stands at `at`; the name comes back without `.$`.
    fn entry<'k>(
        self,
        key: &'k str,
        value: &Value,
        at: &Place,
        findings: &mut Findings,
    ) -> (&'k str, Option<Template>) {
        if self.language == QueryLanguage::Jsonpath {
            if let Some(name) = key.strip_suffix(".$") {
                let found = value.as_str().and_then(|text| reference(text).ok());
                if found.is_none() {
                    let message = format!(
                        "The value for the field '{key}' must be a valid JSONPath or a valid intrinsic function call"
                    );
                    findings.schema(at, message);
                }
                match &found {
                    Some(Template::Path(path)) => doubts::of_path(path, &at.field(key), findings),
                    Some(Template::Intrinsic(call)) => doubts::of_intrinsic(call, &at.field(key), findings),
                    _ => {}
                }
                return (name, found);
            }
            if value
                .as_str()
                .is_some_and(|text| looks_like_reference(text) || matches!(text, "$" | "$$"))
            {
                let message = format!(
                    "The value for the field '{key}' looks like a JSONPath or an intrinsic function call, but the field name does not end with '.$'"
                );
                findings.warning(code::NO_DOLLAR, &at.field(key), message);
            }
        } else {
            doubts::of_jsonata_key(key, at, findings);
        }
        (key, self.dynamic(value, &at.field(key), findings))
    }
}

/// Reads the value of a field that ends with `.$`.
pub(crate) fn reference(text: &str) -> Result<Template, jsonpath::ParseError> {
    if jsonpath::is_intrinsic(text) {
        Intrinsic::parse(text).map(Template::Intrinsic)
    } else {
        Path::parse(text).map(Template::Path)
    }
}

/// Tells whether a literal was probably meant as a path or a call.
pub(crate) fn looks_like_reference(text: &str) -> bool {
    let path = text.starts_with("$.") || text.starts_with("$[") || text.starts_with("$$.");
    (path && Path::parse(text).is_ok()) || (jsonpath::is_intrinsic(text) && Intrinsic::parse(text).is_ok())
}

/// Tells whether a text that `wanted` is true of stands anywhere in `value`.
pub(crate) fn any_text(value: &Value, wanted: &dyn Fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => wanted(text),
        Value::Array(items) => items.iter().any(|item| any_text(item, wanted)),
        Value::Object(object) => object.values().any(|item| any_text(item, wanted)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
