//! Checks put into an expression's tree where the library would let a value outgrow memory or time.
//!
//! The library bounds depth, time and the length of sequences, but neither a text nor an array constructor, and some
//! of its functions never look at the clock. Its values share their parts, too: `{"l": $x, "r": $x}`, repeated, is
//! cheap to build and endless to walk through. So the operands of `&` and `=`, the items of `[...]`, what `*` and `**`
//! search and the arguments of a few functions pass through functions of ours, whose names no user can write.

use std::collections::BTreeSet;

use jsonata_core::ast::{AstNode, BinaryOp, PathStep, Stage};
use jsonata_core::parser;
use jsonata_core::value::with_stack;

use crate::analysis::Analysis;
use crate::guarded::{GUARDED, Guard, guarded};
use crate::limits::UNWEIGHED_OPERANDS_MAX;

/// Passes its argument on, unless it is too large to be written or walked through.
pub(crate) const WEIGH_VALUE: &str = "weigh:value";
/// Passes its argument on, unless it is an array too long to become part of another.
pub(crate) const WEIGH_ITEMS: &str = "weigh:items";
/// Passes on how many matches `$match` is to give, or as many as it may.
pub(crate) const WEIGH_LIMIT: &str = "weigh:limit";
/// Passes on what `$match` gives, unless there are too many.
pub(crate) const WEIGH_MATCHES: &str = "weigh:matches";
/// Passes on the text that `$replace` works on, and notes its length.
pub(crate) const WEIGH_SUBJECT: &str = "weigh:subject";
/// Passes on what `$replace` puts in, unless the result would be too large.
pub(crate) const WEIGH_REPLACEMENT: &str = "weigh:replacement";
/// Passes a value on that was made in a loop, unless what such places make is too much.
pub(crate) const MADE: &str = "made";
/// Ends the name of a function of ours that does what the library's does, within bounds.
pub(crate) const BOUNDED: &str = ":bounded";
/// Ends the name under which the library's own function can be reached when its name stands for something else.
pub(crate) const LIBRARY: &str = ":library";
/// Ends the name of a replaced function that gets the context value (`$`) before its own arguments.
pub(crate) const WITH_CONTEXT: &str = ":context";

/// Passes on what a function gives `$replace` to put in, unless it is too much in all.
pub(crate) const WEIGH_REPLACED: &str = "weigh:replaced";
/// Whether a value is a function.
pub(crate) const IS_FUNCTION: &str = "is:function";

/// What stands for the replacement of `$replace`, in the place of `null`, when it may be a function.
const REPLACED_BY_A_FUNCTION: &str = "($by := null; $by ? function($match) { $by($match) } : $by)";

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

/// What the checks in a tree need.
#[derive(Debug, Default)]
pub(crate) struct Inserted {
    /// The names of ours that the tree now calls.
    pub(crate) called: BTreeSet<String>,
    /// Functions of the library that the tree does more with than to call them: their names stand for functions of ours
    /// from the outset, so that whatever the tree binds or passes on is bounded.
    pub(crate) loose: BTreeSet<&'static str>,
}

/// Puts the checks into a tree that has just been parsed.
pub(crate) fn insert(tree: &mut AstNode, analysis: &Analysis) -> Inserted {
    let mut guards = Guards {
        analysis,
        unweighed: 0,
        loops: 0,
        inserted: Inserted {
            called: BTreeSet::new(),
            loose: loose(analysis),
        },
    };
    guards.node(tree, false);
    for row in GUARDED.iter().filter(|row| row.guard == Guard::CallsBack) {
        if guards.inserted.loose.contains(row.name) {
            guards.stand_in(tree, row.name);
        }
    }
    guards.inserted
}

/// Lists the functions that an expression does more with than to call them: they are passed on, applied in part, or
/// their names are bound somewhere, so that it is not known before what a call calls.
fn loose(analysis: &Analysis) -> BTreeSet<&'static str> {
    let is_loose = |name: &str| {
        [&analysis.free, &analysis.bound, &analysis.applied]
            .iter()
            .any(|names| names.contains(name))
    };
    GUARDED
        .iter()
        .map(|row| row.name)
        .filter(|name| is_loose(name))
        .collect()
}

/// Returns the text of a function that does what the library's does: the guards are put into its body.
fn stand_in(name: &str) -> Option<&'static str> {
    match name {
        "match" => Some("function($text, $pattern, $limit) { $match($text, $pattern, $limit) }"),
        "replace" => Some(
            "function($text, $pattern, $by, $limit) {
                $exists($limit) ? $replace($text, $pattern, $by, $limit) : $replace($text, $pattern, $by)
            }",
        ),
        "sort" => Some("function($items, $less) { $exists($less) ? $sort($items, $less) : $sort($items) }"),
        _ => None,
    }
}

struct Guards<'a> {
    analysis: &'a Analysis,
    /// Operands passed over because they are the state's own data.
    unweighed: usize,
    /// How many parts of the expression that run again and again are around the place that is looked at.
    loops: usize,
    inserted: Inserted,
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
                // Of a chain the whole counts.
                let counts = unwrap_made(lhs);
                if self.operand(lhs) | self.operand(rhs) | counts {
                    self.made(node);
                }
            }
            AstNode::Binary {
                op: BinaryOp::ChainPipe,
                rhs,
                ..
            } if is_producer(rhs) => self.made(node),
            // A comparison ends with the smaller side, so one that is small or weighed is enough.
            AstNode::Binary {
                op: BinaryOp::Equal | BinaryOp::NotEqual,
                lhs,
                rhs,
            } if !self.is_small(lhs) => {
                self.operand(rhs);
            }
            AstNode::Path { steps } => {
                self.searches(steps);
                if self.is_computed(steps) {
                    self.made(node);
                }
            }
            AstNode::Array(items) => {
                let mut has_range = false;
                for item in items {
                    has_range |= matches!(
                        item,
                        AstNode::Binary {
                            op: BinaryOp::Range,
                            ..
                        }
                    );
                    if may_be_array(item) && !self.is_data(item) {
                        self.wrap(item, WEIGH_ITEMS);
                    }
                }
                if has_range {
                    self.made(node);
                }
            }
            AstNode::Sort { input, .. } if !self.analysis.carries_more => {
                self.operand(input);
            }
            AstNode::Function {
                name,
                args,
                is_builtin: true,
            } if !self.analysis.bound.contains(name) => {
                let counts = self.call(name, args, applied);
                if name == "match" && !self.inserted.loose.contains("match") {
                    self.wrap(node, WEIGH_MATCHES);
                }
                if counts {
                    self.made(node);
                }
            }
            _ => {}
        }
    }

    /// Guards a call; true when what it gives counts where it is made again and again.
    fn call(&mut self, name: &mut String, args: &mut Vec<AstNode>, applied: bool) -> bool {
        if args.contains(&AstNode::Placeholder) {
            return false;
        }
        if CONTEXTUAL.contains(&name.as_str()) {
            if !applied {
                name.push_str(WITH_CONTEXT);
                args.insert(0, AstNode::Variable(String::new()));
                self.inserted.called.insert(name.clone());
            }
            return !applied;
        }
        let Some(guarded) = guarded(name) else {
            return false;
        };
        let in_context = !applied && guarded.context_for == Some(args.len());
        let is_loose = self.inserted.loose.contains(guarded.name);
        let is_written = args.iter().all(is_written);
        let has_small_arguments = !in_context && args.iter().all(|argument| self.is_small(argument));
        // The second argument of `$string` asks for blanks, which are many where the nesting is deep.
        let is_own = guarded.guard == Guard::Own || (name == "string" && args.len() > 1);
        if is_own && (is_loose && in_context || !is_loose && (!has_small_arguments || name == "fromMillis")) {
            name.push_str(BOUNDED);
            if in_context {
                name.push_str(WITH_CONTEXT);
                args.insert(0, AstNode::Variable(String::new()));
            }
            self.inserted.called.insert(name.clone());
            return !is_written;
        }
        if in_context {
            args.insert(0, AstNode::Variable(String::new()));
        }
        // Its name stands for a function of ours already.
        if is_loose {
            return false;
        }
        match guarded.guard {
            Guard::Weighed => {
                if let Some(value) = args.first_mut() {
                    self.operand(value);
                }
            }
            Guard::Own | Guard::Counted => {}
            Guard::CallsBack => self.call_that_calls_back(name, args),
        }
        !is_written
    }

    fn call_that_calls_back(&mut self, name: &str, args: &mut Vec<AstNode>) {
        match (name, args.as_mut_slice()) {
            ("replace", [_, _, AstNode::Lambda { body, .. }, ..]) => self.wrap(body, WEIGH_REPLACED),
            ("replace", [subject, _, replacement, ..]) => {
                self.wrap(subject, WEIGH_SUBJECT);
                self.weigh_what_functions_give(replacement);
                self.wrap(replacement, WEIGH_REPLACEMENT);
            }
            ("match", [subject, _, limit @ ..]) => {
                self.wrap(subject, WEIGH_VALUE);
                match limit.first_mut() {
                    Some(limit) => self.wrap(limit, WEIGH_LIMIT),
                    None => {
                        let mut limit = AstNode::Undefined;
                        self.wrap(&mut limit, WEIGH_LIMIT);
                        args.push(limit);
                    }
                }
            }
            ("sort", [items, ..]) => {
                self.operand(items);
            }
            _ => {}
        }
    }

    /// Puts a function around what `$replace` puts in, for when it is a function itself.
    fn weigh_what_functions_give(&mut self, replacement: &mut AstNode) {
        if matches!(replacement, AstNode::String(_)) {
            return;
        }
        let Ok(mut template) = parser::parse(REPLACED_BY_A_FUNCTION) else {
            return;
        };
        if let AstNode::Block(parts) = &mut template
            && let [
                AstNode::Binary { rhs, .. },
                AstNode::Conditional {
                    condition,
                    then_branch,
                    ..
                },
            ] = parts.as_mut_slice()
            && let AstNode::Lambda { body, .. } = &mut **then_branch
        {
            self.wrap(condition, IS_FUNCTION);
            self.wrap(body, WEIGH_REPLACED);
            **rhs = std::mem::replace(replacement, AstNode::Undefined);
            *replacement = template;
        }
    }

    /// Lets a name stand for a function of the expression's own language, from the outset.
    fn stand_in(&mut self, tree: &mut AstNode, name: &str) {
        let Some(Ok(mut function)) = stand_in(name).map(parser::parse) else {
            return;
        };
        self.call_library(&mut function, name);
        let binding = AstNode::Binary {
            op: BinaryOp::ColonEqual,
            lhs: Box::new(AstNode::Variable(name.to_owned())),
            rhs: Box::new(function),
        };
        let tree_itself = std::mem::replace(tree, AstNode::Undefined);
        *tree = AstNode::Block(vec![binding, tree_itself]);
    }

    /// Guards the calls in a stand-in, which are calls of the library's function.
    fn call_library(&mut self, node: &mut AstNode, of: &str) {
        match node {
            AstNode::Function { name, args, .. } if name == of => {
                self.call_that_calls_back(of, args);
                name.push_str(LIBRARY);
                self.wrap(node, if of == "match" { WEIGH_MATCHES } else { MADE });
            }
            AstNode::Lambda { body, .. } => self.call_library(body, of),
            AstNode::Block(items) => items.iter_mut().for_each(|item| self.call_library(item, of)),
            AstNode::Conditional {
                then_branch,
                else_branch,
                ..
            } => {
                self.call_library(then_branch, of);
                else_branch
                    .iter_mut()
                    .for_each(|branch| self.call_library(branch, of));
            }
            _ => {}
        }
    }

    /// Counts what a node gives, where it stands in a part that runs again and again.
    fn made(&mut self, node: &mut AstNode) {
        if self.loops > 0 {
            self.wrap(node, MADE);
        }
    }

    /// Weighs an operand that may be large; true when it may be.
    fn operand(&mut self, operand: &mut AstNode) -> bool {
        let weighs = !self.is_small(operand);
        if weighs {
            self.wrap(operand, WEIGH_VALUE);
        }
        weighs
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
            AstNode::Function { name, .. } if name == WEIGH_VALUE || name == MADE => true,
            _ => self.is_data(operand),
        }
    }

    /// Weighs what the steps `*` and `**` search, by a step before them that changes nothing.
    fn searches(&mut self, steps: &mut Vec<PathStep>) {
        let is_search = |step: &PathStep| matches!(step.node, AstNode::Wildcard | AstNode::Descendant);
        let Some(index) = steps.iter().position(is_search) else {
            return;
        };
        let (before, _) = steps.split_at(index);
        if before.is_empty() || steps.iter().any(carries_more) || self.is_data_path(before) {
            return;
        }
        let mut weighed = AstNode::Variable(String::new());
        self.wrap(&mut weighed, WEIGH_VALUE);
        steps.insert(index, PathStep::new(weighed));
    }

    /// Whether a path makes values of its own: one of names alone gives what is there already, or little more.
    fn is_computed(&self, steps: &[PathStep]) -> bool {
        let is_name = |step: &PathStep| matches!(step.node, AstNode::Name(_) | AstNode::Variable(_));
        !self.analysis.carries_more && !steps.iter().all(is_name)
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
                for (index, step) in steps.iter_mut().enumerate() {
                    self.loops += usize::from(index > 0);
                    self.node(&mut step.node, false);
                    self.loops -= usize::from(index > 0);
                    for stage in &mut step.stages {
                        if let Stage::Filter(filter) = stage {
                            self.repeated(filter);
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
            AstNode::Lambda { body, .. } => self.repeated(body),
            AstNode::Array(items) | AstNode::ArrayGroup(items) | AstNode::Block(items) => self.all(items),
            AstNode::Object(pairs) => self.pairs(pairs),
            AstNode::ObjectTransform { input, pattern } => {
                self.node(input, false);
                self.loops += 1;
                self.pairs(pattern);
                self.loops -= 1;
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
                terms.iter_mut().for_each(|(term, _)| self.repeated(term));
            }
            AstNode::Transform {
                location,
                update,
                delete,
            } => {
                self.repeated(location);
                self.repeated(update);
                delete.iter_mut().for_each(|fields| self.repeated(fields));
            }
        }
    }

    /// Looks at a part that runs again and again.
    fn repeated(&mut self, node: &mut AstNode) {
        self.loops += 1;
        self.node(node, false);
        self.loops -= 1;
    }

    fn wrap(&mut self, node: &mut AstNode, guard: &str) {
        self.inserted.called.insert(guard.to_owned());
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

/// Takes the inner part of a chain of `&` out of the function that counts it; true when it was in one.
fn unwrap_made(node: &mut AstNode) -> bool {
    let AstNode::Function { name, args, .. } = node else {
        return false;
    };
    let is_chain = |argument: &AstNode| {
        matches!(
            argument,
            AstNode::Binary {
                op: BinaryOp::Concatenate,
                ..
            }
        )
    };
    if name != MADE || !args.first().is_some_and(is_chain) {
        return false;
    }
    if let Some(inner) = args.pop() {
        *node = inner;
    }
    true
}

/// Whether the right side of `~>` is a call of a function whose results count.
fn is_producer(applied: &AstNode) -> bool {
    match applied {
        AstNode::Function { name, .. } => {
            let name = name.split(':').next().unwrap_or_default();
            guarded(name).is_some() || CONTEXTUAL.contains(&name)
        }
        _ => false,
    }
}

/// Whether an argument is written out in the expression.
fn is_written(argument: &AstNode) -> bool {
    matches!(
        argument,
        AstNode::String(_)
            | AstNode::Number(_)
            | AstNode::Boolean(_)
            | AstNode::Null
            | AstNode::Undefined
            | AstNode::Regex { .. }
            | AstNode::Lambda { .. }
    )
}

/// Whether more than values passes from step to step: with `@`, `#` or `%`.
pub(crate) fn carries_more(step: &PathStep) -> bool {
    step.is_tuple
        || step.inner_tuple
        || step.focus.is_some()
        || step.index_var.is_some()
        || step.ancestor_label.is_some()
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
