//! What an expression reads, found without running it.

use std::collections::BTreeSet;

use jsonata_core::ast::{AstNode, BinaryOp, PathStep, Stage};
use jsonata_core::value::with_stack;

use crate::guards::carries_more;

/// What is known about an expression before it runs.
#[derive(Debug, Default)]
pub(crate) struct Analysis {
    /// Variables that the expression reads and does not bind where it reads them.
    pub(crate) free: BTreeSet<String>,
    /// Names that the expression binds somewhere: by `:=`, as a parameter, by `@` or `#`.
    pub(crate) bound: BTreeSet<String>,
    /// Names that may be functions: called, or read as variables.
    pub(crate) functions: BTreeSet<String>,
    /// Names that are called, and that the expression does not bind where it calls them.
    pub(crate) called: BTreeSet<String>,
    /// Names that are called with `?` among the arguments, or behind `~>`.
    pub(crate) applied: BTreeSet<String>,
    /// Whether `@`, `#` or `%` stands anywhere: then more than values passes from step to step.
    pub(crate) carries_more: bool,
    pub(crate) states: StatesUse,
    pub(crate) uses_eval: bool,
    /// `$`, `$$` and names of fields, each once, where they mean the input of the whole expression.
    pub(crate) top_level: Vec<String>,
}

/// Which fields of `$states` may be read.
#[derive(Debug, Default)]
pub(crate) struct StatesUse {
    fields: BTreeSet<String>,
    /// The names that follow `$states` up to the first step that is no plain name.
    paths: BTreeSet<Vec<String>>,
    whole: bool,
}

impl StatesUse {
    pub(crate) fn may_read(&self, field: &str) -> bool {
        self.whole || self.fields.contains(field)
    }

    /// Lists the paths below `$states` that are written out.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &[String]> {
        self.paths.iter().map(Vec::as_slice)
    }
}

impl Analysis {
    pub(crate) fn of(tree: &AstNode) -> Analysis {
        let mut walk = Walk {
            found: Analysis::default(),
            scope: Vec::new(),
        };
        walk.node(tree, Context::Root);
        walk.found
    }
}

/// What `$` means at a place.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Context {
    /// The input of the whole expression, which Step Functions does not give.
    Root,
    /// An item of a path, or whatever a function was defined over.
    Item,
}

struct Walk {
    found: Analysis,
    /// Names bound at the place that is looked at, innermost last.
    scope: Vec<String>,
}

impl Walk {
    fn node(&mut self, node: &AstNode, context: Context) {
        with_stack(|| self.node_on_this_stack(node, context));
    }

    fn node_on_this_stack(&mut self, node: &AstNode, context: Context) {
        match node {
            AstNode::Name(name) => self.top_level(name, context),
            AstNode::String(_)
            | AstNode::Number(_)
            | AstNode::Boolean(_)
            | AstNode::Null
            | AstNode::Undefined
            | AstNode::Placeholder
            | AstNode::Regex { .. }
            | AstNode::Wildcard
            | AstNode::Descendant => {}
            // `%` can climb back to `$states` itself.
            AstNode::Parent(_) => self.found.states.whole = true,
            AstNode::Variable(name) if name.is_empty() => self.top_level("$", context),
            AstNode::ParentVariable(_) => self.top_level("$$", context),
            AstNode::Variable(name) => {
                self.read(name);
                if name == "states" && !self.is_bound(name) {
                    self.found.states.whole = true;
                }
            }
            AstNode::Path { steps } => self.path(steps, context),
            AstNode::Binary {
                op: BinaryOp::ColonEqual,
                lhs,
                rhs,
            } => self.binding(lhs, rhs, context),
            AstNode::Binary { op, lhs, rhs } => {
                if *op == BinaryOp::ChainPipe {
                    self.found.applied.extend(called(rhs).map(str::to_owned));
                }
                self.node(lhs, context);
                self.node(rhs, context);
            }
            AstNode::Unary { operand, .. } => self.node(operand, context),
            AstNode::Function { name, args, .. } => {
                if !self.is_bound(name) {
                    self.found.uses_eval |= name == "eval";
                    self.found.functions.insert(name.clone());
                    self.found.called.insert(name.clone());
                    if args.contains(&AstNode::Placeholder) {
                        self.found.applied.insert(name.clone());
                    }
                }
                self.all(args, context);
            }
            AstNode::Call { procedure, args } => {
                self.node(procedure, context);
                self.all(args, context);
            }
            AstNode::Lambda { params, body, .. } => self.inner_scope(|walk| {
                params.iter().for_each(|name| walk.bind(name));
                walk.node(body, Context::Item);
            }),
            AstNode::Array(items) | AstNode::ArrayGroup(items) => self.all(items, context),
            AstNode::Block(items) => self.inner_scope(|walk| walk.all(items, context)),
            AstNode::Object(pairs) => self.pairs(pairs, context),
            AstNode::ObjectTransform { input, pattern } => {
                self.node(input, context);
                self.pairs(pattern, Context::Item);
            }
            AstNode::Conditional {
                condition,
                then_branch,
                else_branch,
            } => {
                self.node(condition, context);
                self.node(then_branch, context);
                if let Some(branch) = else_branch {
                    self.node(branch, context);
                }
            }
            AstNode::FunctionApplication(inner) => self.node(inner, context),
            AstNode::Sort { input, terms } => {
                self.node(input, context);
                terms.iter().for_each(|(term, _)| self.node(term, Context::Item));
            }
            AstNode::Transform {
                location,
                update,
                delete,
            } => {
                self.node(location, Context::Item);
                self.node(update, Context::Item);
                if let Some(delete) = delete {
                    self.node(delete, Context::Item);
                }
            }
        }
    }

    fn all(&mut self, nodes: &[AstNode], context: Context) {
        nodes.iter().for_each(|node| self.node(node, context));
    }

    fn pairs(&mut self, pairs: &[(AstNode, AstNode)], context: Context) {
        for (key, value) in pairs {
            self.node(key, context);
            self.node(value, context);
        }
    }

    fn path(&mut self, steps: &[PathStep], context: Context) {
        let skip_first = self.states_field(steps);
        self.found.carries_more |= steps.iter().any(carries_more);
        for (index, step) in steps.iter().enumerate() {
            let here = if index == 0 { context } else { Context::Item };
            if !(index == 0 && skip_first) {
                self.node(&step.node, here);
            }
            // Names bound by `@` and `#` hold for the rest of the path and for what groups or sorts it, which stands
            // outside: they stay bound until the enclosing scope ends.
            step.focus
                .iter()
                .chain(&step.index_var)
                .for_each(|name| self.bind(name));
            for stage in &step.stages {
                match stage {
                    Stage::Filter(filter) => self.node(filter, Context::Item),
                    Stage::Index(name) => self.bind(name),
                    Stage::KeepArray => {}
                }
            }
        }
    }

    /// Recognises `$states.<field>` at the start of a path and notes only that field.
    fn states_field(&mut self, steps: &[PathStep]) -> bool {
        let [first, second, ..] = steps else { return false };
        let (AstNode::Variable(variable), AstNode::Name(field)) = (&first.node, &second.node) else {
            return false;
        };
        let bare = first.stages.is_empty() && first.focus.is_none() && first.index_var.is_none();
        if variable != "states" || !bare || self.is_bound(variable) {
            return false;
        }
        self.read(variable);
        self.found.states.fields.insert(field.clone());
        self.found.states.paths.insert(plain_names(steps));
        true
    }

    fn binding(&mut self, target: &AstNode, value: &AstNode, context: Context) {
        let AstNode::Variable(name) = target else {
            self.node(target, context);
            self.node(value, context);
            return;
        };
        // A function sees its own name; any other value is evaluated before the name is bound.
        if matches!(value, AstNode::Lambda { .. }) {
            self.bind(name);
            self.node(value, context);
        } else {
            self.node(value, context);
            self.bind(name);
        }
    }

    fn inner_scope(&mut self, inside: impl FnOnce(&mut Self)) {
        let outer = self.scope.len();
        inside(self);
        self.scope.truncate(outer);
    }

    fn bind(&mut self, name: &str) {
        self.scope.push(name.to_owned());
        self.found.bound.insert(name.to_owned());
    }

    fn is_bound(&self, name: &str) -> bool {
        self.scope.iter().any(|bound| bound == name)
    }

    fn read(&mut self, name: &str) {
        if !self.is_bound(name) {
            self.found.uses_eval |= name == "eval";
            self.found.free.insert(name.to_owned());
            self.found.functions.insert(name.to_owned());
        }
    }

    fn top_level(&mut self, name: &str, context: Context) {
        if context == Context::Root && !self.found.top_level.iter().any(|found| found == name) {
            self.found.top_level.push(name.to_owned());
        }
    }
}

/// Returns the name of the function that the right side of `~>` calls.
fn called(applied: &AstNode) -> Option<&str> {
    match applied {
        AstNode::Function { name, .. } => Some(name),
        AstNode::Path { steps } => steps.first().and_then(|step| called(&step.node)),
        _ => None,
    }
}

/// Returns the names behind the first step, up to the first step that is more than a name.
fn plain_names(steps: &[PathStep]) -> Vec<String> {
    let mut names = Vec::new();
    for step in steps.iter().skip(1) {
        let AstNode::Name(name) = &step.node else { break };
        names.push(name.clone());
        if !step.stages.is_empty() {
            break;
        }
    }
    names
}
