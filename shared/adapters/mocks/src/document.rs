//! From the file's JSON text to the configuration, with the place of every mistake.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};
use thiserror::Error;

use crate::configuration::MockedMachine;
use crate::{AttemptRange, MockConfiguration, MockResponse};

/// Says what is wrong with a mock configuration, and where.
#[derive(Debug, Error)]
pub enum MockSyntaxError {
    /// The text is not JSON; the source names line and column.
    #[error("the mock configuration is not JSON: {0}")]
    NotJson(#[from] serde_json::Error),
    /// A field is missing, unknown or of the wrong form.
    #[error("{place}: {problem}")]
    Field {
        /// The way from the top, such as `MockedResponses.Charged["0-1"].Throw`.
        place: String,
        /// What is wrong there.
        problem: String,
    },
}

pub(crate) fn parse(text: &str) -> Result<MockConfiguration, MockSyntaxError> {
    let document: Value = serde_json::from_str(text)?;
    let top = Place("the mock configuration".to_owned());
    let fields = top.object(&document)?;
    top.only(fields, &["StateMachines", "MockedResponses", "Comment"])?;

    let mut configuration = MockConfiguration::default();
    for (place, name, value) in Place::top("StateMachines").entries(fields.get("StateMachines"))? {
        configuration
            .machines
            .insert(name.to_owned(), machine(&place, value)?);
    }
    for (place, name, value) in Place::top("MockedResponses").entries(fields.get("MockedResponses"))? {
        configuration
            .responses
            .insert(name.to_owned(), attempts(&place, value)?);
    }
    Ok(configuration)
}

fn machine(place: &Place, value: &Value) -> Result<MockedMachine, MockSyntaxError> {
    let fields = place.object(value)?;
    place.only(fields, &["TestCases", "DefaultTestCase", "Comment"])?;
    let mut test_cases = BTreeMap::new();
    for (place, test_case, value) in place.field("TestCases").entries(fields.get("TestCases"))? {
        let mut states = BTreeMap::new();
        for (place, state, response) in place.entries(Some(value))? {
            states.insert(state.to_owned(), place.string(response)?);
        }
        test_cases.insert(test_case.to_owned(), states);
    }
    let place = place.field("DefaultTestCase");
    let default_test_case = fields
        .get("DefaultTestCase")
        .map(|value| place.string(value))
        .transpose()?;
    if let Some(name) = default_test_case
        .as_ref()
        .filter(|name| !test_cases.contains_key(*name))
    {
        return Err(place.problem(format!("there is no test case `{name}` in `TestCases`")));
    }
    Ok(MockedMachine {
        test_cases,
        default_test_case,
    })
}

/// An empty response is let pass: tests generate such ones, and Step Functions Local fails only where one is used.
fn attempts(place: &Place, value: &Value) -> Result<Vec<(AttemptRange, MockResponse)>, MockSyntaxError> {
    let mut attempts: Vec<(AttemptRange, MockResponse)> = Vec::new();
    for (place, key, value) in place.entries(Some(value))? {
        let range = AttemptRange::parse(key).ok_or_else(|| {
            place.problem(
                "expected an attempt counted from 0, such as `0`, or a range, such as `1-3`".to_owned(),
            )
        })?;
        if let Some((other, _)) = attempts.iter().find(|(other, _)| other.overlaps(range)) {
            return Err(place.problem(format!("the attempts overlap those of `{other}`")));
        }
        attempts.push((range, response(&place, value)?));
    }
    Ok(attempts)
}

fn response(place: &Place, value: &Value) -> Result<MockResponse, MockSyntaxError> {
    let fields = place.object(value)?;
    place.only(fields, &["Return", "Throw"])?;
    match (fields.get("Return"), fields.get("Throw")) {
        (Some(result), None) => Ok(MockResponse::Return(result.clone())),
        (None, Some(failure)) => thrown(&place.field("Throw"), failure),
        _ => Err(place.problem("expected either `Return` or `Throw`".to_owned())),
    }
}

fn thrown(place: &Place, value: &Value) -> Result<MockResponse, MockSyntaxError> {
    let fields = place.object(value)?;
    place.only(fields, &["Error", "Cause"])?;
    let error = fields
        .get("Error")
        .ok_or_else(|| place.problem("the field `Error` is missing".to_owned()))?;
    let error = place.field("Error").string(error)?;
    let cause = fields
        .get("Cause")
        .map(|cause| place.field("Cause").string(cause))
        .transpose()?;
    Ok(MockResponse::Throw {
        error,
        cause: cause.unwrap_or_default(),
    })
}

/// Where in the document a value stands.
struct Place(String);

impl Place {
    fn top(name: &str) -> Place {
        Place(name.to_owned())
    }

    fn field(&self, name: &str) -> Place {
        let plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
        let name_is_number = name.starts_with(|c: char| c.is_ascii_digit());
        Place(if plain && !name_is_number {
            format!("{self}.{name}")
        } else {
            format!("{self}[{name:?}]")
        })
    }

    fn problem(&self, problem: String) -> MockSyntaxError {
        MockSyntaxError::Field {
            place: self.0.clone(),
            problem,
        }
    }

    fn object<'v>(&self, value: &'v Value) -> Result<&'v Map<String, Value>, MockSyntaxError> {
        value
            .as_object()
            .ok_or_else(|| self.problem(format!("expected an object, got {}", kind(value))))
    }

    fn string(&self, value: &Value) -> Result<String, MockSyntaxError> {
        let text = value
            .as_str()
            .ok_or_else(|| self.problem(format!("expected a string, got {}", kind(value))))?;
        Ok(text.to_owned())
    }

    /// Lists an object's entries with their places; an object that is required and missing is an error.
    fn entries<'v>(
        &self,
        value: Option<&'v Value>,
    ) -> Result<Vec<(Place, &'v str, &'v Value)>, MockSyntaxError> {
        let value = value.ok_or_else(|| self.problem("the field is missing".to_owned()))?;
        Ok(self
            .object(value)?
            .iter()
            .map(|(name, value)| (self.field(name), name.as_str(), value))
            .collect())
    }

    /// Refuses fields of other names: a misspelt one would silently mock nothing.
    fn only(&self, fields: &Map<String, Value>, known: &[&str]) -> Result<(), MockSyntaxError> {
        match fields.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => {
                let known = known
                    .iter()
                    .map(|name| format!("`{name}`"))
                    .collect::<Vec<_>>()
                    .join(", ");
                Err(self.problem(format!("unknown field `{name}`, expected one of {known}")))
            }
            None => Ok(()),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests;
