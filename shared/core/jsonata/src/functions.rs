//! The functions that Step Functions adds to JSONata, and those of the library that need another body.

mod arrays;
mod bounded;
mod distinct;
mod hash;
mod json;
mod made;
mod random;
mod time;
mod urls;

use std::collections::BTreeSet;
use std::rc::Rc;

use jsonata_core::ast::AstNode;
use jsonata_core::evaluator::{Context, Evaluator, EvaluatorError, HostFnResult};
use jsonata_core::value::JValue;

use crate::error::EvaluationError;
use crate::guarded::{Guard, guarded};
use crate::guards;
use crate::session::Scope;
use bounded::Subjects;
use made::Made;

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
    let subjects = Rc::<Subjects>::default();
    let made = Rc::<Made>::default();
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
            "encodeUrl" => counted(&made, in_context(contextual, 1, urls::encode_url)),
            "encodeUrlComponent" => counted(&made, in_context(contextual, 1, urls::encode_url_component)),
            "pad" => counted(&made, in_context(contextual, 3, bounded::pad)),
            "formatInteger" => in_context(contextual, 2, bounded::format_integer),
            "formatNumber" => in_context(contextual, 3, bounded::format_number),
            guards::MADE => counted(&made, Box::new(bounded::itself)),
            guards::WEIGH_VALUE => Box::new(bounded::weigh_value),
            guards::WEIGH_ITEMS => Box::new(bounded::weigh_items),
            guards::WEIGH_LIMIT => Box::new(bounded::weigh_limit),
            guards::IS_FUNCTION => Box::new(bounded::is_function),
            guards::WEIGH_REPLACED => Box::new(bounded::weigh_replaced(Rc::clone(&subjects))),
            guards::WEIGH_MATCHES => Box::new(bounded::weigh_matches),
            guards::WEIGH_SUBJECT => Box::new(bounded::weigh_subject(Rc::clone(&subjects))),
            guards::WEIGH_REPLACEMENT => Box::new(bounded::weigh_replacement(Rc::clone(&subjects))),
            _ => match base.strip_suffix(guards::BOUNDED).and_then(guarded) {
                Some(row) => counted(
                    &made,
                    in_context(contextual, usize::MAX, |arguments, context| {
                        bounded::call(row, arguments, context)
                    }),
                ),
                None => continue,
            },
        };
        evaluator.register_fn_override(name.as_str(), body)?;
    }
    Ok(())
}

/// Lets the name of a function of the library stand for the one of ours that does the same within bounds.
pub(crate) fn stand_in(name: &str, context: &mut Context) {
    let builtin = |name: String| JValue::Builtin { name: name.into() };
    match guarded(name).map(|row| row.guard) {
        // What stands in for it is in the tree, and calls the library's under this name.
        Some(Guard::CallsBack) => {
            context.bind(format!("{name}{}", guards::LIBRARY), builtin(name.to_owned()))
        }
        _ => context.bind(name.to_owned(), builtin(format!("{name}{}", guards::BOUNDED))),
    }
}

/// Counts what a function gives.
fn counted(made: &Rc<Made>, function: Body) -> Body {
    let made = Rc::clone(made);
    Box::new(move |arguments: &[JValue]| {
        let value = function(arguments)?;
        made.count(&value)?;
        Ok(value)
    })
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
