//! The functions that Step Functions adds to JSONata, and those of the library that need another body.

mod arrays;
mod bounded;
mod hash;
mod json;
mod random;
mod time;
mod urls;

use std::cell::Cell;
use std::collections::BTreeSet;
use std::rc::Rc;

use jsonata_core::ast::AstNode;
use jsonata_core::evaluator::{Context, Evaluator, EvaluatorError, HostFnResult};
use jsonata_core::value::JValue;

use crate::error::EvaluationError;
use crate::guards;
use crate::session::Scope;

/// The names, without `$`, of all functions an expression may call; sorted.
#[rustfmt::skip]
const KNOWN: [&str; 68] = [
    "abs", "append", "assert", "average", "base64decode", "base64encode", "boolean", "ceil", "contains", "count",
    "decodeUrl", "decodeUrlComponent", "distinct", "each", "encodeUrl", "encodeUrlComponent", "error", "exists",
    "filter", "floor", "formatBase", "formatInteger", "formatNumber", "fromMillis", "hash", "join", "keys", "length",
    "lookup", "lowercase", "map", "match", "max", "merge", "millis", "min", "not", "now", "number", "pad",
    "parse", "parseInteger", "partition", "power", "random", "range", "reduce", "replace", "reverse", "round",
    "shuffle", "sift", "single", "sort", "split", "spread", "sqrt", "string", "substring", "substringAfter",
    "substringBefore", "sum", "toMillis", "trim", "type", "uppercase", "uuid", "zip",
];

/// Whether a function of this name exists.
pub(crate) fn is_known(name: &str) -> bool {
    KNOWN.binary_search(&name).is_ok()
}

/// A function as the evaluator calls it.
type Body = Box<dyn Fn(&[JValue]) -> HostFnResult>;

/// Gives the evaluator the functions among `names` that are ours.
pub(crate) fn register(
    evaluator: &mut Evaluator,
    names: &BTreeSet<String>,
    scope: &dyn Scope,
) -> Result<(), EvaluationError> {
    let mut seeded = None;
    // One number seeds all that this evaluation draws, so that a function may be called any number of times.
    let mut stream =
        || Rc::clone(seeded.get_or_insert_with(|| Rc::new(random::Stream::seeded(scope.random()))));
    let subject_bytes = Rc::new(Cell::new(0));
    for name in names {
        let (base, contextual) = match name.strip_suffix(guards::WITH_CONTEXT) {
            Some(base) => (base, true),
            None => (name.as_str(), false),
        };
        let body: Body = match base {
            "partition" => Box::new(arrays::partition),
            "range" => Box::new(arrays::range),
            "shuffle" => Box::new(random::shuffle(stream())),
            "random" => Box::new(random::random(stream())),
            "uuid" => Box::new(random::uuid(stream())),
            "hash" => Box::new(hash::hash),
            "parse" => Box::new(json::parse),
            "now" => Box::new(time::now(scope.now_millis())),
            "millis" => Box::new(time::millis(scope.now_millis())),
            "toMillis" => in_context(contextual, 2, time::to_millis(scope.now_millis())),
            "encodeUrl" => in_context(contextual, 1, urls::encode_url),
            "encodeUrlComponent" => in_context(contextual, 1, urls::encode_url_component),
            "pad" => in_context(contextual, 3, bounded::pad),
            "formatInteger" => in_context(contextual, 2, bounded::format_integer),
            "formatNumber" => in_context(contextual, 3, bounded::format_number),
            guards::BOUNDED_JOIN => Box::new(bounded::join),
            guards::WEIGH_VALUE => Box::new(bounded::weigh_value),
            guards::WEIGH_ITEMS => Box::new(bounded::weigh_items),
            guards::WEIGH_SUBJECT => Box::new(bounded::weigh_subject(Rc::clone(&subject_bytes))),
            guards::WEIGH_REPLACEMENT => Box::new(bounded::weigh_replacement(Rc::clone(&subject_bytes))),
            _ => continue,
        };
        evaluator.register_fn_override(name.as_str(), body)?;
    }
    Ok(())
}

/// Splits off the context value that [`guards`] puts before the arguments of a direct call.
///
/// Any other call may come from a function such as `$map`, which offers more arguments than the callback takes: JSONata
/// passes on as many as the callback has parameters.
fn in_context(
    contextual: bool,
    parameters: usize,
    function: impl Fn(&[JValue], &JValue) -> HostFnResult + 'static,
) -> Body {
    Box::new(move |arguments: &[JValue]| match arguments.split_first() {
        Some((context, arguments)) if contextual => function(arguments, context),
        _ => function(
            arguments.get(..parameters).unwrap_or(arguments),
            &JValue::Undefined,
        ),
    })
}

/// Calls the library's own function of this name.
fn library(name: &str, arguments: &[JValue], context: &JValue) -> HostFnResult {
    let mut bindings = Context::new();
    let mut parameters = Vec::with_capacity(arguments.len());
    for (index, argument) in arguments.iter().enumerate() {
        let parameter = format!("argument:{index}");
        bindings.bind(parameter.clone(), argument.clone());
        parameters.push(AstNode::Variable(parameter));
    }
    let call = AstNode::Function {
        name: name.to_owned(),
        args: parameters,
        is_builtin: true,
    };
    Evaluator::with_context(bindings).evaluate(&call, context)
}

/// JSONata's error for an argument of the wrong kind; `position` counts from one.
fn mismatch(function: &str, position: usize) -> EvaluatorError {
    let text = format!("Argument {position} of function \"{function}\" does not match function signature");
    EvaluationError::new("T0410", text).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_names_are_sorted() {
        assert!(KNOWN.is_sorted());
        assert!(is_known("abs") && is_known("uuid") && is_known("zip"));
        assert!(!is_known("eval") && !is_known("states"));
    }
}
