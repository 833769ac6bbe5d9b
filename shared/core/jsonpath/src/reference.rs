use serde_json::{Map, Value};
use thiserror::Error;

use crate::path::{Selector, Step};
use crate::{ParseError, Path, Root};

/// A compiled reference path such as `$`, `$.a.b['c']` or `$.list[0]`: it names one place, which may be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferencePath {
    text: String,
    places: Vec<Place>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Member(String),
    Index(usize),
}

/// Says where a reference path runs into a value that it cannot enter.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("Unable to apply step \"{step}\" to input {value}")]
pub struct ReferenceError {
    /// The name or index that could not be applied.
    pub step: String,
    /// The JSON text of the value that it was applied to.
    pub value: String,
}

impl ReferencePath {
    /// Compiles a reference path.
    pub fn parse(text: &str) -> Result<ReferencePath, ParseError> {
        let path = Path::parse(text)?;
        let fail = |message: &str| {
            Err(ParseError {
                message: message.to_owned(),
                offset: 0,
            })
        };
        match path.root() {
            Root::Input => {}
            Root::Context => return fail("the context object `$$` cannot be written"),
            Root::Variable(_) => {
                return fail("a reference path begins with `$.` or `$[`, not with a variable");
            }
        }
        let places: Option<Vec<Place>> = path.steps().iter().map(place).collect();
        match places {
            Some(places) => Ok(ReferencePath {
                text: text.to_owned(),
                places,
            }),
            None => fail("a reference path names one place: only names and indexes from 0 can stand in it"),
        }
    }

    /// The path as the user wrote it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Puts a value into a document, as `ResultPath` does.
    ///
    /// `$` replaces the whole document. Missing members are made on the way; array elements must be there already.
    pub fn write(&self, mut document: Value, value: Value) -> Result<Value, ReferenceError> {
        let mut node = &mut document;
        for place in &self.places {
            node = enter(node, place)?;
        }
        *node = value;
        Ok(document)
    }
}

fn place(step: &Step) -> Option<Place> {
    match step {
        Step::Child(Selector::Member(name)) => Some(Place::Member(name.clone())),
        Step::Child(Selector::Index(index)) => Some(Place::Index(usize::try_from(*index).ok()?)),
        Step::Child(
            Selector::Members(_)
            | Selector::Indexes(_)
            | Selector::Slice { .. }
            | Selector::Wildcard
            | Selector::Filter(_),
        )
        | Step::Deep(_)
        | Step::Call(_) => None,
    }
}

fn enter<'v>(node: &'v mut Value, place: &Place) -> Result<&'v mut Value, ReferenceError> {
    match place {
        Place::Member(name) => {
            let Value::Object(members) = node else {
                return Err(refuse(node, place));
            };
            Ok(members
                .entry(name.as_str())
                .or_insert_with(|| Value::Object(Map::new())))
        }
        Place::Index(index) => {
            if node.get(*index).is_none() {
                return Err(refuse(node, place));
            }
            node.get_mut(*index).ok_or_else(|| refuse(&Value::Null, place))
        }
    }
}

fn refuse(node: &Value, place: &Place) -> ReferenceError {
    let step = match place {
        Place::Member(name) => name.clone(),
        Place::Index(index) => index.to_string(),
    };
    ReferenceError {
        step,
        value: node.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn writes_where_it_points() {
        let cases = [
            ("$", json!({"a": 1}), json!("new")),
            ("$.a", json!({"a": "new"}), json!("new")),
            ("$.b", json!({"a": 1, "b": "new"}), json!("new")),
            ("$.b.c.d", json!({"a": 1, "b": {"c": {"d": "new"}}}), json!("new")),
            (
                "$['b']['c d']",
                json!({"a": 1, "b": {"c d": "new"}}),
                json!("new"),
            ),
            ("$.null-key", json!({"a": 1, "null-key": null}), json!(null)),
        ];
        for (text, expected, value) in cases {
            let written = ReferencePath::parse(text)
                .unwrap()
                .write(json!({"a": 1}), value.clone())
                .unwrap();
            let expected = if text == "$" { value } else { expected };
            assert_eq!(written, expected, "{text}");
        }
        let list = json!({"l": [{"x": 1}, 2]});
        let path = ReferencePath::parse("$.l[0].y").unwrap();
        assert_eq!(
            path.write(list, json!(3)).unwrap(),
            json!({"l": [{"x": 1, "y": 3}, 2]})
        );
    }

    #[test]
    fn refuses_what_it_cannot_enter() {
        let cases = [
            (
                "$.a",
                json!("text"),
                "Unable to apply step \"a\" to input \"text\"",
            ),
            ("$.a", json!([1]), "Unable to apply step \"a\" to input [1]"),
            (
                "$.a.b",
                json!({"a": null}),
                "Unable to apply step \"b\" to input null",
            ),
            (
                "$.a[2]",
                json!({"a": [1, 2]}),
                "Unable to apply step \"2\" to input [1,2]",
            ),
            ("$.a[0]", json!({}), "Unable to apply step \"0\" to input {}"),
        ];
        for (text, document, message) in cases {
            let error = ReferencePath::parse(text)
                .unwrap()
                .write(document, json!(1))
                .unwrap_err();
            assert_eq!(error.to_string(), message, "{text}");
        }
    }

    #[test]
    fn is_only_names_and_indexes() {
        let refused = [
            "$$.a",
            "$x",
            "$.a[*]",
            "$..a",
            "$.a[-1]",
            "$.a[0:1]",
            "$.a[0,1]",
            "$.a['b','c']",
            "$.a.length()",
            "a",
        ];
        for text in refused {
            ReferencePath::parse(text).expect_err(text);
        }
    }
}
