//! Pass: hands its input on, or a fixed result.

use crate::expression::Offered;
use crate::fields::Fields;
use crate::findings::code;
use crate::program::Pass;
use crate::template::{any_text, looks_like_reference};

/// Reads a Pass state.
pub(crate) fn read(fields: &mut Fields<'_, '_>) -> Pass {
    let flow = fields.flow(Offered::INPUT);
    let result = if fields.is_jsonata() {
        None
    } else {
        fields.value("Result").cloned()
    };
    if result
        .as_ref()
        .is_some_and(|value| any_text(value, &looks_like_reference))
    {
        let message = "The field 'Result' is static: paths and intrinsic functions in it are not evaluated. Use 'Parameters' instead";
        fields
            .findings
            .warning(code::PASS_RESULT_IS_STATIC, &fields.at.field("Result"), message);
    }
    Pass {
        flow,
        result,
        transition: fields.transition(),
    }
}
