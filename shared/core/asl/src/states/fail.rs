//! Fail: ends its machine with an error.

use crate::fields::Fields;
use crate::program::{Fail, Flow};

/// Reads a Fail state.
pub(crate) fn read(fields: &mut Fields<'_, '_>) -> Fail {
    Fail {
        flow: Flow::new(fields.around.language),
        error: fields.text("Error"),
        cause: fields.text("Cause"),
    }
}
