//! What one evaluation makes and keeps.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use jsonata_core::evaluator::EvaluatorError;
use jsonata_core::value::JValue;

use super::bounded::too_long;
use crate::error::EvaluationError;
use crate::limits::{LARGE_TEXT_BYTES_MIN, LIVE_TEXT_BYTES_MAX, MADE_ITEMS_MAX};

/// Bytes of texts from which it is looked which of them are still there.
const FIRST_LOOK_BYTES: usize = 16 * 1024 * 1024;

/// Counts the values that functions make.
#[derive(Debug)]
pub(super) struct Made {
    /// The large texts, of which some may be gone; the memory of these is held until the next look.
    texts: RefCell<Vec<Weak<str>>>,
    bytes: Cell<usize>,
    look_at: Cell<usize>,
    items: Cell<usize>,
}

impl Default for Made {
    fn default() -> Made {
        Made {
            texts: RefCell::default(),
            bytes: Cell::new(0),
            look_at: Cell::new(FIRST_LOOK_BYTES),
            items: Cell::new(0),
        }
    }
}

impl Made {
    /// Counts a value.
    ///
    /// # Errors
    /// When the evaluation holds, or has made, more than it may.
    pub(super) fn count(&self, value: &JValue) -> Result<(), EvaluatorError> {
        match value {
            JValue::String(text) if text.len() >= LARGE_TEXT_BYTES_MIN => self.text(text),
            JValue::Array(items) => self.items(items.len()),
            JValue::Object(fields) => self.items(fields.len()),
            _ => Ok(()),
        }
    }

    fn text(&self, text: &Rc<str>) -> Result<(), EvaluatorError> {
        self.texts.borrow_mut().push(Rc::downgrade(text));
        self.bytes.set(self.bytes.get().saturating_add(text.len()));
        if self.bytes.get() <= self.look_at.get() {
            return Ok(());
        }
        let mut live = 0_usize;
        self.texts.borrow_mut().retain(|text| {
            let held = text.upgrade();
            live = live.saturating_add(held.as_ref().map_or(0, |text| text.len()));
            held.is_some()
        });
        self.bytes.set(live);
        self.look_at.set(
            live.saturating_mul(2)
                .clamp(FIRST_LOOK_BYTES, LIVE_TEXT_BYTES_MAX),
        );
        if live > LIVE_TEXT_BYTES_MAX {
            return Err(too_long(LIVE_TEXT_BYTES_MAX));
        }
        Ok(())
    }

    fn items(&self, count: usize) -> Result<(), EvaluatorError> {
        self.items.set(self.items.get().saturating_add(count));
        if self.items.get() <= MADE_ITEMS_MAX {
            return Ok(());
        }
        let text =
            format!("The maximum of {MADE_ITEMS_MAX} items in all that an expression makes was exceeded.");
        Err(EvaluationError::new("D2015", text).into())
    }
}
