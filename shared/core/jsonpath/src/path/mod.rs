mod error;
mod evaluate;
mod filter;
mod parse;
mod parse_filter;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use serde_json::Value;

pub use error::PathError;

use crate::{ParseError, Scope};
use filter::Filter;

/// A compiled JSONPath such as `$.order.items[0]`, `$$.Execution.Name`, `$counter` or `$.a[?(@.b > 1)]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    text: String,
    root: Root,
    steps: Vec<Step>,
    definite: bool,
}

/// Says which document a path reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Root {
    /// `$`, the state's input or whatever document the field works on.
    Input,
    /// `$$`, the context object.
    Context,
    /// `$name`, a variable.
    Variable(String),
}

/// One move of a path from the nodes it has reached to the next ones.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Step {
    /// `.name`, `['name']`, `[0]`, ...
    Child(Selector),
    /// The same after `..`: in every object and array below, the outer ones first.
    Deep(Selector),
    /// `.length()` and its like, always last.
    Call(Function),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Selector {
    Member(String),
    Members(Vec<String>),
    /// An index; a negative one counts from the end, and `(@.length-1)` is the same as -1.
    Index(i64),
    Indexes(Vec<i64>),
    Slice {
        from: Option<i64>,
        to: Option<i64>,
        step: i64,
    },
    Wildcard,
    Filter(Filter),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    Length,
    Keys,
    Min,
    Max,
    Avg,
    Stddev,
    Sum,
}

impl Path {
    /// Compiles a path.
    pub fn parse(text: &str) -> Result<Path, ParseError> {
        let (root, steps) = parse::parse(text)?;
        let definite = is_definite(&steps);
        Ok(Path {
            text: text.to_owned(),
            root,
            steps,
            definite,
        })
    }

    /// The path as the user wrote it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Tells whether the path names one value; otherwise it selects a list, which may be empty.
    pub fn is_definite(&self) -> bool {
        self.definite
    }

    /// The document that the path reads.
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// Tells whether the path is only its root, `$`, `$$` or `$name`, so that a caller may move instead of clone.
    pub fn is_whole(&self) -> bool {
        self.steps.is_empty()
    }

    /// The names that follow the root, up to the first step that is more than a name.
    pub fn leading_names(&self) -> Vec<&str> {
        let names = self.steps.iter().map_while(|step| match step {
            Step::Child(Selector::Member(name)) => Some(name.as_str()),
            Step::Child(
                Selector::Members(_)
                | Selector::Index(_)
                | Selector::Indexes(_)
                | Selector::Slice { .. }
                | Selector::Wildcard
                | Selector::Filter(_),
            )
            | Step::Deep(_)
            | Step::Call(_) => None,
        });
        names.collect()
    }

    pub(crate) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The document that the path reads in this scope, which AWS quotes when nothing was found there.
    pub fn document<'a>(&self, scope: &'a dyn Scope) -> Option<&'a Value> {
        match &self.root {
            Root::Input => Some(scope.input()),
            Root::Context => Some(scope.context()),
            Root::Variable(name) => scope.variable(name),
        }
    }

    /// Finds the value of a definite path, or the list of all values of an indefinite one.
    ///
    /// Missing data is an error for a definite path and an empty list for an indefinite one.
    pub fn select<'a>(&self, scope: &'a dyn Scope) -> Result<Cow<'a, Value>, PathError> {
        let document = self.document(scope).ok_or_else(|| PathError::UndefinedVariable {
            path: self.text.clone(),
            name: match &self.root {
                Root::Variable(name) => name.clone(),
                Root::Input | Root::Context => String::new(),
            },
        })?;
        evaluate::select(self, document)
    }
}

/// A single name or index keeps a path definite. So does a list of names at its end, which makes one object, and a
/// function, which makes one value of whatever stands before it.
pub(crate) fn is_definite(steps: &[Step]) -> bool {
    let last = steps.len().saturating_sub(1);
    if matches!(steps.last(), Some(Step::Call(_))) {
        return true;
    }
    steps.iter().enumerate().all(|(at, step)| match step {
        Step::Child(Selector::Member(_) | Selector::Index(_)) => true,
        Step::Child(Selector::Members(_)) => at == last,
        Step::Child(
            Selector::Indexes(_) | Selector::Slice { .. } | Selector::Wildcard | Selector::Filter(_),
        )
        | Step::Deep(_)
        | Step::Call(_) => false,
    })
}
