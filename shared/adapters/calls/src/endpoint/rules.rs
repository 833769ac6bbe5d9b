//! The rules by which a service's endpoint follows from the Region and a request's members.

use super::functions;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A service's rules.
#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "'de: 'static"))]
pub(crate) struct RuleSet {
    parameters: BTreeMap<&'static str, Parameter>,
    rules: Box<[Rule]>,
}

#[derive(Debug, Deserialize)]
struct Parameter {
    #[serde(default)]
    default: Option<Value>,
    #[serde(default)]
    required: bool,
}

/// Conditions, and one of three things that hold when they do.
#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "'de: 'static"))]
struct Rule {
    conditions: Box<[Condition]>,
    #[serde(default)]
    rules: Option<Box<[Rule]>>,
    #[serde(default)]
    error: Option<Expression>,
    #[serde(default)]
    endpoint: Option<EndpointRule>,
}

#[derive(Debug, Deserialize)]
struct Condition {
    #[serde(rename = "fn")]
    function: &'static str,
    argv: Box<[Expression]>,
    #[serde(default)]
    assign: Option<&'static str>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Expression {
    Reference {
        #[serde(rename = "ref")]
        name: &'static str,
    },
    Call {
        #[serde(rename = "fn")]
        function: &'static str,
        argv: Box<[Expression]>,
    },
    Literal(Value),
}

#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "'de: 'static"))]
struct EndpointRule {
    url: Expression,
    #[serde(default)]
    properties: Map<String, Value>,
    #[serde(default)]
    headers: BTreeMap<&'static str, Box<[Expression]>>,
}

/// What the rules came to.
#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) url: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) schemes: Vec<Scheme>,
}

/// A way to sign that an endpoint takes.
#[derive(Debug)]
pub(super) struct Scheme {
    /// Such as `sigv4`.
    pub(super) kind: String,
    pub(super) name: Option<String>,
    pub(super) region: Option<String>,
}

/// Parameters, and what conditions have found out since.
type Variables = Vec<(&'static str, Value)>;

impl RuleSet {
    /// Evaluates the rules; `given` knows the parameters that are set.
    pub(super) fn endpoint(&self, given: impl Fn(&str) -> Option<Value>) -> Result<Endpoint, String> {
        let mut variables = Variables::new();
        for (name, parameter) in &self.parameters {
            match given(name).or_else(|| parameter.default.clone()) {
                Some(value) => variables.push((name, value)),
                None if parameter.required => return Err(format!("`{name}` is needed")),
                None => {}
            }
        }
        first(&self.rules, &mut variables).unwrap_or_else(|| Err("no rule fits".to_owned()))
    }
}

/// What the first rule that fits says.
fn first(rules: &[Rule], variables: &mut Variables) -> Option<Result<Endpoint, String>> {
    let known = variables.len();
    for rule in rules {
        if rule.conditions.iter().all(|condition| condition.holds(variables)) {
            if let Some(rules) = &rule.rules {
                // A tree that fits is the answer, even if none of its branches does.
                return Some(first(rules, variables).unwrap_or_else(|| Err("no rule fits".to_owned())));
            }
            if let Some(error) = &rule.error {
                return Some(Err(text(&error.value(variables))));
            }
            if let Some(endpoint) = &rule.endpoint {
                return Some(Ok(endpoint.filled(variables)));
            }
        }
        variables.truncate(known);
    }
    None
}

impl Condition {
    fn holds(&self, variables: &mut Variables) -> bool {
        let value = call(self.function, &self.argv, variables);
        let holds = !matches!(value, Value::Null | Value::Bool(false));
        if let Some(name) = self.assign {
            variables.push((name, value));
        }
        holds
    }
}

impl Expression {
    fn value(&self, variables: &Variables) -> Value {
        match self {
            Expression::Reference { name } => variable(variables, name).cloned().unwrap_or_default(),
            Expression::Call { function, argv } => call(function, argv, variables),
            Expression::Literal(value) => filled(value, variables),
        }
    }
}

fn call(function: &str, argv: &[Expression], variables: &Variables) -> Value {
    let values: Vec<Value> = argv.iter().map(|argument| argument.value(variables)).collect();
    functions::call(function, &values)
}

fn variable<'a>(variables: &'a Variables, name: &str) -> Option<&'a Value> {
    variables
        .iter()
        .rev()
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value)
}

/// Fills the places in braces, in texts however deep.
fn filled(value: &Value, variables: &Variables) -> Value {
    match value {
        Value::String(template) if template.contains('{') => Value::String(filled_text(template, variables)),
        Value::Array(values) => values.iter().map(|value| filled(value, variables)).collect(),
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(name, value)| (name.clone(), filled(value, variables)))
                .collect(),
        ),
        other => other.clone(),
    }
}

fn filled_text(template: &str, variables: &Variables) -> String {
    let mut rest = template;
    let mut filled = String::with_capacity(template.len());
    while let Some((before, after)) = rest.split_once('{') {
        let (place, behind) = after.split_once('}').unwrap_or((after, ""));
        let (name, path) = place
            .split_once('#')
            .map_or((place, None), |(name, path)| (name, Some(path)));
        let value = variable(variables, name);
        let value = match path {
            Some(path) => value.map(|value| functions::attribute(value, path)),
            None => value.cloned(),
        };
        filled += before;
        filled += &value.map(|value| text(&value)).unwrap_or_default();
        rest = behind;
    }
    filled + rest
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

impl EndpointRule {
    fn filled(&self, variables: &Variables) -> Endpoint {
        let headers = self.headers.iter().flat_map(|(name, values)| {
            let values = values.iter().map(|value| text(&value.value(variables)));
            values.map(|value| ((*name).to_owned(), value))
        });
        let schemes = self.properties.get("authSchemes").and_then(Value::as_array);
        let schemes = schemes.into_iter().flatten().map(|scheme| {
            let scheme = filled(scheme, variables);
            let field = |name: &str| scheme.get(name).and_then(Value::as_str).map(str::to_owned);
            Scheme {
                kind: field("name").unwrap_or_default(),
                name: field("signingName"),
                region: field("signingRegion"),
            }
        });
        Endpoint {
            url: text(&self.url.value(variables)),
            headers: headers.collect(),
            schemes: schemes.collect(),
        }
    }
}
