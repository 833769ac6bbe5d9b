//! The members of a request, read with the types and constraints of the service model.

use crate::constraints::{self, Text};
use crate::error::Error;
use serde_json::{Map, Value};

/// The members of one JSON object: of the request, or of a structure in it.
///
/// A member of the wrong type ends the reading; violated constraints are collected and told all at once, as AWS does.
#[derive(Debug)]
pub(crate) struct Members {
    object: Map<String, Value>,
    /// Where the object stands in the request: empty, or `loggingConfiguration.`.
    path: String,
    violations: Vec<String>,
}

/// Reads a request's body: `read` takes the members it knows, and nothing is returned when one violates a constraint.
///
/// # Errors
///
/// When the body is not a JSON object, a member has the wrong type, or constraints are violated.
pub(crate) fn read<T>(body: &[u8], read: impl FnOnce(&mut Members) -> Result<T, Error>) -> Result<T, Error> {
    let value = if body.is_empty() {
        Value::Object(Map::new())
    } else {
        // The parser bounds the nesting, so that no body can exhaust the stack.
        serde_json::from_slice(body)
            .map_err(|error| Error::serialization(format!("the request body is not valid JSON: {error}")))?
    };
    let Value::Object(object) = value else {
        return Err(Error::serialization("the request body must be a JSON object"));
    };
    let mut members = Members {
        object,
        path: String::new(),
        violations: Vec::new(),
    };
    let request = read(&mut members)?;
    match constraints::refusal(&members.violations) {
        Some(refusal) => Err(refusal),
        None => Ok(request),
    }
}

impl Members {
    /// Reads a string.
    pub(crate) fn text(&mut self, name: &str, constraint: &Text) -> Result<Option<String>, Error> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        let text = string(value)?;
        self.violations
            .extend(constraint.violations(&self.path_of(name), &text));
        Ok(Some(text))
    }

    /// Reads a string that must be there.
    pub(crate) fn required_text(&mut self, name: &str, constraint: &Text) -> Result<String, Error> {
        let text = self.text(name, constraint)?;
        Ok(text.unwrap_or_else(|| {
            self.violations.push(constraints::missing(&self.path_of(name)));
            String::new()
        }))
    }

    /// Reads a whole number between `min` and `max`.
    pub(crate) fn integer(&mut self, name: &str, min: u64, max: u64) -> Result<Option<u64>, Error> {
        let number = match self.take(name) {
            None => return Ok(None),
            Some(Value::Number(number)) if !number.is_f64() => number,
            Some(value) => return Err(cannot_be(&value, "an Integer")),
        };
        let constraint = match number.as_u64() {
            Some(number) if number > max => format!("Member must have value less than or equal to {max}"),
            Some(number) if number >= min => return Ok(Some(number)),
            _ => format!("Member must have value greater than or equal to {min}"),
        };
        self.violate(name, &number.to_string(), &constraint);
        Ok(None)
    }

    /// Reads a whole number between `min` and `max` that must be there.
    pub(crate) fn required_integer(&mut self, name: &str, min: u64, max: u64) -> Result<u64, Error> {
        if !self.has(name) {
            self.miss(name);
        }
        Ok(self.integer(name, min, max)?.unwrap_or(min))
    }

    /// Reads `maxResults`; zero stands for the default, which is the most that is allowed unless `default` says less.
    pub(crate) fn max_results(&mut self, default: u64, max: u64) -> Result<usize, Error> {
        let asked = self.integer("maxResults", 0, max)?.filter(|asked| *asked > 0);
        Ok(usize::try_from(asked.unwrap_or(default)).unwrap_or(usize::MAX))
    }

    /// Reads a number between 0 and 100.
    pub(crate) fn percentage(&mut self, name: &str) -> Result<Option<f64>, Error> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        let Some(number) = value.as_f64() else {
            return Err(cannot_be(&value, "a Float"));
        };
        if number > 100.0 {
            self.violate(
                name,
                &value.to_string(),
                "Member must have value less than or equal to 100",
            );
        } else if number < 0.0 {
            self.violate(
                name,
                &value.to_string(),
                "Member must have value greater than or equal to 0",
            );
        }
        Ok(Some(number))
    }

    /// Reads a truth value.
    pub(crate) fn boolean(&mut self, name: &str) -> Result<Option<bool>, Error> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(value)),
            Some(value) => Err(cannot_be(&value, "a Boolean")),
        }
    }

    /// Reads one of several words.
    pub(crate) fn one_of<T: Copy>(&mut self, name: &str, words: &[(&str, T)]) -> Result<Option<T>, Error> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        let text = string(value)?;
        let found = words.iter().find(|(word, _)| *word == text);
        if found.is_none() {
            let allowed: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let constraint = format!("Member must satisfy enum value set: [{}]", allowed.join(", "));
            self.violate(name, &text, &constraint);
        }
        Ok(found.map(|(_, value)| *value))
    }

    /// Reads a structure.
    pub(crate) fn structure<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Members) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        let path = self.path_of(name);
        self.nested(value, path, read).map(Some)
    }

    /// Reads a list of structures.
    pub(crate) fn structures<T>(
        &mut self,
        name: &str,
        mut read: impl FnMut(&mut Members) -> Result<T, Error>,
    ) -> Result<Option<Vec<T>>, Error> {
        let Some(values) = self.list(name)? else {
            return Ok(None);
        };
        let path = self.path_of(name);
        let numbered = values.into_iter().enumerate();
        let read = numbered
            .map(|(index, value)| self.nested(value, format!("{path}.{}.member", index + 1), &mut read));
        read.collect::<Result<Vec<T>, Error>>().map(Some)
    }

    /// Reads a list of structures that has a number of members between `min` and `max`.
    pub(crate) fn structures_within<T>(
        &mut self,
        name: &str,
        (min, max): (usize, usize),
        read: impl FnMut(&mut Members) -> Result<T, Error>,
    ) -> Result<Option<Vec<T>>, Error> {
        let found = self.structures(name, read)?;
        let count = found.as_ref().map_or(min, Vec::len);
        let constraint = if count < min {
            format!("Member must have length greater than or equal to {min}")
        } else if count > max {
            format!("Member must have length less than or equal to {max}")
        } else {
            return Ok(found);
        };
        self.violations
            .push(constraints::violation(&self.path_of(name), None, &constraint));
        Ok(found)
    }

    /// Reads a list of strings.
    pub(crate) fn texts(&mut self, name: &str, constraint: &Text) -> Result<Option<Vec<String>>, Error> {
        let Some(values) = self.list(name)? else {
            return Ok(None);
        };
        let path = self.path_of(name);
        let mut texts = Vec::with_capacity(values.len());
        for (index, value) in values.into_iter().enumerate() {
            let text = string(value)?;
            self.violations
                .extend(constraint.violations(&format!("{path}.{}.member", index + 1), &text));
            texts.push(text);
        }
        Ok(Some(texts))
    }

    /// Notes that a member that must be there is not.
    pub(crate) fn miss(&mut self, name: &str) {
        self.violations.push(constraints::missing(&self.path_of(name)));
    }

    /// Tells whether a member is there; it stays.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.object.get(name).is_some_and(|value| !value.is_null())
    }

    fn list(&mut self, name: &str) -> Result<Option<Vec<Value>>, Error> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Array(values)) => Ok(Some(values)),
            Some(_) => Err(Error::serialization("Expected list or null")),
        }
    }

    fn nested<T>(
        &mut self,
        value: Value,
        path: String,
        read: impl FnOnce(&mut Members) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let Value::Object(object) = value else {
            return Err(Error::serialization("Expected a structure or null"));
        };
        let mut members = Members {
            object,
            path: format!("{path}."),
            violations: Vec::new(),
        };
        let read = read(&mut members)?;
        self.violations.append(&mut members.violations);
        Ok(read)
    }

    /// Takes a member out; `null` is as good as absent.
    fn take(&mut self, name: &str) -> Option<Value> {
        self.object.remove(name).filter(|value| !value.is_null())
    }

    fn violate(&mut self, name: &str, value: &str, constraint: &str) {
        self.violations.push(constraints::violation(
            &self.path_of(name),
            Some(value),
            constraint,
        ));
    }

    fn path_of(&self, name: &str) -> String {
        format!("{}{name}", self.path)
    }
}

fn string(value: Value) -> Result<String, Error> {
    match value {
        Value::String(text) => Ok(text),
        value => Err(cannot_be(&value, "a String")),
    }
}

/// Refuses a value of the wrong type in AWS's words.
fn cannot_be(value: &Value, wanted: &str) -> Error {
    let found = match value {
        Value::Object(_) => {
            return Error::serialization("Start of structure or map found where not expected.");
        }
        Value::Array(_) => return Error::serialization("Start of list found where not expected."),
        Value::Null => "NULL_VALUE",
        Value::Bool(true) => "TRUE_VALUE",
        Value::Bool(false) => "FALSE_VALUE",
        Value::Number(number) if number.is_f64() => "DECIMAL_VALUE",
        Value::Number(_) => "NUMBER_VALUE",
        Value::String(_) => "STRING_VALUE",
    };
    Error::serialization(format!("{found} can not be converted to {wanted}"))
}

#[cfg(test)]
mod tests;
