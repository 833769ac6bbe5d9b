use std::borrow::Cow;
use std::cmp::Ordering;

use regex::Regex;
use serde_json::Value;

use super::evaluate::Walk;
use super::{PathError, Step};

/// The condition between the parentheses of `[?( )]`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Filter {
    Any(Vec<Filter>),
    All(Vec<Filter>),
    Not(Box<Filter>),
    Exists(Operand),
    Compare {
        left: Operand,
        operator: Operator,
        right: Operand,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Operand {
    Value(Value),
    Pattern(Pattern),
    Path {
        /// Whether the path begins at `$`, the document, rather than at `@`, the item under test.
        from_document: bool,
        steps: Vec<Step>,
        definite: bool,
    },
}

/// A regular expression between slashes, which must match the whole text.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    pub(super) source: String,
    pub(super) flags: String,
    pub(super) regex: Regex,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source && self.flags == other.flags
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    SameTypeEqual,
    SameTypeNotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Matches,
    In,
    NotIn,
    Contains,
    All,
    Size,
    Empty,
    SubsetOf,
    AnyOf,
    NoneOf,
}

impl Filter {
    /// Tells whether the filter keeps an item.
    pub(super) fn accepts<'a>(&self, walk: &mut Walk<'a, '_>, item: &'a Value) -> Result<bool, PathError> {
        match self {
            Filter::Any(parts) => {
                for part in parts {
                    if part.accepts(walk, item)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Filter::All(parts) => {
                for part in parts {
                    if !part.accepts(walk, item)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Filter::Not(inner) => Ok(!inner.accepts(walk, item)?),
            Filter::Exists(operand) => exists(operand, walk, item),
            Filter::Compare {
                left,
                operator,
                right,
            } => compare(left, *operator, right, walk, item),
        }
    }
}

/// A member that is there with the value null exists; a list exists when something is in it.
fn exists<'a>(operand: &Operand, walk: &mut Walk<'a, '_>, item: &'a Value) -> Result<bool, PathError> {
    let definite = matches!(operand, Operand::Path { definite: true, .. });
    Ok(match value(operand, walk, item)? {
        None => false,
        Some(_) if definite => true,
        Some(list) => list.as_array().is_none_or(|list| !list.is_empty()),
    })
}

fn value<'o, 'a: 'o>(
    operand: &'o Operand,
    walk: &mut Walk<'a, '_>,
    item: &'a Value,
) -> Result<Option<Cow<'o, Value>>, PathError> {
    match operand {
        Operand::Value(literal) => Ok(Some(Cow::Borrowed(literal))),
        Operand::Pattern(_) => Ok(None),
        Operand::Path {
            from_document,
            steps,
            definite,
        } => {
            let start = if *from_document { walk.document } else { item };
            match walk.run(start, steps, *definite) {
                Ok(found) => Ok(Some(found)),
                Err(PathError::NotFound { .. } | PathError::NotAnArray { .. }) => Ok(None),
                Err(other @ (PathError::UndefinedVariable { .. } | PathError::TooCostly { .. })) => {
                    Err(other)
                }
            }
        }
    }
}

fn compare<'a>(
    left: &Operand,
    operator: Operator,
    right: &Operand,
    walk: &mut Walk<'a, '_>,
    item: &'a Value,
) -> Result<bool, PathError> {
    if let (Operator::Matches, Operand::Pattern(pattern), other)
    | (Operator::Matches, other, Operand::Pattern(pattern)) = (operator, left, right)
    {
        return matches(pattern, value(other, walk, item)?.as_deref(), walk);
    }
    let (left, right) = (value(left, walk, item)?, value(right, walk, item)?);
    // A comparison with nothing is false, and its negation therefore true.
    let (Some(left), Some(right)) = (&left, &right) else {
        return Ok(matches!(
            operator,
            Operator::NotEqual | Operator::SameTypeNotEqual | Operator::NotIn
        ));
    };
    walk.spend(work(left, right))?;
    let ordered = |accept: fn(Ordering) -> bool| order(left, right).is_some_and(accept);
    Ok(match operator {
        Operator::Equal => equal(left, right),
        Operator::NotEqual => !equal(left, right),
        Operator::SameTypeEqual => same_type(left, right) && equal(left, right),
        Operator::SameTypeNotEqual => !(same_type(left, right) && equal(left, right)),
        Operator::Less => ordered(Ordering::is_lt),
        Operator::LessOrEqual => ordered(Ordering::is_le),
        Operator::Greater => ordered(Ordering::is_gt),
        Operator::GreaterOrEqual => ordered(Ordering::is_ge),
        Operator::Matches => false,
        Operator::In => has(right, left),
        Operator::NotIn => !has(right, left),
        Operator::Contains => match (left.as_ref(), right.as_ref()) {
            (Value::String(text), Value::String(part)) => text.contains(part.as_str()),
            _ => has(left, right),
        },
        Operator::Size => size(left).is_some_and(|size| right.as_f64() == Some(size as f64)),
        Operator::Empty => size(left).is_some_and(|size| right.as_bool() == Some(size == 0)),
        Operator::All => lists(left, right).is_some_and(|(have, want)| {
            want.iter()
                .all(|wanted| have.iter().any(|had| equal(had, wanted)))
        }),
        Operator::SubsetOf => lists(left, right)
            .is_some_and(|(some, all)| some.iter().all(|one| all.iter().any(|other| equal(one, other)))),
        Operator::AnyOf => lists(left, right)
            .is_some_and(|(some, all)| some.iter().any(|one| all.iter().any(|other| equal(one, other)))),
        Operator::NoneOf => lists(left, right)
            .is_some_and(|(some, all)| !some.iter().any(|one| all.iter().any(|other| equal(one, other)))),
    })
}

/// The nodes a comparison may look at: every element of one list may meet every element of the other.
fn work(left: &Value, right: &Value) -> usize {
    let size = |value: &Value| match value {
        Value::Array(elements) => elements.len(),
        Value::Object(members) => members.len(),
        Value::String(text) => text.len() / 32,
        Value::Null | Value::Bool(_) | Value::Number(_) => 1,
    };
    match (left, right) {
        (Value::Array(some), Value::Array(others)) => {
            some.len().saturating_mul(others.len()).saturating_add(1)
        }
        _ => size(left) + size(right),
    }
}

fn matches(pattern: &Pattern, value: Option<&Value>, walk: &mut Walk<'_, '_>) -> Result<bool, PathError> {
    let text = match value {
        Some(Value::String(text)) => Cow::Borrowed(text.as_str()),
        Some(plain @ (Value::Number(_) | Value::Bool(_))) => Cow::Owned(plain.to_string()),
        Some(Value::Array(elements)) => {
            for element in elements {
                if !element.is_array() && matches(pattern, Some(element), walk)? {
                    return Ok(true);
                }
            }
            return Ok(false);
        }
        Some(Value::Null | Value::Object(_)) | None => Cow::Borrowed(""),
    };
    walk.spend(1 + text.len() / 16)?;
    Ok(pattern.regex.is_match(&text))
}

/// A number equals the text that reads as it; otherwise values of different types differ.
fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(_), Value::Number(_)) => order(left, right) == Some(Ordering::Equal),
        (Value::Number(number), Value::String(text)) => text
            .parse::<f64>()
            .is_ok_and(|parsed| number.as_f64() == Some(parsed)),
        (Value::String(text), Value::Number(number)) => *text == number.to_string(),
        _ => left == right,
    }
}

fn same_type(left: &Value, right: &Value) -> bool {
    std::mem::discriminant(left) == std::mem::discriminant(right)
}

fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => match (left.as_i64(), right.as_i64()) {
            (Some(left), Some(right)) => Some(left.cmp(&right)),
            _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
        },
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

fn has(list: &Value, wanted: &Value) -> bool {
    list.as_array()
        .is_some_and(|elements| elements.iter().any(|element| equal(element, wanted)))
}

fn size(value: &Value) -> Option<usize> {
    match value {
        Value::Array(elements) => Some(elements.len()),
        Value::Object(members) => Some(members.len()),
        Value::String(text) => Some(text.chars().count()),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

fn lists<'v>(left: &'v Value, right: &'v Value) -> Option<(&'v [Value], &'v [Value])> {
    Some((left.as_array()?, right.as_array()?))
}
