//! Succeed: ends its machine well.

use crate::expression::Offered;
use crate::fields::Fields;
use crate::program::Succeed;

/// Reads a Succeed state.
pub(crate) fn read(fields: &mut Fields<'_, '_>) -> Succeed {
    Succeed {
        flow: fields.flow(Offered::INPUT),
    }
}
