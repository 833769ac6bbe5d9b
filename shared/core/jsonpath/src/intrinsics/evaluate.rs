use std::borrow::Cow;

use serde_json::Value;

use super::arguments::Arguments;
use super::{
    Argument, Call, Function, Intrinsic, IntrinsicError, array, encoding, json, math, random, string,
};
use crate::{Path, Scope, weight};

pub(super) fn evaluate(intrinsic: &Intrinsic, scope: &dyn Scope) -> Result<Value, IntrinsicError> {
    run(
        &intrinsic.call,
        &intrinsic.text,
        scope,
        &mut scope.copied_bytes_max(),
    )
}

/// Calls a function; `left` is how many bytes may still be copied.
fn run(call: &Call, text: &str, scope: &dyn Scope, left: &mut usize) -> Result<Value, IntrinsicError> {
    let mut values = Vec::with_capacity(call.arguments.len());
    for (at, argument) in call.arguments.iter().enumerate() {
        let value = match argument {
            Argument::Path(path) => select(path, text, scope)?,
            Argument::Call(inner) => Cow::Owned(run(inner, text, scope, left)?),
            Argument::Literal(value) => Cow::Borrowed(value),
            // A template keeps its escapes until it is filled.
            Argument::Text { raw, .. } if at == 0 && call.function == Function::Format => {
                Cow::Owned(Value::String(raw.clone()))
            }
            Argument::Text { value, .. } => Cow::Borrowed(value),
        };
        if call.function.copies() {
            *left = left
                .checked_sub(weight(&value))
                .ok_or_else(|| IntrinsicError::Function {
                    function: call.function.name(),
                    reason: format!(
                        "the expression copies more than {} bytes",
                        scope.copied_bytes_max()
                    ),
                })?;
        }
        values.push(value);
    }
    let arguments = Arguments {
        function: call.function.name(),
        values,
    };
    match call.function {
        Function::Array => Ok(arguments.values.into_iter().map(Cow::into_owned).collect()),
        Function::ArrayPartition => array::partition(&arguments),
        Function::ArrayContains => array::contains(&arguments),
        Function::ArrayRange => array::range(&arguments),
        Function::ArrayGetItem => array::get_item(&arguments),
        Function::ArrayLength => array::length(&arguments),
        Function::ArrayUnique => array::unique(&arguments),
        Function::Base64Encode => encoding::base64_encode(&arguments),
        Function::Base64Decode => encoding::base64_decode(&arguments),
        Function::Hash => encoding::hash(&arguments),
        Function::JsonMerge => json::merge(&arguments),
        Function::StringToJson => json::parse(&arguments),
        Function::JsonToString => json::print(&arguments),
        Function::MathRandom => math::random(&arguments, scope),
        Function::MathAdd => math::add(&arguments),
        Function::StringSplit => string::split(&arguments),
        Function::Uuid => Ok(Value::String(random::uuid(scope.random(), scope.random()))),
        Function::Format => string::format(&arguments),
    }
}

fn select<'a>(path: &Path, text: &str, scope: &'a dyn Scope) -> Result<Cow<'a, Value>, IntrinsicError> {
    path.select(scope).map_err(|error| IntrinsicError::Path {
        intrinsic: text.to_owned(),
        document: path.document(scope).map(Value::to_string).unwrap_or_default(),
        error,
    })
}
