//! Reads JSONata expressions: `"{% ... %}"`.

use crate::doubts;
use crate::findings::{Findings, code};
use crate::place::Place;
use crate::program::Expression;

/// Which parts of `$states` a field may read besides `input` and `context`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Offered {
    /// `$states.result`: what the task, the branches or the iterations returned.
    pub(crate) result: bool,
    /// `$states.errorOutput`: only a catcher has it.
    pub(crate) error_output: bool,
}

impl Offered {
    /// `input` and `context` alone.
    pub(crate) const INPUT: Offered = Offered {
        result: false,
        error_output: false,
    };
    /// What a field that is evaluated after the state's work may read.
    pub(crate) const RESULT: Offered = Offered {
        result: true,
        error_output: false,
    };
    /// What a catcher's fields may read.
    pub(crate) const ERROR_OUTPUT: Offered = Offered {
        result: false,
        error_output: true,
    };
}

/// Tells whether `text` is an expression, and reports one that is opened or closed only on one side.
pub(crate) fn is_expression(text: &str, at: &Place, findings: &mut Findings) -> bool {
    let (opened, closed) = (text.starts_with("{%"), text.ends_with("%}"));
    if opened != closed || (opened && text.len() < 4) {
        findings.schema(at, "A JSONata expression must start with '{%' and end with '%}'");
        return false;
    }
    opened
}

/// Parses `text`, which [`is_expression`] recognised.
pub(crate) fn expression(
    text: &str,
    at: &Place,
    offered: Offered,
    findings: &mut Findings,
) -> Option<Expression> {
    let inner = text
        .strip_prefix("{%")
        .and_then(|text| text.strip_suffix("%}"))
        .unwrap_or(text);
    let source = match jsonata::Expression::parse(inner.trim()) {
        Ok(source) => source,
        Err(error) => {
            // AWS refuses what is no JSONata with one code, and what it leaves out of JSONata with another.
            let unsupported = error.code.is_empty();
            let code = if unsupported {
                code::UNSUPPORTED_JSONATA_EXPRESSION
            } else {
                code::INVALID_JSONATA_EXPRESSION
            };
            findings.error(code, at, error.message);
            for message in error.others {
                findings.error(code, at, message);
            }
            return None;
        }
    };
    // `uses_states` says yes in case of doubt; only an expression that is sure to read no other field is refused.
    if !source.uses_states("no such field") {
        for (field, offered) in [("result", offered.result), ("errorOutput", offered.error_output)] {
            if !offered && source.uses_states(field) {
                let message = format!("Reference to '$states.{field}' is not supported in this field");
                findings.error(code::UNSUPPORTED_JSONATA_EXPRESSION, at, message);
            }
        }
    }
    doubts::of_expression(&source, at, findings);
    Some(Expression {
        source,
        field: at.in_state().into(),
    })
}
