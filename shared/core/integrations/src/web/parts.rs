//! The parts of a request as authors write them: methods, headers, query parameters.

use super::form::text;
use crate::exchange::Failure;
use serde_json::{Map, Value};

/// The methods of both integrations (AWS developer guide).
pub(crate) const METHODS: [&str; 7] = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"];

/// The parameters of one of the integrations.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parameters<'a> {
    /// What the integration is called in causes.
    pub(crate) of: &'static str,
    pub(crate) fields: &'a Map<String, Value>,
}

impl<'a> Parameters<'a> {
    pub(crate) fn of(of: &'static str, parameters: &'a Value) -> Result<Parameters<'a>, Failure> {
        match parameters {
            Value::Object(fields) => Ok(Parameters { of, fields }),
            other => Err(Failure::runtime(format!(
                "the parameters of `{of}` must be an object, got {other}"
            ))),
        }
    }

    /// A field that is there and not null.
    pub(crate) fn get(&self, name: &str) -> Option<&'a Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    pub(crate) fn text(&self, name: &str) -> Result<Option<&'a str>, Failure> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.refused(name, "a text", other)),
        }
    }

    pub(crate) fn needed_text(&self, name: &str) -> Result<&'a str, Failure> {
        self.text(name)?
            .ok_or_else(|| Failure::runtime(format!("`{}` needs the parameter `{name}`", self.of)))
    }

    pub(crate) fn object(&self, name: &str) -> Result<Option<Parameters<'a>>, Failure> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Object(fields)) => Ok(Some(Parameters { of: self.of, fields })),
            Some(other) => Err(self.refused(name, "an object", other)),
        }
    }

    pub(crate) fn method(&self) -> Result<String, Failure> {
        let method = self.needed_text("Method")?;
        if METHODS.contains(&method) {
            return Ok(method.to_owned());
        }
        Err(Failure::runtime(format!(
            "the `Method` of `{}` must be one of {}, got `{method}`",
            self.of,
            METHODS.join(", ")
        )))
    }

    /// The headers; those that `is_forbidden` says are refused.
    pub(crate) fn headers(&self, is_forbidden: fn(&str) -> bool) -> Result<Vec<(String, String)>, Failure> {
        let Some(headers) = self.object("Headers")? else {
            return Ok(Vec::new());
        };
        if let Some(name) = headers.fields.keys().find(|name| is_forbidden(name)) {
            return Err(Failure::runtime(format!(
                "the header `{name}` is not allowed in the `Headers` of `{}`",
                self.of
            )));
        }
        Ok(pairs(headers.fields))
    }

    fn refused(&self, name: &str, what: &str, got: &Value) -> Failure {
        Failure::runtime(format!("the `{name}` of `{}` must be {what}, got {got}", self.of))
    }
}

/// Names with their values; a list has several values of one name, and null has none.
pub(crate) fn pairs(fields: &Map<String, Value>) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for (name, value) in fields {
        match value {
            Value::Null => {}
            Value::Array(values) => all.extend(values.iter().map(|value| (name.clone(), text(value)))),
            value => all.push((name.clone(), text(value))),
        }
    }
    all
}

/// Whether a name is one of these; one that ends with a star is the beginning of many.
pub(crate) fn is_among(name: &str, known: &[&str]) -> bool {
    let name = name.to_ascii_lowercase();
    known.iter().any(|known| match known.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => name == *known,
    })
}

pub(crate) fn has(headers: &[(String, String)], name: &str) -> bool {
    headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name))
}

/// Sets headers in the place of those of the same names.
pub(crate) fn set(headers: &mut Vec<(String, String)>, those: impl IntoIterator<Item = (String, String)>) {
    let those: Vec<(String, String)> = those.into_iter().collect();
    headers.retain(|(name, _)| !has(&those, name));
    headers.extend(those);
}
