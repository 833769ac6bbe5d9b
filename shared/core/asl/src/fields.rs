//! Reads the fields of one object of a definition, and reports those that do not fit.

mod flow;
mod numbers;

use crate::doubts;
use crate::expression::{Offered, expression, is_expression};
use crate::findings::{Findings, code};
use crate::place::Place;
use crate::program::{QueryLanguage, Setting, StateId, Template, Text, Transition};
use crate::template::{self, looks_like_reference};
use jsonpath::{Intrinsic, Path};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

pub(crate) use flow::strings;
pub(crate) use numbers::{boolean, integer, kind_of, number, string, timestamp};

/// What the fields of a state need to know about the state's surroundings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Around<'a> {
    pub(crate) language: QueryLanguage,
    /// The state runs as (part of) an Express execution.
    pub(crate) express: bool,
    /// The states that the state may go to.
    pub(crate) names: &'a BTreeMap<&'a str, StateId>,
}

/// The fields of one object.
#[derive(Debug)]
pub(crate) struct Fields<'a, 'f> {
    pub(crate) object: &'a Map<String, Value>,
    pub(crate) at: Place,
    pub(crate) around: Around<'a>,
    pub(crate) findings: &'f mut Findings,
}

impl<'a> Fields<'a, '_> {
    /// Returns the fields of an object that is part of this one.
    pub(crate) fn of<'s>(&'s mut self, object: &'a Map<String, Value>, at: Place) -> Fields<'a, 's> {
        Fields {
            object,
            at,
            around: self.around,
            findings: &mut *self.findings,
        }
    }

    /// Tells whether the state is written in JSONata.
    pub(crate) fn is_jsonata(&self) -> bool {
        self.around.language == QueryLanguage::Jsonata
    }

    /// Returns the field as it stands.
    pub(crate) fn value(&self, name: &str) -> Option<&'a Value> {
        self.object.get(name)
    }

    /// Returns the field, converted; reports why it cannot be converted.
    pub(crate) fn read<T>(
        &mut self,
        name: &str,
        convert: impl Fn(&'a Value) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.value(name)?;
        convert(value)
            .map_err(|message| self.findings.schema(&self.at.field(name), message))
            .ok()
    }

    /// Reports which of the fields are missing.
    pub(crate) fn require(&mut self, names: &[&str]) {
        let missing: Vec<&str> = names
            .iter()
            .copied()
            .filter(|name| self.value(name).is_none())
            .collect();
        if !missing.is_empty() {
            self.findings.schema(
                &self.at,
                format!("These fields are required: [{}]", missing.join(", ")),
            );
        }
    }

    /// Reports fields that exclude each other.
    pub(crate) fn at_most_one(&mut self, names: &[&str]) -> usize {
        let given = names.iter().filter(|name| self.value(name).is_some()).count();
        if given > 1 {
            let message = format!(
                "There should only be one of the following fields: [{}]",
                names.join(", ")
            );
            self.findings.schema(&self.at, message);
        }
        given
    }

    /// Reports none or several of fields of which one is needed.
    pub(crate) fn exactly_one(&mut self, names: &[&str]) {
        if self.at_most_one(names) == 0 {
            let message = format!("One of the following fields is required: [{}]", names.join(", "));
            self.findings.schema(&self.at, message);
        }
    }

    /// Returns the elements of a list that must hold objects, each as fields of its own.
    pub(crate) fn objects(&mut self, name: &str) -> Vec<(&'a Map<String, Value>, Place)> {
        let Some(items) = self.read(name, |value| {
            value.as_array().ok_or_else(|| expected("Array", value))
        }) else {
            return Vec::new();
        };
        let at = self.at.field(name);
        let mut found = Vec::new();
        for (index, item) in items.iter().enumerate() {
            match item {
                Value::Object(object) => found.push((object, at.item(index))),
                other => self.findings.schema(&at.item(index), expected("Object", other)),
            }
        }
        found
    }

    /// Returns the field as an object with its place.
    pub(crate) fn object(&mut self, name: &str) -> Option<(&'a Map<String, Value>, Place)> {
        let object = self.read(name, |value| {
            value.as_object().ok_or_else(|| expected("Object", value))
        })?;
        Some((object, self.at.field(name)))
    }

    /// Returns the field as a path.
    pub(crate) fn path(&mut self, name: &str) -> Option<Path> {
        let path = self.read(name, |value| {
            let text = string(value)?;
            Path::parse(text).map_err(|error| format!("Value is not a valid JSONPath: {error}"))
        })?;
        doubts::of_path(&path, &self.at.field(name), self.findings);
        Some(path)
    }

    /// Reports a path that may find several values where one is needed.
    pub(crate) fn refuse_several(&mut self, name: &str) {
        self.read(name, |value| match Path::parse(string(value)?) {
            Ok(path) if !path.is_definite() => Err("Value is not a Reference Path".to_owned()),
            _ => Ok(()), // a text that is no path is reported where the field is read
        });
    }

    /// Returns a field that holds a path or an intrinsic function call that gives a text.
    pub(crate) fn text_reference(&mut self, name: &str) -> Option<Text> {
        let text = self.read(name, |value| text_reference(string(value)?))?;
        let at = self.at.field(name);
        match &text {
            Text::Path(path) => doubts::of_path(path, &at, self.findings),
            Text::Intrinsic(intrinsic) => doubts::of_intrinsic(intrinsic, &at, self.findings),
            Text::Fixed(_) | Text::Expression(_) => {}
        }
        Some(text)
    }

    /// Returns a field that stands as a literal, as `...Path`, or as an expression.
    pub(crate) fn setting<T>(
        &mut self,
        name: &str,
        literal: impl Fn(&'a Value) -> Result<T, String>,
    ) -> Option<Setting<T>> {
        if self.is_jsonata() {
            if let Some(Value::String(text)) = self.value(name) {
                let at = self.at.field(name);
                if is_expression(text, &at, self.findings) {
                    return expression(text, &at, Offered::INPUT, self.findings).map(Setting::Expression);
                }
            }
            return self.read(name, literal).map(Setting::Fixed);
        }
        let path = format!("{name}Path");
        self.at_most_one(&[name, &path]);
        if self.value(&path).is_some() {
            return self.path(&path).map(Setting::Path);
        }
        if let Some(Value::String(text)) = self.value(name) {
            self.warn_of_path(name, text);
        }
        self.read(name, literal).map(Setting::Fixed)
    }

    /// Returns a text that stands as a literal, as `...Path` (a path or an intrinsic function) or as an expression.
    pub(crate) fn text(&mut self, name: &str) -> Option<Text> {
        if self.is_jsonata() {
            let text = self.read(name, string)?;
            let at = self.at.field(name);
            if is_expression(text, &at, self.findings) {
                return expression(text, &at, Offered::INPUT, self.findings).map(Text::Expression);
            }
            doubts::of_jsonata_text(text, &at, self.findings);
            return Some(Text::Fixed(text.to_owned()));
        }
        let path = format!("{name}Path");
        self.at_most_one(&[name, &path]);
        if self.value(&path).is_some() {
            return self.text_reference(&path);
        }
        let text = self.read(name, string)?;
        self.warn_of_path(name, text);
        doubts::of_jsonpath_text(text, &self.at.field(name), self.findings);
        Some(Text::Fixed(text.to_owned()))
    }

    /// Returns the field as a template.
    pub(crate) fn template(&mut self, name: &str, offered: Offered) -> Option<Template> {
        let value = self.value(name)?;
        let reader = template::Reader {
            language: self.around.language,
            offered,
        };
        Some(reader.template(value, &self.at.field(name), self.findings))
    }

    /// Returns the state that the field names; a name that is no state is reported elsewhere.
    pub(crate) fn target(&mut self, name: &str) -> Option<StateId> {
        let target = self.read(name, string)?;
        self.around.names.get(target).copied()
    }

    /// Returns where the state goes next.
    pub(crate) fn transition(&mut self) -> Transition {
        let end = self.read("End", boolean);
        // `"End": false` says nothing.
        match (self.value("Next"), end) {
            (Some(_), Some(true)) => {
                self.at_most_one(&["Next", "End"]);
            }
            (None, Some(false)) => self.exactly_one(&["Next"]),
            (None, None) if self.value("End").is_none() => self.exactly_one(&["Next", "End"]),
            _ => {}
        }
        match self.target("Next") {
            Some(state) => Transition::Next(state),
            None => Transition::End,
        }
    }

    fn warn_of_path(&mut self, name: &str, text: &str) {
        if looks_like_reference(text) {
            let message = format!(
                "The value for the field '{name}' looks like a path, but the field name does not end with 'Path'"
            );
            self.findings
                .warning(code::NO_PATH, &self.at.field(name), message);
        }
    }
}

/// Reads the value of `ErrorPath`, `CausePath` or `RoleArn.$`.
fn text_reference(text: &str) -> Result<Text, String> {
    let refused = |error: &dyn std::fmt::Display| {
        format!(
            "Value must be a valid JSONPath or a valid intrinsic function call that returns a string: {error}"
        )
    };
    if !jsonpath::is_intrinsic(text) {
        return Path::parse(text).map(Text::Path).map_err(|error| refused(&error));
    }
    let intrinsic = Intrinsic::parse(text).map_err(|error| refused(&error))?;
    if intrinsic.returns_string() {
        Ok(Text::Intrinsic(intrinsic))
    } else {
        Err(refused(&"this function does not return a string"))
    }
}

/// Says which type was expected and which one was found.
pub(crate) fn expected(wanted: &str, found: &Value) -> String {
    format!("Expected value of type {wanted} but found {}", kind_of(found))
}
