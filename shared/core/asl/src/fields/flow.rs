//! The fields that say how data passes through a state.

use super::{Fields, expected, string};
use crate::doubts;
use crate::expression::Offered;
use crate::place::Place;
use crate::program::{Flow, ResultPath, Selector, Template};
use crate::template;
use jsonpath::{Path, ReferencePath};
use serde_json::Value;

/// How long the name of a variable may be. // AWS quota
const VARIABLE_NAME_CHARS_MAX: usize = 80;

impl Fields<'_, '_> {
    /// Reads the fields of data flow; `offered` is what `Output` and `Assign` may read.
    pub(crate) fn flow(&mut self, offered: Offered) -> Flow {
        let mut flow = Flow::new(self.around.language);
        if self.is_jsonata() {
            flow.arguments = self.template("Arguments", Offered::INPUT);
            flow.output = self.template("Output", offered);
        } else {
            flow.input_path = self.selector("InputPath");
            flow.arguments = self.template("Parameters", Offered::INPUT);
            flow.result_selector = self.template("ResultSelector", Offered::INPUT);
            flow.result_path = self.result_path();
            flow.output_path = self.selector("OutputPath");
        }
        flow.assign = self.assign(offered);
        flow
    }

    /// Reads `InputPath`, `OutputPath` or `ItemsPath`.
    pub(crate) fn selector(&mut self, name: &str) -> Selector {
        let read = self.read(name, |value| match value {
            Value::Null => Ok(Selector::Nothing),
            Value::String(text) if text == "$" => Ok(Selector::Whole),
            other => {
                let text = string(other)?;
                Path::parse(text)
                    .map(Selector::Path)
                    .map_err(|error| format!("Value is not a valid JSONPath: {error}"))
            }
        });
        if let Some(Selector::Path(path)) = &read {
            doubts::of_path(path, &self.at.field(name), self.findings);
        }
        read.unwrap_or(Selector::Whole)
    }

    /// Reads `ResultPath`.
    pub(crate) fn result_path(&mut self) -> ResultPath {
        let read = self.read("ResultPath", |value| match value {
            Value::Null => Ok(ResultPath::Discard),
            Value::String(text) if text == "$" => Ok(ResultPath::Replace),
            other => {
                let text = string(other)?;
                let path = ReferencePath::parse(text)
                    .map_err(|error| format!("Value is not a Reference Path: {error}"))?;
                Ok(ResultPath::At(path))
            }
        });
        read.unwrap_or(ResultPath::Replace)
    }

    /// Reads `Assign`.
    pub(crate) fn assign(&mut self, offered: Offered) -> Vec<(String, Template)> {
        let Some((object, at)) = self.object("Assign") else {
            return Vec::new();
        };
        let reader = template::Reader {
            language: self.around.language,
            offered,
        };
        let entries = reader.entries(object, &at, self.findings);
        for (name, _) in &entries {
            self.check_variable_name(name, &at);
        }
        entries
    }

    fn check_variable_name(&mut self, name: &str, at: &Place) {
        let start = name.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_');
        let rest = name.chars().all(|c| c.is_alphanumeric() || c == '_');
        if name == "states" {
            self.findings.schema(at, "The variable name 'states' is reserved");
        } else if !start || !rest {
            let message = format!(
                "The variable name '{name}' is not valid: it must be an identifier of letters, digits and '_'"
            );
            self.findings.schema(at, message);
        } else if name.chars().count() > VARIABLE_NAME_CHARS_MAX {
            let message =
                format!("The variable name '{name}' is longer than {VARIABLE_NAME_CHARS_MAX} characters");
            self.findings.schema(at, message);
        }
    }
}

/// Reads a list of strings.
pub(crate) fn strings(value: &Value) -> Result<Vec<String>, String> {
    let items = value.as_array().ok_or_else(|| expected("Array", value))?;
    items.iter().map(|item| string(item).map(str::to_owned)).collect()
}
