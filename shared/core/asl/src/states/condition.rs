//! The conditions of Choice rules.

use super::allowed::{self, In};
use crate::expression::{Offered, expression, is_expression};
use crate::fields::{Fields, boolean, expected, number, string, timestamp};
use crate::findings::code;
use crate::program::{Comparison, Condition, Operand, Test};
use crate::template::looks_like_reference;
use jsonpath::Path;
use serde_json::Value;

/// Reads the condition of a rule: of an entry of `Choices`.
pub(crate) fn of_rule(fields: &mut Fields<'_, '_>) -> Option<Condition> {
    for name in fields.object.keys() {
        let found = match name.as_str() {
            "Next" | "Comment" | "Assign" => Some(In::Both),
            "Condition" | "Output" => Some(In::Jsonata),
            other if is_part_of_test(other) => Some(In::Jsonpath),
            _ => None,
        };
        allowed::check_one(fields, name, found);
    }
    if fields.is_jsonata() {
        jsonata(fields)
    } else {
        jsonpath(fields)
    }
}

fn is_part_of_test(name: &str) -> bool {
    matches!(name, "Variable" | "And" | "Or" | "Not") || Operator::named(name).is_some()
}

fn jsonata(fields: &mut Fields<'_, '_>) -> Option<Condition> {
    fields.require(&["Condition"]);
    let at = fields.at.field("Condition");
    match fields.value("Condition")? {
        Value::Bool(literal) => return Some(Condition::Literal(*literal)),
        Value::String(text) if is_expression(text, &at, fields.findings) => {
            return expression(text, &at, Offered::INPUT, fields.findings).map(Condition::Expression);
        }
        Value::String(_) => fields
            .findings
            .schema(&at, "Value must be a JSONata expression or a Boolean"),
        other => fields.findings.schema(&at, expected("Boolean", other)),
    }
    None
}

/// Reads a condition inside `And`, `Or` or `Not`, which has no `Next` and nothing else of a rule.
fn nested(fields: &mut Fields<'_, '_>) -> Option<Condition> {
    for name in fields.object.keys() {
        if name != "Comment" && !is_part_of_test(name) {
            allowed::check_one(fields, name, None);
        }
    }
    jsonpath(fields)
}

fn jsonpath(fields: &mut Fields<'_, '_>) -> Option<Condition> {
    let names = fields.object.keys().map(String::as_str);
    let operators: Vec<&str> = names
        .filter(|name| is_part_of_test(name) && *name != "Variable")
        .collect();
    let operator = match operators.as_slice() {
        [operator] => *operator,
        [] => {
            fields.findings.schema(
                &fields.at,
                "A choice rule requires a comparison operator or one of: [And, Or, Not]",
            );
            return None;
        }
        several => {
            let message = format!(
                "There should only be one of the following fields: [{}]",
                several.join(", ")
            );
            fields.findings.schema(&fields.at, message);
            return None;
        }
    };
    match operator {
        "And" => list(fields, operator).map(Condition::And),
        "Or" => list(fields, operator).map(Condition::Or),
        "Not" => {
            let (object, at) = fields.object(operator)?;
            nested(&mut fields.of(object, at)).map(|condition| Condition::Not(Box::new(condition)))
        }
        _ => {
            fields.require(&["Variable"]);
            let variable = fields.path("Variable");
            let test = test(fields, operator);
            Some(Condition::Test {
                variable: variable?,
                test: test?,
            })
        }
    }
}

fn list(fields: &mut Fields<'_, '_>, operator: &str) -> Option<Vec<Condition>> {
    let entries = fields.objects(operator);
    if entries.is_empty() {
        let at = fields.at.field(operator);
        if fields.value(operator).is_some_and(Value::is_array) {
            fields
                .findings
                .schema(&at, format!("The field '{operator}' must not be empty"));
        }
        return None;
    }
    let mut conditions = Vec::new();
    let mut complete = true;
    for (object, at) in entries {
        match nested(&mut fields.of(object, at)) {
            Some(condition) => conditions.push(condition),
            None => complete = false,
        }
    }
    complete.then_some(conditions)
}

/// A comparison operator, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Is(Kind),
    Matches,
    Compare {
        kind: Kind,
        comparison: Comparison,
        path: bool,
    },
}

/// What an operator compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    String,
    Numeric,
    Boolean,
    Timestamp,
    Null,
    Present,
}

impl Operator {
    /// Takes the name of an operator apart; nothing when there is no such operator.
    fn named(name: &str) -> Option<Operator> {
        if name == "StringMatches" {
            return Some(Operator::Matches);
        }
        if let Some(kind) = name.strip_prefix("Is") {
            return Some(Operator::Is(match kind {
                "Null" => Kind::Null,
                "Present" => Kind::Present,
                "Numeric" => Kind::Numeric,
                "String" => Kind::String,
                "Boolean" => Kind::Boolean,
                "Timestamp" => Kind::Timestamp,
                _ => return None,
            }));
        }
        let (name, path) = name
            .strip_suffix("Path")
            .map_or((name, false), |name| (name, true));
        let kinds = [Kind::String, Kind::Numeric, Kind::Boolean, Kind::Timestamp];
        let (kind, comparison) = ["String", "Numeric", "Boolean", "Timestamp"]
            .iter()
            .zip(kinds)
            .find_map(|(prefix, kind)| name.strip_prefix(prefix).map(|rest| (kind, rest)))?;
        let comparison = match comparison {
            "Equals" => Comparison::Equals,
            _ if kind == Kind::Boolean => return None,
            "LessThan" => Comparison::LessThan,
            "GreaterThan" => Comparison::GreaterThan,
            "LessThanEquals" => Comparison::LessThanEquals,
            "GreaterThanEquals" => Comparison::GreaterThanEquals,
            _ => return None,
        };
        Some(Operator::Compare {
            kind,
            comparison,
            path,
        })
    }
}

fn test(fields: &mut Fields<'_, '_>, name: &str) -> Option<Test> {
    match Operator::named(name)? {
        Operator::Is(kind) => {
            let wanted = fields.read(name, boolean)?;
            Some(match kind {
                Kind::Null => Test::IsNull(wanted),
                Kind::Present => Test::IsPresent(wanted),
                Kind::Numeric => Test::IsNumeric(wanted),
                Kind::String => Test::IsString(wanted),
                Kind::Boolean => Test::IsBoolean(wanted),
                Kind::Timestamp => Test::IsTimestamp(wanted),
            })
        }
        Operator::Matches => fields
            .read(name, string)
            .map(|pattern| Test::StringMatches(pattern.to_owned())),
        Operator::Compare {
            kind,
            comparison,
            path,
        } => compare(fields, name, kind, comparison, path),
    }
}

fn compare(
    fields: &mut Fields<'_, '_>,
    name: &str,
    kind: Kind,
    comparison: Comparison,
    path: bool,
) -> Option<Test> {
    let path: Option<Path> = if path { Some(fields.path(name)?) } else { None };
    match kind {
        Kind::String => {
            let operand = operand(fields, name, path, |value| string(value).map(str::to_owned))?;
            if let Operand::Literal(text) = &operand
                && looks_like_reference(text)
            {
                let message = format!(
                    "The value for the field '{name}' looks like a path, but the field name does not end with 'Path'"
                );
                fields
                    .findings
                    .warning(code::NO_PATH, &fields.at.field(name), message);
            }
            Some(Test::String(comparison, operand))
        }
        Kind::Numeric => {
            operand(fields, name, path, number(f64::MIN, f64::MAX)).map(|to| Test::Numeric(comparison, to))
        }
        Kind::Boolean => operand(fields, name, path, boolean).map(Test::Boolean),
        Kind::Timestamp => operand(fields, name, path, timestamp).map(|to| Test::Timestamp(comparison, to)),
        Kind::Null | Kind::Present => None, // these are only asked with `Is`
    }
}

fn operand<T>(
    fields: &mut Fields<'_, '_>,
    name: &str,
    path: Option<Path>,
    literal: impl Fn(&Value) -> Result<T, String>,
) -> Option<Operand<T>> {
    match path {
        Some(path) => Some(Operand::Path(path)),
        None => fields.read(name, literal).map(Operand::Literal),
    }
}
