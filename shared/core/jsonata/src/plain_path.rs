//! The short way: `$variable.a.b` and `$states.input.a.b` are read without the evaluator.

use jsonata_core::ast::{AstNode, PathStep};
use serde_json::Value;

use crate::session::Scope;

/// A variable and the member names after it.
#[derive(Debug)]
pub(crate) struct PlainPath {
    variable: String,
    members: Vec<String>,
}

/// What the short way found.
#[derive(Debug, PartialEq)]
pub(crate) enum Found<'a> {
    /// Exactly this value.
    Value(&'a Value),
    /// Nothing: undefined.
    Undefined,
    /// The path goes through an array or needs more than one value: the evaluator must decide.
    Unclear,
}

impl PlainPath {
    /// Recognises a plain path; anything else is `None`.
    pub(crate) fn of(node: &AstNode) -> Option<PlainPath> {
        match node {
            AstNode::Variable(name) if !name.is_empty() => Some(PlainPath {
                variable: name.clone(),
                members: Vec::new(),
            }),
            AstNode::Path { steps } => {
                let (first, rest) = steps.split_first()?;
                let AstNode::Variable(variable) = &first.node else {
                    return None;
                };
                if variable.is_empty() || !is_bare(first) {
                    return None;
                }
                let members = rest.iter().map(member).collect::<Option<_>>()?;
                Some(PlainPath {
                    variable: variable.clone(),
                    members,
                })
            }
            _ => None,
        }
    }

    /// Follows the path as long as it meets objects only.
    pub(crate) fn find<'a>(&self, scope: &'a dyn Scope) -> Found<'a> {
        let (root, members) = if self.variable == "states" {
            let Some((field, members)) = self.members.split_first() else {
                return Found::Unclear;
            };
            (scope.states_field(field), members)
        } else {
            (scope.variable(&self.variable), self.members.as_slice())
        };
        let Some(mut value) = root else {
            // An unbound name may still be a function's.
            return if self.variable == "states" {
                Found::Undefined
            } else {
                Found::Unclear
            };
        };
        for member in members {
            value = match value {
                Value::Object(fields) => match fields.get(member) {
                    Some(value) => value,
                    None => return Found::Undefined,
                },
                // A step maps over the items and flattens what it finds.
                Value::Array(_) => return Found::Unclear,
                _ => return Found::Undefined,
            };
        }
        Found::Value(value)
    }
}

fn member(step: &PathStep) -> Option<String> {
    match &step.node {
        AstNode::Name(name) if is_bare(step) => Some(name.clone()),
        _ => None,
    }
}

fn is_bare(step: &PathStep) -> bool {
    step.stages.is_empty()
        && step.focus.is_none()
        && step.index_var.is_none()
        && step.ancestor_label.is_none()
        && !step.is_tuple
        && !step.inner_tuple
}
