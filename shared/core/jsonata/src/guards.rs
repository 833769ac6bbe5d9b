//! Checks put into an expression's tree where the library would let a value outgrow memory or time.
//!
//! The library bounds depth, time and the length of sequences, but neither a text nor an array constructor, and some
//! of its functions never look at the clock. Its values share their parts, too: `{"l": $x, "r": $x}`, repeated, is
//! cheap to build and endless to walk through. So the operands of `&` and `=`, the items of `[...]`, what `*` and `**`
//! search and the arguments of a few functions pass through functions of ours, whose names no user can write.

use std::collections::BTreeSet;

use jsonata_core::ast::{AstNode, BinaryOp, PathStep, Stage};
use jsonata_core::value::with_stack;

use crate::analysis::Analysis;
use crate::limits::UNWEIGHED_OPERANDS_MAX;

/// Passes its argument on, unless it is too large to be written or walked through.
pub(crate) const WEIGH_VALUE: &str = "weigh:value";
/// Passes its argument on, unless it is an array too long to become part of another.
pub(crate) const WEIGH_ITEMS: &str = "weigh:items";
/// Passes on the text that `$replace` works on, and notes its length.
pub(crate) const WEIGH_SUBJECT: &str = "weigh:subject";
/// Passes on what `$replace` puts in, unless the result would be too large.
pub(crate) const WEIGH_REPLACEMENT: &str = "weigh:replacement";
/// `$join` with its result bounded.
pub(crate) const BOUNDED_JOIN: &str = "join:bounded";
/// Ends the name of a replaced function that gets the context value (`$`) before its own arguments.
pub(crate) const WITH_CONTEXT: &str = ":context";

/// Functions of ours in place of the library's that may take their first argument from the context.
const CONTEXTUAL: [&str; 6] = [
    "encodeUrl",
    "encodeUrlComponent",
    "formatInteger",
    "formatNumber",
    "pad",
    "toMillis",
];

/// Operands of one `&` chain after which an intermediate text is weighed again.
const CHAIN_LENGTH_MAX: usize = 16;

/// Puts the checks into a tree that has just been parsed, and returns the names of ours that it now calls.
pub(crate) fn insert(tree: &mut AstNode, analysis: &Analysis) -> BTreeSet<String> {
    let mut guards = Guards {
        analysis,
        unweighed: 0,
        called: BTreeSet::new(),
    };
    guards.node(tree, false);
    guards.called
}

struct Guards<'a> {
    analysis: &'a Analysis,
    /// Operands passed over because they are the state's own data.
    unweighed: usize,
    called: BTreeSet<String>,
}

impl Guards<'_> {
    /// `applied` marks the right side of `~>`, which gets one more argument in front.
    fn node(&mut self, node: &mut AstNode, applied: bool) {
        with_stack(|| {
            self.children(node);
            self.guard(node, applied);
        });
    }

    fn guard(&mut self, node: &mut AstNode, applied: bool) {
        match node {
            AstNode::Binary {
                op: BinaryOp::Concatenate,
                lhs,
                rhs,
            } => {
                self.operand(lhs);
                self.operand(rhs);
            }
            // A comparison ends with the smaller side, so one that is small or weighed is enough.
            AstNode::Binary {
                op: BinaryOp::Equal | BinaryOp::NotEqual,
                lhs,
                rhs,
            } if !self.is_small(lhs) => {
                self.operand(rhs);
            }
            AstNode::Path { steps } => self.searches(steps),
            AstNode::Array(items) => {
                for item in items {
                    if may_be_array(item) && !self.is_data(item) {
                        self.wrap(item, WEIGH_ITEMS);
                    }
                }
            }
            AstNode::Function {
                name,
                args,
                is_builtin: true,
            } if !self.analysis.bound.contains(name) => {
                self.call(name, args, applied);
            }
            _ => {}
        }
    }

    fn call(&mut self, name: &mut String, args: &mut Vec<AstNode>, applied: bool) {
        if args.contains(&AstNode::Placeholder) {
            return;
        }
        match name.as_str() {
            "join" => {
                BOUNDED_JOIN.clone_into(name);
                self.called.insert(name.clone());
            }
            "string" | "distinct" | "base64encode" if !applied => {
                if let Some(value) = args.first_mut() {
                    self.operand(value);
                }
            }
            "replace" if !applied => {
                if let [subject, _, replacement, ..] = args.as_mut_slice() {
                    self.wrap(subject, WEIGH_SUBJECT);
                    // A function is called for each match, under the library's own bounds.
                    if !matches!(replacement, AstNode::Lambda { .. }) {
                        self.wrap(replacement, WEIGH_REPLACEMENT);
                    }
                }
            }
            contextual if CONTEXTUAL.contains(&contextual) && !applied => {
                name.push_str(WITH_CONTEXT);
                args.insert(0, AstNode::Variable(String::new()));
                self.called.insert(name.clone());
            }
            _ => {}
        }
    }

    fn operand(&mut self, operand: &mut AstNode) {
        if !self.is_small(operand) {
            self.wrap(operand, WEIGH_VALUE);
        }
    }

    /// Whether the value can be no larger than what was written in the expression or given by Step Functions.
    fn is_small(&mut self, operand: &AstNode) -> bool {
        match operand {
            AstNode::String(_)
            | AstNode::Number(_)
            | AstNode::Boolean(_)
            | AstNode::Null
            | AstNode::Undefined
            | AstNode::Unary { .. } => true,
            AstNode::Binary {
                op: BinaryOp::Concatenate,
                ..
            } => !chain_length(operand).is_multiple_of(CHAIN_LENGTH_MAX),
            AstNode::Binary { op, .. } => gives_scalar(*op),
            AstNode::Function { name, .. } if name == WEIGH_VALUE => true,
            _ => self.is_data(operand),
        }
    }

    /// Weighs what the steps `*` and `**` search, by a step before them that changes nothing.
    fn searches(&mut self, steps: &mut Vec<PathStep>) {
        // A path with `@`, `#` or `%` carries more than values from step to step.
        let carries = |step: &PathStep| {
            step.is_tuple || step.inner_tuple || step.focus.is_some() || step.index_var.is_some()
        };
        let is_search = |step: &PathStep| matches!(step.node, AstNode::Wildcard | AstNode::Descendant);
        let Some(index) = steps.iter().position(is_search) else {
            return;
        };
        let (before, _) = steps.split_at(index);
        if before.is_empty() || steps.iter().any(carries) || self.is_data_path(before) {
            return;
        }
        let mut weighed = AstNode::Variable(String::new());
        self.wrap(&mut weighed, WEIGH_VALUE);
        steps.insert(index, PathStep::new(weighed));
    }

    /// Whether the value is read unchanged from what Step Functions gave, whose size it bounds.
    fn is_data(&mut self, node: &AstNode) -> bool {
        match node {
            AstNode::Variable(name) => self.is_data_variable(name),
            AstNode::Path { steps } => self.is_data_path(steps),
            _ => false,
        }
    }

    fn is_data_path(&mut self, steps: &[PathStep]) -> bool {
        match steps.split_first() {
            Some((
                PathStep {
                    node: AstNode::Variable(name),
                    ..
                },
                members,
            )) => members.iter().all(is_member) && self.is_data_variable(name),
            _ => false,
        }
    }

    fn is_data_variable(&mut self, name: &str) -> bool {
        if name.is_empty() || self.analysis.bound.contains(name) || self.unweighed == UNWEIGHED_OPERANDS_MAX {
            return false;
        }
        self.unweighed += 1;
        true
    }

    fn children(&mut self, node: &mut AstNode) {
        match node {
            AstNode::String(_)
            | AstNode::Name(_)
            | AstNode::Number(_)
            | AstNode::Boolean(_)
            | AstNode::Null
            | AstNode::Undefined
            | AstNode::Placeholder
            | AstNode::Regex { .. }
            | AstNode::Variable(_)
            | AstNode::ParentVariable(_)
            | AstNode::Wildcard
            | AstNode::Descendant
            | AstNode::Parent(_) => {}
            AstNode::Path { steps } => {
                for step in steps {
                    self.node(&mut step.node, false);
                    for stage in &mut step.stages {
                        if let Stage::Filter(filter) = stage {
                            self.node(filter, false);
                        }
                    }
                }
            }
            AstNode::Binary { op, lhs, rhs } => {
                self.node(lhs, false);
                self.node(rhs, *op == BinaryOp::ChainPipe);
            }
            AstNode::Unary { operand, .. } => self.node(operand, false),
            AstNode::Function { args, .. } => self.all(args),
            AstNode::Call { procedure, args } => {
                self.node(procedure, false);
                self.all(args);
            }
            AstNode::Lambda { body, .. } => self.node(body, false),
            AstNode::Array(items) | AstNode::ArrayGroup(items) | AstNode::Block(items) => self.all(items),
            AstNode::Object(pairs) => self.pairs(pairs),
            AstNode::ObjectTransform { input, pattern } => {
                self.node(input, false);
                self.pairs(pattern);
            }
            AstNode::Conditional {
                condition,
                then_branch,
                else_branch,
            } => {
                self.node(condition, false);
                self.node(then_branch, false);
                else_branch.iter_mut().for_each(|branch| self.node(branch, false));
            }
            AstNode::FunctionApplication(inner) => self.node(inner, false),
            AstNode::Sort { input, terms } => {
                self.node(input, false);
                terms.iter_mut().for_each(|(term, _)| self.node(term, false));
            }
            AstNode::Transform {
                location,
                update,
                delete,
            } => {
                self.node(location, false);
                self.node(update, false);
                delete.iter_mut().for_each(|fields| self.node(fields, false));
            }
        }
    }

    fn wrap(&mut self, node: &mut AstNode, guard: &str) {
        self.called.insert(guard.to_owned());
        let inner = std::mem::replace(node, AstNode::Undefined);
        *node = AstNode::Function {
            name: guard.to_owned(),
            args: vec![inner],
            is_builtin: true,
        };
    }

    fn all(&mut self, nodes: &mut [AstNode]) {
        nodes.iter_mut().for_each(|node| self.node(node, false));
    }

    fn pairs(&mut self, pairs: &mut [(AstNode, AstNode)]) {
        for (key, value) in pairs {
            self.node(key, false);
            self.node(value, false);
        }
    }
}

fn is_member(step: &PathStep) -> bool {
    matches!(step.node, AstNode::Name(_)) && step.stages.is_empty()
}

/// Whether an item of `[...]` may be an array that becomes part of the new one; an inner `[...]` stays one item.
fn may_be_array(item: &AstNode) -> bool {
    match item {
        AstNode::Array(_)
        | AstNode::Object(_)
        | AstNode::String(_)
        | AstNode::Number(_)
        | AstNode::Boolean(_)
        | AstNode::Null
        | AstNode::Lambda { .. }
        | AstNode::Unary { .. } => false,
        // The library bounds a range itself, and `[a..b]` is recognised by the shape of the tree.
        AstNode::Binary {
            op: BinaryOp::Range | BinaryOp::Concatenate,
            ..
        } => false,
        AstNode::Binary { op, .. } => !gives_scalar(*op),
        _ => true,
    }
}

/// Whether the operator gives a number or a boolean, whatever its operands are.
fn gives_scalar(op: BinaryOp) -> bool {
    match op {
        BinaryOp::Add
        | BinaryOp::Subtract
        | BinaryOp::Multiply
        | BinaryOp::Divide
        | BinaryOp::Modulo
        | BinaryOp::Equal
        | BinaryOp::NotEqual
        | BinaryOp::LessThan
        | BinaryOp::LessThanOrEqual
        | BinaryOp::GreaterThan
        | BinaryOp::GreaterThanOrEqual
        | BinaryOp::And
        | BinaryOp::Or
        | BinaryOp::In => true,
        BinaryOp::Concatenate
        | BinaryOp::Range
        | BinaryOp::ColonEqual
        | BinaryOp::FocusBind
        | BinaryOp::IndexBind
        | BinaryOp::Coalesce
        | BinaryOp::Default
        | BinaryOp::ChainPipe => false,
    }
}

fn chain_length(mut node: &AstNode) -> usize {
    let mut length = 1;
    while let AstNode::Binary {
        op: BinaryOp::Concatenate,
        lhs,
        ..
    } = node
    {
        length += 1;
        node = lhs;
    }
    length
}
