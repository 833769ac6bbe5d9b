mod arguments;
mod array;
mod encoding;
mod error;
mod evaluate;
mod json;
mod math;
mod mistakes;
mod parse;
mod random;
mod string;
#[cfg(test)]
mod tests;

use serde_json::Value;

pub use error::IntrinsicError;

use crate::{ParseError, Path, Scope};

/// A compiled call of an intrinsic function such as `States.Format('{} of {}', $.done, States.ArrayLength($.all))`.
#[derive(Debug, Clone, PartialEq)]
pub struct Intrinsic {
    text: String,
    call: Call,
}

#[derive(Debug, Clone, PartialEq)]
struct Call {
    function: Function,
    arguments: Vec<Argument>,
}

#[derive(Debug, Clone, PartialEq)]
enum Argument {
    Path(Path),
    Call(Call),
    /// A number, a boolean or null.
    Literal(Value),
    Text {
        /// The text that is meant.
        value: Value,
        /// The text between the quotes as written: in the first argument of `States.Format` `{}` and `\{}` differ.
        raw: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Function {
    Array,
    ArrayPartition,
    ArrayContains,
    ArrayRange,
    ArrayGetItem,
    ArrayLength,
    ArrayUnique,
    Base64Encode,
    Base64Decode,
    Hash,
    JsonMerge,
    StringToJson,
    JsonToString,
    MathRandom,
    MathAdd,
    StringSplit,
    Uuid,
    Format,
}

impl Function {
    /// Tells whether the result holds what the arguments hold, or more; the others look at them, or take a part.
    fn copies(self) -> bool {
        match self {
            Function::Array
            | Function::ArrayPartition
            | Function::ArrayUnique
            | Function::Base64Encode
            | Function::Base64Decode
            | Function::JsonMerge
            | Function::StringToJson
            | Function::JsonToString
            | Function::StringSplit
            | Function::Format => true,
            Function::ArrayContains
            | Function::ArrayRange
            | Function::ArrayGetItem
            | Function::ArrayLength
            | Function::Hash
            | Function::MathRandom
            | Function::MathAdd
            | Function::Uuid => false,
        }
    }
}

impl Intrinsic {
    /// Compiles a call and all calls within it.
    pub fn parse(text: &str) -> Result<Intrinsic, ParseError> {
        Ok(Intrinsic {
            text: text.to_owned(),
            call: parse::parse(text)?,
        })
    }

    /// The call as the user wrote it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Tells whether the outermost function may stand in `ErrorPath` and `CausePath`, which need a string.
    pub fn returns_string(&self) -> bool {
        match self.call.function {
            Function::ArrayGetItem
            | Function::Base64Encode
            | Function::Base64Decode
            | Function::Hash
            | Function::JsonToString
            | Function::Uuid
            | Function::Format => true,
            Function::Array
            | Function::ArrayPartition
            | Function::ArrayContains
            | Function::ArrayRange
            | Function::ArrayLength
            | Function::ArrayUnique
            | Function::JsonMerge
            | Function::StringToJson
            | Function::MathRandom
            | Function::MathAdd
            | Function::StringSplit => false,
        }
    }

    /// All paths among the arguments, also those of calls within the call, from left to right.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        let mut paths = Vec::new();
        collect_paths(&self.call, &mut paths);
        paths.into_iter()
    }

    /// Says what in the call, whatever its paths find, is sure to fail when the function is called.
    pub fn sure_mistakes(&self) -> Vec<String> {
        mistakes::of(&self.call)
    }

    /// Calls the function with what its paths find in the scope.
    pub fn evaluate(&self, scope: &dyn Scope) -> Result<Value, IntrinsicError> {
        evaluate::evaluate(self, scope)
    }
}

fn collect_paths<'c>(call: &'c Call, paths: &mut Vec<&'c Path>) {
    for argument in &call.arguments {
        match argument {
            Argument::Path(path) => paths.push(path),
            Argument::Call(inner) => collect_paths(inner, paths),
            Argument::Literal(_) | Argument::Text { .. } => {}
        }
    }
}
