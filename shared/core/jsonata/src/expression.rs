//! A parsed expression with what is known about it before it runs.

use std::collections::BTreeSet;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use jsonata_core::ast::AstNode;
use jsonata_core::parser;

use crate::analysis::Analysis;
use crate::error::ParseError;
use crate::plain_path::PlainPath;
use crate::{functions, guards};

/// A JSONata expression, parsed once and evaluated often; two are equal when their texts are.
#[derive(Clone)]
pub struct Expression {
    parsed: Arc<Parsed>,
}

pub(crate) struct Parsed {
    pub(crate) text: String,
    /// The tree to evaluate, with the guards of [`guards`] in it.
    pub(crate) tree: AstNode,
    pub(crate) analysis: Analysis,
    pub(crate) plain_path: Option<PlainPath>,
    /// Names of the functions that the tree may call, the guards among them.
    pub(crate) functions: BTreeSet<String>,
    /// Functions of the library whose names stand for functions of ours.
    pub(crate) loose: BTreeSet<&'static str>,
}

impl Expression {
    /// Parses the text between `{%` and `%}`.
    ///
    /// # Errors
    /// A text that is not JSONata is refused, and so is what Step Functions refuses when a state machine is created:
    /// `$eval`, and `$`, `$$` or the name of a field where they would mean the input of the whole expression.
    pub fn parse(text: &str) -> Result<Expression, ParseError> {
        let parsed = Parsed::read(text)?;
        if parsed.analysis.uses_eval {
            return Err(ParseError::refused(
                "`$eval` is not available in Step Functions: write the expression itself in its place",
            ));
        }
        // Step Functions gives an expression no input; it refuses each name that would read one, in these words.
        let refused = |name: &String| format!("Reference to '{name}' at the top level is not supported.");
        if let Some((first, others)) = parsed.analysis.top_level.split_first() {
            return Err(ParseError {
                others: others.iter().map(refused).collect(),
                ..ParseError::refused(refused(first))
            });
        }
        Ok(Expression {
            parsed: Arc::new(parsed),
        })
    }

    /// Returns the text as it was parsed.
    pub fn text(&self) -> &str {
        &self.parsed.text
    }

    /// Lists the names, without `$`, that the expression reads and does not bind itself; `states` is among them when
    /// it is used. JSONata's and Step Functions' functions are not.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.parsed
            .analysis
            .free
            .iter()
            .map(String::as_str)
            .filter(|name| !functions::is_known(name))
    }

    /// Lists the functions, without `$`, that the expression calls and that neither it nor Step Functions defines.
    pub fn unknown_functions(&self) -> impl Iterator<Item = &str> {
        let called = self.parsed.analysis.called.iter().map(String::as_str);
        called.filter(|name| !functions::is_known(name))
    }

    /// Lists the paths below `$states` that are written out: `["context", "Execution", "Id"]`.
    ///
    /// A path ends before the first step that is more than a name.
    pub fn states_paths(&self) -> impl Iterator<Item = &[String]> {
        self.parsed.analysis.states.paths()
    }

    /// Says whether the expression may read `$states.<field>`; true in case of doubt.
    pub fn uses_states(&self, field: &str) -> bool {
        self.parsed.analysis.states.may_read(field)
    }

    pub(crate) fn parsed(&self) -> &Parsed {
        &self.parsed
    }
}

impl Parsed {
    /// Parses without Step Functions' restrictions.
    pub(crate) fn read(text: &str) -> Result<Parsed, ParseError> {
        // The parser bounds its own depth; a panic in it would be a defect, and one expression must not end the process.
        let mut tree = catch_unwind(AssertUnwindSafe(|| parser::parse(text))).map_err(|_| {
            ParseError::refused("the expression cannot be parsed: the JSONata parser failed on it")
        })??;
        let plain_path = PlainPath::of(&tree);
        let analysis = Analysis::of(&tree);
        let mut functions = analysis.functions.clone();
        let inserted = guards::insert(&mut tree, &analysis);
        functions.extend(inserted.called);
        functions.extend(
            inserted
                .loose
                .iter()
                .map(|name| format!("{name}{}", guards::BOUNDED)),
        );
        Ok(Parsed {
            text: text.to_owned(),
            tree,
            analysis,
            plain_path,
            functions,
            loose: inserted.loose,
        })
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Expression) -> bool {
        self.text() == other.text()
    }
}

impl Eq for Expression {}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.text()).finish()
    }
}
